"""Steps of networks of clips: captions found and taken off."""
