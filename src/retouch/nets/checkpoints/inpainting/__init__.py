"""Published inpainting nets."""
