"""Exported networks run without torch: sessions, tiles, padding, and the store their weights come from."""
