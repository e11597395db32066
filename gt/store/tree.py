"""The ledger at one commit, read from git's objects, and the trees of what comes after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gt.core import ids
from gt.core.bead import Bead
from gt.core.state import LedgerMeta
from gt.errors import Malformed
from gt.git.objects import Entry, Objects
from gt.store import codec, records
from gt.store.layout import FILE, FOLDER, MAX_COMMIT, MAX_TREE, META, check_file, not_ours, readable, same_id


class LedgerTree:
    """Files at a commit. Each tree and each Bead is read once.

    `sound` says of a path which blob there was found to be readable before: its size need not be asked again,
    which for a packed blob takes a process.
    """

    def __init__(
        self, odb: Objects, commit: str, sound: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self.odb = odb
        self.sound = sound
        self.root = odb.commit(commit, MAX_COMMIT).tree
        self._folders: dict[str, dict[str, Entry]] = {}
        self._beads: dict[str, Bead | None] = {}

    def folder(self, path: str) -> dict[str, Entry]:
        """The entries of a folder by name; none if it isn't there. Raises Malformed if it isn't a folder."""
        entries = self._folders.get(path)
        if entries is None:
            oid = self.root
            if path:
                parent, _, name = path.rpartition("/")
                entry = self.folder(parent).get(name)
                if entry and entry.mode != FOLDER:
                    raise Malformed(path, "is not a folder")
                oid = entry.oid if entry else ""
            entries = {entry.name: entry for entry in self.odb.tree(oid, MAX_TREE)} if oid else {}
            self._folders[path] = entries
        return entries

    def file(self, path: str) -> bytes | None:
        """A file's bytes, None if it isn't there. Raises Malformed if it isn't a plain file, or too large."""
        parent, _, name = path.rpartition("/")
        entry = self.folder(parent).get(name)
        if entry is None:
            return None
        check_file(path, entry.mode)
        if self.sound(path) != entry.oid:
            codec.check_size(self.odb.size(entry.oid), path)
        return self.odb.blob(entry.oid)

    def bead(self, bead: str) -> Bead | None:
        """A Bead, None if there is none of this id. Raises Malformed."""
        if bead not in self._beads:
            path = ids.bead_path(bead)
            data = self.file(path)
            self._beads[bead] = None if data is None else same_id(codec.decode(data, path), path)
        return self._beads[bead]

    def meta(self) -> LedgerMeta:
        """The ledger's description. Raises Refused for a branch that isn't gt's, or needs a newer gt to be read."""
        data = self.file(META)
        if data is None:
            raise not_ours()
        return readable(records.meta_from(codec.load(data, META), META))

    def written(self, files: Mapping[str, bytes]) -> str:
        """The id of the root tree with these files put in; only what changed is made anew."""
        return self.grafted({path: self.odb.add_blob(data) for path, data in files.items()})

    def grafted(self, blobs: Mapping[str, str]) -> str:
        """As `written`, for files whose blobs are there, or added, already."""
        changed: list[dict[str, dict[str, Entry]]] = [{}]
        """The folders to make anew, by how deep they lie."""

        def put(path: str, mode: int, oid: str) -> None:
            parent, _, name = path.rpartition("/")
            depth = parent.count("/") + 1 if parent else 0
            while len(changed) <= depth:
                changed.append({})
            if parent not in changed[depth]:
                changed[depth][parent] = dict(self.folder(parent))
            changed[depth][parent][name] = Entry(mode, name, oid)

        for path, blob in blobs.items():
            put(path, FILE, blob)
        while len(changed) > 1:
            for path, entries in sorted(changed.pop().items()):
                put(path, FOLDER, self.odb.add_tree(entries.values()))
        return self.odb.add_tree(changed[0][""].values()) if changed[0] else self.root
