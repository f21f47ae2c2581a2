"""The commands about weights."""
