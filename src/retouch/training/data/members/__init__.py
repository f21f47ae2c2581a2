"""Which pictures a stream takes: on which side of the split, in which order, and which are left out."""
