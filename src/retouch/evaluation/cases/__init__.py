"""What is evaluated: pictures, masks, noise, and how they are prepared."""
