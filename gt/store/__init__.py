"""Beads on their branch: the codec, the ledger and its index, the town's settings."""
