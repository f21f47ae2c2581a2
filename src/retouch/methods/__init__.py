"""The one interface over every method: the catalogue, the planner, the seam step and fill()."""
