"""PReNet: one small recurrent residual net, applied several times, takes rain off a picture.

Source: D. Ren, W. Zuo, Q. Hu, P. Zhu, D. Meng, "Progressive image deraining networks: a better and simpler baseline",
CVPR 2019, section 3 (Eqs. 2-3 and Fig. 3); keys as in the authors' published weights. Departures: none; each stage's
output is the input plus what the stage estimates, as in the published weights.

x    the rainy picture, (N, 3, H, W)
y    the estimate of the stage before, first x itself
h, c the state and the memory of the convolutional LSTM, (N, width, H, W), first zero
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn


def rectified(n_in: int, n_out: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Build a 3x3 convolution and an activation."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1), activation())


class ConvLSTM(nn.Module):
    """The recurrent layer: input, forget and output gates and a candidate, each a 3x3 convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.input_gate = rectified(2 * width, width, nn.Sigmoid)
        self.forget_gate = rectified(2 * width, width, nn.Sigmoid)
        self.candidate = rectified(2 * width, width, nn.Tanh)
        self.output_gate = rectified(2 * width, width, nn.Sigmoid)

    def forward(
        self, features: Float[Tensor, "N W_ H W"], state: Float[Tensor, "N W_ H W"], memory: Float[Tensor, "N W_ H W"]
    ) -> tuple[Float[Tensor, "N W_ H W"], Float[Tensor, "N W_ H W"]]:
        """Return the next state and memory."""
        both = torch.cat([features, state], dim=1)  # (N, 2 width, H, W)
        memory = self.forget_gate(both) * memory + self.input_gate(both) * self.candidate(both)
        return self.output_gate(both) * torch.tanh(memory), memory


class PReNet(nn.Module):
    """The picture without rain, refined in stages that share their weights.

    Parameters
    ----------
    channels : int
        3 for RGB; values in [0, 1], results not clipped. Any height and width.
    width : int
        Channels inside.
    n_stages : int
        How often the net is applied; may be changed after training.
    n_blocks : int
        Residual blocks of two convolutions per stage.
    """

    def __init__(self, channels: int = 3, width: int = 32, n_stages: int = 6, n_blocks: int = 5) -> None:
        super().__init__()
        self.n_stages = n_stages
        self.entry = rectified(2 * channels, width)
        self.lstm = ConvLSTM(width)
        self.blocks = nn.ModuleList(
            nn.Sequential(*rectified(width, width), *rectified(width, width)) for _ in range(n_blocks)
        )
        self.exit = nn.Conv2d(width, channels, 3, padding=1)

    def stages(self, rainy: Float[Tensor, "N C H W"]) -> list[Float[Tensor, "N C H W"]]:
        """Return the estimate of every stage, the last one best; all of them may be supervised."""
        estimate, estimates = rainy, []
        state = memory = rainy.new_zeros(len(rainy), self.exit.in_channels, *rainy.shape[-2:])
        for _ in range(self.n_stages):
            features = self.entry(torch.cat([rainy, estimate], dim=1))  # (N, width, H, W)
            state, memory = self.lstm(features, state, memory)
            features = state
            for block in self.blocks:
                features = torch.relu(features + block(features))
            estimate = rainy + self.exit(features)
            estimates.append(estimate)
        return estimates

    def forward(self, rainy: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the estimate of the last stage."""
        return self.stages(rainy)[-1]

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names.

        >>> list(PReNet.convert_official({"res_conv2.0.bias": torch.zeros(1), "conv_f.0.bias": torch.zeros(1)}))
        ['blocks.1.0.bias', 'lstm.forget_gate.0.bias']
        """
        return {_our_name(name): value for name, value in state.items()}


_OUR_PARTS = {
    "conv0": "entry",
    "conv_i": "lstm.input_gate",
    "conv_f": "lstm.forget_gate",
    "conv_g": "lstm.candidate",
    "conv_o": "lstm.output_gate",
}


def _our_name(official: str) -> str:
    part, index, kind = official.split(".")
    if part == "conv":
        return f"exit.{kind}"
    if part.startswith("res_conv"):
        return f"blocks.{int(part.removeprefix('res_conv')) - 1}.{index}.{kind}"
    return f"{_OUR_PARTS[part]}.{index}.{kind}"


def prenet_full() -> PReNet:
    """Build PReNet as published: six stages, 32 channels."""
    return PReNet()


def prenet_tiny() -> PReNet:
    """Build a PReNet for experiments: three stages, 16 channels."""
    return PReNet(width=16, n_stages=3)
