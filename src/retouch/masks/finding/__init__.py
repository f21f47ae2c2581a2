"""Masks made from what a picture shows: text, scratches, date stamps and pixelation, found without weights."""
