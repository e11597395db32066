"""`gt supervise`."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gt.cli.app import new_app
from gt.cli.context import Context
from gt.cli.exits import Code
from gt.cli.jsonout import single
from gt.cli.text import Styled
from gt.errors import Refused

if TYPE_CHECKING:
    from gt.interop.supervise.kinds import Kind
    from gt.interop.supervise.site import Files, Site, Steps
    from gt.interop.supervise.writing import Change

app = new_app()


@app.command()
def supervise(
    ctx: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="systemd, s6, runit, cron, github, gitlab or kubernetes."),
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", metavar="DIR", help="Write the files there, and show what changes."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Write them where they belong, and have them taken up.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Stop what runs of them, and remove them.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Have the kind's own tool judge the files; write none.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-j", min=1, max=64, metavar="COUNT", help="So many at once; default: 2."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="How all names begin; default: gt- and the town's."),
    ] = None,
    system: Annotated[
        bool, typer.Option("--system", help="systemd: units for the system's manager, run as you.")
    ] = False,
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory", metavar="SIZE", help="systemd, kubernetes: what a worker may use, such as 4G or 512M."
        ),
    ] = None,
    tasks: Annotated[
        int | None,
        typer.Option(
            "--tasks", min=16, metavar="COUNT", help="systemd: so many processes and threads for each worker."
        ),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret", metavar="NAME", help="github, kubernetes: a variable that agents need. Repeatable."
        ),
    ] = None,
) -> int:
    """Write the files that have an existing supervisor keep the town running.

    Workers and the Refinery are jobs: they end when there is nothing to do, and are started again when
    somebody changes the ledger. Only the Crew stays. Without an option the files are printed.

    It may be called again at any time: files that are as they would be written stay, those that are no
    longer wanted go, and the difference is shown. Files that gt didn't write are never touched. With
    github, gitlab and kubernetes the town must be worked through its remote (`coordination: remote`).

    Example:
      gt supervise systemd
      gt supervise systemd --install --workers 4 --memory 8G
      gt supervise s6 --out ~/service
      gt supervise github --check
    """
    from gt.interop.supervise.kinds import KINDS

    gt = Context.of(ctx)
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(KINDS)}", param_hint="KIND")
    if sum((install, remove, check)) > 1:
        raise typer.BadParameter("--install, --remove and --check exclude one another")
    found = KINDS[kind]
    for wanted, bound in ((memory, "memory"), (tasks, "tasks")):
        if wanted is not None and bound not in found.bounds:
            raise Refused(
                f"{kind} can't bound what a worker uses: it knows no --{bound}", hint="gt help supervise"
            )
    site = replace(
        _site(gt, found, out, workers or 2, name, system=system),
        memory=_mebibytes(memory) if memory else None,
        tasks=tasks,
        secrets=tuple(secret or ()),
    )
    files, steps = found.files(site), found.steps(site)
    if check:
        from gt.interop.supervise import installing

        gt.say(installing.judge(found, files) or f"{found.check[0]} has nothing to say against it")
        return Code.OK
    if remove:
        return _remove(gt, found, site, files, steps)
    if install or out is not None:
        return _write(gt, found, site, files, steps, install=install)
    return _print(gt, found, files, steps)


def _site(
    gt: Context,
    kind: Kind,
    out: str | None,
    workers: int,
    name: str | None,
    *,
    system: bool,
) -> Site:
    from gt import __version__
    from gt.interop.supervise.site import Service, Site
    from gt.store.targets import targets, town_of

    town, target = town_of(gt.repo), targets(gt.repo)[0]
    slug = re.sub(r"[^a-z0-9]+", "-", gt.repo.name.lower()).strip("-") or "town"
    chosen = name or f"gt-{slug}"
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", chosen):
        raise Refused(
            f"{chosen!r} must be lower-case letters, digits and hyphens", hint="gt supervise --help"
        )
    if system and kind.name != "systemd":
        raise Refused(f"{kind.name} knows no --system")
    if not kind.crew and town.coordination != "remote":
        raise Refused(
            f"with {kind.name} every job has a clone of its own: the town needs `coordination: remote`",
            hint="gt help supervise",
        )
    main = gt.repo.work_tree if gt.repo.git_dir == gt.repo.common_dir else None
    home = main or (gt.repo.common_dir.parent if gt.repo.common_dir.name == ".git" else gt.repo.common_dir)
    deadlines = [spec.deadline for spec in town.agents.values() if spec.deadline]
    return Site(
        name=chosen,
        repo=home,
        folder=_folder(gt, kind, out, home, system=system),
        doorbell=gt.repo.gt_dir / "doorbell",
        gt=_command(gt),
        workers=workers,
        deadline=max([town.limits.deadline, *deadlines]),
        target=target,
        crew=tuple(Service(each, spec.boot) for each, spec in sorted(town.crew.items())) if kind.crew else (),
        version=__version__,
        path=gt.environ.get("PATH", os.defpath),
        user=gt.environ.get("SUDO_USER") or gt.environ.get("USER") or "root" if system else None,
    )


def _mebibytes(size: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,6})([MG])", size)
    if found is None:
        raise typer.BadParameter(f"{size!r} is no size such as 4G or 512M", param_hint="--memory")
    return int(found[1]) * (1024 if found[2] == "G" else 1)


def _command(gt: Context) -> tuple[str, ...]:
    """The command line of this very gt, by whole paths."""
    script = shutil.which("gt", path=str(Path(sys.executable).parent)) or shutil.which(
        "gt", path=gt.environ.get("PATH", os.defpath)
    )
    return (script,) if script else (sys.executable, "-m", "gt")


def _folder(gt: Context, kind: Kind, out: str | None, home: Path, *, system: bool) -> Path:
    if out is not None:
        return Path(os.path.abspath(gt.cwd / out))
    if kind.name == "systemd":
        config = gt.environ.get("XDG_CONFIG_HOME") or f"{gt.environ.get('HOME', '~')}/.config"
        return Path("/etc/systemd/system") if system else Path(config) / "systemd" / "user"
    if kind.name in ("github", "gitlab"):
        return home
    return home / "service" if kind.name in ("s6", "runit") else home


def _print(gt: Context, kind: Kind, files: Files, steps: Steps) -> int:
    if gt.json:
        gt.emit(_data(kind, files, steps))
        return Code.OK
    for number, (path, file) in enumerate(sorted(files.items())):
        if len(files) > 1:
            gt.out(*(("\n",) if number else ()), Styled(f"==> {path} <==", "bold"))
        gt.out(file.text.removesuffix("\n"))
    gt.hint(f"gt supervise {kind.name} {'--install' if _installs(kind) else '--out DIR'}")
    return Code.OK


def _installs(kind: Kind) -> bool:
    """Whether there is one place where its files belong."""
    return kind.name in ("systemd", "cron", "github", "gitlab")


def _write(gt: Context, kind: Kind, site: Site, files: Files, steps: Steps, *, install: bool) -> int:
    from gt.interop.supervise import installing, writing

    if install and kind.name == "cron":
        return _crontab(gt, site, next(iter(files.values())).text)
    if install and not _installs(kind) and site.folder in (site.repo, site.repo / "service"):
        raise Refused(
            f"where is the folder of {kind.name}? It is for you to say",
            hint=f"gt supervise {kind.name} --install --out DIR",
        )
    found = writing.changes(site.folder, files, site.name)
    writing.apply(site.folder, found)
    _tell(gt, site, found)
    if install:
        installing.take_up(gt.repo, site, steps)
        gt.say("taken up" if steps.start or steps.ring else "written")
    else:
        for argv in steps.start:
            gt.say(f"then: {' '.join(argv)}")
        if steps.ring:
            gt.say(f"then: git config --add gt.doorbell '{steps.ring}'")
    for note in steps.notes:
        gt.say(f"note: {note}")
    return Code.OK


def _crontab(gt: Context, site: Site, new: str | None) -> int:
    from gt.interop.supervise import installing, writing

    old, text = installing.crontab(new, site.name)
    if old != text:
        installing.put_crontab(text)
    _tell(gt, site, (writing.Change("crontab", old, text),) if old != text else ())
    return Code.OK


def _remove(gt: Context, kind: Kind, site: Site, files: Files, steps: Steps) -> int:
    from gt.interop.supervise import installing, writing

    if kind.name == "cron":
        return _crontab(gt, site, None)
    found = writing.removal(site.folder, files, site.name)
    if found:
        installing.put_down(gt.repo, steps)
    writing.apply(site.folder, found)
    if found:
        installing.tidy(steps)
    _tell(gt, site, found)
    return Code.OK


def _tell(gt: Context, site: Site, found: tuple[Change, ...]) -> None:
    if gt.json:
        items = [{"path": each.path, "change": _word(each)} for each in found]
        gt.emit(single("SupervisorFilesChanged", {"folder": str(site.folder), "items": items}))
        return
    for change in found:
        for line in change.diff():
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
            gt.out(Styled(line, style) if style else line)
    gt.say(f"{site.folder}: {len(found) or 'nothing'} changed")


def _word(change: Change) -> str:
    if change.new is None:
        return "removed"
    return "added" if change.old is None else "changed"


def _data(kind: Kind, files: Files, steps: Steps) -> dict[str, Any]:
    return single(
        "SupervisorFiles",
        {
            "supervisor": kind.name,
            "files": [
                {"path": path, "text": file.text, "executable": file.executable}
                for path, file in sorted(files.items())
            ],
            "start": [list(argv) for argv in steps.start],
            "stop": [list(argv) for argv in steps.stop],
            "doorbell": steps.ring,
            "notes": list(steps.notes),
        },
    )
