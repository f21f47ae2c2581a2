"""What is planned: trees, masks, manifests; and what is refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.jobs.pictures import make_pictures

from retouch.errors import InputError, UsageError
from retouch.jobs.door import make_plan, read_settings
from retouch.jobs.planning.settings import Settings, fingerprint, settings_from_json

FILL = Settings("fill", method="nearest")


def planned(root: Path, masks: str | None = None, settings: Settings = FILL) -> dict[str, str | None]:
    """Return the mask of each output."""
    plan = make_plan(root / "in", root / "out", settings, masks=masks)
    return {item.name: item.mask and Path(item.mask).relative_to(root).as_posix() for item in plan.items}


def refused(root: Path, text: str, name: str = "list.jsonl") -> str:
    """Return why a manifest is refused."""
    (root / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        make_plan(None, root / "out", FILL, manifest=root / name)
    assert not (root / "out").exists()
    return str(caught.value)


def test_the_tree_is_mirrored_in_a_fixed_order_and_other_files_are_counted(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["b.png", "a/z.jpg", "a/c.webp"])
    (tmp_path / "in" / "notes.txt").write_text("none")
    (tmp_path / "in" / ".hidden.png").write_text("none")
    plan = make_plan(tmp_path / "in", tmp_path / "out", Settings("denoise"))
    assert [item.name for item in plan.items] == ["b.png", "a/c.webp", "a/z.jpg"]
    assert plan.left_out == {".txt": 1}


def test_masks_pair_by_place_and_stem_and_then_by_stem_alone(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.jpg", "sub/b.png"])
    (tmp_path / "masks" / "sub" / "b.png").rename(tmp_path / "masks" / "b_mask.png")
    assert planned(tmp_path, str(tmp_path / "masks")) == {"a.jpg": "masks/a.png", "sub/b.png": "masks/b_mask.png"}


def test_masks_beside_the_pictures_pair_by_a_pattern_and_are_no_items(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.jpg", "sub/b[1].png"])
    (tmp_path / "masks" / "a.png").rename(tmp_path / "in" / "a_mask.png")
    (tmp_path / "masks" / "sub" / "b[1].png").rename(tmp_path / "in" / "sub" / "b[1]_mask-2.png")
    wanted = {"a.jpg": "in/a_mask.png", "sub/b[1].png": "in/sub/b[1]_mask-2.png"}
    assert planned(tmp_path, "NAME_mask*") == wanted


def test_one_mask_can_serve_all(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png", "b.png"])
    mask = str(tmp_path / "masks" / "a.png")
    assert planned(tmp_path, mask) == {"a.png": "masks/a.png", "b.png": "masks/a.png"}


def test_a_picture_without_a_mask_or_with_two_is_an_item_with_its_reason(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png", "b.png", "c.png"])
    (tmp_path / "masks" / "a.png").unlink()
    (tmp_path / "masks" / "b.gif").write_bytes((tmp_path / "masks" / "b.png").read_bytes())
    plan = make_plan(tmp_path / "in", tmp_path / "out", FILL, masks=tmp_path / "masks")
    none, two, one = (item.problem for item in plan.items)
    assert "no mask was found" in none
    assert "2 were found, such as b.gif and b.png" in two
    assert one == ""


@pytest.mark.parametrize(("first", "second"), [("photo.png", "PHOTO.png"), ("caf\u00e9.png", "cafe\u0301.png")])
def test_names_that_some_file_system_takes_for_one_are_refused(first: str, second: str, tmp_path: Path) -> None:
    make_pictures(tmp_path, [first, second])
    if len(list((tmp_path / "in").iterdir())) == 1:
        pytest.skip("this file system takes them for one")
    with pytest.raises(UsageError, match=r"both go to .* rename one"):
        make_plan(tmp_path / "in", tmp_path / "out", Settings("denoise"))


def test_the_input_as_output_is_refused_also_by_another_name(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png"])
    (tmp_path / "same").symlink_to(tmp_path / "in")
    for out in ("in", "same"):
        with pytest.raises(UsageError, match="the output must not be an input"):
            make_plan(tmp_path / "in", tmp_path / out, Settings("denoise"))


def test_a_file_of_another_origin_is_not_written_over(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png"])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("mine")
    with pytest.raises(UsageError, match="no output of an earlier run"):
        make_plan(tmp_path / "in", tmp_path / "out", Settings("denoise"))


def test_an_output_folder_inside_the_input_is_no_input(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png", "out/b.png"])
    plan = make_plan(tmp_path / "in", tmp_path / "in" / "out", Settings("denoise"))
    assert [item.name for item in plan.items] == ["a.png"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        make_plan(tmp_path, tmp_path / "out", Settings("denoise"))


def test_each_row_of_a_manifest_has_its_own_options(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png", "b.png"])
    rows = [
        {"image": "in/a.png", "task": "denoise", "method": "non_local_means", "sigma": 12, "out": "clean/1.png"},
        {"image": "in/b.png", "mask": "masks/b.png", "seed": 3},
    ]
    (tmp_path / "list.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    first, second = make_plan(None, tmp_path / "out", FILL, manifest=tmp_path / "list.jsonl").items
    assert (first.name, first.settings) == ("clean/1.png", Settings("denoise", method="non_local_means", sigma=12.0))
    assert (second.name, second.settings) == ("in/b.png", Settings("fill", method="nearest", seed=3))


def test_a_manifest_as_csv_says_the_same(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png"])
    (tmp_path / "list.csv").write_text(
        "image,mask,method,options,dilate\nin/a.png,masks/a.png,patchmatch,patch_size=5;iterations=2,1\n"
    )
    (item,) = make_plan(None, tmp_path / "out", FILL, manifest=tmp_path / "list.csv").items
    assert item.settings == Settings("fill", "patchmatch", ("patch_size=5", "iterations=2"), dilate=1)


def test_an_output_cannot_be_the_folder_of_another(tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png"])
    rows = ({"image": "in/a.png", "mask": "masks/a.png", "out": out} for out in ("b", "B/c/d.png"))
    assert "would be a file and a folder" in refused(tmp_path, "\n".join(map(json.dumps, rows)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"mask": "masks/a.png"}, "row 2, column image: it must name a picture"),
        ({"image": "in/a.png", "maks": "x"}, "row 2, column maks: unknown column 'maks'; did you mean 'mask'?"),
        ({"image": "in/none.png"}, "row 2, column image: there is no file"),
        ({"image": "in/a.png", "mask": "none.png"}, "row 2, column mask: there is no file"),
        ({"image": "in/a.png"}, "row 2, column mask: fill needs masks"),
        ({"image": "in/a.png", "mask": "masks/a.png", "sigma": 5}, "row 2, column sigma: sigma belongs to denoise"),
        ({"image": "in/a.png", "mask": "masks/a.png", "seed": "x"}, "row 2, column seed: it must be a whole number"),
        ({"image": "in/a.png", "mask": "masks/a.png", "out": "../a.png"}, "row 2, column out: it must be a name below"),
        (
            {"image": "in/a.png", "mask": "masks/a.png", "options": {"patchsize": 5}},
            "row 2, column options: method 'nearest' takes no options",
        ),
        ({"image": "in/a.png", "mask": "masks/a.png"}, "both go to 'in/a.png'"),
    ],
)
def test_a_manifest_is_refused_as_a_whole_by_row_and_column(row: dict[str, object], said: str, tmp_path: Path) -> None:
    make_pictures(tmp_path, ["a.png"])
    good = json.dumps({"image": "in/a.png", "mask": "masks/a.png"})
    assert said in refused(tmp_path, f"{good}\n{json.dumps(row)}\n")


def test_a_row_of_csv_with_a_cell_too_many_is_refused(tmp_path: Path) -> None:
    assert "row 2: it must have 2 cells" in refused(tmp_path, "image,mask\na,b,c\n", "list.csv")


def test_what_does_not_belong_to_the_task_is_refused() -> None:
    with pytest.raises(UsageError, match="dilate belongs to fill, and the task is denoise"):
        read_settings("denoise", {"dilate": 3})
    with pytest.raises(UsageError, match="unknown setting 'sead'; did you mean 'seed'"):
        read_settings("denoise", {"sead": 3})


def test_settings_come_back_from_their_line_and_differ_in_their_fingerprint() -> None:
    settings = Settings("remove", find=("text",), seed=2)
    assert settings_from_json(settings.to_json()) == settings
    assert fingerprint(settings.to_json()) != fingerprint(Settings("remove", find=("text",)).to_json())
