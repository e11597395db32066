"""The files for supervisors: made the same every time, written without touching what is others', judged by others' tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gt.errors import Refused
from gt.interop.supervise import installing, writing
from gt.interop.supervise.kinds import KINDS
from gt.interop.supervise.site import File, Service, Site
from gt.interop.supervise.systemd import alone, quoted

NASTY = 'it\'s 100% "$HOME" here'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(
        name="gt-town",
        repo=tmp_path,
        doorbell=tmp_path / ".git" / "gt" / "doorbell",
        folder=tmp_path / "service",
        gt=("/bin/true",),
        workers=2,
        deadline=3600,
        target="main",
        crew=(Service("mayor", boot=True), Service("clerk", boot=False)),
        version="1.2.3",
        user="root",
        secrets=("API_KEY",),
    )


@pytest.mark.parametrize("name", KINDS)
def test_writing_again_changes_nothing_and_removing_leaves_nothing(site: Site, name: str) -> None:
    kind, folder = KINDS[name], site.folder
    folder.mkdir()
    (folder / "gt-town-of-somebody-else").write_text("x\n")
    files = kind.files(site)
    first = writing.changes(folder, files, site.name)
    assert {change.path for change in first} == files.keys()
    writing.apply(folder, first)
    assert writing.changes(folder, kind.files(site), site.name) == ()
    for path, file in files.items():
        assert (folder / path).read_text() == file.text
        assert os.access(folder / path, os.X_OK) == file.executable
    writing.apply(folder, writing.removal(folder, files, site.name))
    assert [entry.name for entry in folder.iterdir()] == ["gt-town-of-somebody-else"]


@pytest.mark.parametrize("name", ["systemd", "s6", "runit"])
def test_what_is_no_longer_wanted_goes_and_the_difference_is_told(site: Site, name: str) -> None:
    kind, folder = KINDS[name], site.folder
    writing.apply(folder, writing.changes(folder, kind.files(site), site.name))
    without = kind.files(replace(site, crew=site.crew[:1]))
    found = writing.changes(folder, without, site.name)
    assert found
    assert {change.new for change in found} == {None}
    assert all("crew-clerk" in change.path for change in found)
    assert [line for change in found for line in change.diff() if line.startswith("+++")] == [
        "+++ /dev/null" for _ in found
    ]
    writing.apply(folder, found)
    left = [path for path in folder.rglob("*") if "clerk" in path.name and path.is_file()]
    assert left == []


@pytest.mark.parametrize("name", KINDS)
def test_what_gt_did_not_write_is_never_touched(site: Site, name: str) -> None:
    kind, folder = KINDS[name], site.folder
    files = kind.files(site)
    theirs = folder / next(path for path, file in sorted(files.items()) if file.text)
    theirs.parent.mkdir(parents=True)
    theirs.write_text("precious\n")
    with pytest.raises(Refused, match="gt didn't write it"):
        writing.changes(folder, files, site.name)
    assert writing.removal(folder, files, site.name) == ()
    assert theirs.read_text() == "precious\n"


@pytest.mark.parametrize("name", KINDS)
def test_the_kinds_own_tool_finds_nothing_wrong(
    site: Site, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = KINDS[name]
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if not kind.check:
        pytest.skip("no tool judges a crontab")
    if shutil.which(kind.check[0]) is None:
        pytest.skip(f"{kind.check[0]} is not installed")
    installing.judge(kind, kind.files(site))


def test_a_wrong_file_is_refused_by_the_tool(site: Site) -> None:
    files = {"gt-town-x/run": File("#!/bin/sh\nif\n")}
    with pytest.raises(Refused, match="sh says no"):
        installing.judge(KINDS["s6"], files)


def test_a_tool_that_is_not_there_is_told(site: Site) -> None:
    kind = replace(KINDS["s6"], check=("no-such-tool",))
    with pytest.raises(Refused, match="no-such-tool is not installed, so nothing was checked"):
        installing.judge(kind, kind.files(site))


@pytest.mark.parametrize("name", ["s6", "runit", "cron"])
def test_paths_with_anything_in_them_reach_gt_as_they_are(tmp_path: Path, site: Site, name: str) -> None:
    place = tmp_path / NASTY
    place.mkdir()
    said = place / "said"
    program = place / "gt"
    program.write_text(f'#!/bin/sh\npwd >>"{said.name}"\necho "$@" >>"{said.name}"\nexit 0\n')
    program.chmod(0o755)
    nasty = replace(
        site, repo=place, gt=(str(program),), doorbell=place / "bell", folder=place, path=os.environ["PATH"]
    )
    files = KINDS[name].files(nasty)
    if name == "cron":
        line = next(line for line in files["gt-town.crontab"].text.splitlines() if line.startswith("*/"))
        script = line.split(" ", 5)[5].replace("\\%", "%")
    else:
        script = files["gt-town-work-1/run"].text
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    where, what = said.read_text().splitlines()
    assert where == str(place)
    assert what.split()[0] in ("work", "run")


def test_words_of_a_unit_mean_nothing_to_systemd() -> None:
    assert quoted("/usr/bin/gt") == "/usr/bin/gt"
    assert quoted("it's 5% of $x") == '"it\'s 5%% of $$x"'
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
    assert quoted("") == '""'
    assert alone("/a b/50%") == "/a b/50%%"


def test_a_worker_is_bounded_where_the_supervisor_can(site: Site) -> None:
    bounded = replace(site, memory=512, tasks=100)
    unit = KINDS["systemd"].files(bounded)["gt-town-work@.service"].text
    assert "\nMemoryMax=512M\nTasksMax=100\n" in unit
    assert "MemoryMax" not in KINDS["systemd"].files(site)["gt-town-work@.service"].text
    assert "limits: {memory: 512Mi}" in KINDS["kubernetes"].files(bounded)["kubernetes.yaml"].text
    for name in ("systemd", "kubernetes"):
        if shutil.which(KINDS[name].check[0]) is not None:
            installing.judge(KINDS[name], KINDS[name].files(bounded))


def test_the_recipe_of_the_image_is_a_good_one(site: Site, tmp_path: Path) -> None:
    judge = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if judge is None:
        pytest.skip("hadolint is not installed")
    recipe = tmp_path / "Dockerfile"
    recipe.write_text(KINDS["kubernetes"].files(site)["Dockerfile"].text)
    # Debian's own packages aren't pinned: the versions that a release of it has are few, and go when they are mended.
    argv = [judge, "--ignore", "DL3008", "--failure-threshold", "warning", str(recipe)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_secrets_are_given_by_reference_only(site: Site) -> None:
    github = KINDS["github"].files(site)[".github/workflows/gt-town.yml"].text
    assert "API_KEY: ${{ secrets.API_KEY }}" in github
    assert (
        "secretKeyRef: {name: gt-town-agents, key: API_KEY}"
        in KINDS["kubernetes"].files(site)["kubernetes.yaml"].text
    )


@pytest.mark.parametrize("old", ["", "0 4 * * * backup\n", "0 4 * * * backup"])
def test_a_crontab_keeps_what_else_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site, old: str
) -> None:
    tab = tmp_path / "tab"
    tab.write_text(old)
    fake = tmp_path / "bin" / "crontab"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ncase $1 in -l) cat '{tab}' ;; -) cat >'{tab}' ;; esac\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    ours = KINDS["cron"].files(site)["gt-town.crontab"].text
    for _ in range(2):
        installing.put_crontab(installing.crontab(ours, site.name)[1])
        assert tab.read_text() == old + ("" if old.endswith("\n") or not old else "\n") + ours
    tab.write_text(tab.read_text() + "5 5 * * * more\n")
    installing.put_crontab(installing.crontab(None, site.name)[1])
    assert tab.read_text().replace("\n", "") == (old + "5 5 * * * more").replace("\n", "")


def test_a_crontab_that_lost_its_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    fake = tmp_path / "bin" / "crontab"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho '# written by gt supervise cron: begin gt-town'\necho '* * * * * x'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Refused, match="has no line"):
        installing.crontab("new", site.name)
