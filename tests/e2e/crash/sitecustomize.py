"""Kills this very process just before its n-th effect on the world; Python imports it at start when it is on the path.

CRASH_LOG names a file that gets a line for each effect; CRASH_AT is n, 0 for never. The variables are taken out of
the environment: children live.
"""

import os

_LOG = os.environ.pop("CRASH_LOG", "")
_AT = int(os.environ.pop("CRASH_AT", "0"))

if _LOG:
    from tests.crash.effects import watch

    _fd = os.open(_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    _done = [0]

    def _tell(effect: str) -> None:
        _done[0] += 1
        os.write(_fd, f"{effect}\n".encode(errors="replace"))
        if _done[0] == _AT:
            os._exit(137)

    watch(_tell)
