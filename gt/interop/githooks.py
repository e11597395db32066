"""gt's git hooks in a repository: put in beside what is there, looked at, and taken out so that nothing is left of them.

They always lie in `hooks` of the common git directory; where git is told to look elsewhere, that place isn't touched.
What was there under a name is called by ours, and keeps its inode: it is linked to a second name before ours takes
the first. So a kill at any point leaves the git hook that was there, or ours that calls it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import gt
from gt import lock
from gt.core.values import dataclass
from gt.errors import NotFound, Refused
from gt.git import durable
from gt.git.repo import Repo
from gt.git.run import git
from gt.store.targets import targets

NAMES = ("prepare-commit-msg", "pre-push", "post-commit", "post-merge", "post-rewrite")
"""The git hooks that gt has for a clone that people and agents work in."""

SERVER = ("pre-receive", "post-receive")
"""Those for a repository that others push to."""

KEPT = ".before-gt"
"""What the name of a git hook that was there before ends with."""

MOVED = ".legacy"
"""What pre-commit's installer has the name of a git hook end with that it finds, and goes on calling."""

MARK = b"# gt githooks install, "
"""How the second line of a git hook of ours begins; a digest of all other lines follows."""

BY_NAME = re.compile(rb"\$\{?0(?!\w|%/)|__FILE__|argv\[0\]")
"""In a git hook that may look at what it is called by; asking for its directory is fine."""


class State(StrEnum):
    """How it is with one git hook."""

    ABSENT = "absent"
    """There is none."""
    THEIRS = "theirs"
    """There is one, and nothing of gt's."""
    OURS = "ours"
    OUTDATED = "outdated"
    """It is another gt's."""
    MOVED = "moved"
    """Ours was renamed by pre-commit, which calls it."""
    EDITED = "edited"
    """It was gt's, and somebody has changed it."""
    REPLACED = "replaced"
    """Somebody else's is where ours was; what had been there before is still kept."""


@dataclass(frozen=True, slots=True)
class GitHook:
    """One git hook as it was found."""

    name: str
    path: Path
    state: State
    kept: bool
    """Whether what was there before lies beside it."""

    @property
    def beside(self) -> Path:
        """Where what was there before is kept."""
        return _beside(self.path)


@dataclass(frozen=True, slots=True)
class Found:
    """The git hooks of a repository."""

    hooks: tuple[GitHook, ...]
    elsewhere: Path | None
    """Where `core.hooksPath` has git look, if not where these lie."""

    def call(self, name: str) -> str:
        """The line of sh by which a git hook that lies elsewhere calls ours, whether ours is there or not."""
        ours = f'"$(git rev-parse --git-common-dir)/hooks/{name}"'
        return f'[ ! -x {ours} ] || {ours} "$@"'


@dataclass(frozen=True, slots=True)
class Deed:
    """What became of one git hook: installed, chained, updated, unchanged; removed, restored, left."""

    name: str
    what: str


def scripts() -> Path:
    """Where gt has its git hooks: in the package when installed, beside it in a checkout."""
    package = Path(gt.__file__).parent
    for place in (package / "hooks", package.parent / "hooks"):
        if (place / NAMES[0]).is_file():
            return place
    raise NotFound("folder", "hooks", hint="pipx reinstall gt-town")


def look(repo: Repo, *, server: bool = False) -> Found:
    """How it is with the git hooks of a repository; changes nothing. Those for a server only where they may matter, or
    are asked for.
    """
    folder = _folder(repo)
    found = (*(_look(folder / name) for name in NAMES), *_server(repo, folder, asked=server))
    return Found(found, _elsewhere(repo))


def _server(repo: Repo, folder: Path, *, asked: bool) -> tuple[GitHook, ...]:
    """Those for a server: where nobody works, or where they were put."""
    found = tuple(_look(folder / name) for name in SERVER)
    quiet = (State.ABSENT, State.THEIRS)
    wanted = asked or repo.work_tree is None or any(each.state not in quiet for each in found)
    return found if wanted else ()


