"""The commands that measure: eval, compare, metrics."""
