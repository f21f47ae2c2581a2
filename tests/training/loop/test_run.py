"""What a run does besides stepping: stops, breaks, validates, writes; one process and two."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tests.training.loop.tiny import (
    PlainTraining,
    TinyTraining,
    last_checkpoint,
    plain_recipe,
    tiny_networks,
    tiny_recipe,
    train_tiny,
)
from torch import Tensor

from retouch.errors import TrainingError, UsageError
from retouch.training.batch import Batch
from retouch.training.loop.context import StepContext, as_float32
from retouch.training.loop.judging import judge
from retouch.training.loop.moving.phases import phase_at
from retouch.training.loop.networks import build_networks, load_weights
from retouch.training.loop.processes import Processes
from retouch.training.loop.records.sheets import draw_sheet
from retouch.training.recipes.settings import NetSettings, OptimiserSettings
from retouch.training.steps.contract import Context

torch.set_num_threads(1)
ROOT = Path(__file__).parents[3]


class Breaking(TinyTraining):
    """Breaks down when it sees the picture "6.png" for the first time: in batch 3, the second part of step 2."""

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the generator."""
        painted = context.run(self.networks["generator"], batch.image)
        bad = torch.nan if "6.png" in batch.names else 1.0
        context.update({"generator": painted.square().mean() * bad})
        return {}


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_files(tmp_path: Path) -> None:
    recipe = tiny_recipe(checkpoint_every=1)
    with pytest.raises(
        TrainingError, match=r"in step 2 a loss is no finite .*6\.png, 7\.png .*of step 1 is kept"
    ) as told:
        train_tiny(recipe, tmp_path / "run", training=Breaking)
    assert told.value.exit_code == 8
    facts = json.loads((tmp_path / "run" / "failed-batch.json").read_text())
    assert facts["batches"] == [{"batch": 3, "samples": ["6.png", "7.png"]}]
    assert last_checkpoint(tmp_path / "run").step == 1


def test_a_time_budget_ends_a_session_that_can_be_gone_on_with(tmp_path: Path) -> None:
    """A step takes 0.04 s or more, so 0.5 s are over long before 40 steps are done."""
    recipe = tiny_recipe(steps=40)
    first = train_tiny(recipe, tmp_path / "run", on_batch=lambda number: time.sleep(0.02), time_budget_s=0.5)
    assert first.stopped == "time budget"
    assert 0 < first.step < 40
    assert last_checkpoint(tmp_path / "run").step == first.step
    assert train_tiny(recipe, tmp_path / "run", resume=True).first_step == first.step


def test_phases_come_in_their_order_and_then_everything_is_trained() -> None:
    """Three steps of the generator, two of the critic."""
    names = [phase_at(tiny_recipe(), step).name for step in range(7)]
    assert names == ["generator"] * 3 + ["critic"] * 2 + [""] * 2
    assert phase_at(tiny_recipe(), 5).trains == {"generator", "critic"}


def test_a_phase_leaves_the_other_network_as_it_is_statistics_included(tmp_path: Path) -> None:
    """Checkpoints at steps 3 and 5 embrace the critic's phase."""
    train_tiny(tiny_recipe(steps=5, checkpoint_every=3, validate_every=0), tmp_path / "run")
    before, after = (load_file(tmp_path / f"run/checkpoints/step-00000{step}/tensors.safetensors") for step in (3, 5))
    changed = {
        name.split("/")[1] for name in before if name.startswith("networks/") and not before[name].equal(after[name])
    }
    assert changed == {"critic"}


