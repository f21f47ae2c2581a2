"""Training losses (torch), one file per paper."""
