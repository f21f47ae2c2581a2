"""What a run is: settings, recipe files, and the changes that a command line makes to them."""
