"""What comes in from elsewhere and goes out: exports and imports of Beads, git hooks."""
