"""`gt supervise`: files printed, written, judged; what is to be typed next."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt.git.repo import config_values, discover
from tests.cli.conftest import Gt
from tests.cli.towns import TownScene, set_up

SETTINGS = "apiVersion: gt/v1\nungated: true\ncrew: {mayor: {command: 'true', boot: true}}\n"
SHARED = SETTINGS + "coordination: remote\nrefinery: {push: origin}\n"


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    return set_up(gt, repo_path, SETTINGS)


def test_files_are_printed_one_after_another(town: TownScene) -> None:
    said = town("supervise", "systemd")
    names = [line.split()[1] for line in said.out.splitlines() if line.startswith("==> ")]
    assert names == sorted(names)
    assert {"gt-repo-work@.service", "gt-repo-crew-mayor.service"} <= set(names)
    assert said.err == "hint: gt supervise systemd --install\n"
    assert not list(town.path.glob("*.service"))


def test_as_data(town: TownScene) -> None:
    data = town("supervise", "s6", "--json", "--workers", "3").data
    paths = {item["path"]: item["executable"] for item in data["files"]}
    assert paths["gt-repo-work-3/run"] is True
    assert "gt-repo-work-4/run" not in paths
    assert data["doorbell"].startswith("s6-svc -u ")


def test_a_worker_is_bounded(town: TownScene) -> None:
    said = town("supervise", "systemd", "--memory", "2G", "--tasks", "100").out
    assert "MemoryMax=2048M\nTasksMax=100\n" in said
    assert "it knows no --memory" in town("supervise", "s6", "--memory", "2G", code=1).err
    assert "it knows no --tasks" in town("supervise", "cron", "--tasks", "100", code=1).err
    assert "no size such as 4G" in town("supervise", "systemd", "--memory", "lots", code=2).err


def test_what_is_written_is_shown_and_writing_again_changes_nothing(town: TownScene, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    said = town("supervise", "runit", "--out", out)
    assert "+++ b/gt-repo-reconcile/run" in said.out
    assert "then: git config --add gt.doorbell '{ [ -p " in said.err
    assert "nothing changed" in town("supervise", "runit", "--out", out).err
    changed = town("supervise", "runit", "--out", out, "--workers", "1", "--json").data
    assert {item["change"] for item in changed["items"]} == {"changed", "removed"}
    assert town("supervise", "runit", "--out", out, "--remove").out
    assert list((tmp_path / "out").iterdir()) == []


def test_installed_it_rings_and_removed_it_does_no_more(town: TownScene, tmp_path: Path) -> None:
    out, repo = str(tmp_path / "out"), discover(town.path)
    for _ in range(2):
        town("supervise", "runit", "--install", "--out", out)
        pipe = f"{out}/gt-repo-reconcile/supervise/control"
        assert config_values(repo, "gt.doorbell") == (f"{{ [ -p {pipe} ] && printf u 1<>{pipe}; }}",)
    town("supervise", "runit", "--remove", "--out", out)
    assert config_values(repo, "gt.doorbell") == ()


def test_where_services_lie_is_for_a_person_to_say(town: TownScene) -> None:
    said = town("supervise", "s6", "--install", code=1)
    assert "hint: gt supervise s6 --install --out DIR" in said.err


def test_a_file_of_somebody_elses_is_left(town: TownScene, tmp_path: Path) -> None:
    (tmp_path / "gt-repo-merge.service").write_text("mine\n")
    said = town("supervise", "systemd", "--out", str(tmp_path), code=1)
    assert "gt didn't write it" in said.err
    assert [path.name for path in tmp_path.glob("gt-repo*")] == ["gt-repo-merge.service"]


@pytest.mark.parametrize("kind", ["github", "gitlab", "kubernetes"])
def test_jobs_with_clones_of_their_own_need_a_town_that_is_worked_through_its_remote(
    gt: Gt, repo_path: Path, kind: str
) -> None:
    town = set_up(gt, repo_path, SETTINGS)
    assert "`coordination: remote`" in town("supervise", kind, code=1).err


def test_a_workflow_goes_into_the_repository(gt: Gt, repo_path: Path) -> None:
    town = set_up(gt, repo_path, SHARED)
    town("supervise", "github", "--install", "--secret", "API_KEY")
    text = (repo_path / ".github" / "workflows" / "gt-repo.yml").read_text()
    assert "API_KEY: ${{ secrets.API_KEY }}" in text
    assert "mayor" not in text


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("upstart",), "is none of systemd, s6, runit, cron, github, gitlab, kubernetes"),
        (("s6", "--install", "--remove"), "exclude one another"),
        (("s6", "--workers", "0"), "0"),
    ],
)
def test_usage(town: TownScene, argv: tuple[str, ...], told: str) -> None:
    assert told in town("supervise", *argv, code=2).err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("s6", "--name", "Ümlaut"), "must be lower-case letters"),
        (("s6", "--system"), "s6 knows no --system"),
        (("cron", "--check"), "nothing can check"),
    ],
)
def test_refused(town: TownScene, argv: tuple[str, ...], told: str) -> None:
    assert told in town("supervise", *argv, code=1).err


def test_a_shell_judges_service_directories(town: TownScene) -> None:
    assert town("supervise", "s6", "--check").err == "sh has nothing to say against it\n"
