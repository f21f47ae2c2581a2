"""Steps of networks that complete maps of labels, and paint by them."""
