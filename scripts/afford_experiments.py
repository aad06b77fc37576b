"""What makes an affordance head carry over to categories that it has not met: arms on the same encoded shapes.

    python scripts/afford_experiments.py encode out/heads OBJECTS   # shapes through the frozen encoder, once
    python scripts/afford_experiments.py run out/heads              # every arm that has no result yet
    python scripts/afford_experiments.py report out/heads           # benchmarks/results/afford_experiments.json

A quarter of the training categories is set aside to choose by. The encoder has met those, so another set is asked
too: teapot, toilet, umbrella and truck, of which it has met a few real ones and no procedural one, and the heads
nothing. The categories of the head's card are in none of this.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from partwise import Segmenter, Shape
from partwise.datasets.named_actions import Guess, GuessedObjects
from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.datasets.sample import Sample
from partwise.datasets.world.surface import Scan
from partwise.encoders.actions import ACTIONS, new_wording, trained_wordings, unrelated
from partwise.encoders.asking import open_embedder
from partwise.encoders.prompt import Prompt
from partwise.evaluate.heat import Offer, offer_auc, offer_threshold, part_shares
from partwise.files import atomic_path
from partwise.layers.patches import group, membership_mean
from partwise.layers.surroundings import surroundings
from partwise.look import Look
from partwise.metrics.heat import heat_scores
from partwise.models.finish import Finish, strength_of
from partwise.models.las import Las, Seen, seen_by
from partwise.models.patchalign3d import PatchEmbedding
from partwise.models.pointalign3d import PointAlign3D
from partwise.points import gather
from partwise.train import afford as recipe
from partwise.train.augment import augmented

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

NAMES = list(ACTIONS)
# Training shapes and the points of each that heads learn from; tested shapes a category, of each of two kinds.
SHAPES, ANSWERED, EACH, HARDLY_EACH = 4800, 256, 3, 20
# Real objects beside them, whose actions are guessed; their category is this.
REAL_SHAPES, NO_CATEGORY = 1200, -1
# To which logit the hottest places are brought where a way levels them.
LEVEL = 3.5
HARDLY_MET = ("teapot", "toilet", "umbrella", "truck")
QUIET = {"word_noise": 0.0, "shape_noise": 0.0}
SHORT = {"steps": 300, "updates": 3}
PRODUCT = {"head": replace(recipe.SMALL.head, geometry=0), **SHORT}
ARMS: dict[str, dict[str, Any]] = {
    "product": PRODUCT,
    "product, no noise, no share loss": {**PRODUCT, **QUIET, "share_weight": 0.0},
    "product, no noise": {**PRODUCT, **QUIET},
    "product, share loss three times": {**PRODUCT, "share_weight": 3.0},
    "product and geometry": SHORT,
    "product and geometry, four times the updates": {},
    "the same, a quarter of real objects": {"real": recipe.REAL},
}


def encode(folder: Path, objects: Path) -> None:
    """Training shapes as the recipe changes them, and both sets of tested shapes as they are, through the encoder."""
    folder.mkdir(parents=True, exist_ok=True)
    segmenter = Segmenter.from_pretrained(head=False)
    categories = training_categories()
    encode_training(folder / "train.npz", segmenter, objects)
    encode_tested(folder / "known.npz", segmenter, categories, EACH, 1_500_007)
    encode_tested(folder / "hardly.npz", segmenter, HARDLY_MET, HARDLY_EACH, 1_500_009)


def shapes(seed: int, categories: Sequence[str], count: int) -> ProceduralShapes:
    """Shapes of the world as the recipe scans them."""
    return ProceduralShapes(seed, categories, Scan(points=recipe.SMALL.points, kind="mixed"), count)


def training_sample(index: int, world: ProceduralShapes, real: GuessedObjects) -> Guess:
    """Shape `index` of the training set: first the world's, of which all is known, then the real ones."""
    if index < SHAPES:
        return Guess(world[index], frozenset())
    return real.drawn(np.random.default_rng([recipe.SMALL.seed, index]))


def heat_of(
    sample: Sample, rows: np.ndarray, doubtful: Set[str] = frozenset()
) -> tuple[np.ndarray, np.ndarray]:
    """Heat (N,A) of all actions at these rows, and (A,) 1 where offered, -1 where surely not, 0 for neither."""
    heat, offered = np.zeros((len(rows), len(NAMES)), np.float16), np.zeros(len(NAMES), np.int8)
    for column, action in enumerate(NAMES):
        if action in sample.affordances:
            whole = sample.heat[:, sample.affordances.index(action)]
            heat[:, column], offered[column] = whole[rows], 1
        elif action not in doubtful and unrelated(action, sample.affordances):
            offered[column] = -1
    return heat, offered


