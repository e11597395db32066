"""`gt` alone."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Gt
from tests.cli.towns import set_up

SETTINGS = "apiVersion: gt/v1\nungated: true\nagent: sh\nagents: {sh: {command: 'true'}}\n"


def test_how_the_town_is_and_what_to_type_next(gt: Gt, repo_path: Path) -> None:
    town = set_up(gt, repo_path, SETTINGS)
    said = town()
    assert said.out == "repo: no Beads yet\nat rest\n"
    assert said.err == 'hint: gt create "What is to be done"\n'
    bead = town.create("bead")
    said = town("-C", ".")
    assert said.out.startswith("repo: 1 open\nwork or merge is due: ")
    assert said.err == "hint: gt -C . run\n"
    town("claim", bead)
    town("ask", "--bead", bead, "which one?")
    said = town()
    assert "which one?" in said.out
    assert f"{bead} asks" in said.out
    assert said.err == "hint: gt reconcile\n"


def test_without_a_town_it_is_the_help(gt: Gt, repo_path: Path, tmp_path: Path) -> None:
    for place in (repo_path, tmp_path):
        said = gt(cwd=place)
        assert said.code == 2
        assert said.out == ""
        assert "Usage: gt [OPTIONS] COMMAND" in said.err
