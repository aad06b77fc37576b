"""LAS, the light affordance segmenter: tokens of a shape and of a prompt in one transformer, one heat value a point.

CMAT + LAS (CVPR 2026, arXiv 2510.08316), stage 2; where paper and release differ see docs/affordances.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from partwise.encoders.prompt import Prompt
from partwise.errors import InputError
from partwise.layers.surroundings import SURROUNDINGS, surroundings
from partwise.models.pointalign3d import PointEmbedding
from partwise.points import interpolate

# Phrases answered in one batch: bounds the memory of a thousand of them.
CHUNK = 64
_NO_VECTORS = (
    "this model joins vectors of {} numbers at every point: use it with an encoder that has a point decoder"
)


@dataclass(frozen=True)
class LasConfig:
    """Sizes. The defaults are those of the release for LASO, with the paper's place of the upsampling.

    token_width   of the shape's patch tokens
    text_width    of the prompt's tokens or vectors; 0: no words are read
    image_width   of the picture's patch tokens; 0: no pictures are read
    reads         "tokens": every token of the text; "vectors": one vector for a phrase
    upsampling    "after" the transformer, which then works on patches (paper), or "before" it, on points (release)
    point_width   of vectors that are known at every point and join the upsampled tokens; 0: none
    direct        width of a small network from the words to a vector whose product with the points' own is added to
                  the heat: "sit" learns to mean "seat" at once, where points already answer to names; 0: none
    geometry      numbers that a second small network makes of how the shape lies around a point (`surroundings`); their
                  product with the words joins the direct one. Needs no encoder, so it holds where that is lost; 0: none
    layers        of the transformer; 0: none of it, the heat is the direct product alone
    """

    token_width: int = 384
    text_width: int = 768
    image_width: int = 0
    reads: str = "tokens"
    width: int = 512
    feedforward: int = 2048
    layers: int = 6
    heads: int = 8
    head_width: int = 256
    dropout: float = 0.1
    upsampling: str = "after"
    point_width: int = 0
    direct: int = 0
    geometry: int = 0

    def __post_init__(self) -> None:
        if self.reads not in ("tokens", "vectors") or self.upsampling not in ("after", "before"):
            raise InputError(
                f"reads {self.reads!r}, upsampling {self.upsampling!r}: use tokens or vectors, after or before"
            )
        if not self.text_width and not self.image_width:
            raise InputError("text_width and image_width are both 0: a prompt needs words or a picture")
        if self.direct and not (self.point_width and self.text_width and self.reads == "vectors"):
            raise InputError(
                "a direct product needs vectors of words and of points: set text_width and point_width"
            )
        if self.geometry and not self.direct:
            raise InputError("what geometry says joins the direct product: set direct as well")
        if not self.layers and (not self.direct or self.image_width):
            raise InputError(
                "without layers there is nothing but the direct product, which reads no pictures: set direct, or layers"
            )


@dataclass(frozen=True)
class Seen:
    """What an encoder saw, in one frame: points (B,N,3), patches (B,G,3) with tokens, and vectors of points or None.

    around   (B,N,F) how the shape lies around each point, None where nobody reads it
    """

    points: Float[Tensor, "B N 3"]
    centers: Float[Tensor, "B G 3"]
    tokens: Float[Tensor, "B G D"]
    vectors: Float[Tensor, "B N E"] | None = None
    around: Float[Tensor, "B N F"] | None = None


def seen_by(embedding: PointEmbedding, geometry: bool = False) -> Seen:
    """One pass of PointAlign3D as LAS takes it: its tokens, and its point vectors brought to length 1."""
    patches, answered = embedding.patches, embedding.features.shape[1]
    points = patches.points[:, :answered, [0, 2, 1]]  # the encoder's own axes, in which its centres are
    return Seen(
        points,
        patches.patches.centers,
        patches.tokens,
        F.normalize(embedding.features, dim=-1),
        surroundings(points, patches.patches, up=2) if geometry else None,
    )


class Las(nn.Module):
    """Everything of LAS but the encoder of shapes and that of prompts.

    Example:
        >>> las = Las(LasConfig(token_width=8, text_width=6, width=16, feedforward=16, layers=1, heads=2)).eval()
        >>> seen = Seen(torch.rand(1, 50, 3), torch.rand(1, 4, 3), torch.rand(1, 4, 8))
        >>> las.logits(seen, Prompt(tokens=torch.rand(3, 5, 6), mask=torch.ones(3, 5, dtype=torch.bool))).shape
        torch.Size([1, 50, 3])
    """

    answers: ClassVar[str] = "sigmoid"

    def __init__(self, config: LasConfig) -> None:
        super().__init__()
        self.config, self.reads = config, config.reads
        self.direct = DirectProduct(config) if config.direct else None
        # The last blocks of the tower that reads the pictures, if they train along (`PictureTower.train`).
        self.picture_tail: nn.Module | None = None
        if config.layers:
            self._build_transformer(config)

    def _build_transformer(self, config: LasConfig) -> None:
        width = config.width
        self.from_shape = nn.Linear(config.token_width, width)
        self.shape_mark = nn.Parameter(torch.empty(width))
        self.prompts = nn.ModuleDict()
        for name, size in (("text", config.text_width), ("image", config.image_width)):
            if size:
                self.prompts[name] = PromptTokens(
                    size, width, optional=bool(config.text_width and config.image_width)
                )
        layer = nn.TransformerEncoderLayer(
            width, config.heads, config.feedforward, config.dropout, activation="gelu", batch_first=True
        )
        self.attention = nn.TransformerEncoder(
            layer, config.layers, norm=nn.LayerNorm(width), enable_nested_tensor=False
        )
        skip = 3 if config.upsampling == "after" else 0
        self.spread = nn.ModuleList([nn.Linear(width + skip, width), nn.Linear(width, width)])
        self.spread_norms = nn.ModuleList([nn.BatchNorm1d(width), nn.BatchNorm1d(width)])
        self.from_vectors = nn.Linear(config.point_width, width, bias=False) if config.point_width else None
        hidden = config.head_width
        self.head = nn.Sequential(
            *(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(config.dropout)),
            *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(config.dropout)),
            nn.Linear(hidden, 1),
        )
        nn.init.normal_(self.shape_mark, std=0.02)
        for linear in [self.from_shape, *(m for m in self.head if isinstance(m, nn.Linear))]:
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, embedding: PointEmbedding | Seen) -> Seen:
        """What the encoder saw, ready for any number of prompts."""
        return embedding if isinstance(embedding, Seen) else seen_by(embedding, self.config.geometry > 0)

    def logits(self, seen: Seen, prompt: Prompt) -> Float[Tensor, "B N T"]:
        """Heat (B,N,T) of every point for every phrase, before the sigmoid.

        Raises InputError if the prompt lacks what this model reads.
        """
        if not self.config.layers:
            return self._direct_alone(seen, prompt)
        tokens, real = self._prompt_tokens(prompt, len(seen.points))  # (B,T,S,W), (B,T,S)
        vectors = self._point_vectors(seen)
        parts = [
            self._answer(seen, vectors, tokens[:, start : start + CHUNK], real[:, start : start + CHUNK])
            for start in range(0, tokens.shape[1], CHUNK)
        ]
        logits = torch.cat(parts, dim=2)
        if self.direct is None or seen.vectors is None or prompt.vectors is None:
            return logits
        return logits + self.direct(seen, prompt.vectors)

    def _direct_alone(self, seen: Seen, prompt: Prompt) -> Float[Tensor, "B N T"]:
        if prompt.image is not None:
            raise InputError("a picture was shown, but this model reads words only: ask without it")
        if prompt.vectors is None:
            raise InputError("the prompt holds nothing that this model reads (vectors of words)")
        assert self.direct is not None, "LasConfig sees to it"
        return self.direct(seen, prompt.vectors)

    def _prompt_tokens(
        self, prompt: Prompt, batch: int
    ) -> tuple[Float[Tensor, "B T S W"], Bool[Tensor, "B T S"]]:
        """The prompt's tokens in the transformer's width, words first, then the picture; and which are real."""
        pieces = []
        if "text" in self.prompts:
            pieces.append(self.prompts["text"](self._words(prompt), prompt.mask))
        if "image" in self.prompts:
            image = prompt.image
            if image is not None and self.picture_tail is not None:
                image = self.picture_tail(image)
            pieces.append(self.prompts["image"](image, None))
        if prompt.image is not None and "image" not in self.prompts:
            raise InputError("a picture was shown, but this model reads words only: ask without it")
        if all(empty for *_, empty in pieces):
            raise InputError(f"the prompt holds nothing that this model reads ({', '.join(self.prompts)})")
        phrases = max(tokens.shape[-3] for tokens, *_ in pieces)
        tokens = torch.cat([t.expand(batch, phrases, *t.shape[-2:]) for t, *_ in pieces], dim=2)
        real = torch.cat([r.expand(batch, phrases, r.shape[-1]) for _, r, _ in pieces], dim=2)
        return tokens, real

    def _words(self, prompt: Prompt) -> Float[Tensor, "*B T L W"] | None:
        if self.reads == "vectors":
            return None if prompt.vectors is None else prompt.vectors.unsqueeze(-2)
        return prompt.tokens

    def _point_vectors(self, seen: Seen) -> Float[Tensor, "B N W"] | None:
        """What the points' own vectors add, whatever is asked: computed once a shape."""
        if self.from_vectors is None:
            return None
        if seen.vectors is None:
            raise InputError(_NO_VECTORS.format(self.config.point_width))
        return self.from_vectors(seen.vectors)

    def _answer(
        self,
        seen: Seen,
        vectors: Float[Tensor, "B N W"] | None,
        prompt: Float[Tensor, "B T S W"],
        real: Bool[Tensor, "B T S"],
    ) -> Float[Tensor, "B N T"]:
        batch, phrases = prompt.shape[:2]
        shape = self.from_shape(seen.tokens)
        if self.config.upsampling == "before":
            shape = self._spread(interpolate(seen.points, seen.centers, shape), vectors)
        shape = shape + self.shape_mark
        count = shape.shape[1]
        sequence = torch.cat([shape[:, None].expand(-1, phrases, -1, -1), prompt], dim=2).flatten(0, 1)
        padding = F.pad(~real.flatten(0, 1), (count, 0))
        x = self.attention(sequence, src_key_padding_mask=padding if bool(padding.any()) else None)[:, :count]
        if self.config.upsampling == "after":
            # Neighbours and weights are the same for all phrases: they are looked up once, on the stacked features.
            stacked = x.unflatten(0, (batch, phrases)).transpose(1, 2).flatten(2)  # (B,G,T*W)
            x = interpolate(seen.points, seen.centers, stacked).unflatten(-1, (phrases, -1)).transpose(1, 2)
            place = seen.points[:, None].expand(-1, phrases, -1, -1)
            extra = None if vectors is None else vectors[:, None].expand(-1, phrases, -1, -1).flatten(0, 1)
            x = self._spread(torch.cat([x, place], dim=-1).flatten(0, 1), extra)
        return self.head(x)[..., 0].unflatten(0, (batch, phrases)).transpose(1, 2)

    def _spread(
        self, x: Float[Tensor, "M N C"], extra: Float[Tensor, "M N W"] | None
    ) -> Float[Tensor, "M N W"]:
        """The two shared layers that follow the interpolation, each with batch norm and ReLU."""
        for number, (linear, norm) in enumerate(zip(self.spread, self.spread_norms, strict=True)):
            x = linear(x)
            if number == 0 and extra is not None:
                x = x + extra
            x = F.relu(norm(x.flatten(0, 1)).view(x.shape))
        return x


