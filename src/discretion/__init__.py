"""Discretion: policy exceptions as an organisation's own people would make them."""

__version__ = "0.1.0"
