"""Pictures that are optimised until their features are those of known patches: no net is trained."""
