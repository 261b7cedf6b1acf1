"""Shequn: an executable handbook of community operations."""