def test_the_score_to_watch_must_exist_and_this_shows_before_the_first_step(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown score in run\.watch 'msr'; did you mean 'mse'"):
        train_tiny(tiny_recipe(watch="msr"), tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that has ended."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train_tiny(tiny_recipe(sheet_every=6), folder)
    return folder


def test_the_weights_are_the_averages_at_the_best_step(finished: Path) -> None:
    best, _ = json.loads((finished / "run.json").read_text())["best"]
    tensors = load_file(finished / f"checkpoints/step-{best:06d}/tensors.safetensors")
    weights = load_file(finished / "weights.safetensors")
    assert torch.equal(weights["0.weight"], tensors["averages/generator/0.weight"])
    assert torch.equal(weights["1.running_mean"], tensors["networks/generator/1.running_mean"])


def test_files_of_weights_say_what_they_are(finished: Path) -> None:
    with safe_open(finished / "last" / "critic.safetensors", "pt") as file:
        facts = file.metadata()
    assert (facts["net"], facts["role"], facts["step"], facts["averaged"]) == ("tiny_critic", "critic", "12", "True")


@pytest.mark.parametrize("what", ["weights.safetensors", "", "checkpoints/step-000012"])
def test_a_network_can_start_from_an_earlier_run(what: str, finished: Path) -> None:
    fresh = tiny_networks()["generator"]
    before = fresh.state_dict()["0.weight"].clone()
    load_weights(fresh, str(finished / what), "generator")
    assert not torch.equal(fresh.state_dict()["0.weight"], before)


def test_the_journal_has_reports_and_validations_by_group(finished: Path) -> None:
    rows = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "training"] == [5, 10, 12]
    assert [row["step"] for row in rows if row["kind"] == "validation"] == [4, 8, 12]
    scores = rows[1]["scores"] if "scores" in rows[1] else rows[0]["scores"]
    assert scores["all"]["mse"] == pytest.approx((scores["even"]["mse"] + scores["odd"]["mse"]) / 2)
    assert {"samples_per_s", "waiting_share", "generator", "lr_critic"} <= rows[-2].keys()


def test_run_json_says_what_was_done_with_what(finished: Path) -> None:
    facts = json.loads((finished / "run.json").read_text())
    assert facts["recipe"]["run"]["steps"] == 12
    assert {"torch", "python", "retouch"} <= facts["versions"].keys()
    (session,) = facts["sessions"]
    assert (session["first_step"], session["last_step"], session["samples"]) == (0, 12, 48)  # 12 steps of 2 x 2


def test_sheets_are_written_at_the_start_on_the_way_and_at_the_end(finished: Path) -> None:
    names = sorted(path.name for path in (finished / "sheets").iterdir())
    assert names == ["step-000000.png", "step-000006.png", "step-000012.png"]
    with PillowImage.open(finished / "sheets" / names[0]) as sheet:
        assert sheet.size == (4 * 6 + 3 * 2, 2 * 6 + 2)  # four columns, two samples of 6 px, gaps of 2 px


def test_a_sheet_shows_the_hole_and_four_times_the_error() -> None:
    """0.6 painted for 0.5 is an error of 0.1, drawn as 0.4: 102 of 255."""
    tensors = {"image": torch.full((1, 3, 1, 2), 0.5), "mask": torch.tensor([[[[1.0, 0.0]]]])}
    sheet = draw_sheet(tensors, torch.full((1, 3, 1, 2), 0.6))
    gap = [255, 255, 255]
    expected = [[255, 0, 255], [128] * 3, gap, gap, [153] * 3, [153] * 3, gap, gap, [128] * 3, [128] * 3, gap, gap]
    np.testing.assert_array_equal(sheet[0], [*expected, [102] * 3, [102] * 3])


def test_the_means_of_a_validation_count_every_sample_once() -> None:
    """Errors 1, 2 in one batch and 6 in another: 3 in all, and by group (1 + 6) / 2 and 2."""

    class Scoring(TinyTraining):
        def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
            return {"mse": batch.image.flatten(1)[:, 0]}

    batches = [
        Batch({"image": torch.tensor([1.0, 2.0]).view(2, 1, 1, 1)}, ("a", "b"), ("x", "y")),
        Batch({"image": torch.tensor([6.0]).view(1, 1, 1, 1)}, ("c",), ("x",)),
    ]
    context = StepContext(torch.device("cpu"), step=0, phase="", trained=frozenset(), seed=0, precision="fp32")
    scores = judge(Scoring({}), batches, lambda number: context, Processes("cpu"))
    assert scores == {"all": {"mse": 3.0}, "x": {"mse": 3.5}, "y": {"mse": 2.0}}


def test_half_precision_is_used_inside_and_not_seen_outside(tmp_path: Path) -> None:
    context = StepContext(torch.device("cpu"), step=0, phase="", trained=frozenset(), seed=0, precision="bf16")
    seen: list[torch.dtype] = []
    net = torch.nn.Linear(2, 2)
    net.register_forward_hook(lambda module, given, answer: seen.append(answer.dtype))
    assert context.run(net, torch.ones(1, 2)).dtype == torch.float32
    assert seen == [torch.bfloat16]
    result = train_tiny(tiny_recipe(precision="bf16", channels_last=True, steps=6), tmp_path / "run")
    assert np.isfinite(result.scores["mse"])


def test_named_tuples_and_dicts_come_back_as_they_were() -> None:
    half = torch.ones(1, dtype=torch.bfloat16)
    answer = as_float32({"pair": torch.ones(2, dtype=torch.bfloat16).max(dim=0), "list": [half, "word"]})
    assert answer["pair"].values.dtype == torch.float32
    assert answer["list"][1] == "word"


def test_two_processes_do_what_one_does_with_batches_of_twice_the_size(tmp_path: Path) -> None:
    """Plain gradient descent: the mean of two means of two samples is the mean of four; only rounding differs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.training.loop.tiny", str(tmp_path / "two"), "2"],
            cwd=ROOT,
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    train_tiny(plain_recipe(batch=4), tmp_path / "one", training=PlainTraining)
    for process in processes:
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
    one, two = last_checkpoint(tmp_path / "one"), last_checkpoint(tmp_path / "two")
    for name, tensor in one.tensors.items():
        torch.testing.assert_close(two.tensors[name], tensor, rtol=1e-5, atol=1e-6)
    assert two.state["scores"]["all"]["mse"] == pytest.approx(one.state["scores"]["all"]["mse"], rel=1e-5)


def test_a_run_that_is_gone_on_with_keeps_its_own_weights(tmp_path: Path) -> None:
    train_tiny(tiny_recipe(steps=5), tmp_path / "run")
    told: list[str] = []
    train_tiny(tiny_recipe(steps=5), tmp_path / "run", resume=True, warm_start="nowhere", say=told.append)
    assert told[0] == "goes on from the checkpoint of step 5"
    assert told[1].startswith("--warm-start is not used")


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    """Checkpoints are due after steps 3, 6 and 8."""
    train_tiny(tiny_recipe(steps=8, checkpoint_every=3, validate_every=0), tmp_path / "run")
    (tmp_path / "run/checkpoints/step-000008/tensors.safetensors").write_bytes(b"")
    result = train_tiny(tiny_recipe(steps=8, checkpoint_every=3, validate_every=0), tmp_path / "run", resume=True)
    assert result.first_step == 6
    assert "the checkpoint of step 8 is damaged and is not used" in result.notes
    assert last_checkpoint(tmp_path / "run").step == 8


def test_without_tensorboard_a_run_goes_on_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    told: list[str] = []
    assert train_tiny(tiny_recipe(steps=5), tmp_path / "run", say=told.append).step == 5
    assert [note for note in told if "TensorBoard" in note] == [
        "TensorBoard is not installed, so metrics.jsonl and sheets/ are all there is to see"
    ]


def test_a_network_without_an_optimiser_is_loaded_and_left_alone(tmp_path: Path) -> None:
    """The teacher has the weights of another network; it takes no gradients, also when the run goes on."""
    save_file(
        {name: tensor + 1 for name, tensor in small_net(0).state_dict().items()}, tmp_path / "teacher.safetensors"
    )
    nets = {"generator": NetSettings("pennet", "tiny"), "teacher": NetSettings("dncnn", "tiny")}
    recipe = replace(plain_recipe(), networks=nets, optimisers={"generator": OptimiserSettings()})
    recipe = replace(
        recipe, networks={**nets, "teacher": replace(nets["teacher"], weights=str(tmp_path / "teacher.safetensors"))}
    )
    for resumes in (False, True):
        built = build_networks(recipe, resumes=resumes)
        expected = load_file(tmp_path / "teacher.safetensors")
        assert all(torch.equal(tensor, expected[name]) for name, tensor in built["teacher"].state_dict().items())
        assert not any(weight.requires_grad for weight in built["teacher"].parameters())


def small_net(seed: int) -> torch.nn.Module:
    recipe = replace(plain_recipe(seed=seed), networks={"generator": NetSettings("dncnn", "tiny")})
    return build_networks(recipe)["generator"]


def test_initial_weights_follow_from_the_seed() -> None:
    first, again, other = (small_net(seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_arguments_of_a_network_are_passed_on_and_unknown_ones_refused() -> None:
    grey = NetSettings("dncnn", "tiny", {"channels": 1})
    built = build_networks(replace(plain_recipe(), networks={"generator": grey}))["generator"]
    assert next(built.parameters()).shape[1] == 1
    wrong = replace(grey, arguments={"chanels": 1})
    with pytest.raises(UsageError, match="unknown argument of 'dncnn', preset tiny 'chanels'; did you mean 'channels'"):
        build_networks(replace(plain_recipe(), networks={"generator": wrong}))


def test_runs_of_another_seed_differ(tmp_path: Path) -> None:
    for seed in (0, 1):
        train_tiny(replace(tiny_recipe(steps=5, seed=seed)), tmp_path / str(seed))
    first, second = (last_checkpoint(tmp_path / str(seed)).tensors["networks/generator/0.weight"] for seed in (0, 1))
    assert not torch.equal(first, second)
