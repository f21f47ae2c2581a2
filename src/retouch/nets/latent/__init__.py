"""Inpainting by search: which code of a generator of clean pictures explains what is known."""
