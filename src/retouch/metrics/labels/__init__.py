"""Labels, boxes and joints against the truth."""
