"""Signatures by the key that the user's git signs with, and what a list of allowed signers says of them.

SSH signatures are those of `ssh-keygen -Y`, OpenPGP ones those of `gpg`; both programs are git's own choice, too.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gt.errors import Refused
from gt.git.repo import Repo
from gt.git.run import git

NAMESPACE = "gt-approval"
"""What SSH signatures of gt's are for; one made for something else is no approval."""

SSH = "-----BEGIN SSH SIGNATURE-----"
PGP = "-----BEGIN PGP SIGNATURE-----"

_KEY = "git config user.signingKey ~/.ssh/id_ed25519.pub"
_BY_SSH = f"git config gpg.format ssh && {_KEY}"
_LIST = "gpg --list-secret-keys"

PATIENCE = 60.0
"""Seconds for a program that may ask its user for a passphrase."""


def sign(repo: Repo, payload: bytes) -> str:
    """The user's signature, armoured. Raises Refused where git has no key for it, or the program says no."""
    form = _config(repo, "gpg.format") or "openpgp"
    key = _config(repo, "user.signingKey")
    if form == "ssh":
        if not key:
            raise Refused("git has no key to sign with: user.signingKey isn't set", hint=_KEY)
        with _key_file(key) as file:
            program = _config(repo, "gpg.ssh.program") or "ssh-keygen"
            return _run([program, "-Y", "sign", "-q", "-n", NAMESPACE, "-f", file], payload, _KEY)
    if form == "openpgp":
        program = _config(repo, "gpg.openpgp.program") or _config(repo, "gpg.program") or "gpg"
        argv = [program, "--armor", "--detach-sign", *(["--local-user", key] if key else [])]
        return _run(argv, payload, _LIST if key else _BY_SSH)
    raise Refused(f"can't sign by gpg.format {form}", hint="git config gpg.format ssh")


def signer(payload: bytes, signature: str, allowed: bytes | None, keys: bytes | None) -> str | None:
    """Who signed this, as the list of allowed signers (SSH) or the armoured keys (OpenPGP) name them; None: nobody.

    A signature that doesn't fit, of a key that isn't among them or is expired or revoked there by now, or of a program
    that isn't installed is nobody's.
    """
    if signature.startswith(SSH) and allowed is not None:
        return _ssh_signer(payload, signature, allowed)
    if signature.startswith(PGP) and keys is not None:
        return _pgp_signer(payload, signature, keys)
    return None


def _ssh_signer(payload: bytes, signature: str, allowed: bytes) -> str | None:
    with tempfile.TemporaryDirectory(prefix="gt-") as place:
        signers, signed = Path(place) / "allowed", Path(place) / "signature"
        signers.write_bytes(allowed)
        signed.write_text(signature)
        known = ("-f", str(signers), "-s", str(signed))
        found = _ask(["ssh-keygen", "-Y", "find-principals", *known], b"")
        for principal in (found or "").splitlines():
            asked = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", principal, *known]
            if _ask(asked, payload) is not None:
                return principal
    return None


def _pgp_signer(payload: bytes, signature: str, keys: bytes) -> str | None:
    with tempfile.TemporaryDirectory(prefix="gt-") as place:
        home, signed, said = (Path(place) / name for name in ("home", "signature", "payload"))
        home.mkdir(mode=0o700)
        signed.write_text(signature)
        said.write_bytes(payload)
        gpg = ["gpg", "--batch", "--no-autostart", "--homedir", str(home)]
        if _ask([*gpg, "--import"], keys) is None:
            return None
        status = _ask([*gpg, "--status-fd", "1", "--verify", str(signed), str(said)], b"")
    return _good_signer(status or "")


_FOUND = frozenset({"GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"})
"""What gpg's status lines say of a signature, one of them for each (GnuPG's doc/DETAILS)."""


def _good_signer(status: str) -> str | None:
    """The fingerprint behind a good signature. `VALIDSIG` alone says nothing of a key that is expired or revoked."""
    found = ""
    for line in status.splitlines():
        words = line.split()
        if len(words) < 3 or words[0] != "[GNUPG:]":
            continue
        if words[1] in _FOUND:
            found = words[1]
        elif words[1] == "VALIDSIG" and found == "GOODSIG":
            return words[2]
    return None


@contextmanager
def _key_file(key: str) -> Iterator[str]:
    """A file with the key: git takes its path, or the public key itself."""
    literal = key.removeprefix("key::")
    if key.startswith(("key::", "ssh-")):
        with tempfile.NamedTemporaryFile("w", prefix="gt-", suffix=".pub") as file:
            file.write(f"{literal}\n")
            file.flush()
            yield file.name
    else:
        yield os.path.expanduser(key)


def _config(repo: Repo, key: str) -> str:
    return git(repo, "config", "--get", key, user=True, ok=(0, 1)).text


def _run(argv: list[str], payload: bytes, hint: str) -> str:
    try:
        done = subprocess.run(argv, input=payload, capture_output=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"{argv[0]} can't sign: {error}", hint=hint) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Refused(
            f"{argv[0]} can't sign: {said[-1] if said else f'exit code {done.returncode}'}", hint=hint
        )
    return done.stdout.decode("ascii", "replace")


def _ask(argv: list[str], payload: bytes) -> str | None:
    """What a program answers; None if it says no, or isn't there."""
    try:
        done = subprocess.run(argv, input=payload, capture_output=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
