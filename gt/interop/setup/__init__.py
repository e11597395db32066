"""Telling coding agents and editors how to use gt: what they read, where it lies, and how it comes in and out again."""
