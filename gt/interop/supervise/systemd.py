"""systemd's units: a look at the town that is rung for, workers and the Refinery that it starts, the Crew.

For a user's own manager, or for the system's (`site.user` names whom the units run as).
"""

from __future__ import annotations

from gt.interop.supervise.site import LOOK_AGAIN, MARK, RESYNC, THROTTLE, File, Files, Service, Site, Steps

CALM = "3 10 11 12 20 75"
"""gt's exit codes that are outcomes, not failures."""


def files(site: Site) -> Files:
    """The units, for `~/.config/systemd/user`; for the system `/etc/systemd/system`."""
    name = site.name
    units = {
        f"{name}-reconcile.service": _reconcile(site),
        f"{name}-reconcile.timer": _timer(site),
        f"{name}-reconcile.path": _path(site),
        f"{name}-again.timer": _again(site),
        f"{name}-settle.service": _settle(site),
        f"{name}-work@.service": _work(site),
        f"{name}-merge.service": _merge(site),
        f"{name}-page@.service": _page(site),
        **{f"{name}-crew-{each.name}.service": _crew(site, each) for each in site.crew},
    }
    return {unit: File(f"# {MARK} systemd\n{text}") for unit, text in units.items()}


def steps(site: Site) -> Steps:
    """How the units are taken up and put down again."""
    name, manager = site.name, ("systemctl", *_scope(site))
    boot = tuple(f"{name}-crew-{each.name}.service" for each in site.crew if each.boot)
    watching = (f"{name}-reconcile.timer", f"{name}-reconcile.path", *boot)
    crew = tuple(f"{name}-crew-{each.name}.service" for each in site.crew)
    services = (
        f"{name}-again.timer",
        f"{name}-settle.service",
        f"{name}-reconcile.service",
        f"{name}-merge.service",
        *_workers(site),
        *crew,
    )
    return Steps(
        start=(
            (*manager, "daemon-reload"),
            (*manager, "enable", "--now", *watching),
            (*manager, "start", "--no-block", f"{name}-reconcile.service"),
        ),
        stop=((*manager, "disable", "--now", *watching), (*manager, "stop", *services)),
        after=((*manager, "daemon-reload"),),
        notes=()
        if site.user
        else (
            "units of a user run while that user is logged in; from boot on after: loginctl enable-linger",
        ),
    )


def _scope(site: Site) -> tuple[str, ...]:
    return () if site.user else ("--user",)


def _workers(site: Site) -> tuple[str, ...]:
    return tuple(f"{site.name}-work@{number}.service" for number in range(1, site.workers + 1))


def _systemctl(site: Site, *args: str) -> str:
    return " ".join(("systemctl", *_scope(site), *args))


def _exec(site: Site, *args: str) -> str:
    return " ".join(quoted(part) for part in (*site.gt, *args))


def quoted(part: str) -> str:
    """A word of a command line in a unit: no specifier of systemd's, no variable, no space takes effect in it."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != part or not part or set(" ';") & set(part) else part


def alone(path: object) -> str:
    """A path that is all that a setting has, where only `%` means anything."""
    return str(path).replace("%", "%%")


def _common(site: Site) -> str:
    whose = f"User={site.user}\n" if site.user else ""
    own = "/etc/gt/environment" if site.user else "%h/.config/gt/environment"
    return f"""\
{whose}WorkingDirectory={alone(site.repo)}
Environment={quoted(f"PATH={site.path}")} GIT_TERMINAL_PROMPT=0
EnvironmentFile=-{own}
NoNewPrivileges=yes"""


def _on_failure(site: Site) -> str:
    return f"OnFailure={site.name}-page@%n.service"


def _ring_if_killed(site: Site) -> str:
    """Rings for a look at what is left, should the service have been killed."""
    return f"""ExecStopPost=/bin/sh -c '[ "$$SERVICE_RESULT" = success ] || : > "$$0"' {quoted(str(site.doorbell))}"""


def _reconcile(site: Site) -> str:
    name = site.name
    work = _systemctl(site, "start", "--no-block", *_workers(site), f"{name}-merge.service")
    again = _systemctl(site, "restart", "--no-block", f"{name}-again.timer")
    settle = _systemctl(site, "restart", "--no-block", f"{name}-settle.service")
    return f"""\
[Unit]
Description=gt: one look at the town {name}
{_on_failure(site)}
# as often as somebody rings: a look that changes nothing rings for no other
StartLimitIntervalSec=0

