"""Steps of networks that undo blur, rain, captions on single frames and damage of fingerprints."""
