"""Readers of exports: one module a platform, with what only that platform needs beside it."""
