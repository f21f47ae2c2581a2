"""Damages real photographs, repairs and scores them with the public command line; what `make demo` runs.

Usage: scripts/demo.py [FOLDER]

The pictures are scikit-image's bundled ones: the portrait of an astronaut (NASA, public domain), which gets scratches
and a caption, and a rocket before its launch (SpaceX, public domain), which is removed.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont
from skimage import data

RETOUCH = str(Path(sys.executable).with_name("retouch"))
ROCKET_BOX = (304, 126, 338, 414)
"""Left, top, right and bottom of the box around the rocket, in pixels."""

TILE_PX, TITLE_PX, GAP_PX = 320, 24, 8
MAGENTA = (255, 0, 255)


def retouch(*arguments: str | Path) -> None:
    """Run the command line as a person would, and show the command; its own message is enough where it fails."""
    words = [str(argument) for argument in arguments]
    print("  retouch " + shlex.join(words), flush=True)
    done = subprocess.run([RETOUCH, *words], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def repair_damage(folder: Path) -> list[Image.Image]:
    """Scratch and caption the astronaut, repair it, and return original, damaged, mask and result."""
    original = Image.fromarray(data.astronaut())
    size = f"{original.width}x{original.height}"
    paths = {name: folder / f"astronaut-{name}.png" for name in ("original", "input", "mask", "result")}
    parts = folder / "scratches.png", folder / "caption.png"
    retouch("mask-make", "scratch", "--size", size, "--bin", "0.02-0.04", "--seed", "4", "-o", parts[0])
    retouch("mask-make", "text", "--size", size, "--bin", "0.05-0.09", "--seed", "7", "-o", parts[1])
    scratches, caption = (Image.open(part).convert("L") for part in parts)
    mask = ImageChops.lighter(scratches, caption)
    damaged = original.copy()
    damaged.paste((236, 232, 220), mask=scratches)
    damaged.paste((255, 224, 64), mask=caption)
    for name, picture in (("original", original), ("input", damaged), ("mask", mask)):
        picture.save(paths[name])
    for part in parts:
        part.unlink()
    retouch("fill", paths["input"], "--mask", paths["mask"], "-o", paths["result"])
    return [original, damaged, mask.convert("RGB"), Image.open(paths["result"])]


def remove_object(folder: Path) -> list[Image.Image]:
    """Remove the rocket from its launch pad and return original, marked picture, mask and result."""
    original = Image.fromarray(data.rocket())
    paths = {name: folder / f"rocket-{name}.png" for name in ("input", "mask", "result")}
    mask = Image.new("L", original.size)
    ImageDraw.Draw(mask).rectangle(ROCKET_BOX, fill=255)
    marked = original.copy()
    marked.paste(MAGENTA, mask=mask)
    original.save(paths["input"])
    mask.save(paths["mask"])
    retouch("fill", paths["input"], "--mask", paths["mask"], "-o", paths["result"])
    return [original, marked, mask.convert("RGB"), Image.open(paths["result"])]


def score_methods(folder: Path) -> None:
    """Score three methods on both photographs under drawn masks; the page to read is scores/report.html."""
    pictures = folder / "scored"
    pictures.mkdir(exist_ok=True)
    for name, pixels in (("astronaut", data.astronaut()), ("rocket", data.rocket())):
        Image.fromarray(pixels).resize((256, 256)).save(pictures / f"{name}.png")
    shutil.rmtree(folder / "scores", ignore_errors=True)
    what = ("--images", pictures, "--masks", "brush", "--bins", "0.05-0.15,0.2-0.3", "--methods", "telea,harmonic,auto")
    retouch("eval", *what, "-o", folder / "scores")


def draw_sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Return the pictures side by side under their titles, one row per photograph."""
    titles = ("original", "what is missing", "mask", "repaired")
    rows = [[picture.resize((TILE_PX, TILE_PX * picture.height // picture.width)) for picture in row] for row in rows]
    height = TITLE_PX + sum(row[0].height + GAP_PX for row in rows)
    sheet = Image.new("RGB", (len(titles) * (TILE_PX + GAP_PX), height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=16)
    for column, title in enumerate(titles):
        pen.text((column * (TILE_PX + GAP_PX), 2), title, fill="black", font=font)
    top = TITLE_PX
    for row in rows:
        for column, picture in enumerate(row):
            sheet.paste(picture, (column * (TILE_PX + GAP_PX), top))
        top += row[0].height + GAP_PX
    return sheet


def main() -> None:
    """Write everything into the folder and say where it is."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    folder.mkdir(parents=True, exist_ok=True)
    print("Damaging and repairing two photographs:", flush=True)
    sheet = folder / "sheet.jpg"
    draw_sheet([repair_damage(folder), remove_object(folder)]).save(sheet, quality=88)
    print("Scoring three methods:", flush=True)
    score_methods(folder)
    print(f"\nWritten to {folder.resolve()}:")
    for file in sorted(folder.iterdir()):
        print(f"  {file.name}{'/' if file.is_dir() else ''}")
    print(
        f"Open {sheet.resolve()} to see the repairs side by side, {folder.resolve()}/scores/report.html for the scores."
    )


if __name__ == "__main__":
    main()
