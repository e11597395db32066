"""The first `.gt/town.yaml` of a town, as text with the comments that a newcomer needs."""

from __future__ import annotations

import json
from collections.abc import Sequence

HEAD = """\
# The settings of this town. gt reads them from the target branch and from nowhere else:
# a change counts once it has landed there.
apiVersion: gt/v1
"""

NO_AGENT = """\
# No agent was found on PATH. Any command can be one: it is given a task on stdin, works in the directory it
# is started in, and exits. Uncomment these lines and say how yours is called.
# agent: mine
# agents:
#   mine: {command: ["my-agent", "--headless"], prompt: stdin, deadline: 1h}
"""

NO_GATE = """\
# A gate is a command that must pass before anything lands, such as
#   - {name: test, run: make test, timeout: 10m}
# None was found here, so nothing lands until you name one.
gates: []
# To land work that nothing has tested, say so outright:
# ungated: true
"""


def town_yaml(agents: Sequence[str], gate: str | None) -> str:
    """The text of the settings for the agents found (presets, the first is the default) and the gate's command."""
    parts = [HEAD]
    if agents:
        named = "".join(f"  {name}: {{preset: {name}}}\n" for name in agents)
        parts.append(f"\nagent: {agents[0]}\nagents:\n{named}")
    else:
        parts.append("\n" + NO_AGENT)
    if gate:
        parts.append(f"\ngates:\n  - {{name: test, run: {json.dumps(gate)}, timeout: 10m}}\n")
    else:
        parts.append("\n" + NO_GATE)
    return "".join(parts)
