"""The self-contained HTML page of an evaluation."""
