"""Pictures and masks in and out of files."""
