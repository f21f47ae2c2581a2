"""`retouch nets` and `retouch export`, and exported networks as methods of fill, denoise, methods and eval."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from tests.tiny_graphs import denoiser, filler

import retouch
from retouch.arrays.types import AnyArray
from retouch.cli.__main__ import main
from retouch.nets.catalogue.entries import TASKS
from retouch.nets.catalogue.listing import NETS, build_preset, find_net, find_preset

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a noisy picture, a mask of two squares, and a network that fills and one that denoises."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path / "store"))
    ramp = np.linspace(50, 200, 80)[None, :, None] + 25 * np.random.default_rng(0).standard_normal((60, 80, 3))
    mask = np.zeros((60, 80), np.uint8)
    mask[10:30, 10:30] = mask[40:42, 5:75] = 255
    (tmp_path / "pictures").mkdir()
    for name in ("in.png", "pictures/a.png"):
        PillowImage.fromarray(np.clip(ramp, 0, 255).astype(np.uint8)).save(name)
    PillowImage.fromarray(mask).save("mask.png")
    filler(tmp_path / "mean.onnx")
    denoiser(tmp_path / "blur.onnx")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def read(name: str) -> AnyArray:
    return np.asarray(PillowImage.open(name))


def test_nets_lists_every_network_under_its_task(capsys: Captured) -> None:
    assert run("nets") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == list(TASKS)
    assert [line.split()[0] for line in lines if line.startswith(" ")].count("lama") == 1
    assert sum(line.startswith("  ") for line in lines) == len(NETS)


def test_nets_shows_the_sizes_of_one(capsys: Captured) -> None:
    assert run("nets lama") == 0
    out = capsys.readouterr().out
    assert "big                50,975,875 parameters; takes image 3xHxW, mask 1xHxW" in out
    assert "  Gives: picture\n" in out
    assert "  Export: retouch export lama\n" in out


def test_nets_says_why_there_is_no_export(capsys: Captured) -> None:
    assert run("nets l2gan") == 0
    assert "  Export: no, it fills one fixed corner of a picture" in capsys.readouterr().out


def test_nets_gives_names_of_outputs_that_are_kept_alone(capsys: Captured) -> None:
    assert run("nets sg_net") == 0
    assert "  Gives: picture, logits\n" in capsys.readouterr().out


def test_nets_prints_json(capsys: Captured) -> None:
    assert run("nets --json") == 0
    assert [facts["name"] for facts in json.loads(capsys.readouterr().out)] == [info.name for info in NETS]
    assert run("nets dncnn --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["presets"]["full"]["parameters"] == 557_057
    assert (facts["task"], facts["no_export"]) == ("denoise", "")


def test_an_unknown_network_is_a_fault_of_the_command_line(folder: Path, capsys: Captured) -> None:
    assert run("nets lamma") == 2
    assert "did you mean 'lama'" in capsys.readouterr().err
    assert run("export dncn -o net.onnx") == 2
    assert "did you mean 'dncnn'" in capsys.readouterr().err


@pytest.mark.usefixtures("lengths_may_be_symbols")
def test_a_network_is_exported_and_denoises(folder: Path, capsys: Captured) -> None:
    """Its weights are random, so that nothing but torch itself says what the result must be."""
    torch.manual_seed(1)
    net = build_preset(find_preset(find_net("ircnn"), "tiny"))
    torch.save(net.state_dict(), "ircnn.pth")
    assert run("export ircnn ircnn.pth -o net.onnx --licence MIT") == 0
    out = capsys.readouterr().out
    assert out.startswith("net.onnx: ircnn, preset tiny, 0.2 MB\n  largest difference from torch ")
    assert "looks 16 px to each side" in out
    assert out.endswith("  use it: retouch denoise --method net:net.onnx\n")
    assert run("denoise in.png --sigma 25 -o out.png --method net:net.onnx") == 0
    noisy = torch.from_numpy(read("in.png").astype(np.float32) / np.float32(255)).permute(2, 0, 1)[None]
    with torch.no_grad():
        clean = net(noisy)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(read("out.png"), np.clip(clean, 0, 1) * 255, atol=0.51)


@pytest.mark.usefixtures("lengths_may_be_symbols")
def test_a_network_is_exported_and_fills(folder: Path, capsys: Captured) -> None:
    assert run("export skip_generator --preset tiny -o net.onnx --half --json") == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["net"], card["storage"], card["multiple"]) == ("skip_generator", "float16", 4)
    assert card["storage_difference"] > 0
    assert run("fill in.png --mask mask.png -o out.png --method net:net.onnx") == 0
    known = read("mask.png") == 0
    np.testing.assert_array_equal(read("out.png")[known], read("in.png")[known])


def test_an_export_without_weights_says_what_it_is_good_for(folder: Path, capsys: Captured) -> None:
    assert run("export prenet --preset tiny -o net.onnx") == 0
    out = capsys.readouterr().out
    assert "without a checkpoint: the weights are those it starts with" in out
    assert "use it" not in out


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("export dncnn", 2, "give -o NET.onnx, got ''"),
        ("export dncnn -o net.pth", 2, "ends in .onnx, so give -o NET.onnx, got 'net.pth'"),
        ("export dncnn -o net.onnx --preset huge", 2, "unknown preset of 'dncnn' 'huge'"),
        ("export glcic_critic -o net.onnx", 2, "a critic judges pictures in training only"),
        ("export dncnn mean.onnx -o mean.onnx", 2, "the output must not be the input"),
        ("export dncnn -o gone/net.onnx", 6, "cannot write gone/net.onnx"),
        ("export dncnn gone.pth -o net.onnx", 7, "gone.pth"),
        ("export dncnn mask.png -o net.onnx", 7, "mask.png"),
        ("export dncnn --preset tiny -o net.onnx --tolerance 0", 7, "and 0 is allowed; nothing was written"),
        ("fill in.png --mask mask.png -o out.png --method net:gone.onnx", 7, "gone.onnx: No such file"),
        ("fill in.png --mask mask.png -o out.png --method net:gone", 7, "there are no weights 'gone'"),
        ("fill in.png --mask mask.png -o out.png --method net:in.png", 7, "in.png"),
        ("fill in.png --mask mask.png -o out.png --method net:blur.onnx", 7, "'denoise', and 'inpaint' was asked"),
        ("fill in.png --mask mask.png -o out.png --method net:mean.onnx --option side_px=9", 2, "16 pixels or more"),
        ("fill in.png --mask mask.png -o out.png --method net:mean.onnx --option net=x", 2, "unknown option 'net'"),
        ("denoise in.png --sigma 25 -o out.png --method net:mean.onnx", 7, "'inpaint', and 'denoise' was asked"),
        ("denoise in.png --sigma 25 -o out.png --method net:", 7, "there are no weights ''"),
        ("denoise in.png --sigma 25 -o out.png --method net:blur.onnx --max-memory 100M", 5, "raise --max-memory"),
        ("methods net:gone.onnx", 7, "gone.onnx: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(
    line: str, code: int, words: str, folder: Path, capsys: Captured
) -> None:
    assert run(line) == code
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not Path("out.png").exists()
    assert not Path("net.onnx").exists()


def test_fill_takes_a_network_and_its_options(folder: Path) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method net:mean.onnx --option side_px=32") == 0
    expected = retouch.fill(read("in.png"), read("mask.png"), method="net:mean.onnx", side_px=32)
    np.testing.assert_array_equal(read("out.png"), expected)


def test_denoise_takes_a_network(folder: Path) -> None:
    assert run("denoise in.png --sigma 25 -o out.png --method net:blur.onnx") == 0
    np.testing.assert_array_equal(read("out.png"), retouch.denoise(read("in.png"), 25 / 255, method="net:blur.onnx"))
    assert read("out.png").astype(float).std(axis=0).mean() < 0.5 * read("in.png").astype(float).std(axis=0).mean()


def test_methods_shows_a_network_with_its_options(folder: Path, capsys: Captured) -> None:
    assert run("methods net:mean.onnx") == 0
    out = capsys.readouterr().out
    assert out.startswith("net:mean.onnx\n  a network that retouch does not know\n  Command: retouch fill\n")
    assert "    side_px=None  a whole number or none\n" in out
    assert "net=" not in out
    assert run("methods net:blur.onnx --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["command"], facts["kind"], [o["name"] for o in facts["options"]]) == (
        "denoise",
        "learned",
        ["approximate"],
    )


def test_a_network_of_the_catalogue_is_shown_with_its_source(folder: Path, capsys: Captured) -> None:
    filler(folder / "lama.onnx", net="lama")
    assert run("methods net:lama.onnx") == 0
    assert "Source: Suvorov et al., Resolution-robust" in capsys.readouterr().out


def evaluate(*more: str) -> int:
    return main(["eval", "--images", "pictures", "-o", "out", "--workers", "1", *more])


def test_eval_compares_networks_with_methods(folder: Path, capsys: Captured) -> None:
    methods = "nearest,net:mean.onnx,net:mean.onnx:side_px=64"
    assert evaluate("--masks", "brush", "--bins", "0.1-0.2", "--methods", methods, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["method"] for row in rows} == set(methods.split(","))
    assert all(row["cells"]["psnr"]["mean"] > 10 for row in rows)


def test_eval_denoises_with_networks(folder: Path, capsys: Captured) -> None:
    assert evaluate("--task", "denoise", "--noise", "awgn:25", "--methods", "input,net:blur.onnx", "--json") == 0
    assert {row["method"] for row in json.loads(capsys.readouterr().out)["rows"]} == {"input", "net:blur.onnx"}


def test_eval_refuses_a_network_of_the_other_task_before_any_work(folder: Path, capsys: Captured) -> None:
    assert evaluate("--masks", "brush", "--methods", "net:blur.onnx") == 7
    assert evaluate("--masks", "brush", "--methods", "net:mean.onnx:side=64") == 2
    assert "did you mean 'side_px'" in capsys.readouterr().err
    assert not Path("out/summary.json").exists()
