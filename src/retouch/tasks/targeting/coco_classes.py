"""The 80 classes of COCO in the order in which detectors count them.

Source: T.-Y. Lin et al., "Microsoft COCO: common objects in context", ECCV 2014 (the classes of its instances).
"""

from __future__ import annotations

_LISTED = """
    person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign,
    parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella,
    handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove,
    skateboard, surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple,
    sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed,
    dining table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink,
    refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush
"""
COCO_CLASSES = tuple(" ".join(name.split()) for name in _LISTED.split(","))
"""Names; the place of each is its number."""
