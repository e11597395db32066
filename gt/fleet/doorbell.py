"""The doorbell of a town: what a supervisor without eyes of its own is woken by.

`gt/doorbell` in the git directory is touched by whoever changes the ledger; systemd and the like can watch it. For
others the clone's own git config names commands, `gt.doorbell`: from there and from nowhere else, since it is run.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import suppress

from gt.git.repo import Repo, config_values

KEY = "gt.doorbell"
"""The local git setting that holds commands for `sh`."""


def ring(repo: Repo, environ: Mapping[str, str]) -> None:
    """Start the commands that this clone's config names, and leave them to themselves; waits for none.

    Whether they do anything isn't told: a ring that is lost costs nothing but time.
    """
    for command in config_values(repo, KEY):
        with suppress(OSError):
            subprocess.run(  # noqa: S602  (the user's own git config)
                f"( {command}\n) &",
                shell=True,
                cwd=repo.common_dir,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                check=False,
            )
