"""From a protocol and its data to questions: which points, which words, and the truth that answers are held against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Float32, Int32, Int64, UInt8

from partwise.datasets.converted import Pair
from partwise.datasets.converted_item import Item
from partwise.errors import InputError
from partwise.evaluate.protocol import DATA_NAMES, Protocol, key_of, load_names, rotation_of
from partwise.evaluate.sources import Source
from partwise.farthest import farthest_points
from partwise.points import choose

NONE = -1
# The word of the label for what fits no part, where a protocol has one.
OTHER = "other"


@dataclass(frozen=True)
class Question:
    """One sample as a protocol asks about it. M of the N points of its file are asked about and scored.

    key       names the sample in results, logs and prediction files
    object    what a bootstrap draws together
    points    (N,3) of the file, turned where the protocol turns them
    colors    (N,3) RGB where the file has them
    faces     (F,3) where all vertices of a mesh are asked
    rows      (M,) which points; repeats where they were drawn with replacement; None for all
    phrases   the T words as they are asked
    answers   the label that each phrase stands for, -1 for none
    labels    how many labels there are; a truth is one of them, or -1 for a point that has none
    allow_none  whether "nothing fits" is an answer
    truth     (M,) labels, (M,) heat, or (M,T) heat of all phrases
    held_out  whether the protocol keeps this pair out of training
    image     the picture of the pair, by its path in the official data set
    """

    key: str
    object: str
    category: str
    points: Float32[np.ndarray, "N 3"]
    faces: Int32[np.ndarray, "F 3"] | None
    rows: Int64[np.ndarray, "M"] | None
    up: str
    phrases: tuple[str, ...]
    answers: tuple[int, ...]
    labels: int
    allow_none: bool
    truth: np.ndarray
    held_out: bool = False
    image: str | None = None
    colors: UInt8[np.ndarray, "N 3"] | None = None

    @property
    def asked(self) -> Float32[np.ndarray, "M 3"]:
        """The points that are asked about."""
        return self.points if self.rows is None else self.points[self.rows]


def without_points(protocol: Protocol, question: Question) -> Question:
    """A question that costs no memory; pooled heat still needs its truth."""
    pooled = protocol.task == "heat" and protocol.averaging[0] == "pooled"
    empty = np.zeros((0, 3), dtype=np.float32)
    # A copy: a view of nothing would still hold the whole.
    truth = question.truth if pooled else question.truth[:0].copy()
    return replace(question, points=empty, colors=None, faces=None, rows=None, truth=truth)


def questions(protocol: Protocol, source: Source, seed: int, limit: int | None = None) -> Iterator[Question]:
    """The questions of a run with a seed, in the order of the data; the first `limit` of them.

    Shapes are read one by one. Raises InputError naming shape and key for data that the protocol does not fit.
    """
    found = _pair_questions if protocol.task == "heat" else _item_questions
    count = 0
    for question in found(protocol, source, seed):
        if limit is not None and count >= limit:
            return
        count += 1
        yield question
    if not count:
        raise InputError(f"{protocol.id}: no sample of {protocol.dataset}/{protocol.split} is asked about")


def _item_questions(protocol: Protocol, source: Source, seed: int) -> Iterator[Question]:
    for item in source.items:
        if not _kept(item.category, protocol.keep.categories):
            continue
        names = source.names(item)
        for number, name in enumerate(protocol.names):
            key = item.uid if len(protocol.names) == 1 else f"{item.uid}.round{number}"
            if protocol.task == "parts":
                yield _part_question(protocol, source, item, key, _words(name, item, names), seed)
            elif protocol.task == "labels":
                yield _label_question(protocol, source, item, key, _words(name, item, names), seed)
            else:
                yield _map_question(protocol, source, item, key, _words(name, item, item.heat_names), seed)


def _pairs(protocol: Protocol, source: Source) -> Iterator[tuple[Item, Pair | None, str, str]]:
    """(shape, pair, affordance, key) of what is asked; without pairs, each affordance that a shape has a map of."""
    if source.pairs is None:
        for item in source.items:
            for name in item.heat_names:
                yield item, None, name, f"{item.uid}.{key_of(name)}"
        return
    for number, pair in enumerate(source.pairs.rows):
        if protocol.keep.question in (None, pair.question_id):
            key = f"{number:05d}.{pair.uid}.{key_of(pair.affordance)}"
            yield source.pairs.item(pair.uid), pair, pair.affordance, key


def _pair_questions(protocol: Protocol, source: Source, seed: int) -> Iterator[Question]:
    keep = protocol.keep
    for item, pair, affordance, key in _pairs(protocol, source):
        if not (_kept(item.category, keep.categories) and _kept(affordance, keep.affordances)):
            continue
        if protocol.phrase == "question":
            if pair is None or pair.phrase is None:
                raise InputError(
                    f"{key}: {protocol.id} asks the questions of the data set, this pair has none"
                )
            phrase = pair.phrase
        else:
            words = _words(protocol.names[0], item, (affordance,))
            phrase = _phrase(protocol, _look_up(words, affordance, item.uid), item.category)
        held = [key_of(name) for name in _held_out(protocol.held_out, affordance)]
        rows = _rows(protocol, item, seed)
        truth = _column(item, affordance)
        yield Question(
            **_place(protocol, source, item, key, rows),
            phrases=(phrase,),
            answers=(0,),
            labels=1,
            allow_none=False,
            truth=truth if rows is None else truth[rows],
            held_out=key_of(item.category) in held,
            image=None if pair is None else pair.image,
        )


def _part_question(
    protocol: Protocol, source: Source, item: Item, key: str, words: Mapping[str, str], seed: int
) -> Question:
    if item.labels is None:
        raise InputError(f"{item.uid} has no labels, which {protocol.id} scores")
    rows = _rows(protocol, item, seed)
    truth = (item.labels if rows is None else item.labels[rows]).astype(np.int64)
    count = len(words)
    truth[truth >= count] = NONE  # a list may name the first labels only, as PointCLIPv2's does for lamps
    parts = list(range(count))
    if protocol.candidates == "present":
        parts = [int(part) for part in np.unique(truth[truth >= 0])]
    asked = list(words.values())
    phrases = [_phrase(protocol, asked[part], item.category) for part in parts]
    answers = list(parts)
    if protocol.unlabelled == "own_class":
        truth[truth == NONE] = count
    if protocol.extra in ("other", "category"):
        phrases.append(OTHER if protocol.extra == "other" else _spoken(item.category))
        answers.append(count if protocol.unlabelled == "own_class" else NONE)
    return Question(
        **_place(protocol, source, item, key, rows),
        phrases=tuple(phrases),
        answers=tuple(answers),
        labels=count + (protocol.unlabelled == "own_class"),
        allow_none=protocol.extra == "none",
        truth=truth,
    )


def _label_question(
    protocol: Protocol, source: Source, item: Item, key: str, words: Mapping[str, str], seed: int
) -> Question:
    """One label for each point; the truth is numbered in the order of the word list."""
    if item.labels is None:
        raise InputError(f"{item.uid} has no labels, which {protocol.id} scores")
    order = [key_of(label) for label in words]
    known = {key_of(name): number for number, name in enumerate(source.names(item))}
    if set(order) != set(known):
        raise InputError(
            f"{item.uid}: the data have the labels {', '.join(sorted(known))}, "
            f"{protocol.id} asks for {', '.join(sorted(order))}"
        )
    lookup = np.empty(len(order) + 1, dtype=np.int64)
    lookup[[known[label] for label in order]] = np.arange(len(order))
    lookup[-1] = NONE
    rows = _rows(protocol, item, seed)
    return Question(
        **_place(protocol, source, item, key, rows),
        phrases=tuple(_phrase(protocol, word, item.category) for word in words.values()),
        answers=tuple(range(len(order))),
        labels=len(order),
        allow_none=False,
        truth=lookup[item.labels if rows is None else item.labels[rows]],
    )


def _map_question(
    protocol: Protocol, source: Source, item: Item, key: str, words: Mapping[str, str], seed: int
) -> Question:
    rows = _rows(protocol, item, seed)
    truth = np.stack([_column(item, label) for label in words], axis=1)
    return Question(
        **_place(protocol, source, item, key, rows),
        phrases=tuple(_phrase(protocol, word, item.category) for word in words.values()),
        answers=tuple(range(len(words))),
        labels=len(words),
        allow_none=False,
        truth=truth if rows is None else truth[rows],
    )


def _place(
    protocol: Protocol, source: Source, item: Item, key: str, rows: np.ndarray | None
) -> dict[str, Any]:
    """What all questions about an item share."""
    points = item.points
    if protocol.rotation is not None:
        points = (points @ rotation_of(item.uid).T).astype(np.float32)
    return {
        "key": key,
        "object": item.object,
        "category": item.category,
        "points": points,
        "colors": item.colors,
        "faces": item.faces if rows is None else None,
        "rows": rows,
        "up": source.up if protocol.up == "data" else protocol.up,
    }


def _rows(protocol: Protocol, item: Item, seed: int) -> Int64[np.ndarray, "M"] | None:
    """The points that the steps of sampling leave; a draw depends on the shape's name and the seed, not its place."""
    if not protocol.sampling:
        return None
    rows = np.arange(len(item.points))
    for step in protocol.sampling:
        rng = np.random.default_rng([seed if step.seed is None else step.seed, crc32(item.uid.encode())])
        if step.how == "random" and step.replacement:
            rows = rows[rng.integers(0, len(rows), step.count)]
        elif step.how == "random":
            rows = rows[choose(len(rows), step.count, rng)]
        elif len(rows) > step.count:
            cloud = torch.from_numpy(item.points[rows])[None]
            start = torch.tensor([int(rng.integers(len(rows)))])
            rows = rows[farthest_points(cloud, step.count, start=start)[0].numpy()]
    return rows


