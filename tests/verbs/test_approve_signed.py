"""Approvals that count only with a signature."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gt.core.bead import Approval, Bead, Phase
from gt.core.state import TownState, Waiver
from gt.errors import Refused
from gt.verbs.approve import approve
from gt.verbs.waive import waive
from tests.conftest import NOW
from tests.refinery.merging import Scene, scene, town
from tests.store.scenes import ALICE

SIGNED = town(more="refinery: {approvals: signed}\n")


def ssh_key(place: Path, name: str) -> str:
    """A new key; returns its public half."""
    key = place / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key.with_suffix(".pub").read_text()


def sign_with(yard: Scene, key: Path) -> None:
    yard.git("config", "--global", "gpg.format", "ssh")
    yard.git("config", "--global", "user.signingKey", str(key))


@pytest.fixture
def yard(repo_path: Path, tmp_path: Path) -> Scene:
    made = scene(repo_path, SIGNED)
    made.push({".gt/allowed_signers": f"alice@example.com {ssh_key(tmp_path, 'alice')}"})
    sign_with(made, tmp_path / "alice")
    return made


def vouch(yard: Scene, which: Bead, actor: str = ALICE) -> str | None:
    return approve(yard.repo, yard.ledger, which.id, actor=actor, now=NOW).signer


def test_a_signed_word_lets_it_land(yard: Scene) -> None:
    one = yard.submit({".gt/extra": "1"})
    assert yard.causes() == {one.id: "held approval"}
    assert vouch(yard, one) == "alice@example.com"
    tip = yard.tip("refs/heads/beads")
    assert vouch(yard, one) == "alice@example.com"
    assert yard.tip("refs/heads/beads") == tip
    assert yard.merge().exit_code == 0
    assert yard.phase(one) is Phase.LANDED


def test_a_word_without_a_signature_is_none(yard: Scene) -> None:
    one = yard.submit({".gt/extra": "1"})
    vouch(yard, one)

    def forged(bead: Bead) -> Bead:
        (word,) = bead.status.approvals
        words = (replace(word, signature=None), replace(word, by="Mallory <m@example.com>"))
        return replace(bead, status=replace(bead.status, approvals=words))

    yard.change(one, forged)
    assert yard.causes() == {one.id: "held approval"}
    assert yard.merge().landed == []


def test_it_is_for_this_bead_commit_and_time(yard: Scene) -> None:
    one, two = yard.submit({".gt/extra": "1"}), yard.submit({".gt/extra": "2"})
    vouch(yard, one)
    (word,) = yard.bead(one).status.approvals

    def given(word: Approval) -> None:
        yard.change(two, lambda bead: replace(bead, status=replace(bead.status, approvals=(word,))))

    sub = two.status.submission
    assert sub is not None
    for forged in (word, replace(word, commit=sub.commit), replace(word, at=NOW + 1)):
        given(forged)
        assert yard.causes()[two.id] == "held approval"


def test_a_key_that_the_target_does_not_list_is_refused(yard: Scene, tmp_path: Path) -> None:
    ssh_key(tmp_path, "mallory")
    sign_with(yard, tmp_path / "mallory")
    one = yard.submit({".gt/extra": "1"})
    with pytest.raises(Refused, match="your key is not on main's list"):
        vouch(yard, one)
    assert yard.bead(one).status.approvals == ()


def test_a_candidate_cannot_bring_its_own_signer(yard: Scene, tmp_path: Path) -> None:
    public = ssh_key(tmp_path, "mallory")
    one = yard.submit({".gt/allowed_signers": f"mallory@example.com {public}"})
    sign_with(yard, tmp_path / "mallory")
    with pytest.raises(Refused, match="your key is not on main's list"):
        vouch(yard, one)


def test_where_no_key_is_listed_it_says_how_to_list_one(repo_path: Path, tmp_path: Path) -> None:
    made = scene(repo_path, SIGNED)
    ssh_key(tmp_path, "alice")
    sign_with(made, tmp_path / "alice")
    one = made.submit({".gt/extra": "1"})
    with pytest.raises(Refused, match="main wants signatures, and lists no keys") as caught:
        vouch(made, one)
    assert ".gt/allowed_signers" in (caught.value.hint or "")


def test_without_a_key_it_says_how_to_get_one(yard: Scene) -> None:
    one = yard.submit({".gt/extra": "1"})
    yard.git("config", "--global", "--unset", "user.signingKey")
    with pytest.raises(Refused, match="git has no key to sign with"):
        vouch(yard, one)


@pytest.fixture
def openpgp(repo_path: Path, sealed: Path) -> Iterator[Scene]:
    """A town in which Alice has no key yet."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    yard = scene(repo_path, SIGNED)
    yard.git("config", "--global", "user.signingKey", WHO)
    yield yard
    gpg("gpgconf", "--kill", "all")


