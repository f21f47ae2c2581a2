"""What every drawing is made of: a canvas, outlines, and fields of colour and noise."""
