"""Structure first: nets that complete something simpler than the picture, and paint after it."""
