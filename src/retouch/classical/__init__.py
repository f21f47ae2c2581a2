"""Inpainting algorithms without learning: one method per file."""
