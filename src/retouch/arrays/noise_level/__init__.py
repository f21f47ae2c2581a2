"""How much noise a picture holds, told from the picture alone."""
