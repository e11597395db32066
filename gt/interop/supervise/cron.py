"""A line for cron: every few minutes a bounded `gt run`, which ends at once where there is nothing to do."""

from __future__ import annotations

import shlex

from gt.interop.supervise.site import MARK, File, Files, Site, Steps

EVERY = 5
"""Minutes."""


def files(site: Site) -> Files:
    """One crontab, to be put into a person's own between its marks."""
    log = site.doorbell.with_name("cron.log")
    lock = site.doorbell.with_name("cron.lock")
    # In a crontab `%` ends a command, unless it is escaped.
    command = (
        f"cd {shlex.quote(str(site.repo))} && PATH={shlex.quote(site.path)}"
        f" flock -n -E 0 {shlex.quote(str(lock))} {site.command} run -j {site.workers}"
        f" --max-duration 6h --yes --exit-zero >>{shlex.quote(str(log))} 2>&1"
    ).replace("%", "\\%")
    crew = "".join(
        f"* * * * * cd {shlex.quote(str(site.repo))} && PATH={shlex.quote(site.path)}"
        f" {site.command} crew run {each.name} >>{shlex.quote(str(log))} 2>&1\n".replace("%", "\\%")
        for each in site.crew
        if each.boot
    )
    text = f"# {MARK} cron: begin {site.name}\n*/{EVERY} * * * * {command}\n{crew}# {MARK} cron: end {site.name}\n"
    return {f"{site.name}.crontab": File(text)}


def steps(_: Site) -> Steps:
    """The crontab itself is put in by `gt supervise cron --install`."""
    return Steps(notes=(f"a new Bead is seen within {EVERY} minutes",))
