"""A daily email of the five insights that are newest to its reader."""

__version__ = "0.2.0"
