"""The commands about Beads, each in a real repository."""

from __future__ import annotations

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Gt
from tests.cli.towns import TownScene
from tests.conftest import run_git


@pytest.fixture
def town(gt: Gt, repo_path: Path) -> TownScene:
    scene = TownScene(repo_path, gt)
    scene("init", environ={"PATH": ""})
    return scene


# create


def test_create_takes_a_flag_for_every_field(town: TownScene) -> None:
    need, parent = town.create("need"), town.create("parent", "-t", "epic")
    made = town(
        *(
            "create",
            "All",
            "--type",
            "bug",
            "-p",
            "0",
            "--body",
            "b",
            "--acceptance",
            "a",
            "-l",
            "x",
            "--label",
            "y",
        ),
        *(
            "--needs",
            need,
            "--parent",
            parent,
            "--link",
            f"related:{need}",
            "--base",
            "main",
            "--attempts",
            "2",
        ),
        *("--deadline", "90s", "--defer", "2026-12-01", "--hold", "--review", "--json"),
    ).data
    spec = made["spec"]
    assert made["status"]["phase"] == "open"
    assert made["created"] == {"at": "2026-11-22T20:00:00Z", "by": "Alice <alice@example.com>"}
    assert spec["labels"] == ["x", "y"]
    assert (spec["needs"], spec["parent"], spec["links"]) == ([need], parent, {"related": [need]})
    assert (spec["deadline"], spec["defer"], spec["attempts"]) == (90, "2026-12-01T00:00:00Z", 2)
    assert (spec["type"], spec["priority"], spec["body"], spec["acceptance"]) == ("bug", 0, "b", "a")
    assert (spec["base"], spec["hold"], spec["review"]) == ("main", True, "all")
    assert town.bead(made["id"]) == made


def test_a_body_may_come_from_a_file_or_stdin(town: TownScene, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("of a file")
    assert town.bead(town.create("a", "--body-file", str(tmp_path / "b.md")))["spec"]["body"] == "of a file"
    made = town("create", "b", "--body-file", "-", "--json", stdin="of stdin").data
    assert made["spec"]["body"] == "of stdin"
    assert "No such file" in town("create", "c", "--body-file", "nowhere", code=1).err


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        ([""], "title: must not be empty"),
        (["a\nb"], "title: must be one line"),
        (["a", "--type", "bugg"], "no such type: bugg"),
        (["a", "--base", "other"], "other is not a target"),
        (["a", "--needs", "gt-00000000"], "no such Bead: gt-00000000"),
        (["a", "--parent", "zzz"], "no such Bead: zzz"),
        (["a", "--label", " "], "must not be empty"),
    ],
)
def test_create_refuses_and_changes_nothing(town: TownScene, argv: list[str], why: str) -> None:
    before = town.tip()
    assert why in town("create", *argv, code=1).err
    assert town.tip() == before


def test_two_beads_may_have_one_title(town: TownScene) -> None:
    assert town.create("same") != town.create("same")


def test_an_unknown_agent_is_warned_of(town: TownScene) -> None:
    said = town("create", "a", "--agent", "nobody")
    assert "warning: the town has no agent called nobody" in said.err


PLAN = "# Epic\n\n## One\nneeds: Two\n\n## Two\npriority: 0\n\nDo it.\n"


def test_a_plan_is_made_in_one_commit(town: TownScene) -> None:
    before = town.tip()
    ids = town("create", "--file", "-", stdin=PLAN).out.split()
    assert run_git(town.path, "rev-parse", "beads~1") == before
    epic, one, two = (town.bead(name) for name in ids)
    assert [each["spec"]["title"] for each in (epic, one, two)] == ["Epic", "One", "Two"]
    assert one["spec"]["needs"] == [two["id"]]
    assert {one["spec"]["parent"], two["spec"]["parent"]} == {epic["id"]}
    assert town.ready() == ["Two"]


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ("# A\npriority: 9\n", "stdin:2: priority"),
        ("# A\n# B\nneeds: gt-00000000\n", "stdin:2: no such Bead"),
        ("# A\nneeds: B\n# B\nneeds: A\n", "'A' -> 'B' -> 'A'"),
        ("# A\nneeds: B\n## B\n", "never start"),
    ],
)
def test_a_plan_is_made_whole_or_not_at_all(town: TownScene, plan: str, why: str) -> None:
    before = town.tip()
    assert why in town("create", "--file", "-", stdin=plan, code=1).err
    assert town.tip() == before


