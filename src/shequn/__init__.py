"""Shequn: an executable handbook of community operations."""

from importlib.metadata import version

__version__ = version("shequn")
