"""Phrase vectors: the shipped bank of known phrases, and the one call that embeds any phrase.

Most prompts are in the bank, so most runs load no text model at all. Nothing here imports torch.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
from jaxtyping import Float16, Float32

from partwise.encoders.cache import PhraseCache
from partwise.encoders.prompts import TEMPLATES, clean, clean_phrases, needs_category, prompts
from partwise.encoders.text import MINILM_REMEDY, TextEncoder
from partwise.errors import CheckpointError, InputError, MissingDataError
from partwise.files import atomic_path

_FORMAT = "partwise-textbank/1"
_HEADER_FIELDS = ("format", "encoder", "revision", "templates", "width", "attribution")
_BUILD_CHUNK = 256  # phrases between two calls of `progress`


@dataclass(frozen=True, eq=False)
class TextBank:
    """Known phrases with their vectors, for one encoder and one template set.

    `keys` are cleaned phrases, unique; row i of `vectors` belongs to keys[i] and has length 1 up to fp16.
    `revision` is the sha256 of the encoder's weights, `attribution` what must be said when sharing the file.
    """

    keys: tuple[str, ...]
    vectors: Float16[np.ndarray, "T D"]
    encoder: str
    revision: str
    templates: str = "part_only"
    attribution: str = ""
    _rows: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", {key: row for row, key in enumerate(self.keys)})
        if self.vectors.shape[0] != len(self.keys):
            raise CheckpointError(
                f"text bank has {len(self.keys)} phrases but {self.vectors.shape[0]} vectors"
            )
        if len(self._rows) != len(self.keys):
            raise CheckpointError(
                f"text bank repeats {len(self.keys) - len(self._rows)} phrases, expected unique ones"
            )
        if self.templates not in TEMPLATES or needs_category(self.templates):
            known = ", ".join(name for name in TEMPLATES if not needs_category(name))
            raise CheckpointError(
                f"text bank was made with template set {self.templates!r}, expected one of {known}"
            )

    @classmethod
    def load(cls, path: Path | str) -> TextBank:
        """Read a bank file; MissingDataError if there is none, CheckpointError if it is damaged."""
        from safetensors import SafetensorError, safe_open

        path = Path(path)
        if not path.is_file():
            raise MissingDataError(
                f"there is no text bank at {str(path)!r}: build one with `partwise textbank`"
            )
        try:
            with safe_open(path, framework="numpy") as file:
                header = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        # AttributeError and TypeError: a tensor of a dtype that numpy lacks.
        except (OSError, SafetensorError, AttributeError, TypeError) as error:
            raise CheckpointError(
                f"{path} cannot be read as a text bank: {error}; build or download it again"
            ) from error
        lacking = [name for name in _HEADER_FIELDS if name not in header]
        if header.get("format") != _FORMAT or lacking or tensors.keys() != {"keys", "vectors"}:
            raise CheckpointError(
                f"{path} is no text bank of format {_FORMAT}: found format {header.get('format')!r}, "
                f"tensors {sorted(tensors)}, lacking {lacking}"
            )
        keys, vectors = _read_keys(path, tensors["keys"]), tensors["vectors"]
        if vectors.dtype != np.float16 or vectors.ndim != 2 or str(vectors.shape[1]) != header["width"]:
            raise CheckpointError(
                f"{path}: vectors are {vectors.dtype} {vectors.shape}, "
                f"expected float16 (phrases, {header['width']})"
            )
        text = {name: header[name] for name in ("encoder", "revision", "templates", "attribution")}
        return cls(keys, vectors, **text)

    def save(self, path: Path | str) -> None:
        """Write the bank, all or nothing: a temporary file in the same folder, then a rename."""
        from safetensors.numpy import save

        tensors = {
            "keys": np.frombuffer("\n".join(self.keys).encode(), dtype=np.uint8),
            "vectors": self.vectors,
        }
        header = {
            "format": _FORMAT,
            "encoder": self.encoder,
            "revision": self.revision,
            "templates": self.templates,
            "width": str(self.width),
            "attribution": self.attribution,
        }
        with atomic_path(path) as temporary:
            temporary.write_bytes(save(tensors, metadata=header))

    @property
    def width(self) -> int:
        """Length D of a vector."""
        return self.vectors.shape[1]

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, phrase: str) -> bool:
        return clean(phrase) in self._rows

    def lookup(self, phrases: Sequence[str]) -> tuple[Float32[np.ndarray, "T D"], tuple[int, ...]]:
        """Unit vectors of the phrases, and the places of those the bank does not know (their rows are zero).

        CheckpointError if a stored vector is damaged (checked here, for the rows in use: `load` stays fast).
        """
        vectors = np.zeros((len(phrases), self.width), dtype=np.float32)
        missing = []
        for place, phrase in enumerate(phrases):
            row = self._rows.get(clean(phrase))
            if row is None:
                missing.append(place)
                continue
            vectors[place] = unit(self.vectors[row])
            if not abs(np.linalg.norm(self.vectors[row].astype(np.float32)) - 1) < 0.01:  # NaN fails too
                raise CheckpointError(
                    f"the bank's vector of {phrase!r} is not of length 1: build or download it again"
                )
        return vectors, tuple(missing)

    def nearest_known(self, phrase: str, k: int = 5) -> list[str]:
        """Up to k known phrases, most alike in spelling first (shared letter triples, Dice)."""
        wanted = _triples(clean(phrase))

        def likeness(key: str) -> float:
            triples = _triples(key)
            return 2 * len(wanted & triples) / (len(wanted) + len(triples))

        return [key for key in heapq.nlargest(k, self.keys, key=likeness) if likeness(key) > 0]


class PhraseEmbedder:
    """Embeds phrases from the bank, then from the disk cache, then with the encoder, opened only if needed.

    Every source passes through fp16, so a vector does not depend on where it came from.
    """

    def __init__(
        self,
        bank: TextBank | None,
        encoder: Callable[[], TextEncoder] | TextEncoder | None = None,
        templates: str = "part_only",
        cache_dir: Path | str | None = None,
    ) -> None:
        """`encoder` may be a function that opens one (`load_minilm`), called at the first unknown phrase;
        `cache_dir` None is the user's cache folder.

        InputError if there is neither bank nor encoder, or if the bank was made with other templates.
        """
        if bank is None and encoder is None:
            raise InputError(
                "expected a text bank or a text encoder, found neither: one of them must know the words"
            )
        if templates not in TEMPLATES:
            raise InputError(f"unknown template set {templates!r}, expected one of {', '.join(TEMPLATES)}")
        if bank is not None and bank.templates != templates:
            raise InputError(
                f"the text bank was made with template set {bank.templates!r}, asked for {templates!r}: "
                "their vectors do not mix, use the same set or no bank"
            )
        self.bank, self.templates = bank, templates
        self._encoder = encoder
        self._cache = PhraseCache(cache_dir)

    def embed(self, phrases: Sequence[str], category: str | None = None) -> Float32[np.ndarray, "T D"]:
        """Unit vector of each phrase: the normalised mean of its normalised prompt vectors.

        `category` is for template sets that name the object. InputError for phrases that cannot be asked,
        MissingDataError with the nearest known phrases if a phrase needs a text model and none is at hand.
        """
        words = clean_phrases(phrases)
        if self.bank is not None:
            vectors, missing = self.bank.lookup(words)
            if not missing:
                return vectors
            vectors[list(missing)] = self._embed_unknown([words[place] for place in missing], category)
            return vectors
        return self._embed_unknown(words, category)

    def _embed_unknown(self, words: Sequence[str], category: str | None) -> Float32[np.ndarray, "T D"]:
        asked = [prompts(phrase, self.templates, category) for phrase in words]
        # The bank tells which encoder it belongs to, so a cached phrase costs no model either.
        revision = self.bank.revision if self.bank is not None else self.open_encoder(words).revision
        rows = [self._cache.read(revision, texts) for texts in asked]
        absent = [place for place, row in enumerate(rows) if row is None]
        if absent:
            encoder = self.open_encoder([words[place] for place in absent])
            fresh = mean_vectors(encoder, [asked[place] for place in absent])
            for place, row in zip(absent, fresh, strict=True):
                self._cache.write(revision, asked[place], row)
                rows[place] = row
        return np.stack([unit(row) for row in rows if row is not None])

    def open_encoder(self, words: Sequence[str]) -> TextEncoder:
        """The text encoder itself, opened at the first call; `words` are what it is needed for, for the message.

        MissingDataError if there is none, CheckpointError if it is not the one the bank was made with.
        """
        if self._encoder is None:
            raise self._missing(words, f"none was given; {MINILM_REMEDY}")
        if not isinstance(self._encoder, TextEncoder):
            try:
                self._encoder = self._encoder()
            except MissingDataError as error:
                raise self._missing(words, str(error)) from error
        if self.bank is not None and self._encoder.revision != self.bank.revision:
            raise CheckpointError(
                f"the text bank belongs to {self.bank.encoder} ({self.bank.revision[:12]}), the encoder is "
                f"{self._encoder.name} ({self._encoder.revision[:12]}): their vectors do not mix"
            )
        return self._encoder

    def _missing(self, words: Sequence[str], reason: str) -> MissingDataError:
        known = []
        for phrase in words[:5]:
            near = self.bank.nearest_known(phrase) if self.bank is not None else []
            known.append(f"{phrase!r} (known and spelled alike: {', '.join(near) or 'none'})")
        more = f" and {len(words) - 5} more" if len(words) > 5 else ""
        return MissingDataError(
            f"not in the text bank: {'; '.join(known)}{more}. "
            f"Ask a known phrase, or provide a text model: {reason}"
        )


def build_bank(
    phrases: Iterable[str],
    encoder: TextEncoder,
    templates: str = "part_only",
    attribution: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> TextBank:
    """Embed a word list; repeats after cleaning are merged and the keys are sorted.

    `progress(done, total)` is called every few hundred phrases. InputError for no phrase at all, for an empty
    phrase, and for a template set that needs a category (a bank has no object to name).
    """
    if templates in TEMPLATES and needs_category(templates):
        raise InputError(
            f"template set {templates!r} names the object, a bank has none: use 'part_only' or 'plain'"
        )
    asked = {clean(phrase): prompts(phrase, templates) for phrase in phrases}
    if not asked:
        raise InputError("expected at least one phrase for the text bank, found none")
    # By length, so that a batch holds texts of about the same length; the bank itself is sorted by letters.
    keys = sorted(asked, key=len)
    rows: dict[str, np.ndarray] = {}
    for start in range(0, len(keys), _BUILD_CHUNK):
        chunk = keys[start : start + _BUILD_CHUNK]
        rows.update(zip(chunk, mean_vectors(encoder, [asked[key] for key in chunk]), strict=True))
        if progress is not None:
            progress(len(rows), len(keys))
    keys = sorted(rows)
    vectors = np.stack([rows[key] for key in keys])
    return TextBank(tuple(keys), vectors, encoder.name, encoder.revision, templates, attribution)


def read_phrases(path: Path | str) -> list[str]:
    """Phrases of a UTF-8 text file, one per line; blank lines and lines that start with `#` are skipped."""
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(
            f"there is no word list at {str(path)!r}: expected a text file with one phrase per line"
        )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def default_bank_path() -> Path:
    """The bank that comes with the package: MiniLM, template set `part_only`."""
    return Path(str(resources.files("partwise") / "data" / "textbank_minilm.safetensors"))


def mean_vectors(encoder: TextEncoder, asked: Sequence[Sequence[str]]) -> Float16[np.ndarray, "T D"]:
    """One fp16 vector per prompt list: mean of the normalised prompt vectors, normalised again.

    The order matters: the mean of unnormalised vectors is another direction.
    """
    flat = encoder.encode([text for texts in asked for text in texts])
    each = flat.reshape(len(asked), -1, encoder.width)  # every list has the same number of templates
    return unit(each.mean(axis=1)).astype(np.float16)


def unit(vectors: np.ndarray) -> Float32[np.ndarray, "*T D"]:
    """Scale to length 1 along the last axis, in fp32."""
    wide = vectors.astype(np.float32)
    return wide / np.linalg.norm(wide, axis=-1, keepdims=True)


def _read_keys(path: Path, data: np.ndarray) -> tuple[str, ...]:
    try:
        return tuple(data.tobytes().decode("utf-8").split("\n"))
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{path}: the phrases are not UTF-8 text ({error}); build or download it again"
        ) from error


def _triples(text: str) -> set[str]:
    padded = f" {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}
