"""Whether a person has vouched for a candidate: for this commit, this target, these protected files.

Where the target asks for signatures, a word counts only with one of a key that the target itself lists: then not even
a process that writes the ledger can make one.
"""

from __future__ import annotations

from gt.core.bead import Approval, Bead, Submission
from gt.core.town import Town
from gt.core.when import format_time
from gt.errors import Refused
from gt.git.objects import FILE, TREE, Objects
from gt.git.repo import Repo
from gt.git.signing import signer
from gt.refinery.candidate import Preview

SIGNERS, KEYS = "allowed_signers", "allowed_keys.asc"
"""Below `.gt/` on the target: SSH keys as `ssh-keygen` lists allowed signers, OpenPGP keys in armour."""


ALLOW = (
    f"${{EDITOR:-vi}} .gt/{SIGNERS} && git add .gt/{SIGNERS} && git commit -m 'Allow a key' -- .gt/{SIGNERS}"
)
"""What puts the first key on a target that is checked out."""


def unlisted(repo: Repo, target: str, tip: str) -> Refused:
    """What a person is told whose signature counts for nothing on this commit of a target."""
    lists = f".gt/{SIGNERS} (SSH) or .gt/{KEYS} (OpenPGP)"
    if signers(repo, tip) == (None, None):
        return Refused(f"{target} wants signatures, and lists no keys: {lists}", hint=ALLOW)
    return Refused(
        f"your key is not on {target}'s list, or is expired or revoked there: {lists}",
        hint="git config user.signingKey",
    )


LIMIT = 1 << 20
"""Bytes of a list of keys."""


def needs_approval(bead: Bead, town: Town, made: Preview) -> bool:
    """Whether a person must vouch for this candidate."""
    return bool(made.protected) or "all" in (bead.spec.review, town.refinery.review)


def approved(repo: Repo, bead: Bead, sub: Submission, made: Preview, town: Town) -> bool:
    """Whether a person has, in a way that counts under the settings of the target's tip."""
    wanted = (sub.commit, sub.base, made.digest)
    given = [each for each in bead.status.approvals if (each.commit, each.base, each.protected) == wanted]
    if town.refinery.approvals == "any":
        return bool(given)
    return any(signed_by(repo, made.tip, bead, each) is not None for each in given)


def signed_by(repo: Repo, tip: str, bead: Bead, approval: Approval) -> str | None:
    """Whose signature it carries, by the keys on this commit of the target; None: nobody's who is listed there."""
    if approval.signature is None:
        return None
    allowed, keys = signers(repo, tip)
    return signer(payload(bead, approval), approval.signature, allowed, keys)


def payload(bead: Bead, approval: Approval) -> bytes:
    """What is signed: all that an approval says."""
    lines = (
        "gt approval 1",
        f"bead {bead.id} {bead.uid}",
        f"commit {approval.commit}",
        f"base {approval.base}",
        f"protected {approval.protected}",
        f"by {approval.by}",
        f"at {format_time(approval.at)}",
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def signers(repo: Repo, tip: str) -> tuple[bytes | None, bytes | None]:
    """The lists of allowed keys on a commit of a target: SSH, OpenPGP."""
    with Objects(repo) as odb:
        folder = next((e for e in odb.tree(odb.commit(tip).tree) if (e.name, e.mode) == (".gt", TREE)), None)
        found = {e.name: e.oid for e in odb.tree(folder.oid) if e.mode == FILE} if folder else {}
        lists = [found.get(name) for name in (SIGNERS, KEYS)]
        ssh, pgp = (odb.blob(oid) if oid and odb.size(oid) <= LIMIT else None for oid in lists)
    return ssh, pgp
