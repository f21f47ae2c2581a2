"""The command that inspects, and what `fill` does with several results."""