def encode_training(path: Path, segmenter: Segmenter, objects: Path) -> None:
    """TRAIN.npz: points (S,2048,3), vectors (S,256,E), heat (S,256,A), offered (S,A), category (S,); half precision."""
    config, categories = recipe.SMALL, training_categories()
    world, encoder = shapes(config.seed, categories, SHAPES), segmenter.model
    real = GuessedObjects(objects, config.points, config.seed)
    assert isinstance(encoder, PointAlign3D), "the model needs a point decoder"
    kept: dict[str, list[np.ndarray]] = {"points": [], "vectors": [], "heat": [], "offered": []}
    for start in range(0, SHAPES + REAL_SHAPES, config.batch):
        batch = []
        for index in range(start, start + config.batch):
            guess, rng = training_sample(index, world, real), np.random.default_rng([config.seed, index])
            sample = guess.sample
            points, chosen = augmented(
                sample.points, sample.labels, config.augment, config.points, "unit_sphere", rng
            )
            heat, offered = heat_of(sample, chosen[:ANSWERED], guess.doubtful)
            batch.append(points)
            kept["heat"].append(heat)
            kept["offered"].append(offered)
        with torch.no_grad():
            seen = seen_by(encoder(torch.from_numpy(np.stack(batch)), ANSWERED))
        assert seen.vectors is not None, "a point decoder gives vectors"
        kept["points"] += list(np.stack(batch).astype(np.float16))
        kept["vectors"] += list(seen.vectors.half().numpy())
    category = np.arange(SHAPES + REAL_SHAPES) % len(categories)
    category[SHAPES:] = NO_CATEGORY
    save_arrays(path, kept, category)


def encode_tested(path: Path, segmenter: Segmenter, categories: Sequence[str], each: int, seed: int) -> None:
    """As for training, but all 2,048 points in the order of the anchors; and figures (S,A,2) of the found prior."""
    kept: dict[str, list[np.ndarray]] = {
        name: [] for name in ("points", "vectors", "heat", "offered", "found")
    }
    for sample in shapes(seed, categories, len(categories) * each):
        look = segmenter.look(Shape.of(sample.points, up="y"), points=recipe.SMALL.points, draws=1)
        rows = np.argsort(look.anchors.point_row)
        heat, offered = heat_of(sample, rows)
        offered[(offered == 1) & (heat.max(axis=0) < 0.5)] = 0  # passed over, as in `evaluate_heat`
        with torch.inference_mode():
            seen = seen_by(look.embedding)
        assert seen.vectors is not None, "a point decoder gives vectors"
        kept["points"].append(look.anchors.canonical.astype(np.float16))
        kept["vectors"].append(seen.vectors[0].half().numpy())
        kept["heat"].append(heat)
        kept["offered"].append(offered)
        kept["found"].append(found_figures(segmenter, look, sample, rows, heat, offered))
    save_arrays(path, kept, np.arange(len(kept["points"])) % len(categories))


def save_arrays(path: Path, kept: dict[str, list[np.ndarray]], category: np.ndarray) -> None:
    """The file, with the number of each shape's category."""
    arrays: dict[str, Any] = {name: np.stack(values) for name, values in kept.items()}
    np.savez(path, **arrays, category=category)


def found_figures(
    segmenter: Segmenter,
    look: Look,
    sample: Sample,
    rows: np.ndarray,
    heat: np.ndarray,
    offered: np.ndarray,
) -> np.ndarray:
    """SIM and aIoU (A,2) of the baseline "found prior", see `evaluate_heat`; NaN where it has no say."""
    figures, names = np.full((len(NAMES), 2), np.nan), list(dict.fromkeys(p.name for p in sample.parts))
    if len(names) > 1:
        scores = segmenter.segment(look, names, voting="none").scores[rows]
        for column in np.flatnonzero(offered == 1):
            share = part_shares(names, NAMES[column], segmenter.embedder)
            map_, target = (scores @ share).clip(0, 1), heat[:, column]
            found = heat_scores(map_[None].astype(np.float64), target[None].astype(np.float64))
            figures[column] = found.sim[0], found.aiou[0]
    return figures


