"""Exemplar methods: holes composed of what the picture shows elsewhere."""
