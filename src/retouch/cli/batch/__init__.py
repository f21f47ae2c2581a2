"""The commands of bulk work: batch, and its status, verify and retry."""
