"""The two-stage network of DeepFill: its parts, its stages, the names its weights have elsewhere."""
