"""What moves networks: gradients, optimisers, averages, phases."""