def install(repo: Repo, names: Sequence[str] = NAMES) -> tuple[Deed, ...]:
    """Put gt's git hooks in, each to be followed by what is there under its name; those that are there stay.

    Raises NotFound where no town is, Refused where one of them is in the way, before anything is changed.
    """
    targets(repo)
    with lock.hold(_lock(repo)):
        _check(repo, names)
        _make_folder(repo)
        deeds = tuple(_install(repo, _look(_folder(repo) / name)) for name in names)
        durable.sync_dir(_folder(repo))
        return deeds


def uninstall(repo: Repo) -> tuple[Deed, ...]:
    """Take gt's git hooks out, and put back what was there before; what isn't gt's any more is left as it is."""
    if not _anything(repo):
        return ()
    with lock.hold(_lock(repo)):
        folder = _folder(repo)
        deeds = tuple(_uninstall(_look(folder / name)) for name in (*NAMES, *SERVER))
        for draft in _drafts(repo):
            draft.unlink(missing_ok=True)
        if _made(repo).exists():
            with suppress(OSError):  # not empty: others have put something there
                folder.rmdir()
            _made(repo).unlink()
        elif folder.is_dir():
            durable.sync_dir(folder)
        return tuple(deed for deed in deeds if deed)


def _check(repo: Repo, names: Sequence[str]) -> None:
    folder = _folder(repo)
    if folder.is_symlink():
        where = os.readlink(folder)
        raise Refused(
            f"{folder} leads to {where}, which isn't the git directory's", hint="gt githooks status"
        )
    whys = {name: _hindrance(_look(folder / name)) for name in names}
    if hindered := [why for why in whys.values() if why]:
        others = " ".join(name for name, why in whys.items() if not why)
        hint = f"gt githooks install {others}" if others else "gt githooks status"
        raise Refused("; ".join(hindered), hint=hint)


def _folder(repo: Repo) -> Path:
    return repo.common_dir / "hooks"


def _beside(path: Path) -> Path:
    return path.with_name(path.name + KEPT)


def _made(repo: Repo) -> Path:
    """There if install made the folder of the git hooks."""
    return repo.gt_dir / "githooks.made"


def _anything(repo: Repo) -> bool:
    """Whether anything here is gt's, or was left by an install that was killed."""
    hooks = [_look(_folder(repo) / name) for name in (*NAMES, *SERVER)]
    places = (_made(repo), *_drafts(repo), *(hook.beside for hook in hooks))
    quiet = (State.ABSENT, State.THEIRS)
    return any(map(os.path.lexists, places)) or any(hook.state not in quiet for hook in hooks)


def _drafts(repo: Repo) -> tuple[Path, ...]:
    return tuple(repo.gt_dir / f"githooks.{name}" for name in (*NAMES, *SERVER))


def _lock(repo: Repo) -> Path:
    return repo.gt_dir / "githooks.lock"


def _elsewhere(repo: Repo) -> Path | None:
    said = git(repo, "config", "--type=path", "--get", "core.hooksPath", user=True, ok=(0, 1))
    if said.code:
        return None
    place = Path(os.path.normpath((repo.work_tree or repo.git_dir) / said.text))
    return None if os.path.realpath(place) == os.path.realpath(_folder(repo)) else place


def _look(path: Path) -> GitHook:
    kept = _beside(path)
    return GitHook(path.name, path, _state(path), os.path.lexists(kept) and not _same(path, kept))


def _state(path: Path) -> State:
    if not os.path.lexists(path):
        return State.ABSENT
    text = _text(path)
    if text is not None and MARK in text[:200]:
        if not _is_whole(text):
            return State.EDITED
        return State.OURS if text == _stamped(path.name) else State.OUTDATED
    moved = _text(path.with_name(path.name + MOVED))
    if moved is not None and _is_whole(moved):
        return State.MOVED
    kept = _beside(path)
    return State.REPLACED if os.path.lexists(kept) and not _same(path, kept) else State.THEIRS


