"""Things found by exported networks: boxes of a detector, masks of a promptable segmenter."""
