"""Evaluation: methods x pictures x damage x metrics, with the protocol named."""
