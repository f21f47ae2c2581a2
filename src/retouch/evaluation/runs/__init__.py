"""Doing it: methods on cases, the journal, and what comes out."""
