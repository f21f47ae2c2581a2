"""Published networks: how each is built from its authors' arguments, and fed."""
