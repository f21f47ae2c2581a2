"""Pictures that are drawn instead of read: seeded, without end, free of anybody's rights."""
