"""Doing it: one item, the processes that do them, and the loop that feeds them and keeps the journal."""
