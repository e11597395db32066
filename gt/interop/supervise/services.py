"""Service directories of s6 and runit: the same scripts, but for how each is told to let a service lie.

At rest no service is up but the Crew: a service that has nothing to do goes down, and stays so until it is told to come
up. The look at the town is told so by whoever changes the ledger (`gt.doorbell`), and itself tells the workers and the
Refinery. These supervisors have no control groups: what a killed worker leaves behind is found by the next look.

Who wakes a service writes that down (the doorbell, `wanted`) and then has it come up; who goes down says so first and
then looks whether that was written since it began (`seen`). The supervisor obeys in the order in which it is told, so
whichever comes last, the service comes up. Files of one and the same time count as written since: a look too many.
"""

from __future__ import annotations

import shlex

from gt.core.values import dataclass
from gt.interop.supervise.site import LOOK_AGAIN, MARK, THROTTLE, File, Files, Service, Site, Steps


@dataclass(frozen=True, slots=True)
class Flavour:
    """One of the family."""

    kind: str
    up: str
    """What has sh tell the service in the directory `{}` to come up."""
    down: str
    """What has `finish`, which runs in its service's directory, tell its own service to stay down."""
    log: str
    """What writes a log: turned over by size, in the folder `main`."""
    limits: tuple[tuple[str, str], ...]
    """Files of a service directory that bound how long stopping takes: name, milliseconds."""
    scan: str
    """What runs the services of a folder."""


S6 = Flavour(
    "s6",
    "s6-svc -u {}",
    "s6-svc -d .",
    "s6-log -b n20 s1000000 T ./main",
    (("timeout-kill", "60000"), ("timeout-finish", "20000")),
    "s6-svscan",
)
# Not by `sv`, which tells runsv nothing while the status file has it that the service is wanted so already: that file
# lags behind by up to a second. Opened for reading, too, a pipe that nobody reads doesn't block.
RUNIT = Flavour(
    "runit",
    "{ [ -p {}/supervise/control ] && printf u 1<>{}/supervise/control; }",
    "printf d 1<>supervise/control",
    "svlogd -tt ./main",
    (),
    "runsvdir",
)


def files(flavour: Flavour, site: Site) -> Files:
    """The service directories, for the folder that the supervisor scans."""
    name = site.name
    others = [*(f"{name}-work-{number}" for number in range(1, site.workers + 1)), f"{name}-merge"]
    bodies = {
        f"{name}-reconcile": (_reconcile(flavour, site, others), _finish_reconcile(flavour, site)),
        **dict.fromkeys(others[:-1], (_woken(site, "work"), _finish(flavour, site, again="0|3|10"))),
        f"{name}-merge": (_woken(site, "merge"), _finish(flavour, site, again="10")),
        **{f"{name}-crew-{each.name}": _crew(site, each) for each in site.crew},
    }
    found: Files = {}
    for service, (run, finish) in bodies.items():
        found[f"{service}/run"] = File(_script(flavour, run), executable=True)
        found[f"{service}/finish"] = File(_script(flavour, finish), executable=True)
        log = f"mkdir -p main && exec {flavour.log}\n"
        found[f"{service}/log/run"] = File(_script(flavour, log), executable=True)
        for limit, milliseconds in flavour.limits:
            found[f"{service}/{limit}"] = File(f"{milliseconds}\n")
        if service in others or service in {
            f"{name}-crew-{each.name}" for each in site.crew if not each.boot
        }:
            found[f"{service}/down"] = File("")
    return found


def steps(flavour: Flavour, site: Site) -> Steps:
    """What wakes the town; the supervisor itself finds what lies in its folder."""
    bell = _up(flavour, shlex.quote(str(site.folder / f"{site.name}-reconcile")))
    scan = (flavour.scan, str(site.folder))
    start = (("s6-svscanctl", "-a", str(site.folder)),) if flavour is S6 else ()
    after = (("s6-svscanctl", "-an", str(site.folder)),) if flavour is S6 else ()
    notes = (f"if nothing scans that folder yet: {shlex.join(scan)}",)
    return Steps(start=start, after=after, ring=bell, notes=notes)


def _script(flavour: Flavour, body: str) -> str:
    return f"#!/bin/sh\n# {MARK} {flavour.kind}\n{body}"


def _begin(site: Site) -> str:
    return f"""\
exec 2>&1
cd {shlex.quote(str(site.repo))} || exit 111
PATH={shlex.quote(site.path)} GIT_TERMINAL_PROMPT=0
export PATH GIT_TERMINAL_PROMPT
"""


def _exec(site: Site, *args: str) -> str:
    return f"{_begin(site)}exec {site.command} {shlex.join(args)}\n"


def _woken(site: Site, *args: str) -> str:
    return f": >seen # whoever wants it from here on is heard\n{_exec(site, *args)}"


def _up(flavour: Flavour, directory: str) -> str:
    return flavour.up.replace("{}", directory)


def _lie_down(flavour: Flavour, woken: str) -> str:
    """Goes down, unless the file `woken` tells that somebody wants the service since it began."""
    return f"""\
{flavour.down}
    [ -e {woken} ] && ! [ seen -nt {woken} ] && {_up(flavour, ".")}
    exit 0"""


def _reconcile(flavour: Flavour, site: Site, others: list[str]) -> str:
    folders = [shlex.quote(str(site.folder / other)) for other in others]
    wake = "; ".join(f": >{each}/wanted; {_up(flavour, each)}" for each in folders)
    return f"""\
seen=$PWD/seen
bell={shlex.quote(str(site.doorbell))}
{_begin(site)}\
while :; do
    : >"$seen" # whoever rings from here on is heard
    {site.command} reconcile
    code=$?
    case $code in
    10) continue ;;
    11) n=0 # it waits for something that takes its time: look again then, or when somebody rings
        while [ $n -lt {LOOK_AGAIN} ] && ! [ "$bell" -nt "$seen" ]; do
            sleep 1
            n=$((n + 1))
        done
        continue ;;
    12) {wake} ;;
    esac
    [ "$bell" -nt "$seen" ] || exit $code
done
"""


def _finish_reconcile(flavour: Flavour, site: Site) -> str:
    # $1 is the exit code, or, for one that was killed, what the supervisor has for it: 256 or -1.
    return f"""\
case $1 in
0|12|20)
    {_lie_down(flavour, shlex.quote(str(site.doorbell)))} ;;
esac
{_throttle()}
exit 0
"""


def _finish(flavour: Flavour, site: Site, *, again: str) -> str:
    bell = shlex.quote(str(site.doorbell))
    reconcile = f"../{site.name}-reconcile"
    return f"""\
case $1 in
{again}) exit 0 ;;
0|3|11|20|75)
    {_lie_down(flavour, "wanted")} ;;
esac
# killed, or gt itself has failed: have somebody look at what is left
: >{bell}
{_up(flavour, reconcile)}
{_throttle()}
exit 0
"""


def _throttle(least: int = 1) -> str:
    # One that was killed is started again at once, and one that is being stopped isn't waited for.
    return f'[ "$1" -ge {least} ] && [ "$1" -lt 128 ] && sleep {THROTTLE}'


def _crew(site: Site, member: Service) -> tuple[str, str]:
    return _exec(site, "crew", "run", member.name), f"{_throttle(0)}\nexit 0\n"
