"""What calls several verbs: observing the world, and executing plans."""
