"""Git, knowing nothing of beads: repositories, objects, refs, merges and worktrees."""
