"""Damage that is laid over a clean picture, whose truth is therefore known: rain, shake, captions, worn prints."""
