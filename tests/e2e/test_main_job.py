"""The main job on real input: a town on gt's own repository, its gate gt's own tests, four agents at work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import run_git
from tests.e2e.checks import check_town
from tests.e2e.town import ROOT, found

pytestmark = pytest.mark.e2e

GATE = f"{sys.executable} -m pytest -q -p no:cacheprovider -p no:xdist tests/core/test_ids.py tests/core/test_when.py"
TOWN = f"""\
apiVersion: gt/v1
agent: ada
agents:
  ada: {{command: [sh, AGENT], prompt: stdin, deadline: 1m}}
  bob: {{command: [sh, AGENT], prompt: stdin, deadline: 1m}}
  cyd: {{command: [sh, AGENT], prompt: stdin, deadline: 1m}}
  dee: {{command: [sh, AGENT], prompt: stdin, deadline: 1m}}
gates:
  - {{name: fast, run: "{GATE}", timeout: 2m}}
limits: {{attempts: 2, concurrent: 4, backoff: 1s}}
"""
PLAN = """\
# Small improvements
type: epic

## Say hello in a module of its own
agent: ada

## Test the greeting
agent: bob
needs: Say hello in a module of its own

The test stands beside the others of the core.

### Acceptance
It is run by the gate.

## Write the change log for greetings
agent: cyd
priority: 0

## Write the change log for farewells
agent: dee
priority: 0

## Round durations up
agent: ada

Breaks the tests at first.

## Make ids sequential
agent: bob

Never passes the tests.
"""
MEET = """
touch "$scripts/met.$GT_BEAD"; i=0
while [ "$n" = 1 ] && [ "$(ls "$scripts" | grep -c '^met\\.')" -lt 2 ] && [ $i -lt 500 ]; do sleep 0.02; i=$((i+1)); done
"""
SCRIPTS = {
    "Say hello in a module of its own": """
        printf '"A greeting."\\n\\n\\ndef greeting(name: str) -> str:\\n    return f"hello {name}"\\n' > gt/core/greeting.py
    """,
    "Test the greeting": """
        printf '\\n\\ndef test_greeting() -> None:\\n    from gt.core.greeting import greeting\\n\\n' >> tests/core/test_ids.py
        printf '    assert greeting("you") == "hello you"\\n' >> tests/core/test_ids.py
    """,
    "Write the change log for greetings": f"""{MEET}
        {{ echo '- Greetings.'; cat CHANGELOG.md; }} > new && mv new CHANGELOG.md; git commit -qam 'Tell of greetings'
    """,
    "Write the change log for farewells": f"""{MEET}
        {{ echo '- Farewells.'; cat CHANGELOG.md; }} > new && mv new CHANGELOG.md; git commit -qam 'Tell of farewells'
    """,
    "Round durations up": """
        if grep -q 'test_when' "$scripts/$GT_BEAD.$GT_TOKEN.prompt"; then git checkout -q main -- gt/core/when.py
        else echo 'raise AssertionError("rounded too far")' >> gt/core/when.py; fi
        echo '# Durations are whole seconds.' >> gt/core/when.py
    """,
    "Make ids sequential": """
        echo "mint_id = $n" >> gt/core/ids.py
    """,
}


@pytest.fixture
def own_repository(tmp_path: Path) -> Path:
    """A repository with the last commit of this checkout as its `main`."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    if head.returncode:
        pytest.skip("gt is not tested from a git checkout")
    path = tmp_path / "own"
    path.mkdir()
    run_git(path, "init", "-q", "-b", "main")
    run_git(path, "fetch", "-q", "--no-tags", str(ROOT), "HEAD")
    run_git(path, "reset", "-q", "--hard", "FETCH_HEAD")
    return path


def test_a_town_on_gt_itself(own_repository: Path, tmp_path: Path, quiet: None) -> None:
    from tests.e2e.town import settings, stage_agent

    scripts = tmp_path / "scripts"
    stage_agent(scripts)
    town = found(own_repository, scripts, {".gt/town.yaml": settings(scripts, TOWN)})
    (scripts / "PLAN.md").write_text(PLAN)
    town.gt("create", "--file", str(scripts / "PLAN.md"))
    ids = {bead["spec"]["title"]: name for name, bead in town.beads().items()}
    for title, script in SCRIPTS.items():
        town.play(ids[title], script)

    town.run("-j", "4", ok=(20,))

    beads = {title: town.bead(name) for title, name in ids.items()}
    phases = {title: bead["status"]["phase"] for title, bead in beads.items()}
    never = "Make ids sequential"
    assert phases == dict.fromkeys(SCRIPTS, "landed") | {never: "stuck", "Small improvements": "open"}
    assert town.results(ids[never]) == ["red", "red"]
    assert "red" in beads[never]["status"]["stuck"]["evidence"]
    assert town.results(ids["Round durations up"]) == ["red", "submitted"]
    need, after = beads["Say hello in a module of its own"], beads["Test the greeting"]
    assert need["status"]["landed"]["at"] <= after["status"]["attempts"][0]["start"]
    assert {"- Greetings.", "- Farewells."} == set(town.text("CHANGELOG.md").splitlines()[:2])
    assert "def test_greeting" in town.text("tests/core/test_ids.py")
    check_town(town, GATE)
    town.gt("reconcile", ok=(20,))
    town.gt("close", ids[never], "--reason", "wontfix")
    town.run(ok=(0,))
    assert town.phase(ids["Small improvements"]) == "closed"
