"""Features of trained networks from a file of weights, and distances between them."""
