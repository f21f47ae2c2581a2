"""Training: recipes, data streams, one step for each paper, one loop, checkpoints that resume exactly."""
