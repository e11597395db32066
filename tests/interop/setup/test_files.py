"""What `gt setup` writes for each tool: read as the tool reads it, out again without a trace, nothing of others' touched."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from gt.errors import Busy, Refused
from gt.interop.setup.files import Planned, apply, putting, taking
from gt.interop.setup.kinds import KINDS, SKILL
from gt.interop.setup.marked import Part

THERE = {
    "CLAUDE.md": b"# Mine\r\n\r\nno last newline",
    "AGENTS.md": b"",
    "GEMINI.md": b"mine\n",
    ".mcp.json": b'{"mcpServers":{"x":{"command":"x"}}}',
    ".codex/config.toml": b'model = "m"\n[mcp_servers.x]\ncommand = "x"',
    ".gemini/settings.json": b'{\n  // mine\n  "theme": "dark",\n}\n',
    ".github/mcp.json": b"{}",
    ".cursor/rules/own.mdc": b"mine",
    ".vscode/tasks.json": b'{\n\t"version": "2.0.0",\n\t"tasks": [\n\t\t{"label": "build"}, // mine\n\t]\n}\n',
}


def setup(root: Path, kind: str) -> Planned:
    planned = putting(root, kind)
    apply(root, planned)
    return planned


def remove(root: Path, kind: str) -> Planned:
    planned = taking(root, kind)
    apply(root, planned)
    return planned


def seen(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode)
        for path in root.rglob("*")
        if not path.is_dir()
    }


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A project in which each tool has something already."""
    root = tmp_path / "project"
    for name, data in THERE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "CLAUDE.md").chmod(0o600)
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_in_an_empty_project_nothing_is_left_of_it(tmp_path: Path, kind: str) -> None:
    planned = setup(tmp_path, kind)
    assert {change.path for change in planned.changes} == set(KINDS[kind]) == set(seen(tmp_path))
    assert putting(tmp_path, kind).changes == ()
    remove(tmp_path, kind)
    assert list(tmp_path.iterdir()) == []
    assert taking(tmp_path, kind).changes == ()


def test_all_together_come_and_go_in_any_order(there: Path) -> None:
    before = seen(there)
    for kind in KINDS:
        setup(there, kind)
    assert {kind: putting(there, kind).changes for kind in KINDS} == dict.fromkeys(KINDS, ())
    assert (there / "CLAUDE.md").stat().st_mode & 0o777 == 0o600
    for kind in ("gemini", "copilot", "vscode", "claude", "codex", "cursor"):
        assert remove(there, kind).left == ()
    assert seen(there) == before


def test_half_done_it_is_completed_or_taken_out(there: Path) -> None:
    before = seen(there)
    for kind in KINDS:
        changes = putting(there, kind).changes
        for count in range(len(changes)):
            apply(there, Planned(changes[:count]))
            assert putting(there, kind).changes == changes[count:]
            remove(there, kind)
            assert seen(there) == before


def test_killed_before_a_file_takes_its_name_it_leaves_nothing_for_long(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seen(there)
    with monkeypatch.context() as patched:
        patched.setattr("os.replace", _killed)
        with pytest.raises(KeyboardInterrupt):
            setup(there, "claude")
    assert seen(there).keys() - before.keys() == {".CLAUDE.md.gt-new"}
    remove(there, "claude")
    assert seen(there) == before


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_tools_read_what_they_understand(there: Path) -> None:
    for kind in KINDS:
        setup(there, kind)
    toml = tomllib.loads((there / ".codex/config.toml").read_text())
    assert toml["mcp_servers"]["gt"] == {"command": "gt", "args": ["mcp"]}
    assert json.loads((there / ".mcp.json").read_text())["mcpServers"]["gt"]["args"] == ["mcp"]
    skill = (there / ".agents/skills/gt/SKILL.md").read_text()
    assert skill.startswith("---\nname: gt\ndescription: ")
    assert SKILL in skill
    assert (there / "CLAUDE.md").read_bytes().startswith(THERE["CLAUDE.md"] + b"\r\n<!-- gt setup (claude)")


def test_a_link_between_files_of_agents_stays_one(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("mine\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    setup(tmp_path, "claude")
    setup(tmp_path, "codex")
    assert (tmp_path / "CLAUDE.md").is_symlink()
    text = (tmp_path / "AGENTS.md").read_text()
    assert text.count("## Tasks: gt") == 1
    assert "(claude, codex)" in text
    remove(tmp_path, "claude")
    assert "(codex)" in (tmp_path / "CLAUDE.md").read_text()
    remove(tmp_path, "codex")
    assert (tmp_path / "AGENTS.md").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("kind", "path", "data", "told"),
    [
        ("claude", ".mcp.json", b'{"mcpServers": {"gt": {}}}', "has an entry called gt that gt didn't write"),
        ("claude", ".claude/skills/gt/SKILL.md", b"mine", "or gt didn't write it"),
        ("codex", ".codex/config.toml", b"[mcp_servers.gt]\ncommand = 'x'\n", "has an entry called gt"),
        ("codex", ".codex/config.toml", b"= nonsense", "can't be read as what it should be"),
        ("gemini", ".gemini/settings.json", b"nonsense", "can't be read as what it should be"),
        ("claude", "CLAUDE.md", b"\xff", "is not UTF-8"),
        ("vscode", ".vscode/tasks.json/x", b"", "is no file"),
        ("claude", "CLAUDE.md", b"<!-- gt setup: end 1 -->\n", "what gt wrote there was changed"),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_changes(
    tmp_path: Path, kind: str, path: str, data: bytes, told: str
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(data)
    before = seen(tmp_path)
    with pytest.raises(Refused, match=told) as refused:
        putting(tmp_path, kind)
    assert refused.value.hint
    assert seen(tmp_path) == before


def test_nothing_is_written_outside_of_the_repository(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "mine.md").write_text("mine\n")
    (root / "CLAUDE.md").symlink_to(tmp_path / "mine.md")
    with pytest.raises(Refused, match="link to outside of the repository"):
        putting(root, "claude")


def test_what_somebody_changed_stays_and_the_rest_goes(there: Path) -> None:
    before = seen(there)
    setup(there, "claude")
    path = there / "CLAUDE.md"
    path.write_bytes(path.read_bytes().replace(b"Keep no list", b"Keep lists"))
    changed = path.read_bytes()
    assert remove(there, "claude").left == ("CLAUDE.md",)
    assert path.read_bytes() == changed
    assert {**seen(there), "CLAUDE.md": before["CLAUDE.md"]} == before


def test_what_changes_meanwhile_is_not_written_over(there: Path) -> None:
    planned = putting(there, "claude")
    (there / "CLAUDE.md").write_text("newer\n")
    with pytest.raises(Busy):
        apply(there, planned)
    assert (there / "CLAUDE.md").read_text() == "newer\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".agents").write_text("a file\n")
    with pytest.raises(Refused, match=r"^\.agents/skills/gt/SKILL.md: ") as refused:
        setup(tmp_path, "codex")
    assert refused.value.hint
    assert (tmp_path / ".agents").read_text() == "a file\n"


def test_no_two_tools_want_different_things_of_one_file() -> None:
    wanted: dict[str, object] = {}
    for pieces in KINDS.values():
        for path, piece in pieces.items():
            if isinstance(piece, Part):
                assert wanted.setdefault(path, piece) == piece
            else:
                assert path not in wanted
                wanted[path] = piece
