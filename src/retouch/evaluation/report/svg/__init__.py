"""What charts are drawn from: axes with their ticks, text whose width is known beforehand, markers."""
