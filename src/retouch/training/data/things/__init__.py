"""Things with clicks and boxes: cut out, laid over other pictures, and looked at as a network sees them."""
