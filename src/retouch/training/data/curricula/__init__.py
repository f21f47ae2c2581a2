"""What is missing or wrong in each sample, and how that changes over the run."""
