"""Attention between words and points: words ask points inside a language model, points ask words behind it.

LM-AD (Tokumitsu and Wada, arXiv 2506.19312). Points are many and shared by all labels; what depends on them alone,
keys, values and the first layer of the decoder, is computed once a cloud.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

# Hidden values that the decoder holds at one time: 32 million floats are 128 MB.
HIDDEN_AT_ONCE = 32_000_000


class WordsToPoints(nn.Module):
    """The cross-attention that a block of the language model gains: words are queries, points keys and values.

    insert "gated": h + tanh(gate) * answer, the gate starting at 0, so that the language model starts as it was.
    insert "bert": LayerNorm(h + answer), as BERT's own sub-layers are built.
    """

    def __init__(self, width: int, heads: int, point_width: int, insert: str, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.point_norm = nn.LayerNorm(point_width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(point_width, 2 * width)
        self.out = nn.Linear(width, width)
        self.gate = nn.Parameter(torch.zeros(())) if insert == "gated" else None
        self.norm = nn.LayerNorm(width)  # before the query if gated, after the sum if not

    def keys_values(
        self, points: Float[Tensor, "B N D"]
    ) -> tuple[Float[Tensor, "B H N E"], Float[Tensor, "B H N E"]]:
        """Keys and values of the points, once for all labels."""
        both = self.key_value(self.point_norm(points))
        key, value = both.view(*points.shape[:2], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        return key, value

    def forward(
        self, h: Float[Tensor, "B M W"], key: Float[Tensor, "B H N E"], value: Float[Tensor, "B H N E"]
    ) -> Float[Tensor, "B M W"]:
        """Words (B,M,W), all labels of a shape side by side, after they asked the points."""
        drop = self.dropout if self.training else 0.0
        found = F.scaled_dot_product_attention(self._queries(h), key, value, dropout_p=drop)
        answer = self.out(found.transpose(1, 2).flatten(2))
        return h + torch.tanh(self.gate) * answer if self.gate is not None else self.norm(h + answer)

    def weights(self, h: Float[Tensor, "B M W"], key: Float[Tensor, "B H N E"]) -> Float[Tensor, "B H M N"]:
        """How much each word looks at each point; rows sum to 1. In float32: thousands of small terms."""
        scores = self._queries(h).float() @ key.float().mT
        return (scores / key.shape[-1] ** 0.5).softmax(dim=-1)

    def _queries(self, h: Float[Tensor, "B M W"]) -> Float[Tensor, "B H M E"]:
        h = self.norm(h) if self.gate is not None else h
        return self.query(h).view(*h.shape[:2], self.heads, -1).transpose(1, 2)


@dataclass(frozen=True)
class Asking:
    """Points ready to ask any words.

    queries   (B,H,N,E)
    centred   (B,N,D) the features minus their mean over D, which the residual adds
    entered   (B,N,F) the same after the first layer of the decoder's MLP
    """

    queries: Float[Tensor, "B H N E"]
    centred: Float[Tensor, "B N D"]
    entered: Float[Tensor, "B N F"]


class PointsToWords(nn.Module):
    """The final decoding: points ask the words of one label, then an MLP gives one score a point.

    z = MLP(LayerNorm(h + W_o softmax(q k) v)), MLP = Linear, GELU, Linear. With a handful of words the answer lies in
    the span of their few values, and everything up to the GELU but the LayerNorm's division is linear. So the value,
    output and first MLP weights meet in the words, not in the points: some thirty times less work, the same number.
    """

    def __init__(self, width: int, point_width: int, heads: int, residual: bool) -> None:
        super().__init__()
        self.heads, self.residual = heads, residual
        self.query_norm = nn.LayerNorm(point_width)
        self.query = nn.Linear(point_width, point_width)
        self.key_value = nn.Linear(width, 2 * point_width)
        self.out = nn.Linear(point_width, point_width)
        self.norm = nn.LayerNorm(point_width)
        self.enter = nn.Linear(point_width, point_width)
        self.leave = nn.Linear(point_width, 1)

    def prepare(self, points: Float[Tensor, "B N D"]) -> Asking:
        """What does not depend on any word."""
        queries = self.query(self.query_norm(points)).view(*points.shape[:2], self.heads, -1).transpose(1, 2)
        held = points if self.residual else torch.zeros_like(points)
        # The bias of the output projection rides along with the residual.
        held = held + self.out.bias
        centred = held - held.mean(dim=-1, keepdim=True)
        return Asking(queries, centred, F.linear(centred, self._enter_weight()))

    def forward(
        self, asking: Asking, words: Float[Tensor, "B T S W"], real: Bool[Tensor, "B T S"]
    ) -> Float[Tensor, "B N T"]:
        """Scores (B,N,T) of every point for T labels of S words each, `real` ones only."""
        key, value = self._keys_values(words)
        labels = words.shape[1]
        size = max(1, HIDDEN_AT_ONCE // max(1, asking.entered.numel()))
        pieces = [
            self._scores(asking, key[:, t : t + size], value[:, t : t + size], real[:, t : t + size])
            for t in range(0, labels, size)
        ]
        return torch.cat(pieces, dim=2)

    def weights(
        self, asking: Asking, key: Float[Tensor, "B T S H E"], real: Bool[Tensor, "B T S"]
    ) -> Float[Tensor, "B T N H S"]:
        """How much each point looks at each word of each label, in float32; padding gets 0."""
        q = asking.queries.float().transpose(1, 2)[:, None]  # (B,1,N,H,E)
        scores = torch.einsum("bxnhe,btshe->btnhs", q, key.float()) / q.shape[-1] ** 0.5
        lowest = torch.finfo(scores.dtype).min
        return scores.masked_fill(~real[:, :, None, None], lowest).softmax(dim=-1)

    def word_weights(
        self, asking: Asking, words: Float[Tensor, "B T S W"], real: Bool[Tensor, "B T S"]
    ) -> Float[Tensor, "B T N H S"]:
        """`weights` from the words themselves."""
        return self.weights(asking, self._keys_values(words)[0], real)

    def _keys_values(
        self, words: Float[Tensor, "B T S W"]
    ) -> tuple[Float[Tensor, "B T S H E"], Float[Tensor, "B T S H E"]]:
        both = self.key_value(words).unflatten(-1, (2, self.heads, -1))
        return both[:, :, :, 0], both[:, :, :, 1]

    def _scores(
        self,
        asking: Asking,
        key: Float[Tensor, "B T S H E"],
        value: Float[Tensor, "B T S H E"],
        real: Bool[Tensor, "B T S"],
    ) -> Float[Tensor, "B N T"]:
        share = self.weights(asking, key, real).to(value.dtype).flatten(-2)  # (B,T,N,H*S)
        out = self.out.weight.unflatten(1, (self.heads, -1))  # (D,H,E)
        sent = torch.einsum("btshe,dhe->bthsd", value, out).flatten(2, 3)  # (B,T,H*S,D)
        sent = sent - sent.mean(dim=-1, keepdim=True)
        # The LayerNorm's variance, from |h + A v|^2 = |h|^2 + 2 A (v h) + A (v v) A.
        cross = asking.centred[:, None] @ sent.mT  # (B,T,N,H*S)
        square = (share * (2 * cross + share @ (sent @ sent.mT))).sum(dim=-1)
        square = square + asking.centred.square().sum(dim=-1)[:, None]
        scale = torch.rsqrt((square / sent.shape[-1]).clamp(min=0) + self.norm.eps)
        hidden = asking.entered[:, None] + share @ F.linear(sent, self._enter_weight())  # (B,T,N,F)
        hidden = hidden * scale[..., None] + F.linear(self.norm.bias, self.enter.weight, self.enter.bias)
        return self.leave(F.gelu(hidden))[..., 0].transpose(1, 2)

    def _enter_weight(self) -> Float[Tensor, "F D"]:
        """The first MLP weight with the LayerNorm's scale taken in."""
        return self.enter.weight * self.norm.weight
