"""Denoising methods, one per file."""
