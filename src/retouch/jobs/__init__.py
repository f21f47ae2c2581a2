"""Bulk work: plan, run, resume, report."""
