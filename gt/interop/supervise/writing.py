"""The files of a supervisor in a folder: what would change, told as a diff, and done.

Only what gt wrote is changed or removed: every script and unit says so in its first lines.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from gt.core.values import dataclass
from gt.errors import Refused
from gt.interop.supervise.site import MARK, Files

UNMARKED = ("down", "timeout-kill", "timeout-finish")
"""What a service directory has that can't bear a mark."""

HEAD = 200
"""Bytes at the beginning of a file in which the mark stands."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that isn't as it is to be."""

    path: str
    """Below the folder."""
    old: str | None
    """None: it isn't there."""
    new: str | None
    """None: it is to go."""
    executable: bool = False

    def diff(self) -> Iterator[str]:
        """The change as lines of a unified diff."""
        yield from difflib.unified_diff(
            (self.old or "").splitlines(),
            (self.new or "").splitlines(),
            "/dev/null" if self.old is None else f"a/{self.path}",
            "/dev/null" if self.new is None else f"b/{self.path}",
            lineterm="",
        )
        if not (self.old or self.new):  # an empty file comes or goes
            yield f"--- {'/dev/null' if self.old is None else f'a/{self.path}'}"
            yield f"+++ {'/dev/null' if self.new is None else f'b/{self.path}'}"


def changes(folder: Path, files: Files, name: str) -> tuple[Change, ...]:
    """What is to be done so that the folder has these files, and no others that gt wrote for the town `name`.

    Raises Refused where something that gt didn't write has one of the names.
    """
    found = [
        Change(path, _text(folder / path), file.text, file.executable) for path, file in sorted(files.items())
    ]
    ours = _beside_ours(folder, files)
    for change in found:
        if change.old is not None and MARK not in change.old[:HEAD] and change.path not in ours:
            raise Refused(
                f"{folder / change.path} is there, and gt didn't write it", hint="gt help supervise"
            )
    differing = [change for change in found if change.old != change.new or _mode_differs(folder, change)]
    gone = [Change(path, _text(folder / path), None) for path in _written(folder, name) if path not in files]
    return (*differing, *gone)


def removal(folder: Path, files: Files, name: str) -> tuple[Change, ...]:
    """What is to be done so that nothing is left there that gt wrote for this town."""
    ours = {*_written(folder, name), *_beside_ours(folder, files)}
    return tuple(
        Change(path, _text(folder / path), None) for path in sorted(ours) if (folder / path).exists()
    )


def apply(folder: Path, found: tuple[Change, ...]) -> None:
    """Make the changes; each file is there whole or not at all. Raises Refused where the folder can't be written."""
    try:
        for change in found:
            path = folder / change.path
            if change.new is None:
                path.unlink(missing_ok=True)
                _tidy(path.parent, folder)
            else:
                _write(path, change)
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from None


def _write(path: Path, change: Change) -> None:
    assert change.new is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.gt-new")
    draft.write_text(change.new, encoding="utf-8")
    draft.chmod(0o755 if change.executable else 0o644)
    os.replace(draft, path)


def _tidy(place: Path, folder: Path) -> None:
    """Remove directories that have become empty, up to the folder itself."""
    with suppress(OSError):
        while place != folder:
            place.rmdir()
            place = place.parent


def _text(path: Path) -> str | None:
    """What is there; text that isn't UTF-8 is nobody's of gt's."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None


def _mode_differs(folder: Path, change: Change) -> bool:
    return os.access(folder / change.path, os.X_OK) != change.executable


def _written(folder: Path, name: str) -> tuple[str, ...]:
    """The files there that gt wrote for the town `name`, by path: they bear its mark, or lie beside a script that does."""
    tops = [*folder.glob(f"{name}-*"), *folder.glob(f"{name}.*")] if folder.is_dir() else []
    places = [place for top in tops for place in ([top] if top.is_file() else _service(top))]
    ours = (place for place in places if place.name in UNMARKED or _is_ours(place))
    return tuple(sorted(place.relative_to(folder).as_posix() for place in ours))


def _service(place: Path) -> Iterator[Path]:
    """The files of a service directory, if its script is gt's."""
    if _is_ours(place / "run"):
        parts = ("run", "finish", "log/run", *UNMARKED)
        yield from (place / part for part in parts if (place / part).is_file())


def _is_ours(place: Path) -> bool:
    with suppress(OSError), open(place, "rb") as stream:
        return MARK.encode() in stream.read(HEAD)
    return False


def _beside_ours(folder: Path, files: Mapping[str, object]) -> frozenset[str]:
    """Of the files to be written those that bear no mark but lie beside a script of gt's, or are gt's themselves."""
    services = {path.split("/")[0] for path in files if path.endswith("/run") and _is_ours(folder / path)}
    return frozenset(path for path in files if path.split("/")[0] in services or _is_ours(folder / path))
