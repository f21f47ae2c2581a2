"""The commands about networks."""
