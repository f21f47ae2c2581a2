"""The synthetic sets, one file each: a drawing is a function of a size and a source of randomness."""
