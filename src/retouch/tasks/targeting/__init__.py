"""From what a person points at or names to the mask of it, with an account of what was found."""
