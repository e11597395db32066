"""`gt mcp` in sessions with the official client: a person's, an attempt's, and some that end badly."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.town import GT, LIMIT, Town

pytest.importorskip(
    "mcp.client.stdio", reason="the extra `mcp` isn't installed: no session of gt mcp is tested"
)
pytestmark = pytest.mark.e2e

CLIENT = Path(__file__).with_name("mcpclient.py")
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def session(town: Town, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The tools that are served, and what was answered to these calls."""
    done = subprocess.run(
        [sys.executable, CLIENT, town.scripts / "bin" / "gt", "-C", town.path, "mcp"],
        cwd="/",
        env=town.environment(),
        input=json.dumps(calls) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return said["tools"], said["answers"]


def test_a_session_of_a_person(town: Town) -> None:
    told = town.create("Known before")
    tools, answers = session(
        town,
        ("create", {"title": "-h", "body": "-", "labels": ["ide"]}),
        ("ready", {"labels": ["ide"]}),
        ("note", {"bead": told, "text": "--json is a word here"}),
        ("show", {"bead": told}),
        ("why", {"bead": told}),
        ("status", {}),
        ("list", {"limit": 1}),
        ("show", {"bead": "zzzz"}),
        ("show", {"bead": told, "at": "beads"}),
        ("ask", {"question": "May I?"}),
    )
    assert {tool["name"] for tool in tools} == {
        *("ready", "list", "show", "why", "status"),
        *("note", "ask", "fail", "propose", "create"),
    }
    assert len(json.dumps(tools)) < 7000, "each session of an agent pays for every word of it"
    made, ready, _, shown, why, status, listed, missing, unknown, asked = answers
    assert [answer["failed"] for answer in answers] == [False] * 7 + [True] * 3
    (bead,) = made["texts"]
    assert (bead["spec"]["title"], bead["spec"]["body"]) == ("-h", "-")
    assert [item["id"] for item in ready["texts"][0]["items"]] == [bead["id"]]
    assert shown["texts"] == [town.bead(told)]
    assert shown["texts"][0]["notes"][0]["text"] == "--json is a word here"
    assert [why["texts"][0]["kind"], status["texts"][0]["kind"]] == ["Why", "Status"]
    assert len(listed["texts"][0]["items"]) == 1
    assert missing["texts"][0]["error"]["hint"] == f"gt -C {town.path} list --all"
    assert unknown["texts"][0]["error"]["message"] == "show takes no at; it takes bead"
    assert asked["texts"][0]["error"]["kind"] == "refused"


def test_an_attempt_says_what_it_may_and_no_more(town: Town) -> None:
    bead = town.create("Write")
    calls = [
        ["note", {"text": "the clock is flaky"}],
        ["propose", {"title": "Mend the clock", "type": "bug"}],
        ["create", {"title": "Feed the town"}],
        ["show", {}],
        ["fail", {"reason": "no clock here"}],
    ]
    client = shlex.join([sys.executable, str(CLIENT), "gt", "mcp"])
    answers = town.scripts / "answers.json"
    town.play(bead, f"echo {shlex.quote(json.dumps(calls))} | {client} >{shlex.quote(str(answers))}")
    town.gt("work", bead, ok=(3,))
    note, proposal, created, shown, failed = json.loads(answers.read_text())["answers"]
    assert [answer["texts"][0]["verb"] for answer in (note, proposal, failed)] == ["note", "propose", "fail"]
    refused = created["texts"][0]["error"]
    assert refused["message"].startswith("`gt create` is not for an attempt, and this is sh/")
    assert refused["hint"] == "gt help agents"
    assert shown["texts"][0]["id"] == bead
    found = town.bead(bead)
    assert [each["text"] for each in found["notes"]] == ["the clock is flaky"]
    assert found["status"]["attempts"][0]["result"] == "work-failed"
    assert found["status"]["attempts"][0]["reason"] == "no clock here"
    proposed = [each for each in town.beads().values() if each["id"] != bead]
    assert [each["spec"]["title"] for each in proposed] == ["Mend the clock"]
    assert proposed[0]["status"]["phase"] == "proposed"


def test_killed_the_client_takes_it_along(town: Town) -> None:
    """That nothing is left is what the fixture `quiet` looks at."""
    with subprocess.Popen(
        [sys.executable, CLIENT, *GT, "mcp"],
        cwd=town.path,
        env=town.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write('["HOLD"]\n')
        client.stdin.flush()
        assert client.stdout.readline() == "held\n"
        client.kill()


def test_a_signal_ends_it_while_it_waits(town: Town) -> None:
    with town.start("mcp", stdin=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(HELLO) + "\n")
        server.stdin.flush()
        assert json.loads(server.stdout.readline())["result"]["serverInfo"]["name"] == "gt"
        server.send_signal(signal.SIGTERM)
        assert server.wait(LIMIT) == 130
