"""Where batches come from: pictures, damage and curricula, each batch a function of the seed and its number."""
