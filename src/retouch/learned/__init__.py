"""Methods made of the networks that ship with the package and of classical steps around them."""
