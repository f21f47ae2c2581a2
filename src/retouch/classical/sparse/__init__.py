"""Statistical models: holes filled by what the statistics of their surroundings predict."""
