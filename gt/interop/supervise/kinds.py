"""Every kind of supervisor that gt writes files for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gt.core.values import dataclass
from gt.interop.supervise import cron, github, gitlab, kubernetes, services, systemd
from gt.interop.supervise.site import Files, Site, Steps


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of supervisor."""

    name: str
    files: Callable[[Site], Files]
    steps: Callable[[Site], Steps]
    check: tuple[str, ...] = ()
    """The tool that judges the files: an argument vector, their paths come after it."""
    judged: str = ""
    """How the names end of the files that it judges."""
    crew: bool = True
    """Whether it can keep the Crew running."""
    bounds: frozenset[str] = frozenset()
    """What of a worker's it can bound: memory, tasks."""


def _services(flavour: services.Flavour) -> Kind:
    return Kind(
        flavour.kind,
        partial(services.files, flavour),
        partial(services.steps, flavour),
        check=("sh", "-n"),
        judged="/run",
    )


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "systemd",
            systemd.files,
            systemd.steps,
            check=("systemd-analyze", "verify"),
            bounds=frozenset({"memory", "tasks"}),
        ),
        _services(services.S6),
        _services(services.RUNIT),
        Kind("cron", cron.files, cron.steps),
        Kind("github", github.files, github.steps, ("actionlint",), ".yml", crew=False),
        Kind(
            "gitlab",
            gitlab.files,
            gitlab.steps,
            ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci"),
            ".yml",
            crew=False,
        ),
        Kind(
            "kubernetes",
            kubernetes.files,
            kubernetes.steps,
            ("kubernetes-validate", "--strict"),
            ".yaml",
            crew=False,
            bounds=frozenset({"memory"}),
        ),
    )
}
"""By name."""
