"""Training losses (torch): one file per paper, and rooms for what many papers share.

`pixels` compares pixels, neighbours, labels, scales and frames, `similarity` windows of them, `features` what trained
networks see in them, and `games` holds what is played beyond `adversarial` and `hinge`.
"""
