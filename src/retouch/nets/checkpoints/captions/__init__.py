"""Published nets that remove captions."""
