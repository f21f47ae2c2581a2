"""The catalogue of networks: what there is, at which widths, what goes in and out; reading it needs no torch."""