class Encoded:
    """One of the files, with what heads read: unit vectors, and the surroundings of the points that have them."""

    def __init__(self, path: Path) -> None:
        content = np.load(path)
        self.vectors, self.heat = torch.from_numpy(content["vectors"]), torch.from_numpy(content["heat"])
        self.points, self.offered = torch.from_numpy(content["points"]), content["offered"]
        self.category = content["category"]
        self.found = content.get("found")
        count = self.vectors.shape[1]
        around = []
        for start in range(0, len(self.points), 32):
            patches = self.patches(np.arange(start, min(start + 32, len(self.points))))
            swapped = patches.points[:, :count, [0, 2, 1]]
            around.append(surroundings(swapped, patches.patches, up=2).half())
        self.around = torch.cat(around)

    def patches(self, rows: np.ndarray) -> PatchEmbedding:
        """The patches of these shapes as the encoder makes them, without tokens."""
        points = self.points[rows].float()
        patches = group(points[..., [0, 2, 1]], points.shape[1] // 16, 32, "plain")
        nothing = points.new_zeros(len(points), patches.centers.shape[1], 1)
        return PatchEmbedding(points, patches, nothing, nothing)

    def seen(self, rows: np.ndarray) -> Seen:
        """What a head without a transformer reads of these shapes."""
        nothing = torch.zeros(len(rows), 2, 3)
        vectors, around = self.vectors[rows].float(), self.around[rows].float()
        return Seen(self.points[rows, : vectors.shape[1]].float(), nothing, nothing, vectors, around)


class Kept(torch.nn.Module):
    """In the encoder's place: what it saw of each batch."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, points: Tensor, answered: int) -> Seen:
        """The same again."""
        return self.seen


def train(config: recipe.AffordConfig, data: Encoded, rows: np.ndarray) -> tuple[Las, float]:
    """The recipe on these rows, epoch after epoch: the averaged head, and seconds of processor time."""
    torch.manual_seed(config.seed)
    head, rng, started = Las(config.head), np.random.default_rng(config.seed), time.process_time()
    averaged = Las(config.head).requires_grad_(False)
    averaged.load_state_dict(head.state_dict())
    optimizer = torch.optim.AdamW(recipe.parameter_groups(head, config), weight_decay=config.weight_decay)
    words = wordings()
    order: list[int] = []
    for step in range(config.steps):
        if len(order) < config.batch:
            order = rng.permutation(rows).tolist()
        taken, order = np.array(order[: config.batch]), order[config.batch :]
        batch = make_batch(config, data, taken, words, rng)
        recipe.train_step(head, Kept(data.seen(taken)), batch, optimizer, config, step)
        recipe.update_average(averaged, head, min(config.average, (step + 1) / (step + 11)))
    return averaged.eval(), time.process_time() - started


def wordings() -> list[Tensor]:
    """For each action the vectors of the wordings that training draws from."""
    embedder = open_embedder("minilm", None, "part_only")
    return [torch.from_numpy(embedder.embed(list(trained_wordings(action)))) for action in NAMES]


def make_batch(
    config: recipe.AffordConfig,
    data: Encoded,
    rows: np.ndarray,
    words: list[Tensor],
    rng: np.random.Generator,
) -> recipe.Batch:
    """Questions as the recipe asks them: up to half of them for offered actions, the rest for others."""
    asked = np.empty((len(rows), config.questions), dtype=np.int64)
    for place, row in enumerate(rows):
        own = rng.permutation(np.flatnonzero(data.offered[row] == 1))[: max(1, config.questions // 2)]
        absent = rng.permutation(np.flatnonzero(data.offered[row] == -1))[: config.questions - len(own)]
        asked[place] = np.resize(np.concatenate([own, absent]), config.questions)
    heat = torch.stack([data.heat[row][:, asked[i]] for i, row in enumerate(rows)]).float()
    vectors = [
        torch.stack([words[action][rng.integers(len(words[action]))] for action in row]) for row in asked
    ]
    prompt = Prompt(vectors=torch.stack(vectors))
    return recipe.Batch(data.points[rows].float(), prompt, heat, heat.amax(dim=1) >= 0.5)


@torch.inference_mode()
def figures(head: Las, data: Encoded, rows: np.ndarray, words: Tensor, above: float) -> dict[str, Any]:
    """Means over the maps of offered actions for every finish, and the found prior's on the same maps."""
    maps: dict[str, list[np.ndarray]] = {}
    offers: list[Offer] = []
    for start in range(0, len(rows), 16):
        part = rows[start : start + 16]
        logits, offered = head.logits(data.seen(part), Prompt(vectors=words)), data.offered[part]
        strength = strength_of(torch.sigmoid(logits))
        for shape, action in np.argwhere(offered != 0):
            sure = bool(offered[shape, action] == 1)
            offers.append(Offer(NAMES[action], float(strength[shape, action]), sure))
        shape, action = np.nonzero(offered == 1)
        target = data.heat[part][shape, :, action].double().numpy()
        for name, heat in finished(logits, strength, above, data.patches(part)).items():
            found = heat_scores(heat[shape, :, action].double().numpy(), target)
            maps.setdefault(name, []).append(np.stack([found.sim, found.aiou], axis=1))
        if data.found is not None:
            maps.setdefault("found prior", []).append(data.found[part][shape, action])
    means = {name: np.nanmean(np.concatenate(values), axis=0) for name, values in maps.items()}
    result: dict[str, Any] = {
        name: {"sim": float(sim), "aiou": float(iou)} for name, (sim, iou) in means.items()
    }
    maps_count = sum(len(values) for values in maps["sigmoid"])
    return {**result, "maps": maps_count, "auc": offer_auc(offers), "threshold": offer_threshold(offers)}


def finished(logits: Tensor, strength: Tensor, above: float, patches: PatchEmbedding) -> dict[str, Tensor]:
    """Heat (B,N,A) of the same logits in several ways; "sigmoid" is the one that ships."""
    swapped, within = patches.points[..., [0, 2, 1]], patches.patches
    smooth = membership_mean(swapped, within, gather(logits, within.index).mean(dim=2))
    top = logits.topk(logits.shape[1] // Finish.HOTTEST, dim=1).values.mean(dim=1, keepdim=True)
    ways = {
        "both": Finish(level=LEVEL),
        "both, level 2.5": Finish(level=2.5),
        "both, level 4.5": Finish(level=4.5),
    }
    return {
        "sigmoid": torch.sigmoid(logits),
        "sharper": torch.sigmoid(logits) ** 2,
        "smoothed": torch.sigmoid(smooth),
        "levelled": torch.sigmoid(logits - top + LEVEL),
        **{name: way.heat(logits, strength, above, patches) for name, way in ways.items()},
    }


def run(folder: Path) -> None:
    """Train and ask every arm that has no result yet."""
    torch.set_num_threads(1)
    embedder = open_embedder("minilm", None, "part_only")
    plain = torch.from_numpy(embedder.embed(NAMES))
    new = torch.from_numpy(embedder.embed([new_wording(action) for action in NAMES]))
    data, known, hardly = (Encoded(folder / f"{name}.npz") for name in ("train", "known", "hardly"))
    categories = len(training_categories())
    aside = np.random.default_rng(5).permutation(categories)[::4]
    apart = np.isin(known.category, aside)
    sides = {
        "used": (known, np.flatnonzero(~apart)[::3]),
        "set aside": (known, np.flatnonzero(apart)),
        "hardly met": (hardly, np.arange(len(hardly.points))),
    }
    for arm, changes in ARMS.items():
        path = folder / f"{arm}.json"
        if path.is_file():
            continue
        config = replace(recipe.SMALL, **changes)
        left_out = [*aside, *([] if config.real else [NO_CATEGORY])]
        head, seconds = train(config, data, np.flatnonzero(~np.isin(data.category, left_out)))
        above = float(figures(head, known, sides["used"][1], plain, 0.5)["threshold"])
        result: dict[str, Any] = {"training seconds": round(seconds, 1), "offered_above": above}
        for side, (shapes_, rows) in sides.items():
            result[side] = figures(head, shapes_, rows, plain, above)
            if side != "used":
                result[f"{side}, new wording"] = figures(head, shapes_, rows, new, above)["both"]
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(result), encoding="utf-8")
        print(arm, json.dumps(result), flush=True)


def report(folder: Path) -> None:
    """benchmarks/results/afford_experiments.json of the arms that have a result, and their table for the docs."""
    from machine import save

    paths = {arm: folder / f"{arm}.json" for arm in ARMS}
    results = {arm: json.loads(path.read_text()) for arm, path in paths.items() if path.is_file()}
    save("afford_experiments", {"hardly met": list(HARDLY_MET), "shapes": SHAPES, "arms": results})
    sides = ("used", "set aside", "hardly met")
    for arm, result in results.items():
        for finish in [name for name in result["used"] if isinstance(result["used"][name], dict)]:
            cells = (f"{result[s][finish]['sim']:.3f} / {result[s][finish]['aiou']:.3f}" for s in sides)
            print(f"| {arm} | {finish} | {' | '.join(cells)} |")


def main() -> None:
    """One of the three commands."""
    command, *folders = sys.argv[1:]
    {"encode": encode, "run": run, "report": report}[command](*map(Path, folders))


if __name__ == "__main__":
    main()
