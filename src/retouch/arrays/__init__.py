"""Array work without files: checks, regions, compositing, Poisson blending, threads."""
