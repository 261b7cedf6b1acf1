"""The synthetic sample community: its laws, the draw, the rows, and the truth."""
