"""LAS together with the frozen encoder it stands on, as one model from points to heat."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partwise.encoders.prompt import Prompt
from partwise.models.las import Las, LasConfig, Seen
from partwise.models.pointalign3d import PointAlign3D


class EncodedLas(nn.Module):
    """Points to what the encoder saw, then LAS's answer to any prompt. The encoder does not train."""

    answers: ClassVar[str] = "sigmoid"

    def __init__(self, encoder: PointAlign3D, config: LasConfig, encoder_sha256: str) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.head = Las(config)
        self.reads = self.head.reads
        self.encoder_sha256 = encoder_sha256

    def train(self, mode: bool = True) -> EncodedLas:
        """Training mode for the head; the encoder keeps its statistics."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, points: Float[Tensor, "B N 3"]) -> Seen:
        """One pass of the encoder over canonical clouds."""
        with torch.no_grad():
            embedding = self.encoder(points, points.shape[1])
        return self.head(embedding)

    def logits(self, embedding: Seen, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """Heat before the sigmoid."""
        return self.head.logits(embedding, prompt)
