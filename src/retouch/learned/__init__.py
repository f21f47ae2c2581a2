"""Methods made of networks and of classical steps around them."""
