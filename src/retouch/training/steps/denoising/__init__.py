"""Steps of networks that take noise away."""
