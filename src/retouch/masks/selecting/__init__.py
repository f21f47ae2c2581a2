"""Finding what a click or a box points at, without trained weights, and making its mask fit for removal."""
