"""Steps after a method: the seam and the grain."""
