"""Networks (torch), one file per paper, made of shared layers."""
