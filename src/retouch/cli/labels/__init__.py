"""The command that fills maps of labels."""
