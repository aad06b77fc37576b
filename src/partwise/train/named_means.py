"""Asks an encoder that was taught no words: a name is what the encoder itself says where that name is.

Phrases cannot be compared with features of a vision model, nor with tokens of Point-MAE. The mean over the points of
labelled shapes that carry a name can, and stands for the name in the user's own `Segmenter`: the nearest-class-mean
classifier (Mensink et al., Distance-Based Image Classification, TPAMI 2013), by cosine. No weight changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor
from tqdm import tqdm

from partwise.anchors import sample_anchors
from partwise.datasets.sample import Sample
from partwise.encoders.bank import PhraseEmbedder, TextBank
from partwise.encoders.prompts import clean
from partwise.errors import InputError
from partwise.evaluate.conditions import Condition
from partwise.evaluate.parts import MeanScores, evaluate_parts, mean_scores
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, from_patch_encoder, propagate
from partwise.models.pointmae import PointMAE, encoder_of
from partwise.predict import Segmenter, SegmenterConfig
from partwise.shape import Shape

# Shapes that a name's mean is taken over, at most, so that a validation takes seconds.
EACH = 8
NAMED_COLUMNS = ("miou", "largest_part")


@dataclass(frozen=True)
class NamedShapes:
    """Labelled shapes: some to take names from, others to ask about by these names.

    known     shapes whose features make the names, EACH of a name where there are so many
    asked     shapes to ask about; a point whose name no other shape has is -1 and not scored
    left_out  how many more there were, with fewer than two names that others have
    """

    known: tuple[Sample, ...]
    asked: tuple[Sample, ...]
    left_out: int

    @classmethod
    def chosen(cls, labelled: Iterable[Sample], held_out: Iterable[Sample], seed: int) -> NamedShapes:
        """Names from `labelled`, questions about `held_out`; which shapes stand for a name follows from the seed.

        Raises InputError if no shape is left to ask about.
        """
        labelled, asked = list(labelled), []
        names = {name for shape in labelled for name in _shown(shape).values()}
        held_out = list(held_out)
        for shape in held_out:
            shared = {label: name for label, name in _shown(shape).items() if name in names}
            first = {
                name: label for label, name in reversed(shared.items())
            }  # two "leg" and "Leg" are one question
            if len(first) > 1:
                labels = np.full_like(shape.labels, -1)
                for label, name in shared.items():
                    labels[shape.labels == label] = first[name]
                asked.append(replace(shape, labels=labels))
        if not asked:
            raise InputError(
                f"none of {len(held_out)} shapes to ask about has two names that one of {len(labelled)} others has: "
                "give labelled shapes of more kinds"
            )
        wanted = Counter({name: EACH for shape in asked for name in _shown(shape).values()})
        known = []
        for number in np.random.default_rng(seed).permutation(len(labelled)):
            still = {name for name in _shown(labelled[number]).values() if wanted[name] > 0}
            wanted.subtract(still)
            if still:
                known.append(labelled[number])
        return cls(tuple(known), tuple(asked), len(held_out) - len(asked))

    def ask(self, model: PatchAlign3D, config: SegmenterConfig) -> MeanScores:
        """Mean scores of the user's own Segmenter, asked as `config` says by the names as this model sees them now."""
        embedder = PhraseEmbedder(name_bank(model.eval(), self.known, config))
        return mean_scores(evaluate_parts(Segmenter(model, embedder, config), self.asked, Condition()))

    def columns(self, model: PatchAlign3D, config: SegmenterConfig) -> dict[str, float]:
        """Instance mIoU of `ask`, and that of calling everything the shape's largest part: said, and for the curves."""
        scores = self.ask(model, config)
        tqdm.write(
            f"mIoU {scores.instance:.4f} of {scores.shapes} labelled shapes by the means of {len(self.known)} others, "
            f"{self.left_out} left out; largest part everywhere {scores.largest:.4f}"
        )
        return dict(zip(NAMED_COLUMNS, (scores.instance, scores.largest), strict=True))


@torch.inference_mode()
def name_bank(model: PatchAlign3D, shapes: Sequence[Sample], config: SegmenterConfig) -> TextBank:
    """A vector for every name that labelled shapes show: the mean of its unit means on each of them, all alike."""
    device = model.head.weight.device
    sums: dict[str, Tensor] = {}
    for shape in shapes:
        anchors = sample_anchors(Shape.of(shape.points, up="y"), config.points, config.box, 0)
        embedding = model(torch.from_numpy(anchors.canonical)[None].to(device))
        features = propagate(embedding, embedding.features, config.propagation)[0].float().cpu()
        for label, mean in unit_means(features[anchors.point_row], shape.labels).items():
            name = clean(shape.parts[label].name)
            sums[name] = sums.get(name, torch.zeros_like(mean)) + mean
    names = sorted(sums)
    vectors = F.normalize(torch.stack([sums[name] for name in names]), dim=-1).numpy()
    if not np.isfinite(vectors).all():
        raise InputError(
            "the encoder's features are not finite: its training has diverged, so lower the rate"
        )
    return TextBank(tuple(names), vectors.astype(np.float16), encoder="means of names", revision="")


def as_patchalign(model: PointMAE) -> PatchAlign3D:
    """The encoder of a Point-MAE or CMAT as a PatchAlign3D whose features are the tokens themselves."""
    sizes = model.config.encoder
    narrow, middle, wide = sizes.token_hidden
    twin = PatchAlign3D(
        PatchAlign3DConfig(
            groups=sizes.groups,
            group_size=sizes.group_size,
            token_hidden=(narrow, middle, wide),
            token_width=sizes.width,
            width=sizes.width,
            depth=sizes.depth,
            heads=sizes.heads,
            drop_path=0.0,
            text_width=sizes.width,
            farthest_rule=sizes.farthest_rule,
            class_token=False,
        )
    )
    state = {key: value.cpu() for key, value in encoder_of(model.state_dict()).items()}
    head = {"head.weight": torch.eye(sizes.width), "head.bias": torch.zeros(sizes.width)}
    twin.load_state_dict({**from_patch_encoder(state), **head})
    return twin.to(model.mask_token.device)


def unit_means(
    features: Float[Tensor, "N D"], labels: Integer[np.ndarray, "N"]
) -> dict[int, Float[Tensor, "D"]]:
    """Label -> mean of its points' features, of length 1; points of label -1 belong to none."""
    given = torch.from_numpy(np.asarray(labels, dtype=np.int64))
    return {
        int(label): F.normalize(features[given == label].mean(dim=0), dim=0)
        for label in given.unique()
        if label >= 0
    }


def _shown(shape: Sample) -> dict[int, str]:
    """Label -> clean name of the parts that some point shows."""
    return {int(label): clean(shape.parts[label].name) for label in np.unique(shape.labels) if label >= 0}
