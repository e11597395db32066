"""Processes on this machine: starting agents and gates, ending what they leave, knowing who holds what."""
