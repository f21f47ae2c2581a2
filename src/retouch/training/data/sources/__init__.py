"""Where training pictures come from: folders, archives, lists, manifests and known layouts."""
