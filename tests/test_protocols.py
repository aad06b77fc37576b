"""Protocols are files: whole, valid, and each field is obeyed by the one place that reads it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from partwise.datasets import affordance_words, laso, partnete, shapenetpart_names
from partwise.datasets.converted import Pair
from partwise.datasets.converted_item import Item
from partwise.errors import InputError, MissingDataError
from partwise.evaluate import protocol as protocols
from partwise.evaluate.protocol import (
    Keep,
    Step,
    benchmarks,
    from_record,
    key_of,
    load_names,
    load_protocol,
    protocol_ids,
    rotation_of,
    stored_rotations,
    with_seeds,
)
from partwise.evaluate.questions import questions
from partwise.evaluate.sources import Pairs, Source, open_source

# Section 5 of the specification; its families written out.
SPECIFIED = [
    "affordancenet/official",
    "openad/closed-full",
    "openad/closed-partial",
    "openad/zeroshot-full",
    "openad/zeroshot-partial",
    "openad/no-none36",
    "piad-seen/official",
    "piad-unseen/official",
    "piadv2-seen/official",
    "piadv2-unseen-obj/official",
    "piadv2-unseen-aff/official",
    "laso/official",
    "laso/official-vote3",
    "laso-unseen/geal",
    "laso-unseen/cmat-filter",
    "laso-seen/cmat-filter",
    "piad-seen/cmat-pooled",
    "piad-unseen/cmat-pooled",
    "piadv2-seen/cmat-pooled",
    "piadv2-unseen-obj/cmat-pooled",
    "laso-seen/cmat-pooled",
    "laso-unseen/cmat-pooled",
    "shapenetpart/standard",
    "shapenetpart/patchalign3d",
    "shapenetpart/find3d-name",
    "shapenetpart/find3d-decorated",
    "shapenetpart/find3d-tuned",
    "shapenetpart/find3d-name-rot",
    "shapenetpart/find3d-decorated-rot",
    "shapenetpart/find3d-tuned-rot",
    "shapenetpart/pointclipv2",
    "faust-coarse/satr",
    "faust-coarse/patchalign3d",
    "partnete/partslip",
    "partnete/find3d-name",
    "partnete/find3d-decorated",
    "partnete/patchalign3d-a",
    "partnete/patchalign3d-b",
    "partnete/patchalign3d-c",
    "partnete/patchalign3d-d",
    "scanobjectnn-part/patchalign3d",
    "objaverse-general-seen/find3d",
    "objaverse-general-unseen/find3d",
    "objaverse-general-seen/patchalign3d",
    "objaverse-general-unseen/patchalign3d",
]


def chair(uid="a", points=300, **changes):
    rng = np.random.default_rng(len(uid))
    values = {
        "uid": uid,
        "category": "Chair",
        "points": rng.random((points, 3)).astype(np.float32),
        "labels": rng.integers(0, 4, points).astype(np.int32),
    }
    return Item(**{**values, **changes})


def source(*items, names=("back", "seat", "leg", "arm"), pairs=None):
    by_name = {item.uid: item for item in items}
    rows = None if pairs is None else Pairs(tuple(pairs), by_name.__getitem__)
    return Source(items, lambda item: names, "y", rows)


def ask(protocol, *items, seed=0, **kwargs):
    return list(questions(protocol, source(*items, **kwargs), seed))


STANDARD = load_protocol("shapenetpart/standard")


def test_every_specified_id_is_there():
    assert set(SPECIFIED) <= set(protocol_ids())


@pytest.mark.parametrize("name", protocol_ids())
def test_a_protocol_survives_its_record_and_says_what_it_is(name):
    protocol = load_protocol(name)
    assert protocol.id == name
    assert from_record(protocol.record(), "here") == protocol
    assert protocol.title
    assert protocol.note
    for words in protocol.names:
        assert words == "data" or load_names(words)
    for other in protocol.beside:
        assert load_protocol(other).benchmark == protocol.benchmark


def test_headlines():
    found = {name: {one.id for one in several} for name, several in benchmarks().items()}
    assert found["shapenetpart"] == {"shapenetpart/standard", "shapenetpart/patchalign3d"}
    assert found["openad"] == {"openad/closed-full", "openad/zeroshot-full"}
    assert found["partnete"] == {"partnete/partslip"}
    assert found["laso-unseen"] == {"laso-unseen/geal"}
    assert all(found.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"absent": "none"}, "absent is 'none'"),
        ({"averaging": ["pooled"]}, "averaging"),
        ({"absent": None}, "leaves absent open"),
        ({"names": []}, "needs names"),
        ({"colour": 1}, "sets colour"),
        ({"sampling": [{"how": "grid", "count": 1}]}, "'grid'"),
        ({"sampling": [{"how": "random"}]}, "no protocol"),
    ],
)
def test_a_damaged_protocol_is_named(change, message):
    with pytest.raises(InputError, match=message):
        from_record({**STANDARD.record(), **change}, "here")


def test_a_protocol_states_every_field():
    record = STANDARD.record()
    record.pop("votes")
    with pytest.raises(InputError, match="leaves votes open"):
        from_record(record, "here")


def test_ones_own_protocol_has_an_id_of_its_own(tmp_path):
    path = tmp_path / "mine.json"
    with pytest.raises(MissingDataError, match="no protocol at"):
        load_protocol(str(path))
    path.write_text(json.dumps(STANDARD.record()))
    with pytest.raises(InputError, match="begins with 'own/'"):
        load_protocol(str(path))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**STANDARD.record(), "id": "own/mine"}))
    assert load_protocol(str(other)).id == "own/mine"
    with pytest.raises(InputError, match="unknown protocol 'shapenet'"):
        load_protocol("shapenet")


def test_seeds():
    assert with_seeds(STANDARD, None).seeds == (0, 1, 2)
    assert with_seeds(STANDARD, 2).seeds == (0, 1)
    with pytest.raises(InputError, match="0 seeds"):
        with_seeds(STANDARD, 0)


def test_stored_rotations_are_those_of_the_seed_and_do_not_depend_on_order():
    drawn = np.random.default_rng(0).standard_normal((128, 4))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    stored = json.loads((protocols._folder() / "rotations.json").read_text())["quaternions"]
    np.testing.assert_allclose(stored, drawn, atol=1e-6)
    turns = stored_rotations()
    np.testing.assert_allclose(
        turns @ turns.transpose(0, 2, 1), np.broadcast_to(np.eye(3), turns.shape), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(turns), 1)
    rotated = replace(STANDARD, rotation="stored")
    one, two = ask(rotated, chair("a"), chair("b"))
    np.testing.assert_allclose(one.points, chair("a").points @ rotation_of("a").T, atol=1e-6)
    again = ask(rotated, chair("b"))[0]
    np.testing.assert_array_equal(two.points, again.points)
    assert not np.allclose(rotation_of("a"), rotation_of("b"))


def test_names_and_phrase():
    plain = ask(STANDARD, chair())[0]
    assert plain.phrases == ("back", "seat", "leg", "arm")
    find3d = ask(load_protocol("shapenetpart/find3d-decorated"), chair())[0]
    assert find3d.phrases == (
        "back of a chair",
        "seat pad of a chair",
        "leg of a chair",
        "armrest of a chair",
    )
    own = ask(replace(STANDARD, names=("data",)), chair(), names=("w", "x", "y", "z"))[0]
    assert own.phrases == ("w", "x", "y", "z")
    with pytest.raises(InputError, match="Chair has 2 labels"):
        ask(STANDARD, chair(labels=np.zeros(300, np.int32)), names=("back", "seat"))
    with pytest.raises(InputError, match="no category 'Boat'"):
        ask(STANDARD, chair(category="Boat"))


def test_a_list_of_the_first_labels_leaves_the_others_unlabelled():
    lamp = chair(category="Lamp")
    asked = ask(load_protocol("shapenetpart/pointclipv2-names"), lamp)[0]
    assert asked.phrases == ("leg or wire", "lampshade")
    assert asked.labels == 2
    np.testing.assert_array_equal(asked.truth, np.where(lamp.labels < 2, lamp.labels, -1))


def test_sampling():
    item = chair(points=300)
    assert ask(STANDARD, item)[0].rows is None
    replaced = replace(STANDARD, sampling=(Step("random", 400, True, None),))
    rows = ask(replaced, item)[0].rows
    assert len(rows) == 400
    assert len(np.unique(rows)) < 300
    assert not np.array_equal(rows, ask(replaced, item, seed=1)[0].rows)
    fixed = replace(STANDARD, sampling=(Step("random", 200, False, 5),))
    rows = ask(fixed, item)[0].rows
    assert len(np.unique(rows)) == 200
    np.testing.assert_array_equal(rows, ask(fixed, item, seed=1)[0].rows)
    np.testing.assert_array_equal(rows, ask(fixed, chair("bb"), item)[1].rows)
    steps = replace(STANDARD, sampling=(Step("random", 200, False, 5), Step("farthest", 20, False, 0)))
    chosen = ask(steps, item)[0].rows
    assert len(np.unique(chosen)) == 20
    assert set(chosen) <= set(rows)
    near = np.linalg.norm(item.points[chosen][:, None] - item.points[chosen][None], axis=-1)
    assert near[np.triu_indices(20, 1)].min() > 0.1  # spread out, which a random choice is not


def test_candidates():
    item = chair(labels=np.repeat(np.int32([1, 3, -1]), 100))
    assert ask(STANDARD, item)[0].answers == (0, 1, 2, 3)
    present = ask(replace(STANDARD, candidates="present"), item)[0]
    assert present.phrases == ("seat", "arm")
    assert present.answers == (1, 3)
    assert present.labels == 4


def test_extra_answers_and_unlabelled_points():
    item = chair(labels=np.repeat(np.int32([1, 3, -1]), 100))
    assert ask(replace(STANDARD, extra="none"), item)[0].allow_none
    other = ask(replace(STANDARD, extra="other", unlabelled="false_positive"), item)[0]
    assert other.phrases[-1] == "other"
    assert other.answers[-1] == -1
    assert other.labels == 4
    named = ask(replace(STANDARD, extra="category", unlabelled="own_class"), item)[0]
    assert named.phrases[-1] == "chair"
    assert named.answers[-1] == 4
    assert named.labels == 5
    np.testing.assert_array_equal(np.unique(named.truth), [1, 3, 4])


def test_up_and_keep():
    assert ask(STANDARD, chair())[0].up == "y"
    assert ask(replace(STANDARD, up="z"), chair())[0].up == "z"
    kept = ask(replace(STANDARD, keep=Keep(categories=("chair",))), chair("a"), chair("b", category="Table"))
    assert [q.key for q in kept] == ["a"]
    with pytest.raises(InputError, match="no sample of shapenetpart/test"):
        ask(replace(STANDARD, keep=Keep(categories=("boat",))), chair())


def warm(uid, category):
    heat = np.zeros((300, 2), np.float32)
    heat[:50] = 1
    return chair(uid, category=category, labels=None, heat=heat, heat_names=("grasp", "wrap_grasp"))


def test_pairs_of_questions_and_of_the_held_out():
    mug, vase = warm("m", "mug"), warm("v", "vase")
    pairs = [
        Pair("m", "Where to grasp?", None, "grasp", 0),
        Pair("m", "Where else?", None, "grasp", 3),
        Pair("v", "Where to wrap?", None, "wrap_grasp", 0),
        Pair("v", "Where to pour?", None, "pour", 0),
    ]
    asked = ask(load_protocol("laso-unseen/geal"), mug, vase, pairs=pairs)
    assert [q.phrases for q in asked] == [("Where to grasp?",), ("Where to wrap?",), ("Where to pour?",)]
    assert [q.held_out for q in asked] == [True, True, True]
    assert [q.truth.sum() for q in asked] == [50, 50, 0]
    assert [q.key for q in asked] == ["00000.m.grasp", "00002.v.wrapgrasp", "00003.v.pour"]
    seen = ask(load_protocol("laso-seen/cmat-filter"), mug, vase, pairs=pairs)
    assert [q.object for q in seen] == ["m"]
    words = ask(load_protocol("piad-seen/official"), mug, vase, pairs=pairs[1:3])
    assert [q.phrases for q in words] == [("grasp",), ("wrap grasp",)]
    with pytest.raises(InputError, match="no word for 'fly'"):
        ask(load_protocol("piad-seen/official"), mug, pairs=[Pair("m", None, None, "fly")])
    with pytest.raises(InputError, match="this pair has none"):
        ask(load_protocol("laso/official"), mug, pairs=[Pair("m", None, None, "grasp", 0)])


def test_a_shape_without_pairs_is_asked_for_its_maps():
    asked = ask(load_protocol("own/procedural-heat"), warm("m", "mug"))
    assert [q.phrases for q in asked] == [("grasp",), ("wrap_grasp",)]


def test_labels_are_numbered_in_the_order_of_the_list():
    closed = load_protocol("openad/closed-full")
    names = tuple(reversed(load_names("openad")["*"]))
    item = chair(labels=np.repeat(np.int32([0, 1, 18]), 100))
    asked = ask(closed, item, names=names)[0]
    assert [names[label] for label in (0, 1, 18)] == ["none", "stab", "grasp"]
    np.testing.assert_array_equal(asked.truth, np.repeat([18, 17, 0], 100))
    assert asked.phrases[:2] == ("grasp", "contain")
    assert ask(load_protocol("openad/zeroshot-full"), item, names=names)[0].phrases[5] == "take a seat"
    rounds = ask(load_protocol("openad/no-none36"), item, names=names)
    assert [q.key for q in rounds] == ["a.round0", "a.round1"]
    with pytest.raises(InputError, match="the data have the labels"):
        ask(closed, item, names=("grasp", "none"))


def test_a_limit_takes_the_first():
    several = source(*(chair(uid) for uid in "abc"))
    assert [q.key for q in questions(STANDARD, several, 0, 2)] == ["a", "b"]


def test_labels_and_categories_have_one_spelling():
    assert key_of("wrap_grasp") == key_of("Wrap Grasp") == key_of("wrapgrasp")


def test_data_that_are_not_there_name_the_command(tmp_path):
    with pytest.raises(MissingDataError, match="partwise data prepare shapenetpart"):
        open_source(STANDARD, None)
    with pytest.raises(MissingDataError, match="manifest.json"):
        open_source(STANDARD, tmp_path)


def test_the_lists_of_words_are_those_of_the_data_sets():
    lists = {
        "openad": affordance_words.OPENAD_LABELS,
        "affordancenet": affordance_words.AFFORDANCENET_LABELS,
        "piad": affordance_words.PIAD_LABELS,
        "piadv2": affordance_words.PIADV2_LABELS,
        "laso": affordance_words.LASO_LABELS,
    }
    for name, labels in lists.items():
        assert tuple(load_names(name)["*"]) == labels
    assert tuple(load_names("openad-zeroshot")["*"].values()) == affordance_words.OPENAD_SYNONYMS
    for name, words in (
        ("shapenetpart-plain", shapenetpart_names.NAMES),
        ("shapenetpart-find3d", shapenetpart_names.FIND3D_NAMES),
        ("shapenetpart-pointclipv2", shapenetpart_names.POINTCLIPV2_NAMES),
        ("partnete", partnete.NAMES),
    ):
        found = {category: tuple(labels.values()) for category, labels in load_names(name).items()}
        assert found == {key_of(category): labels for category, labels in words.items()}


def test_the_filters_of_laso_are_those_of_its_data_set():
    geal = load_protocol("laso-unseen/geal").held_out
    unseen, seen = (load_protocol(f"laso-{half}/cmat-filter").keep for half in ("unseen", "seen"))
    for category in affordance_words.OBJECTS:
        for affordance in affordance_words.LASO_LABELS:
            held = key_of(category) in {key_of(name) for name in geal.get(affordance, ())}
            assert held != laso.geal_trains_on(category, affordance)
            for keep, expected in ((unseen, laso.cmat_unseen), (seen, laso.cmat_seen)):
                kept = category.lower() in keep.categories and affordance in keep.affordances
                assert kept == expected(category, affordance)
