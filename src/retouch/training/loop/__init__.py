"""The one loop: gradients, averages, phases, validation, checkpoints, journal, signals."""
