"""Transport: holes filled by carrying edges and lines of equal brightness in from their borders."""