# reading


def test_show_says_what_there_is(town: TownScene) -> None:
    need = town.create("need it")
    bead = town.create("Fix \x1b[31mit", "--needs", need, "--body", "the body\u202e", "-l", "x")
    town("note", bead, "remember", "this")
    out = town("show", bead[3:]).out
    for part in (bead, "Fix \\x1b[31mit", "the body\\u202e", "remember this", need, "waits:", "labels:"):
        assert part in out
    assert "\x1b" not in out


def test_show_without_an_id_knows_the_worktree_it_stands_in(town: TownScene, tmp_path: Path) -> None:
    bead = town.create("a")
    run_git(town.path, "worktree", "add", "-q", "-b", f"gt/{bead}/1-abcd", str(tmp_path / "w"))
    assert town("show", "--json", cwd=tmp_path / "w").data["id"] == bead
    assert "which Bead?" in town("show", code=1).err


def test_an_abbreviation_must_fit_one(town: TownScene) -> None:
    beads = [town.create(str(i)) for i in range(40)]
    first = next(b[:4] for b in beads if sum(o[:4] == b[:4] for o in beads) > 1)
    assert "is ambiguous" in town("show", first, code=1).err
    assert town("show", beads[0], "--json").data["id"] == beads[0]


def test_list_filters(town: TownScene) -> None:
    parent = town.create("p", "-t", "epic")
    town.create("c", "--parent", parent, "-l", "x", "-p", "1")
    gone = town.create("gone", "-l", "x", "--body", "needle")
    town("close", gone)

    def titles(*argv: str) -> list[str]:
        return [item["spec"]["title"] for item in town("list", "--json", *argv).data["items"]]

    assert titles() == ["c", "p"]
    assert titles("--all") == ["c", *sorted(["gone", "p"], key=lambda t: {"p": parent, "gone": gone}[t])]
    assert titles("--type", "epic") == ["p"]
    assert titles("--label", "x") == ["c"]
    assert titles("--parent", parent) == ["c"]
    assert titles("--phase", "closed") == ["gone"]
    assert titles("--all", "--text", "NEEDLE") == ["gone"]
    assert titles("--text", "nothing") == []


def test_ready_filters_and_limits(town: TownScene) -> None:
    top = town.create("top", "-t", "epic")
    mid = town.create("mid", "-t", "epic", "--parent", top)
    town.create("deep", "--parent", mid, "-l", "x", "-p", "0")
    for i in range(52):
        town.create(f"n{i:02}", "--agent", "claude") if i < 2 else town.create(f"n{i:02}")
    assert len(town.ready()) == 50
    assert len(town.ready("--limit", "0")) == 53
    assert town.ready("--limit", "1") == ["deep"]
    assert town.ready("--parent", top) == town.ready("--label", "x") == ["deep"]
    assert sorted(town.ready("--agent", "claude")) == ["n00", "n01"]
    assert "only the first 50" in town("ready").err


def test_nothing_ready_is_an_empty_list(town: TownScene) -> None:
    assert town("ready", "--json").data == {"apiVersion": "gt/v1", "kind": "BeadList", "items": []}
    assert town("ready").out == ""


def test_blocked_says_why_and_what_to_do(town: TownScene) -> None:
    need = town.create("need")
    bead = town.create("bead", "--needs", need)
    empty = town.create("empty", "-t", "epic")
    items = {item["bead"]: item for item in town("blocked", "--json").data["items"]}
    assert items.keys() == {bead, empty}
    assert (items[bead]["on"], items[bead]["hint"]) == (need, f"gt why {need}")
    assert "is an empty epic" in town("blocked").out


