"""Making masks: families of holes for tests and benchmarks, the ratio-bin sampler, soft borders."""
