"""Models over frames: fit, summary, and the figure elsewhere; one file a model."""
