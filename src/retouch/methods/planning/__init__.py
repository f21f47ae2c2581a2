"""What is filled by which method, in which crops, within which memory."""