def test_a_file_that_cannot_be_read_is_told_and_hides_nothing_else(town: TownScene) -> None:
    good = town.create("good")
    bad = town.create("bad")
    path = f"beads/{bad[-2]}/{bad[-1]}/{bad}.yaml"
    blob = run_git(town.path, "hash-object", "-w", "--stdin", stdin=b"kind: [\n")
    tree = run_git(town.path, "ls-tree", "-r", "beads")
    lines = [line for line in tree.splitlines() if not line.endswith(path)] + [f"100644 blob {blob}\t{path}"]
    (town.path / ".git" / "x-index").unlink(missing_ok=True)
    made = _tree(town.path, lines)
    commit = run_git(town.path, "commit-tree", made, "-p", "beads", "-m", "break it")
    run_git(town.path, "update-ref", "refs/heads/beads", commit)
    for command in ("list", "ready"):
        said = town(command, code=1)
        assert good in said.out
        assert path in said.err
    assert town("show", good, "--json").data["id"] == good
    assert path in town("show", bad, code=1).err


def _tree(path: Path, lines: list[str]) -> str:
    import os
    import subprocess

    env = {**os.environ, "GIT_INDEX_FILE": str(path / ".git" / "x-index")}
    feed = "\n".join(lines) + "\n"
    subprocess.run(
        ["git", "update-index", "--index-info"], cwd=path, env=env, input=feed.encode(), check=True
    )
    done = subprocess.run(["git", "write-tree"], cwd=path, env=env, capture_output=True, check=True)
    return done.stdout.decode().strip()


# changing


def test_edit_by_flags(town: TownScene) -> None:
    parent = town.create("p")
    bead = town.create("a", "-l", "old", "--agent", "x", "--defer", "2026-12-01", "--parent", parent)
    town(
        *("edit", bead, "--title", "b", "-p", "0", "-l", "new", "--unlabel", "old", "--hold", "--parent", ""),
        *("--agent", "", "--undefer", "--deadline", "1h"),
        now=NOW + 60,
    )
    after = town.bead(bead)
    spec = after["spec"]
    assert (spec["title"], spec["priority"], spec["labels"], spec["hold"]) == ("b", 0, ["new"], True)
    assert (spec["parent"], spec["agent"], spec["defer"], spec["deadline"]) == (None, None, None, 3600)
    assert after["clock"]["spec.title"] == "2026-11-22T20:01:00Z"
    tip = town.tip()
    assert "nothing changed" in town("edit", bead, "--title", "b", "--no-review").err
    assert town.tip() == tip
    town("edit", bead, "--no-hold")
    assert town.bead(bead)["spec"]["hold"] is False


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--title", " "], "must not be empty"),
        (["--type", "x"], "no such type"),
        (["--base", "x"], "not a target"),
    ],
)
def test_edit_refuses_what_create_refuses(town: TownScene, argv: list[str], why: str) -> None:
    bead = town.create("a")
    assert why in town("edit", bead, *argv, code=1).err


def test_a_bead_cannot_be_put_below_its_own_child(town: TownScene) -> None:
    top = town.create("top")
    child = town.create("child", "--parent", top)
    assert f"{top} -> {child} -> {top}" in town("edit", top, "--parent", child, code=1).err


def editor(tmp_path: Path, script: str) -> dict[str, str]:
    place = tmp_path / "editor"
    place.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n{script}\n"
    )
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
    return {"GIT_EDITOR": str(place)}


def test_edit_in_an_editor(town: TownScene, tmp_path: Path) -> None:
    bead = town.create("a", "--deadline", "90m")
    town("edit", bead, environ=editor(tmp_path, "p.write_text(t.replace('title: a', 'title: b'))"))
    assert town.bead(bead)["spec"]["title"] == "b"
    tip = town.tip()
    assert "nothing changed" in town("edit", bead, environ=editor(tmp_path, "pass")).err
    assert town.tip() == tip
    assert not list((town.path / ".git" / "gt" / "edit").iterdir())


