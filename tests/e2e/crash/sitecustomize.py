"""Kills this very process just before its n-th effect on the world; Python imports it at start when it is on the path.

CRASH_LOG names a file that gets a line for each effect; CRASH_AT is n, 0 for never. The variables are taken out of
the environment: children live.
"""

import os
import sys

_LOG = os.environ.pop("CRASH_LOG", "")
_AT = int(os.environ.pop("CRASH_AT", "0"))
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_EFFECTS = frozenset(
    {
        *("os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.mkdir", "os.truncate"),
        *("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.kill", "sqlite3.connect"),
    }
)

if _LOG:
    _fd = os.open(_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    _done = [0]

    def _watch(event: str, args: tuple[object, ...]) -> None:
        if event == "open":
            flags = args[2] if len(args) > 2 else 0
            if not isinstance(flags, int) or not flags & _WRITES or "__pycache__" in str(args[0]):
                return
        elif event not in _EFFECTS or "__pycache__" in str(args[:1]):
            return
        _done[0] += 1
        os.write(_fd, f"{event} {args!r}\n".encode(errors="replace"))
        if _done[0] == _AT:
            os._exit(137)

    sys.addaudithook(_watch)