WHO = "alice@example.com"


def gpg(*argv: str, stdin: str = "") -> str:
    return subprocess.run(argv, input=stdin, check=True, capture_output=True, text=True).stdout


def new_key(*options: str, expires: str = "never") -> str:
    """Makes Alice's key; returns its public half."""
    make = ("--batch", "--passphrase", "", "--quick-generate-key", WHO, "ed25519", "sign", expires)
    gpg("gpg", *options, *make)
    return gpg("gpg", *options, "--armor", "--export", WHO)


def test_openpgp(openpgp: Scene) -> None:
    openpgp.push({".gt/allowed_keys.asc": new_key()})
    one = openpgp.submit({".gt/extra": "1"})
    assert vouch(openpgp, one)
    assert openpgp.merge().exit_code == 0


def test_a_key_that_is_revoked_by_now_vouches_for_nothing(
    openpgp: Scene, sealed: Path, tmp_path: Path
) -> None:
    openpgp.push({".gt/allowed_keys.asc": new_key()})
    one = openpgp.submit({".gt/extra": "1"})
    assert vouch(openpgp, one)
    (made,) = sealed.rglob("openpgp-revocs.d/*.rev")
    (tmp_path / "revocation").write_text(made.read_text().replace(":-----BEGIN", "-----BEGIN"))
    gpg("gpg", "--batch", "--import", str(tmp_path / "revocation"))
    openpgp.push({".gt/allowed_keys.asc": gpg("gpg", "--armor", "--export", WHO)})
    openpgp.acknowledge()
    assert openpgp.causes() == {one.id: "held approval"}
    assert openpgp.merge().landed == []


def test_nor_does_one_that_has_expired(openpgp: Scene, tmp_path: Path) -> None:
    then = ("--faked-system-time", "20200101T120000")
    openpgp.push({".gt/allowed_keys.asc": new_key(*then, expires="1d")})
    program = tmp_path / "gpg-then"
    program.write_text(f'#!/bin/sh\nexec gpg {" ".join(then)} "$@"\n')
    program.chmod(0o755)
    openpgp.git("config", "--global", "gpg.program", str(program))
    one = openpgp.submit({".gt/extra": "1"})
    with pytest.raises(Refused, match="is expired or revoked there"):
        vouch(openpgp, one)
    assert openpgp.bead(one).status.approvals == ()


def test_a_waiver_needs_one_too_and_it_is_for_that_waiver(yard: Scene, tmp_path: Path) -> None:
    yard.push({"bad": ""})
    yard.submit({"a": ""})
    assert yard.merge().exit_code == 20
    tip, until = yard.tip(), NOW + 86400

    def give() -> Waiver:
        done = waive(yard.repo, yard.ledger, "main", "test", "known", until, actor=ALICE, now=NOW).waiver
        assert done is not None
        return done

    def counts(waiver: Waiver) -> bool:
        yard.state(TownState(waivers=(waiver,)))
        return yard.look().queue.targets["main"].waived == ("test",)

    made = give()
    assert counts(made)
    assert not counts(replace(made, signature=None))
    assert not counts(replace(made, until=until - 1))
    ssh_key(tmp_path, "mallory")
    sign_with(yard, tmp_path / "mallory")
    with pytest.raises(Refused, match="not on main's list"):
        give()
    assert yard.tip() == tip
