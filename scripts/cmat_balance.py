"""How l_aff and l_div pull on each other, without any network: vectors that are free to move, and an ideal teacher.

16 clouds of `tokens` vectors each; the teacher finds the tokens of a part alike (cosine 1) and all others not (0). The
vectors minimise 0.1 l_aff + weight * l_div alone.
"""

from __future__ import annotations

from typing import Any

import torch

from partwise.losses import affinity, affinity_loss, koleo_loss
from partwise.train.cmat import koleo_sets

CLOUDS, PARTS, WIDTH, STEPS = 16, 4, 96, 300


def balance(tokens: int, weight: float, axis: str) -> dict[str, Any]:
    """Where the vectors end: cosine within and between parts, and the correlation with the teacher's affinity."""
    generator = torch.Generator().manual_seed(0)
    part = torch.arange(tokens) % PARTS
    teacher = torch.eye(PARTS)[part].expand(CLOUDS, -1, -1)
    vectors = torch.randn(CLOUDS, tokens, WIDTH, generator=generator, requires_grad=True)
    optimizer = torch.optim.Adam([vectors], lr=0.05)
    for _ in range(STEPS):
        diversity = koleo_loss(koleo_sets(vectors, axis)).mean()
        loss = 0.1 * affinity_loss(vectors, teacher).mean() + weight * diversity
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found, truth = affinity(vectors.detach()), affinity(teacher)
    upper = torch.triu_indices(tokens, tokens, 1)
    a, b = (x[:, upper[0], upper[1]].flatten() for x in (found, truth))
    return {
        "tokens": tokens,
        "weight": weight,
        "axis": axis,
        "within_part": float(a[b > 0.5].mean()),
        "between_parts": float(a[b < 0.5].mean()),
        "correlation": float(torch.corrcoef(torch.stack([a, b]))[0, 1]),
    }


def balances() -> list[dict[str, Any]]:
    """The paper's 26 visible tokens of 64, and all 64, under several weights of the diversity loss."""
    weights = (
        ("patch", 0.0),
        ("patch", 0.002),
        ("patch", 0.02),
        ("patch", 0.2),
        ("batch", 0.2),
        ("all", 0.2),
    )
    return [balance(tokens, weight, axis) for tokens in (26, 64) for axis, weight in weights]