def test_an_edit_that_is_refused_is_kept(town: TownScene, tmp_path: Path) -> None:
    bead = town.create("a")
    said = town("edit", bead, code=1, environ=editor(tmp_path, "p.write_text(t + 'colour: red\\n')"))
    assert "colour: is not a key of a spec" in said.err
    (kept,) = (town.path / ".git" / "gt" / "edit").iterdir()
    assert f"kept in {kept}" in said.err
    kept.write_text(kept.read_text().replace("colour: red\n", "").replace("title: a", "title: c"))
    town("edit", bead, "--file", str(kept))
    assert town.bead(bead)["spec"]["title"] == "c"


def test_an_editor_that_fails_changes_nothing(town: TownScene) -> None:
    bead = town.create("a")
    assert "ended with 1: nothing changed" in town("edit", bead, code=1, environ={"EDITOR": "false"}).err


def test_dep(town: TownScene) -> None:
    a, b, c = (town.create(title) for title in "abc")
    town("dep", "add", a, b)
    town("dep", "add", b, c)
    assert town.ready() == ["c"]
    assert f"{c} -> {a} -> {b} -> {c}" in town("dep", "add", c, a, code=1).err
    assert f"{a} -> {a}" in town("dep", "add", a, a, code=1).err
    tip = town.tip()
    assert "already" in town("dep", "add", a, b).err
    assert "doesn't need that" in town("dep", "rm", a, c).err
    assert town.tip() == tip
    tree = town("dep", "tree", a, "--json").data["items"]
    assert [(line["depth"], line["id"]) for line in tree] == [(0, a), (1, b), (2, c)]
    assert [line["id"] for line in town("dep", "tree", c, "--reverse", "--json").data["items"]] == [c, b, a]
    assert town("dep", "tree", a).out.splitlines()[1] == f"  {b}  open  b"
    town("dep", "rm", a, b[3:])
    assert sorted(town.ready()) == ["a", "c"]
    assert town("dep", "cycles").out == ""


def test_close_and_reopen(town: TownScene) -> None:
    a, b = town.create("a"), town.create("b")
    town("close", a, b, "-m", "by hand")
    assert town.bead(a)["status"]["closed"]["note"] == "by hand"
    tip = town.tip()
    assert "already" in town("close", a).err
    assert town.tip() == tip
    assert "can't close" in town("close", a, "--reason", "wontfix", code=1).err
    town("reopen", a)
    assert town.bead(a)["status"]["phase"] == "open"
    tip = town.tip()
    assert "is open already" in town("reopen", a).err
    assert town.tip() == tip


def test_close_minds_children_and_needs(town: TownScene) -> None:
    need = town.create("need")
    parent = town.create("p", "-t", "epic", "--needs", need)
    child = town.create("c", "--parent", parent)
    assert f"its child {child} is open" in town("close", parent, "--reason", "wontfix", code=1).err
    assert f"it needs {need}, which is open" in town("close", parent, child, code=1).err
    assert town.bead(child)["status"]["phase"] == "open"
    town("close", parent, child, need)
    assert {town.bead(each)["status"]["phase"] for each in (need, parent, child)} == {"closed"}


def test_several_are_all_or_nothing(town: TownScene) -> None:
    good = town.create("good")
    tip = town.tip()
    town("close", good, "gt-00000000", code=1)
    town("accept", good, "gt-00000000", code=1)
    assert town.tip() == tip


def test_propose_and_accept(town: TownScene) -> None:
    bead = town("propose", "maybe", "--priority", "1").out.strip()
    assert town.bead(bead)["status"]["phase"] == "proposed"
    assert town.ready() == []
    town("accept", bead)
    assert town.ready() == ["maybe"]
    tip = town.tip()
    assert "accepted already" in town("accept", bead).err
    assert town.tip() == tip


