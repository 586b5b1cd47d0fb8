"""Discretion as an Inspect AI task."""
