"""Steps of networks that find things: boxes, and masks of what is clicked on."""
