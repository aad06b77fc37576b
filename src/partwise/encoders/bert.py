"""BERT in plain torch, and the text encoder made of it.

Why our own: the embedded default (MiniLM) must run without the `transformers` package, and models that put
layers inside BERT need blocks they can open. Devlin et al. 2019, post-norm encoder, exact GELU.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int, Int64
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from partwise.errors import CheckpointError, InputError

# Stored next to the encoder in released files, but not part of the text features used here.
_IGNORED_PREFIXES = ("pooler.", "cls.", "embeddings.position_ids")
_BATCH = 64


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a BERT encoder. `width` is the feature axis D, `positions` the longest input in tokens."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    hidden: int
    positions: int
    token_types: int
    eps: float

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise CheckpointError(
                f"width {self.width} is not a multiple of {self.heads} heads: the config is damaged"
            )

    @classmethod
    def read(cls, path: Path) -> BertConfig:
        """Read the `config.json` of a Hugging Face BERT folder; CheckpointError if it is another model."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            config = cls(
                vocabulary=raw["vocab_size"],
                width=raw["hidden_size"],
                layers=raw["num_hidden_layers"],
                heads=raw["num_attention_heads"],
                hidden=raw["intermediate_size"],
                positions=raw["max_position_embeddings"],
                token_types=raw["type_vocab_size"],
                eps=raw["layer_norm_eps"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path} is not a BERT config ({error!r}): expected a Hugging Face folder"
            ) from error
        expected = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
        for field, value in expected.items():
            if raw.get(field, value) != value:
                raise CheckpointError(f"{path}: {field} is {raw[field]!r}, this encoder only knows {value!r}")
        return config


class BertBlock(nn.Module):
    """One encoder layer in two named halves, so that a model can put its own layer between them."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query_key_value = nn.Linear(config.width, 3 * config.width)
        self.projection = nn.Linear(config.width, config.width)
        self.attention_norm = nn.LayerNorm(config.width, eps=config.eps)
        self.expand = nn.Linear(config.width, config.hidden)
        self.contract = nn.Linear(config.hidden, config.width)
        self.feed_forward_norm = nn.LayerNorm(config.width, eps=config.eps)

    def attend(self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B S"]) -> Float[Tensor, "B S D"]:
        """Self-attention over the tokens where `mask` is true, residual, LayerNorm."""
        batch, tokens, width = x.shape
        heads = self.query_key_value(x).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (B, heads, S, D / heads)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        return self.attention_norm(x + self.projection(mixed.transpose(1, 2).reshape(batch, tokens, width)))

    def feed_forward(self, x: Float[Tensor, "B S D"]) -> Float[Tensor, "B S D"]:
        """Two-layer GELU network on every token, residual, LayerNorm."""
        return self.feed_forward_norm(x + self.contract(functional.gelu(self.expand(x))))

    def forward(self, x: Float[Tensor, "B S D"], mask: Bool[Tensor, "B S"]) -> Float[Tensor, "B S D"]:
        """Attention, then feed-forward."""
        return self.feed_forward(self.attend(x, mask))


class Bert(nn.Module):
    """Token ids to token features; the last hidden state, no pooler."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.positions = nn.Embedding(config.positions, config.width)
        self.token_types = nn.Embedding(config.token_types, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.eps)
        self.blocks = nn.ModuleList(BertBlock(config) for _ in range(config.layers))

    def embed(self, ids: Int[Tensor, "B S"]) -> Float[Tensor, "B S D"]:
        """Word + position + token type 0, LayerNorm: the input of the first block."""
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.norm(self.words(ids) + self.positions(places) + self.token_types.weight[0])

    def forward(self, ids: Int[Tensor, "B S"], mask: Bool[Tensor, "B S"]) -> Float[Tensor, "B S D"]:
        """Features of every token; rows where `mask` is false carry no meaning."""
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, mask)
        return x


