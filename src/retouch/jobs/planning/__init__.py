"""What is to be done: settings, items, folders, manifests, and what may not stand side by side."""
