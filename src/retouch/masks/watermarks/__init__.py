"""Known and unknown watermarks: finding them, telling their colour and opacity, taking them off."""
