"""Pictures and masks in and out of files, bytes, Pillow images and arrays; nothing is imported before it is needed."""