def convert_keys(state: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Rename the tensors of a Hugging Face BERT to ours and join query, key and value to (3 D, D).

    CheckpointError if a tensor is missing or left over; both are listed by name.
    """
    rest = {key.removeprefix("bert."): value for key, value in state.items()}
    # The weights of bert-base-uncased still carry TensorFlow's names for the LayerNorms.
    renamed = {"gamma": "weight", "beta": "bias"}
    rest = {
        ".".join([*stem, renamed.get(kind, kind)]): value
        for key, value in rest.items()
        if not key.startswith(_IGNORED_PREFIXES)
        for *stem, kind in [key.split(".")]
    }
    table = {
        "words.weight": ["embeddings.word_embeddings.weight"],
        "positions.weight": ["embeddings.position_embeddings.weight"],
        "token_types.weight": ["embeddings.token_type_embeddings.weight"],
        **{f"norm.{kind}": [f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")},
    }
    for layer in range(layers):
        for kind in ("weight", "bias"):
            theirs = f"encoder.layer.{layer}.{{}}.{kind}".format
            ours = f"blocks.{layer}.{{}}.{kind}".format
            table[ours("query_key_value")] = [
                theirs(f"attention.self.{name}") for name in ("query", "key", "value")
            ]
            table[ours("projection")] = [theirs("attention.output.dense")]
            table[ours("attention_norm")] = [theirs("attention.output.LayerNorm")]
            table[ours("expand")] = [theirs("intermediate.dense")]
            table[ours("contract")] = [theirs("output.dense")]
            table[ours("feed_forward_norm")] = [theirs("output.LayerNorm")]
    wanted = {name for names in table.values() for name in names}
    missing, unexpected = sorted(wanted - rest.keys()), sorted(rest.keys() - wanted)
    if missing or unexpected:
        raise CheckpointError(
            f"weights do not fit BERT with {layers} layers: missing {missing}, unexpected {unexpected}"
        )
    return {ours: torch.cat([rest[name] for name in names]) for ours, names in table.items()}


class BertText:
    """Text encoder of a BERT folder: mean of the last hidden state over the real tokens, then L2.

    The mean includes [CLS] and [SEP], as in sentence-transformers. Implements `encoders.text.TextEncoder`.
    """

    def __init__(self, folder: Path, *, name: str, revision: str, device: str | torch.device = "cpu") -> None:
        """Load config, tokenizer.json and model.safetensors; CheckpointError if they do not fit."""
        from tokenizers import Tokenizer

        self.name, self.revision = name, revision
        self.model = read_bert(folder).to(device)
        self.width = self.token_width = self.model.config.width
        self.max_tokens = self.model.config.positions
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the Rust side raises bare Exception
            raise CheckpointError(f"{folder / 'tokenizer.json'} cannot be read: {error}") from error
        # The released file pads and cuts everything to 128 tokens; here the longest text decides, uncut.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        if self._tokenizer.get_vocab_size() > self.model.config.vocabulary:
            raise CheckpointError(
                f"{folder}: the tokenizer knows {self._tokenizer.get_vocab_size()} words, "
                f"the weights {self.model.config.vocabulary}: the files belong to different models"
            )

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "T D"]:
        """L2-normalised vector of each text. InputError if a text has more than `max_tokens` tokens."""
        token_ids = self._token_ids(texts)
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        # Neighbours in length share a batch, so that little padding is computed.
        order = sorted(range(len(texts)), key=lambda row: len(token_ids[row]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            features, mask = self._features([token_ids[row] for row in rows])
            mean = (features * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            vectors[rows] = functional.normalize(mean, dim=-1).cpu().numpy()
        return vectors

    def tokens(self, texts: Sequence[str]) -> tuple[Float32[np.ndarray, "T S D"], Bool[np.ndarray, "T S"]]:
        """Last hidden state of every token, zero where the mask is false; S is the longest text in tokens."""
        features, mask = self._features(self._token_ids(texts))
        return (features * mask[..., None]).cpu().numpy(), mask.cpu().numpy()

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        token_ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        check_texts(texts, [len(ids) for ids in token_ids], self.max_tokens, self.name)
        return token_ids

    def ids(self, texts: Sequence[str]) -> tuple[Int64[Tensor, "T S"], Bool[Tensor, "T S"]]:
        """Token ids, [CLS] and [SEP] among them, and which are real: for a model with a BERT of its own inside.

        InputError if a text has more than `max_tokens` tokens.
        """
        return _padded(self._token_ids(texts), torch.device("cpu"))

    @torch.inference_mode()
    def _features(self, token_ids: list[list[int]]) -> tuple[Float[Tensor, "B S D"], Bool[Tensor, "B S"]]:
        padded, mask = _padded(token_ids, self.model.norm.weight.device)
        return self.model(padded, mask), mask


def _padded(
    token_ids: list[list[int]], device: torch.device
) -> tuple[Int64[Tensor, "B S"], Bool[Tensor, "B S"]]:
    """Ids as one tensor, zero behind the end of each text, and a mask of the real ones."""
    lengths = torch.tensor([len(ids) for ids in token_ids], device=device)
    longest = int(lengths.max())
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in token_ids], device=device)
    return padded, torch.arange(longest, device=device)[None] < lengths[:, None]


def check_texts(texts: Sequence[str], lengths: Sequence[int], limit: int, name: str) -> None:
    """Raise InputError for no text, and for more than `limit` tokens: a cut text asks another question."""
    if len(texts) == 0:
        raise InputError(f"{name} was given an empty list, expected at least one text")
    for text, length in zip(texts, lengths, strict=True):
        if length > limit:
            raise InputError(
                f"{text[:60]!r} has {length} tokens, {name} takes at most {limit}: shorten the phrase"
            )


class _NoInit(TorchFunctionMode):
    """Build modules without filling them with random numbers: 0.01 s instead of 0.5 s for MiniLM."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        arguments = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return args[0] if args else arguments["tensor"]
        return func(*args, **arguments)


def read_bert(folder: Path) -> Bert:
    """The encoder in a Hugging Face BERT folder (config.json, model.safetensors), frozen, in eval mode.

    CheckpointError if the files are damaged, of another model or do not fit together.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    config = BertConfig.read(folder / "config.json")
    path = folder / "model.safetensors"
    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as safetensors: {error}") from error
    with _NoInit():
        model = Bert(config)
    try:
        model.load_state_dict(convert_keys(state, config.layers), assign=True)
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not fit its config.json: {error}") from error
    return model.float().eval().requires_grad_(False)
