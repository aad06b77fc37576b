"""LM-AD: a language model that looks at the points in every block (the Affordance Query Module, AQM).

Tokumitsu and Wada, arXiv 2506.19312. No code was released; what the paper leaves open is a named option here, and
docs/models/lmad.md gives the reason for each default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from partwise.encoders.bert import Bert, BertConfig
from partwise.encoders.prompt import Prompt
from partwise.errors import CheckpointError, InputError
from partwise.layers.pointnet2 import Geometry, Projection
from partwise.layers.text_points import Asking, PointsToWords, WordsToPoints
from partwise.models.backbones import BackboneConfig, check_ids, make_backbone
from partwise.models.pointnet2 import PointNet2Config

# bert-base-uncased.
BERT_BASE = BertConfig(30_522, 768, 12, 12, 3_072, 512, 2, 1e-12)
# all-MiniLM-L6-v2.
MINILM = BertConfig(30_522, 384, 6, 12, 1_536, 512, 2, 1e-12)


@dataclass(frozen=True)
class LMADConfig:
    """Sizes and what the paper leaves open; the defaults are those of the paper where it says.

    blocks    how many blocks of the language model look at the points; 0 is plain cross-attention
    placed    which: the "last" of them, the "first", or "spread" evenly
    insert    "gated" starts as the language model was; "bert" is built like its own sub-layers
    tune      which of its weights train: "none", "ffn" (feed-forward parts) or "all"
    words     of a label ask and are asked: "all", "inner" (without [CLS] and [SEP]) or their "mean"
    none      the label "none": "text", a word like the others; "zero" or "learned", a score of its own
    residual  a point keeps its own features when it asks the words
    """

    backbone: BackboneConfig = field(default_factory=PointNet2Config)
    language: BertConfig = BERT_BASE
    point_width: int = 512
    decoder_heads: int = 8
    blocks: int = 12
    placed: str = "last"
    insert: str = "gated"
    tune: str = "none"
    words: str = "all"
    none: str = "text"
    residual: bool = True
    dropout: float = 0.1

    def __post_init__(self) -> None:
        allowed = {
            "placed": ("last", "first", "spread"),
            "insert": ("gated", "bert"),
            "tune": ("none", "ffn", "all"),
            "words": ("all", "inner", "mean"),
            "none": ("text", "zero", "learned"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(f"{name} is {getattr(self, name)!r}: use one of {', '.join(values)}")
        if not 0 <= self.blocks <= self.language.layers:
            raise InputError(
                f"{self.blocks} blocks are to look at the points, the language model has {self.language.layers}: "
                f"use 0..{self.language.layers}, or a deeper language model"
            )
        if self.point_width % self.decoder_heads:
            raise InputError(
                f"point_width {self.point_width} does not divide by decoder_heads {self.decoder_heads}"
            )

    @property
    def looking(self) -> tuple[int, ...]:
        """Numbers of the blocks that look at the points, ascending."""
        layers, n = self.language.layers, self.blocks
        if self.placed == "first":
            return tuple(range(n))
        if self.placed == "last":
            return tuple(range(layers - n, layers))
        return tuple(sorted(layers - 1 - (i * layers) // n for i in range(n)))


@dataclass(frozen=True)
class LMADEmbedding:
    """What one pass over the points leaves behind: everything that does not depend on a label.

    features      (B,N,D) the points' vectors
    keys_values   for each block that looks: keys and values (B,H,N,E)
    asking        the points ready for the final decoding
    """

    features: Float[Tensor, "B N D"]
    keys_values: tuple[tuple[Float[Tensor, "B H N E"], Float[Tensor, "B H N E"]], ...]
    asking: Asking


class LMAD(nn.Module):
    """Point encoder, language model with cross-attention inside, final attention from points to words.

    A fresh model has a language model with random weights: `read_language` puts a real one in.

    Example:
        >>> small = BertConfig(100, 24, 2, 2, 48, 16, 2, 1e-12)
        >>> config = LMADConfig(PointNet2Config(centers=(16, 4), width=4, neighbours=4), small, 16, 2, blocks=2)
        >>> model = LMAD(config).eval()
        >>> ids = torch.tensor([[1, 5, 2, 0], [1, 6, 7, 2]])
        >>> model.logits(model(torch.rand(1, 64, 3)), Prompt(ids=ids, mask=ids > 0)).shape
        torch.Size([1, 64, 2])
    """

    reads: ClassVar[str] = "ids"
    answers: ClassVar[str] = "softmax"

    def __init__(self, config: LMADConfig) -> None:
        super().__init__()
        self.config = config
        width = config.language.width
        self.backbone = make_backbone(config.backbone)
        self.project = Projection(self.backbone.out_width, config.point_width)
        self.language = Bert(config.language)
        self.looks = nn.ModuleDict(
            {
                str(block): WordsToPoints(
                    width, config.language.heads, config.point_width, config.insert, config.dropout
                )
                for block in config.looking
            }
        )
        self.decoder = PointsToWords(width, config.point_width, config.decoder_heads, config.residual)
        self.none_score = nn.Parameter(torch.zeros(()), requires_grad=config.none == "learned")
        self._freeze()

    def read_language(self, language: Bert) -> None:
        """Take over the weights of a real language model. CheckpointError if its sizes are not the config's."""
        if language.config != self.config.language:
            raise CheckpointError(
                f"the language model has {_sizes(language.config)}, this model was made for "
                f"{_sizes(self.config.language)}: use the same one, or another config"
            )
        self.language.load_state_dict(language.state_dict())

    def _look(self, block: int) -> WordsToPoints:
        """The attention to the points inside a block."""
        look = self.looks[str(block)]
        assert isinstance(look, WordsToPoints)
        return look

    def _freeze(self) -> None:
        self.language.requires_grad_(self.config.tune == "all")
        if self.config.tune == "ffn":
            blocks: list[Any] = list(self.language.blocks)
            for block in blocks:
                for part in (block.expand, block.contract, block.feed_forward_norm):
                    part.requires_grad_(True)

    def forward(self, points: Float[Tensor, "B N C"], geometry: Geometry | None = None) -> LMADEmbedding:
        """One pass over canonical clouds (B,N,C), with the keys and values of every block that looks at them."""
        features = self.project(self.backbone(points, geometry))
        keys_values = tuple(self._look(block).keys_values(features) for block in self.config.looking)
        return LMADEmbedding(features, keys_values, self.decoder.prepare(features))

    def logits(self, embedding: LMADEmbedding, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """A score of every point for every label, each label on its own; a softmax over T answers.

        Raises InputError if the prompt has no ids, or more tokens than the language model has positions.
        """
        words, real = self.read(embedding, prompt)
        return self.decoder(embedding.asking, words, real)

    def read(
        self, embedding: LMADEmbedding, prompt: Prompt
    ) -> tuple[Float[Tensor, "B T R W"], Bool[Tensor, "B T R"]]:
        """The words of every label after all blocks (B,T,R,W), and which of them the points may ask."""
        h, mask = self._walk(embedding, prompt, None)
        return self._asked_words(h, mask)

    def attention(self, embedding: LMADEmbedding, prompt: Prompt) -> Float[Tensor, "L B T S H N"]:
        """How much each word looks at each point in each of the L blocks that look; rows over N sum to 1."""
        found: list[Tensor] = []
        self._walk(embedding, prompt, found)
        if not found:
            raise InputError("no block of this model looks at the points (blocks=0): there is no map to show")
        return torch.stack(found)

    def decode_attention(self, embedding: LMADEmbedding, prompt: Prompt) -> Float[Tensor, "B T N H S"]:
        """How much each point looks at each word of each label in the final decoding; rows over S sum to 1."""
        words, real = self.read(embedding, prompt)
        return self.decoder.word_weights(embedding.asking, words, real)

    def _walk(
        self, embedding: LMADEmbedding, prompt: Prompt, maps: list[Tensor] | None
    ) -> tuple[Float[Tensor, "B T S W"], Bool[Tensor, "B T S"]]:
        """All blocks on all labels at once: the labels of a shape lie side by side when they ask its points."""
        ids, mask = self._checked(prompt)
        batch, config = len(embedding.features), self.config
        own = ids.ndim == 3  # every shape has labels of its own
        labels, tokens = ids.shape[-2:]
        mask = mask.reshape(-1, tokens)
        h = self.language.embed(ids.reshape(-1, tokens))
        blocks: list[Any] = list(self.language.blocks)
        for number, block in enumerate(blocks):
            h = block.attend(h, mask)
            if number in config.looking:
                if not own:  # up to here the words were the same for every shape
                    h = h.repeat(batch, 1, 1)
                    mask = mask.repeat(batch, 1)
                    own = True
                look = self._look(number)
                key, value = embedding.keys_values[config.looking.index(number)]
                side = h.view(batch, labels * tokens, -1)
                if maps is not None:
                    weights = look.weights(side, key).unflatten(2, (labels, tokens))
                    maps.append(weights.permute(0, 2, 3, 1, 4))
                h = look(side, key, value).view(h.shape)
            h = block.feed_forward(h)
        h, mask = h.view(-1, labels, tokens, h.shape[-1]), mask.view(-1, labels, tokens)
        return h.expand(batch, -1, -1, -1), mask.expand(batch, -1, -1)

    def _asked_words(
        self, h: Float[Tensor, "B T S W"], mask: Bool[Tensor, "B T S"]
    ) -> tuple[Float[Tensor, "B T R W"], Bool[Tensor, "B T R"]]:
        if self.config.words == "all":
            return h, mask
        ends = mask.sum(dim=-1, keepdim=True) - 1  # where [SEP] stands
        places = torch.arange(mask.shape[-1], device=mask.device)
        inner = mask & (places > 0) & (places != ends)
        if self.config.words == "inner":
            return h, inner
        mean = (h * inner[..., None]).sum(dim=2) / inner.sum(dim=2).clamp(min=1)[..., None]
        return mean[:, :, None], inner.any(dim=2)[..., None]

    def _checked(self, prompt: Prompt) -> tuple[Int64[Tensor, "*B T S"], Bool[Tensor, "*B T S"]]:
        ids = check_ids(prompt.ids, self.reads)
        limit = self.config.language.positions
        if ids.shape[-1] > limit:
            raise InputError(
                f"a label has {ids.shape[-1]} tokens, the language model takes at most {limit}: shorten it"
            )
        if ids.shape[-2] == 0:
            raise InputError("the prompt has no label: give at least one")
        mask = torch.ones_like(ids, dtype=torch.bool) if prompt.mask is None else prompt.mask
        return ids, mask


def _sizes(config: BertConfig) -> str:
    return f"{config.layers} blocks of width {config.width} with {config.heads} heads"