class DirectProduct(nn.Module):
    """Words to a vector and an offset; heat grows with the product of that vector and a point's own.

    With `geometry` the words give a second vector, for what a small network makes of the point's surroundings.
    """

    # Unit vectors have small products: scaled, weights of the usual size give heat from 0 to 1.
    SCALE: ClassVar[float] = 8.0

    def __init__(self, config: LasConfig) -> None:
        super().__init__()
        self.width, self.geometry, hidden = config.point_width, config.geometry, 2 * config.geometry
        self.words = nn.Sequential(
            nn.Linear(config.text_width, config.direct),
            nn.GELU(),
            nn.Linear(config.direct, config.point_width + config.geometry + 1),
        )
        if config.geometry:
            self.places = nn.Sequential(
                *(nn.Linear(SURROUNDINGS, hidden), nn.GELU(), nn.Dropout(config.dropout)),
                *(nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(config.dropout)),
                nn.Linear(hidden, config.geometry),
            )

    def forward(self, seen: Seen, words: Float[Tensor, "*B T C"]) -> Float[Tensor, "B N T"]:
        """Logits of every point for every phrase. Raises InputError for points without vectors."""
        if seen.vectors is None:
            raise InputError(_NO_VECTORS.format(self.width))
        answer = self.words(words)
        vector, place, offset = answer.split([seen.vectors.shape[-1], self.geometry, 1], dim=-1)
        logits = self.SCALE * (seen.vectors @ vector.mT) + offset.mT
        if self.geometry:
            assert seen.around is not None, "Las.forward looks at the surroundings if the config says so"
            logits = logits + self.places(seen.around) @ place.mT
        return logits


class PromptTokens(nn.Module):
    """Tokens of one modality brought to the transformer's width and marked; a learned one stands in if it is absent."""

    def __init__(self, inputs: int, width: int, optional: bool) -> None:
        super().__init__()
        self.project = nn.Linear(inputs, width)
        self.mark = nn.Parameter(torch.empty(width))
        nn.init.xavier_uniform_(self.project.weight)
        nn.init.zeros_(self.project.bias)
        nn.init.normal_(self.mark, std=0.02)
        self.absent = nn.Parameter(torch.zeros(width)) if optional else None

    def forward(
        self, tokens: Float[Tensor, "*B T S C"] | None, mask: Bool[Tensor, "*B T S"] | None
    ) -> tuple[Float[Tensor, "*B T S W"], Bool[Tensor, "*B T S"], bool]:
        """Tokens in the common width, which of them are real, and whether they only stand in."""
        if tokens is None:
            stand_in = self.mark if self.absent is None else self.absent + self.mark
            return (
                stand_in[None, None],
                torch.ones(1, 1, dtype=torch.bool, device=stand_in.device),
                True,
            )
        real = mask if mask is not None else tokens.new_ones(tokens.shape[:-1], dtype=torch.bool)
        return self.project(tokens) + self.mark, real, False
