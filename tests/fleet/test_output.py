"""Logs: bounded, and read from their end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt.fleet.launch import tail
from gt.fleet.output import open_log, trim


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "log"


def test_tail_of_nothing(log: Path) -> None:
    assert tail(log, 100) == ""


def test_tail_starts_with_a_line(log: Path) -> None:
    os.close(open_log(log))
    log.write_bytes(b"one\ntwo\nthree\n")
    assert tail(log, 100) == "one\ntwo\nthree\n"
    assert tail(log, 8) == "three\n"
    assert tail(log, 0) == ""


def test_tail_of_one_long_line_starts_with_a_character(log: Path) -> None:
    os.close(open_log(log))
    log.write_text("ä" * 100)
    assert tail(log, 11) == "ä" * 5


def test_tail_keeps_control_characters_and_replaces_what_is_no_text(log: Path) -> None:
    os.close(open_log(log))
    log.write_bytes(b"\x1b[31m\xff\0\r\n")
    assert tail(log, 100) == "\x1b[31m\ufffd\0\r\n"


def test_tail_of_a_huge_log(log: Path) -> None:
    fd = open_log(log)
    os.ftruncate(fd, 1 << 40)
    os.write(fd, b"\nlast words\n")
    os.close(fd)
    assert tail(log, 20) == "last words\n"


def test_trim_leaves_a_short_log_alone(log: Path) -> None:
    fd = open_log(log)
    os.write(fd, b"x" * 100)
    assert trim(fd, 100) == 0
    os.close(fd)
    assert log.read_bytes() == b"x" * 100


def test_trim_cuts_out_the_middle(log: Path) -> None:
    fd = open_log(log)
    other = os.open(log, os.O_WRONLY | os.O_APPEND)
    lines = [b"line %04d\n" % number for number in range(1000)]
    os.write(other, b"".join(lines))
    cut = trim(fd, 4000)
    os.write(other, b"after\n")
    os.close(other)
    os.close(fd)
    head, tail_ = b"".join(lines[:100]), b"".join(lines[801:])
    assert (
        log.read_bytes()
        == head + b"\n[gt: %d bytes of output are left out here]\n" % cut + tail_ + b"after\n"
    )
    assert cut == 10_000 - len(head) - len(tail_)
