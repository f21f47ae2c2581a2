"""What a run leaves in its folder: checkpoints, journal, sheets, weights."""
