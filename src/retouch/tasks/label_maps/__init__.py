"""Maps of labels: read, written, and filled with static classes where moving things stood."""
