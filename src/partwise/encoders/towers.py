"""Text towers of CLIP, OpenCLIP, SigLIP, BERT and RoBERTa through the optional package `transformers`.

Only the text classes are built, so a joint image and text checkpoint never costs its image tower.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor
from torch.nn import functional

from partwise.encoders.bert import check_texts
from partwise.errors import CheckpointError, MissingDataError, MissingExtraError, UnsafeError
from partwise.files import file_sha256

_BATCH = 64
_VOCABULARY_FILES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model")
# model_type of config.json -> (text class, how its features become one vector).
_FAMILIES = {
    "clip": ("CLIPTextModelWithProjection", "projected"),
    "clip_text_model": ("CLIPTextModelWithProjection", "projected"),
    "siglip": ("SiglipTextModel", "pooled"),
    "siglip_text_model": ("SiglipTextModel", "pooled"),
    "bert": ("BertModel", "mean"),
    "roberta": ("RobertaModel", "mean"),
}


class TextTower:
    """A text tower from a local folder in Hugging Face form. Implements `partwise.encoders.text.TextEncoder`.

    The vector of a text, per family, always L2-normalised at the end:
    CLIP and OpenCLIP: the feature at the end-of-text token through the text projection (as trained);
    SigLIP: the last token of the input padded to full length, through the head (as trained);
    BERT and RoBERTa: the mean of the last hidden state over the real tokens.
    """

    def __init__(self, folder: Path, *, name: str, device: str | torch.device = "cpu") -> None:
        """Load config, tokenizer and safetensors weights.

        MissingExtraError without `transformers`, UnsafeError for pickled weights, CheckpointError for another
        model family or for weights that lack a tensor of the text tower.
        """
        transformers = _import_transformers()
        self.name, self.revision = name, weights_sha256(folder)
        class_name, self._pooling = _family(folder)
        with quiet(transformers):
            self.model = _load_text_model(folder, getattr(transformers, class_name), self._pooling).to(device)
            self._tokenizer = _load_tokenizer(folder, transformers)
        config = self.model.config
        self.token_width = int(config.hidden_size)
        self.width = int(_vector_width(config, self._pooling))
        # RoBERTa counts positions from its padding id + 1, so the first ones are never used.
        unused = config.pad_token_id + 1 if config.model_type == "roberta" else 0
        self.max_tokens = int(config.max_position_embeddings) - unused

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "T D"]:
        """L2-normalised vector of each text. InputError if a text has more than `max_tokens` tokens."""
        lengths = self._lengths(texts)
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda row: lengths[row])
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            output, mask = self._run([texts[row] for row in rows])
            vectors[rows] = functional.normalize(self._pool(output, mask).float(), dim=-1).cpu().numpy()
        return vectors

    def tokens(self, texts: Sequence[str]) -> tuple[Float32[np.ndarray, "T S D"], Bool[np.ndarray, "T S"]]:
        """Last hidden state of every token, `token_width` wide, zero where the mask is false."""
        self._lengths(texts)
        output, mask = self._run(texts)
        features = output.last_hidden_state.float() * mask[..., None]
        return features.cpu().numpy(), mask.cpu().numpy()

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        lengths = [len(ids) for ids in self._tokenizer(list(texts))["input_ids"]] if len(texts) else []
        check_texts(texts, lengths, self.max_tokens, self.name)
        return lengths

    @torch.inference_mode()
    def _run(self, texts: Sequence[str]) -> tuple[Any, Bool[Tensor, "B S"]]:
        # SigLIP was trained on full-length padding without a mask: its vector sits on the last padded token.
        full = self._pooling == "pooled"
        inputs = self._tokenizer(
            list(texts),
            padding="max_length" if full else True,
            max_length=self.max_tokens if full else None,
            return_attention_mask=True,
            return_tensors="pt",
        ).to(self.model.device)
        mask = inputs["attention_mask"].bool()
        output = self.model(
            input_ids=inputs["input_ids"], attention_mask=None if full else inputs["attention_mask"]
        )
        return output, mask

    def _pool(self, output: Any, mask: Bool[Tensor, "B S"]) -> Tensor:
        if self._pooling == "projected":
            return output.text_embeds
        if self._pooling == "pooled":
            return output.pooler_output
        return (output.last_hidden_state * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def _import_transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError("transformers", "text", "this text encoder") from error
    return transformers


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Hold back the loading report, which lists every tensor of the image tower as unexpected."""
    verbosity = transformers.logging.get_verbosity()
    bars = transformers.logging.is_progress_bar_enabled()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(verbosity)
        if bars:
            transformers.logging.enable_progress_bar()


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a folder in the transformers format; MissingDataError or CheckpointError if it is no such."""
    path = folder / "config.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingDataError(
            f"{folder} has no config.json: expected a model folder in Hugging Face form"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not a readable JSON file: {error}") from error


def _family(folder: Path) -> tuple[str, str]:
    kind = read_config(folder).get("model_type")
    if kind not in _FAMILIES:
        raise CheckpointError(f"{folder} holds a {kind!r} model, expected one of {', '.join(_FAMILIES)}")
    return _FAMILIES[kind]


def weights_sha256(folder: Path) -> str:
    """Hash of all weight files: the plain sha256 of a single file, otherwise the hash of the shard hashes."""
    single = folder / "model.safetensors"
    files = [single] if single.is_file() else sorted(folder.glob("model-*-of-*.safetensors"))
    if not files:
        pickles = sorted(file.name for file in folder.glob("*.bin")) + sorted(
            file.name for file in folder.glob("*.pt")
        )
        if pickles:
            raise UnsafeError(
                f"{folder} only has pickled weights ({', '.join(pickles)}), which can run foreign code: "
                "get the model in safetensors form"
            )
        raise MissingDataError(
            f"{folder} has no model.safetensors: expected a model folder in Hugging Face form"
        )
    hashes = [file_sha256(file) for file in files]
    return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()


def _load_text_model(folder: Path, text_class: Any, pooling: str) -> Any:
    """Build the text class alone and fill it; tensors of an image tower in the same file are never read."""
    config = text_class.config_class.from_pretrained(folder)
    raw = read_config(folder)
    if pooling == "projected" and "projection_dim" in raw:
        # A joint CLIP config keeps the true size on top and may carry a stale one in its text section.
        config.projection_dim = raw["projection_dim"]
    options = {} if pooling != "mean" else {"add_pooling_layer": False}
    return load_complete(text_class, folder, "text tower", config, **options)


def load_complete(model_class: Any, folder: Path, what: str, config: Any, **options: Any) -> Any:
    """One tower of a checkpoint, float32, in evaluation mode, frozen; safetensors on this machine only.

    CheckpointError if the weights do not fit the config or a tensor of the tower is missing: transformers would
    leave it random.
    """
    from safetensors import SafetensorError

    try:
        model, report = model_class.from_pretrained(
            folder,
            config=config,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            **options,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"the weights in {folder} do not fit their config.json: {error}") from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise CheckpointError(
            f"{folder} lacks {len(missing)} tensors of its {what} ({', '.join(missing[:8])}), "
            "which would stay random: expected a complete checkpoint"
        )
    return model.float().eval().requires_grad_(False)


def _load_tokenizer(folder: Path, transformers: Any) -> Any:
    if not any((folder / name).is_file() for name in _VOCABULARY_FILES):
        # Without a vocabulary transformers makes an empty tokenizer, to which every word is the same.
        raise MissingDataError(f"{folder} has no tokenizer: expected one of {', '.join(_VOCABULARY_FILES)}")
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, **options)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"the tokenizer of {folder} cannot be read: {error}") from error


def _vector_width(config: Any, pooling: str) -> int:
    if pooling == "projected":
        return config.projection_dim
    if pooling == "pooled":
        return getattr(config, "projection_size", config.hidden_size)
    return config.hidden_size