def test_notes(town: TownScene) -> None:
    bead = town.create("a")
    town("note", bead, "-", stdin="from stdin\n")
    assert [note["text"] for note in town.bead(bead)["notes"]] == ["from stdin\n"]
    assert "needs some text" in town("note", bead, " ", code=1).err


def test_sixteen_notes_at_once_are_sixteen_notes(town: TownScene) -> None:
    from gt.core.bead import Note
    from gt.git.repo import discover
    from gt.store.ledger import Ledger
    from gt.verbs.note import note

    bead = town.create("a")

    def one(number: int) -> bool:
        return note(Ledger(discover(town.path)), bead, Note(f"id{number}", NOW, "alice", str(number))).changed

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(16)))
        assert not any(pool.map(one, range(16)))
    assert sorted(int(each["text"]) for each in town.bead(bead)["notes"]) == list(range(16))


def test_log(town: TownScene) -> None:
    a, b = town.create("first"), town.create("second")
    town("note", a, "x")
    events = town("log", "--json").data["items"]
    assert [event["verb"] for event in events] == ["note", "create", "create", "init"]
    assert events[0]["actor"] == "Alice <alice@example.com>"
    assert [event["beads"] for event in town("log", b, "--json").data["items"]] == [[b]]
    assert len(town("log", "-n", "2").out.splitlines()) == 2


def test_log_by_verb_actor_and_time(town: TownScene) -> None:
    a = town.create("first")
    town("note", a, "x", now=NOW + 7200, environ={"GT_ACTOR": "Bob <bob@example.com>"})
    later = {"now": NOW + 7260}
    assert [e["verb"] for e in town("log", "--actor", "bob", "--json", **later).data["items"]] == ["note"]
    assert [e["verb"] for e in town("log", "--verb", "create", "--json", **later).data["items"]] == ["create"]
    assert [e["verb"] for e in town("log", "--since", "1h ago", "--json", **later).data["items"]] == ["note"]
    assert len(town("log", "--until", "1h", "--json", **later).data["items"]) == 2
    assert "not a time" in town("log", "--since", "soon", code=2).err
    assert "not a verb" in town("log", "--verb", "(", code=2).err


def test_log_shows_what_changed(town: TownScene) -> None:
    a = town.create("first", "--body", "one\ntwo\nthree")
    town("edit", a, "--title", "se\x1bcond", "--body", "one\nzwei\nthree", "--label", "x", "--deadline", "1h")
    out = town("log", a, "-p", "-n", "1").out
    assert out.splitlines()[1:] == [
        f"    {a}",
        "      - spec.title: first",
        "      + spec.title: se\\x1bcond",
        "      spec.body:",
        "        - two",
        "        + zwei",
        "      + spec.labels: x",
        "      + spec.deadline: 3600",
    ]
    changed = town("log", a, "-p", "-n", "1", "--json").data["items"][0]["changes"]
    assert changed[0] == {"kind": "Bead", "id": a, "field": "spec.title", "old": "first", "new": "se\x1bcond"}
    assert "README.md" in town("log", "-p").out


def test_log_tells_what_a_merge_decided(town: TownScene) -> None:
    town.create("a")
    tip, other = town.tip(), run_git(town.path, "rev-parse", "beads~1")
    said = "bring two together\n\nGt-Verb: sync\nGt-Refused: a claim\n"
    merge = run_git(town.path, "commit-tree", "beads^{tree}", "-p", tip, "-p", other, "-m", said)
    run_git(town.path, "update-ref", "refs/heads/beads", merge)
    assert town("log", "-n", "1").out.splitlines()[1] == "    refused: a claim"
    event = town("log", "-n", "1", "-p", "--json").data["items"][0]
    assert (event["parents"], event["trailers"]) == ([tip, other], {"Gt-Refused": ["a claim"]})
    assert event["changes"] == []
