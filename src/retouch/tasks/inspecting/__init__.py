"""Where a picture looks filled in, and what is done about it: the artefact map, candidates ranked by it, repair."""
