"""What denoisers of patches share: finding like ones, taking them out, putting them back."""
