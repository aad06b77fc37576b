"""Pictures that go with the questions of the affordance recipe: those of a data set, or simulated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from torch import Tensor

from partwise.checks import derived_seed
from partwise.datasets.procedural import training_categories
from partwise.encoders.pixels import PictureEncoder, picture_tokens
from partwise.errors import InputError, MissingDataError
from partwise.io.photo import read_photo
from partwise.train.affordance_presets import AffordanceConfig
from partwise.train.pictures import SimulatedPictures

# {category: {label: files}}, as the pairs of PIAD and PIADv2 have them.
Pictures = Mapping[str, Mapping[str, Sequence[Path]]]
# Tokens of a picture take about 0.4 MB at the sizes of DINOv2-base; what is beyond is encoded again at each visit.
KEPT_PICTURES = 4000
# Simulated pictures of the validation come from a seed far from that of training.
VALIDATION_SEED = 977


@runtime_checkable
class PictureSource(Protocol):
    """Tokens of a picture of an action on an object of a category.

    `plain` is always the same one, which validation asks with; `drawn` is any other if there is another.
    """

    def plain(self, category: str, label: str) -> Float[Tensor, "Q V"]: ...

    def drawn(self, category: str, label: str, rng: np.random.Generator) -> Float[Tensor, "Q V"]: ...


@dataclass
class ListedPictures:
    """Files of a data set, each encoded when it is first asked for, on the processor.

    Which picture it is says no more than object and action (PIAD: its labels tell about the object, not the image), so
    any picture of the two goes with any cloud of that object, as in training there. A label that no picture shows on a
    category is shown on others.
    """

    encoder: PictureEncoder
    pictures: Pictures
    _tokens: dict[Path, Float[Tensor, "Q V"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises MissingDataError for a file that is not there, before any work is done."""
        every = [path for of_label in self.pictures.values() for paths in of_label.values() for path in paths]
        absent = [path for path in every if not path.is_file()]
        if absent:
            raise MissingDataError(
                f"{len(absent)} of {len(every)} pictures are not there, such as {absent[0]}: give the folder of "
                "the official copy as --images"
            )

    def plain(self, category: str, label: str) -> Float[Tensor, "Q V"]:
        """The first picture."""
        return self._read(self._files(category, label)[0])

    def drawn(self, category: str, label: str, rng: np.random.Generator) -> Float[Tensor, "Q V"]:
        """Any but the first."""
        files = self._files(category, label)
        return self._read(files[int(rng.integers(min(1, len(files) - 1), len(files)))])

    def _files(self, category: str, label: str) -> Sequence[Path]:
        own = self.pictures.get(category, {}).get(label, ())
        found = own or [path for of_label in self.pictures.values() for path in of_label.get(label, ())]
        if not found:
            raise InputError(f"no picture shows {label!r}: leave the label out")
        return found

    def _read(self, path: Path) -> Float[Tensor, "Q V"]:
        tokens = self._tokens.get(path)
        if tokens is None:
            tokens = picture_tokens([read_photo(path)], self.encoder)[0].cpu().half()
            if len(self._tokens) < KEPT_PICTURES:
                self._tokens[path] = tokens
        return tokens.float()


@dataclass
class DrawnPictures:
    """SIMULATED pictures (`train.pictures`) for data that have none; they show an action on any category."""

    training: SimulatedPictures
    validation: SimulatedPictures

    def plain(self, category: str, label: str) -> Float[Tensor, "Q V"]:
        """The one picture of validation."""
        return self.validation.any_tokens(label, np.random.default_rng(VALIDATION_SEED))

    def drawn(self, category: str, label: str, rng: np.random.Generator) -> Float[Tensor, "Q V"]:
        """A picture of training."""
        return self.training.any_tokens(label, rng)


def open_pictures(config: AffordanceConfig, pictures: Pictures | None) -> PictureSource | None:
    """What a run shows: the pictures of its data, simulated ones without data, None for a model that reads words alone.

    Raises InputError for data whose pictures are not given, for pictures that nobody reads, and what opening encoder
    and files raises.
    """
    if config.pictures is None:
        if pictures is not None:
            raise InputError(
                "there are pictures to show, but no encoder to read them: name one as --pictures"
            )
        if config.asked[1] == 1:
            raise InputError(
                "these settings ask in pictures alone, and there is no encoder to read them: name one as --pictures"
            )
        return None
    encoder = config.pictures.open()
    if pictures is not None:
        return ListedPictures(encoder, pictures)
    if config.data is not None:
        raise InputError(
            f"the pictures of {config.data.dataset} are not in its converted layout: give the folder of the official "
            "copy as --images, or leave --pictures out"
        )
    seeds = (config.seed, derived_seed(config.seed, VALIDATION_SEED))
    return DrawnPictures(*(SimulatedPictures(encoder, training_categories(), seed) for seed in seeds))
