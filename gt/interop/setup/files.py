"""The files of one tool in a work tree: what would change, told as a diff, and done.

Each file is there as before or as it is to be, whatever is killed, and the same command completes the rest. A file that
changed since it was looked at is left.
"""

from __future__ import annotations

import os
import shlex
import stat
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Busy, Refused
from gt.git import durable
from gt.interop.setup.kinds import KINDS, Piece
from gt.interop.setup.marked import Edited, Part
from gt.interop.setup.members import Theirs, Unreadable
from gt.interop.supervise import writing


@dataclass(frozen=True, slots=True)
class Change:
    """One file that isn't as it is to be."""

    path: str
    """From the root of the work tree."""
    place: Path
    """Where that is, all symbolic links followed."""
    old: bytes | None
    """None: it isn't there."""
    new: bytes | None
    """None: it is to go."""

    def diff(self) -> Iterator[str]:
        """The change as lines of a unified diff."""
        return writing.Change(self.path, _shown(self.old), _shown(self.new)).diff()


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be done for a tool."""

    changes: tuple[Change, ...]
    left: tuple[str, ...] = ()
    """Paths of what can't be taken out, because it isn't as gt wrote it."""
    drafts: tuple[Path, ...] = ()
    """Where one that was killed may have left the draft of a file."""


def putting(root: Path, kind: str) -> Planned:
    """What is to be done so that the tool is told of gt. Raises Refused where something is in the way."""
    found = [_put(root, kind, path) for path in KINDS[kind]]
    drafts = tuple(_draft(change.place) for change in found)
    return Planned(tuple(change for change in found if change.old != change.new), drafts=drafts)


def taking(root: Path, kind: str) -> Planned:
    """What is to be done so that nothing is left of what was put in for this tool."""
    changes: list[Change] = []
    left: list[str] = []
    for path, piece in KINDS[kind].items():
        place = _place(root, path)
        old = _read(path, place)
        try:
            new = (
                piece.take(_text(path, old), kind)
                if isinstance(piece, Part)
                else piece.take(_text(path, old))
            )
        except (Edited, Theirs):
            left.append(path)
        except Unreadable:
            continue  # never one that gt wrote
        else:
            changes.append(Change(path, place, old, None if new is None else new.encode()))
    drafts = tuple(_draft(_place(root, path)) for path in KINDS[kind])
    return Planned(tuple(change for change in changes if change.old != change.new), tuple(left), drafts)


def apply(root: Path, planned: Planned) -> None:
    """Make the changes. Raises Busy for a file that has changed since, Refused for one that can't be written."""
    for draft in planned.drafts:
        with suppress(OSError):
            draft.unlink()
    for change in planned.changes:
        if _read(change.path, change.place) != change.old:
            raise Busy(f"{change.path} was changed just now", hint="gt setup --help")
        try:
            if change.new is None:
                change.place.unlink()
                _tidy(change.place.parent, root)
            else:
                _write(change.place, change.new)
        except OSError as error:
            raise Refused(
                f"{change.path}: {error.strerror}", hint=f"ls -ld {shlex.quote(change.path)}"
            ) from None


def _put(root: Path, kind: str, path: str) -> Change:
    piece, place = KINDS[kind][path], _place(root, path)
    old = _read(path, place)
    look = f"git diff HEAD -- {shlex.quote(path)}"
    try:
        new = _with(piece, _text(path, old), kind)
    except Edited:
        raise Refused(f"{path}: what gt wrote there was changed, or gt didn't write it", hint=look) from None
    except Theirs:
        raise Refused(f"{path} has an entry called gt that gt didn't write", hint=look) from None
    except Unreadable:
        raise Refused(f"{path} can't be read as what it should be", hint=look) from None
    return Change(path, place, old, new.encode())


def _with(piece: Piece, text: str | None, kind: str) -> str:
    if not isinstance(piece, Part):
        return piece.put(text)
    new = piece.put(text, kind)
    if "[mcp_servers" in piece.body:
        try:
            tomllib.loads(new)
        except tomllib.TOMLDecodeError:
            raise Theirs if _is_toml(text) else Unreadable from None
    return new


def _is_toml(text: str | None) -> bool:
    try:
        tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _place(root: Path, path: str) -> Path:
    """Where a file really lies. Raises Refused if that is outside of the work tree."""
    place = Path(os.path.realpath(root / path))
    if not place.is_relative_to(os.path.realpath(root)):
        raise Refused(f"{path} is a link to outside of the repository", hint=f"ls -l {shlex.quote(path)}")
    return place


def _read(path: str, place: Path) -> bytes | None:
    try:
        if not stat.S_ISREG(os.stat(place).st_mode):
            raise Refused(f"{path} is no file", hint=f"ls -ld {shlex.quote(path)}")
        return place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}", hint=f"ls -ld {shlex.quote(path)}") from None


def _text(path: str, data: bytes | None) -> str | None:
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8", hint=f"file {shlex.quote(path)}") from None


def _shown(data: bytes | None) -> str | None:
    return None if data is None else data.decode()


def _draft(place: Path) -> Path:
    return place.with_name(f".{place.name}.gt-new")


def _write(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(place)
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | durable.BINARY, 0o666)
    try:
        durable.write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    with suppress(FileNotFoundError):
        draft.chmod(stat.S_IMODE(os.stat(place).st_mode))
    os.replace(draft, place)


def _tidy(place: Path, root: Path) -> None:
    """Remove directories that have become empty, up to the root."""
    top = Path(os.path.realpath(root))
    with suppress(OSError):
        while place != top:
            place.rmdir()
            place = place.parent
