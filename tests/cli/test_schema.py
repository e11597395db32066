"""`gt schema`: what an editor and a program are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gt.store.schemas import FILES, kinds
from tests.cli.conftest import Gt
from tests.outputs import parsed


def test_all_are_listed_and_each_is_printed(gt: Gt) -> None:
    rows = gt("schema").out.splitlines()
    assert [row.split()[0] for row in rows] == list(kinds())
    items = gt("schema", "--json").data["items"]
    assert [item["name"] for item in items] == list(kinds())
    for kind in kinds():
        assert gt("schema", kind).data["$schema"].endswith("2020-12/schema")
    assert gt("schema", "Bead").out == gt("schema", "bead").out
    said = gt("schema", "nothing")
    assert (said.code, said.err) == (1, "error: no such schema: nothing\nhint: gt schema\n")


@pytest.mark.parametrize("kind", FILES)
def test_the_standard_tool_takes_it_and_checks_a_file_by_it(gt: Gt, tmp_path: Path, kind: str) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    if not tool.exists():
        pytest.skip("check-jsonschema is not installed")
    place = tmp_path / f"{kind}.schema.json"
    place.write_text(gt("schema", kind).out)
    subprocess.run([tool, "--check-metaschema", place], check=True, capture_output=True)
    if kind != "town":
        return
    settings = tmp_path / "town.yaml"
    for text, code in (("apiVersion: gt/v1\n", 0), ("apiVersion: gt/v1\ngate: []\n", 1)):
        settings.write_text(text)
        done = subprocess.run([tool, "--schemafile", place, settings], capture_output=True, check=False)
        assert done.returncode == code, done.stdout


def test_events_are_lines_for_whoever_reads_as_they_come(gt: Gt, repo_path: Path) -> None:
    gt("init", cwd=repo_path)
    bead = gt("create", "x", cwd=repo_path).out.strip()
    gt("edit", bead, "--priority", "0", cwd=repo_path)
    lines = gt("log", "--jsonl", "--patch", cwd=repo_path).out.splitlines()
    events = [parsed(line) for line in lines]
    assert [(event["kind"], event["verb"]) for event in events] == [
        ("Event", "edit"),
        ("Event", "create"),
        ("Event", "init"),
    ]
    assert events[0]["changes"][0]["field"] == "spec.priority"
    items = gt("log", "--json", "--patch", cwd=repo_path).data["items"]
    assert items == [
        {key: value for key, value in event.items() if key not in ("apiVersion", "kind")} for event in events
    ]
