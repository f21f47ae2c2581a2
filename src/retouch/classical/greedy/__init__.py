"""Greedy exemplar methods: the hole is grown from its border inwards, one pixel or one patch at a time."""
