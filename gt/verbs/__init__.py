"""The deeds: one module each. A verb looks again under the lock, changes once, and says whether it changed anything."""
