"""Taking the files of a supervisor up, putting them down, and having its own tool judge them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from gt.errors import Refused
from gt.git.repo import Repo, config_add, config_unset, config_values
from gt.interop.supervise import writing
from gt.interop.supervise.kinds import Kind
from gt.interop.supervise.site import MARK, Files, Site, Steps

DOORBELL = "gt.doorbell"
"""The local git setting that names what whoever changes the ledger runs."""


def take_up(repo: Repo, site: Site, steps: Steps) -> None:
    """Have the supervisor take up the files that were written. Raises Refused, with what a command said."""
    for argv in steps.start:
        _run(argv)
    if steps.ring and steps.ring not in config_values(repo, DOORBELL):
        config_add(repo, DOORBELL, steps.ring)
    site.doorbell.parent.mkdir(exist_ok=True)
    site.doorbell.touch()


def put_down(repo: Repo, steps: Steps) -> None:
    """Have the supervisor stop what it runs of the files; what isn't there needn't be stopped."""
    _try_each(steps.stop)
    if steps.ring and steps.ring in config_values(repo, DOORBELL):
        others = [value for value in config_values(repo, DOORBELL) if value != steps.ring]
        config_unset(repo, DOORBELL)
        for value in others:
            config_add(repo, DOORBELL, value)


def tidy(steps: Steps) -> None:
    """Have the supervisor forget the files, once they are removed."""
    _try_each(steps.after)


def _try_each(commands: tuple[tuple[str, ...], ...]) -> None:
    for argv in commands:
        with suppress(OSError):
            subprocess.run(argv, capture_output=True, check=False)


def judge(kind: Kind, files: Files) -> str:
    """What the kind's own tool says of the files, empty if nothing. Raises Refused if it isn't there, or says no."""
    if not kind.check:
        raise Refused(f"nothing can check the files of {kind.name}")
    if shutil.which(kind.check[0]) is None:
        raise Refused(f"{kind.check[0]} is not installed, so nothing was checked")
    with tempfile.TemporaryDirectory(prefix="gt-supervise-") as name:
        folder = Path(name)
        writing.apply(folder, writing.changes(folder, files, ""))
        judged = sorted(str(folder / path) for path in files if path.endswith(kind.judged))
        said = subprocess.run((*kind.check, *judged), capture_output=True, text=True, check=False)
    text = (said.stdout + said.stderr).replace(f"{name}/", "").strip()
    if said.returncode:
        raise Refused(f"{kind.check[0]} says no:\n{text}")
    return text


def crontab(new: str | None, name: str) -> tuple[str, str]:
    """The user's crontab as it is, and with `new` in place of what gt wrote there for this town (None: without it).

    Raises Refused where there is no cron.
    """
    if shutil.which("crontab") is None:
        raise Refused("crontab is not installed")
    said = subprocess.run(("crontab", "-l"), capture_output=True, text=True, check=False)
    old = said.stdout if said.returncode == 0 else ""
    begin, end = f"# {MARK} cron: begin {name}\n", f"# {MARK} cron: end {name}\n"
    before, found, rest = old.partition(begin)
    if found:
        _, closed, after = rest.partition(end)
        if not closed:
            raise Refused(f"the crontab has no line {end.strip()!r}", hint="crontab -e")
    else:
        after = ""
    if before and not before.endswith("\n"):
        before += "\n"
    return old, before + (new or "") + after


def put_crontab(text: str) -> None:
    """Make this the user's crontab. Raises Refused."""
    _run(("crontab", "-"), stdin=text)


def _run(argv: tuple[str, ...], stdin: str | None = None) -> None:
    try:
        said = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Refused(f"{argv[0]}: {error.strerror}") from None
    if said.returncode:
        raise Refused(f"{' '.join(argv)}: {said.stderr.strip() or f'exit code {said.returncode}'}")