def _words(name: str, item: Item, labels: tuple[str, ...]) -> Mapping[str, str]:
    """{label: word} of an item's category from a list; the data's own labels for "data"."""
    if name == DATA_NAMES:
        return {label: label for label in labels}
    lists = load_names(name)
    words = lists.get(key_of(item.category), lists.get("*"))
    if words is None:
        raise InputError(f"{item.uid}: the list of words {name!r} has no category {item.category!r}")
    if "*" not in lists and len(words) > len(labels):
        raise InputError(
            f"{item.uid}: {item.category} has {len(labels)} labels ({', '.join(labels)}), "
            f"the list {name!r} asks for {len(words)}"
        )
    return words


def _look_up(words: Mapping[str, str], label: str, uid: str) -> str:
    found = {key_of(name): word for name, word in words.items()}
    if key_of(label) not in found:
        raise InputError(f"{uid}: no word for {label!r}: the list has {', '.join(words)}")
    return found[key_of(label)]


def _column(item: Item, label: str) -> Float32[np.ndarray, "N"]:
    """Heat of one affordance on all points; 0 where the shape does not have it."""
    names = [key_of(name) for name in item.heat_names]
    if item.heat is None or key_of(label) not in names:
        return np.zeros(len(item.points), dtype=np.float32)
    return item.heat[:, names.index(key_of(label))]


def _held_out(held_out: Mapping[str, tuple[str, ...]], affordance: str) -> tuple[str, ...]:
    return next((held_out[name] for name in held_out if key_of(name) == key_of(affordance)), ())


def _kept(name: str, allowed: tuple[str, ...] | None) -> bool:
    return allowed is None or key_of(name) in {key_of(one) for one in allowed}


def _phrase(protocol: Protocol, word: str, category: str) -> str:
    return protocol.phrase.format(part=word, category=_spoken(category))


def _spoken(category: str) -> str:
    """ "StorageFurniture" -> "storage furniture"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", category).replace("_", " ").lower()
