"""The commands about things in pictures: mask, remove, restore photo."""
