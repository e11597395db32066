"""What an agent's environment has, and what never gets in."""

from __future__ import annotations

from gt.fleet.launch import environment

FIXED = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "NO_COLOR": "1", "TERM": "dumb"}


def test_common_ones_pass_and_secrets_do_not() -> None:
    base = {
        "PATH": "/bin",
        "HOME": "/h",
        "LC_TIME": "C",
        "XDG_CACHE_HOME": "/c",
        "https_proxy": "p",
    }
    secrets = {"CI": "1", "AWS_SECRET_ACCESS_KEY": "s", "LD_PRELOAD": "x", "PYTHONPATH": "y"}
    assert environment(base | secrets, (), {}) == base | FIXED


def test_nothing_of_git_and_gt_comes_along() -> None:
    base = {
        "GIT_DIR": "/r/.git",
        "GIT_INDEX_FILE": "i",
        "GIT_AUTHOR_NAME": "Bob",
        "GT_ACTOR": "bob",
        "GT_LEASE": "c/b/t",
    }
    assert environment(base, ("*", "GIT_*", "GT_*", "GIT_DIR", "GT_ACTOR"), {}) == FIXED


def test_an_agents_own_names_and_patterns_pass() -> None:
    base = {
        "ANTHROPIC_API_KEY": "k",
        "ANTHROPIC_BASE_URL": "u",
        "TOKEN": "t",
        "TOKENS": "no",
        "GIT_SSH_COMMAND": "ssh",
    }
    got = environment(base, ("ANTHROPIC_*", "TOKEN", "GIT_SSH_COMMAND"), {})
    assert got == {k: v for k, v in base.items() if k != "TOKENS"} | FIXED


def test_ours_win() -> None:
    base = {"TERM": "xterm", "GIT_EDITOR": "vi", "NO_COLOR": ""}
    assert environment(base, ("GIT_EDITOR",), {"GT_BEAD": "gt-1"}) == FIXED | {"GT_BEAD": "gt-1"}
