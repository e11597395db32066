"""The merge queue: candidates, gate runs, kept outcomes and landings."""
