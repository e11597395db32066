"""The first commit of a ledger: what somebody finds who stumbles on the branch."""

from __future__ import annotations

from gt.core.state import LedgerMeta, TownState
from gt.git.objects import Entry, Objects
from gt.store import codec, records
from gt.store.layout import FILE, META, README, STATE

WELCOME = """\
# The ledger of a town

This branch holds this repository's tasks ("Beads"), kept by `gt`. It shares no history with the code and is
never checked out. Don't delete it, and don't merge it into other branches.

- `beads/`: one YAML file for each task. `spec` is what people want, `status` is what gt has done about it.
- `pages/`: calls for a human.
- `state.yaml`: whether the town is paused, and which red gates people let pass for a while.
- `gt.yaml`: the format.

Look with `gt list`, `gt show` and `gt log`, or `git show beads:beads/...`. Change it with gt: it checks what it
writes, and two people writing at once lose nothing.
"""


def first_tree(odb: Objects, meta: LedgerMeta) -> str:
    """The id of the tree of a ledger without Beads."""
    files = {
        README: WELCOME.encode(),
        META: codec.dump(records.meta_data(meta), META),
        STATE: codec.dump(records.state_data(TownState()), STATE),
    }
    return odb.add_tree(Entry(FILE, name, odb.add_blob(data)) for name, data in files.items())