def _text(path: Path) -> bytes | None:
    """What a regular file holds; None for anything else."""
    with suppress(OSError):
        if stat.S_ISREG(os.lstat(path).st_mode):
            return path.read_bytes()
    return None


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False


def _stamped(name: str) -> bytes:
    """The script with a second line by which it is known again, and known to be unchanged."""
    first, rest = (scripts() / name).read_bytes().split(b"\n", 1)
    return b"\n".join((first, MARK + _digest(first, rest), rest))


def _is_whole(text: bytes) -> bool:
    first, mark, rest = (*text.split(b"\n", 2), b"", b"")[:3]
    return mark == MARK + _digest(first, rest)


def _digest(first: bytes, rest: bytes) -> bytes:
    return hashlib.sha256(first + b"\n" + rest).hexdigest().encode()


def _hindrance(hook: GitHook) -> str | None:
    if hook.state is State.EDITED:
        return f"{hook.path} is gt's, but was changed: move it away first"
    if hook.state is State.REPLACED:
        return f"{hook.path} has taken the place of gt's, and {hook.beside.name} beside it is what was there before"
    if hook.state is not State.THEIRS:
        return None
    if hook.path.is_dir():
        return f"{hook.path} is a directory"
    try:
        text = hook.path.read_bytes()
    except OSError:
        return None  # a link that leads nowhere: git doesn't run it either, and it is kept as it is
    if BY_NAME.search(re.sub(rb'dirname (-- )?"?\$0', b"", text)):
        return f"{hook.path} goes by its own name, which would become {hook.beside.name}"
    return None


def _make_folder(repo: Repo) -> None:
    folder = _folder(repo)
    if not folder.is_dir():
        _made(repo).touch()
        durable.make_dir(repo, folder)


def _install(repo: Repo, hook: GitHook) -> Deed:
    if hook.state in (State.OURS, State.MOVED):
        return Deed(hook.name, "unchanged")
    draft = repo.gt_dir / f"githooks.{hook.name}"
    _write(repo, draft, _stamped(hook.name))
    if hook.state is State.ABSENT:
        os.link(draft, hook.path)  # not renamed: that would write over one that somebody puts there just now
        draft.unlink()
        return Deed(hook.name, "chained" if hook.kept else "installed")
    if hook.state is State.THEIRS and not os.path.lexists(hook.beside):
        os.link(hook.path, hook.beside, follow_symlinks=False)
        durable.sync_dir(hook.path.parent)
    os.replace(draft, hook.path)
    return Deed(hook.name, "updated" if hook.state is State.OUTDATED else "chained")


def _write(repo: Repo, draft: Path, text: bytes) -> None:
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | durable.BINARY, 0o777)
    try:
        durable.write_all(fd, text)
        if repo.shared:
            may_read = repo.shared & 0o444
            os.fchmod(fd, os.fstat(fd).st_mode & 0o777 | may_read | may_read >> 2)
        os.fsync(fd)
    finally:
        os.close(fd)


def _uninstall(hook: GitHook) -> Deed | None:
    if hook.state is State.THEIRS and os.path.lexists(hook.beside):
        hook.beside.unlink()  # an install was killed before ours took the name: both are the same file
        return None
    if hook.state in (State.OURS, State.OUTDATED):
        return _give_back(hook, hook.path)
    if hook.state is State.MOVED:
        moved = hook.path.with_name(hook.name + MOVED)
        if hook.kept and _text(hook.path) == _text(hook.beside):
            hook.beside.unlink()
        return _give_back(_look(hook.path), moved)
    if hook.state is State.ABSENT and hook.kept:
        return _give_back(hook, hook.path)
    if hook.state is State.REPLACED and _text(hook.path) == _text(hook.beside) is not None:
        hook.beside.unlink()
        return Deed(hook.name, "restored")
    return None if hook.state in (State.ABSENT, State.THEIRS) else Deed(hook.name, "left")


def _give_back(hook: GitHook, place: Path) -> Deed:
    if hook.kept:
        os.replace(hook.beside, place)
        return Deed(hook.name, "restored")
    place.unlink()
    return Deed(hook.name, "removed")
