"""Losses of games between a generator and a critic beyond those of `adversarial` and `hinge`."""
