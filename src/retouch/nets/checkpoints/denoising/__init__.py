"""Published denoising nets."""