[Service]
Type=oneshot
{_common(site)}
ExecStartPre=/bin/sh -c ': > "$$0"' %t/{name}.seen
ExecStart={_exec(site, "reconcile")}
SuccessExitStatus={CALM}
# 12: there is something to work on or to land; 11: the town waits for something that takes its time
ExecStopPost=-/bin/sh -c 'case $$EXIT_STATUS in 12) {work};; 11) {again};; esac'
ExecStopPost=-/bin/sh -c '{settle}'
TimeoutStartSec=10min
TimeoutStopSec=30s
Nice=5
"""


def _timer(site: Site) -> str:
    return f"""\
[Unit]
Description=gt: look at the town {site.name} now and then, should a ring have been lost

[Timer]
OnStartupSec=1min
OnUnitInactiveSec={RESYNC}s
RandomizedDelaySec=30s

[Install]
WantedBy=timers.target
"""


def _path(site: Site) -> str:
    return f"""\
[Unit]
Description=gt: the doorbell of the town {site.name}

[Path]
PathChanged={alone(site.doorbell)}
Unit={site.name}-reconcile.service
TriggerLimitIntervalSec=10s
TriggerLimitBurst=200

[Install]
WantedBy={_boot(site)}
"""


def _boot(site: Site) -> str:
    return "multi-user.target" if site.user else "default.target"


def _again(site: Site) -> str:
    return f"""\
[Unit]
Description=gt: look again at the town {site.name}, which waits for something

[Timer]
OnActiveSec={LOOK_AGAIN}s
AccuracySec=5s
RemainAfterElapse=no
Unit={site.name}-reconcile.service
"""


def _settle(site: Site) -> str:
    """For a ring that came while it was looked: until the look is over, its stop included, the path unit hears none."""
    look = f"{site.name}-reconcile.service"
    state = _systemctl(site, "show", "-p", "ActiveState", "--value", look)
    again = _systemctl(site, "start", "--no-block", look)
    over = f"while :; do case $$({state}) in inactive|failed) break;; esac; sleep 0.1; done"
    rung = f'[ -e "$$1" ] && ! [ "$$0" -nt "$$1" ] && {again}; exit 0'
    return f"""\
[Unit]
Description=gt: look again at the town {site.name}, if somebody rang during the last look
StartLimitIntervalSec=0

[Service]
Type=exec
{_common(site)}
ExecStart=/bin/sh -c '{over}; {rung}' %t/{site.name}.seen {quoted(str(site.doorbell))}
TimeoutStopSec=5s
"""


def _work(site: Site) -> str:
    return f"""\
[Unit]
Description=gt: worker %i of the town {site.name}
{_on_failure(site)}
StartLimitIntervalSec=0

[Service]
Type=exec
{_common(site)}
ExecStart={_exec(site, "work")}
SuccessExitStatus={CALM}
# 0, 3 and 10: an attempt has ended, so there may be another; 20 and 75: there is none; 1, 2 and 4: gt itself failed
Restart=always
RestartPreventExitStatus=1 2 4 20 75
RestartSec=1s
RuntimeMaxSec={site.limit}s
TimeoutStopSec=60s
KillMode=mixed
# what uses too much memory is killed, and gt says so of the attempt: a worker that is killed along couldn't
OOMPolicy=continue
{_bounds(site)}{_ring_if_killed(site)}
"""


def _bounds(site: Site) -> str:
    memory = f"MemoryMax={site.memory}M\n" if site.memory else ""
    return memory + (f"TasksMax={site.tasks}\n" if site.tasks else "")


def _merge(site: Site) -> str:
    return f"""\
[Unit]
Description=gt: the Refinery of the town {site.name}
{_on_failure(site)}
StartLimitIntervalSec=0

[Service]
Type=exec
{_common(site)}
ExecStart={_exec(site, "merge")}
SuccessExitStatus={CALM}
Restart=on-abnormal
RestartForceExitStatus=10
RestartSec=1s
TimeoutStopSec=60s
KillMode=mixed
{_ring_if_killed(site)}
"""


def _page(site: Site) -> str:
    text = f"%i has failed: {_systemctl(site, 'status', '%i')}"
    return f"""\
[Unit]
Description=gt: call a person, %i has failed

[Service]
Type=oneshot
{_common(site)}
ExecStart={_exec(site, "page", "town", "unit-failed", "--epoch")} %i -m "{text}"
TimeoutStartSec=1min
"""


def _crew(site: Site, member: Service) -> str:
    install = f"\n[Install]\nWantedBy={_boot(site)}\n" if member.boot else ""
    return f"""\
[Unit]
Description=gt: {member.name}, of the Crew of the town {site.name}
StartLimitIntervalSec=0

[Service]
Type=exec
{_common(site)}
ExecStart={_exec(site, "crew", "run", member.name)}
Restart=always
RestartSec={THROTTLE}s
TimeoutStopSec=60s
KillMode=mixed
{install}"""
