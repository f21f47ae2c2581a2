"""Data beyond pictures to be filled: pairs, maps of labels, clips, boxes, and sets that are not files of pictures."""
