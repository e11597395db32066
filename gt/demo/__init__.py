"""The demonstration: a small project, scripted agents, and a check that what was promised could be seen."""
