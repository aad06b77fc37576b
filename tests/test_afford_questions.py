"""What the shipped head makes of real questions, and of questions about one part, on a procedural kettle."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from test_afford_bad import needs_minilm

from partwise import Segmenter, Shape
from partwise.datasets.procedural import ProceduralShapes
from partwise.datasets.world.surface import Scan
from partwise.errors import InputError
from partwise.models.finish import FADED, Finish, strength_of

ASKED = ["grasp", "pour", "open", "contain", "sit"]


@pytest.fixture(scope="module")
def shipped():
    return Segmenter.from_pretrained()


@pytest.fixture(scope="module")
def look(shipped):
    """At a kettle with a handle and a spout."""
    kettle = ProceduralShapes(5, ("kettle",), Scan(points=2048, kind="mixed"), 1)[0]
    return shipped.look(Shape.of(kettle.points, up="y"))


def finished(shipped, look, finish):
    """Maps of the same head, whose logits become heat in another way."""
    head = replace(shipped.head, finish=finish)
    other = Segmenter(shipped.model, shipped.embedder, shipped.config, shipped.record, head)
    return other.afford(look, ASKED)


def plain(shipped, look):
    """Heat of the same head before anything is smoothed or faded: the sigmoids alone."""
    return finished(shipped, look, None)


def score(parts, name):
    """Of the part at the anchors, a column."""
    return parts.row_scores[: len(parts.anchors), [parts.phrases.index(name)]]


def test_heat_within_a_part_is_faded_by_the_rule_of_the_head(shipped, look):
    assert shipped.head.finish == FADED
    maps, parts = shipped.afford(look, ASKED), shipped.segment(look, ["handle", "spout", "lid", "body"])
    above, words = shipped.head.offered_above, maps.phrases
    heat = finished(shipped, look, replace(FADED, certainty=1e4)).row_heat  # smoothed, and never faded
    for part in parts.phrases:
        inside = maps.within(parts, part)
        # The same, from the start: sigmoids times the part, strength of that, then the fading.
        product = torch.from_numpy(heat * score(parts, part))
        strength = (
            torch.from_numpy(maps.strength) * strength_of(product) / strength_of(torch.from_numpy(heat))
        )
        assert inside.strength == pytest.approx(strength.numpy(), abs=1e-4)
        assert inside.offered.tolist() == (strength.numpy() >= above).tolist()
        assert inside.row_heat == pytest.approx((product * FADED.factor(strength, above)).numpy(), abs=1e-4)
        assert (inside.heat[:, ~inside.offered] < 0.5).all()
        assert inside.options["within"] == part
    assert not maps.offered[words.index("sit")]
    assert maps.of("sit").max() < 0.5
    handle, spout = maps.within(parts, "handle"), maps.within(parts, "spout")
    assert maps.offered[[words.index("grasp"), words.index("pour")]].all()
    assert handle.offered[words.index("grasp")]
    assert not handle.offered[words.index("pour")]  # poured from the spout, which is elsewhere
    assert handle.of("grasp").max() > 0.9
    assert spout.of("pour").max() > 0.9
    assert handle.of("pour").max() < 0.5
    # Multiplied alone, opening would be hot on the spout and still not be offered there.
    assert (maps.row_heat * score(parts, "spout"))[:, words.index("open")].max() > 0.5
    assert spout.of("open").max() < 0.5


def test_within_one_part_and_then_another_is_within_their_product(shipped, look):
    maps, parts = shipped.afford(look, ASKED), shipped.segment(look, ["handle", "spout", "lid", "body"])
    one = maps.within(parts, "handle").within(parts, "body")
    other = maps.within(parts, "body").within(parts, "handle")
    assert one.row_heat == pytest.approx(other.row_heat, abs=1e-5)
    assert one.strength == pytest.approx(other.strength, abs=1e-5)


def test_within_keeps_plain_sigmoids_plain_and_nothing_stays_nothing(shipped, look):
    parts = shipped.segment(look, ["handle", "spout"])
    maps = plain(shipped, look)
    assert maps.finish is None
    inside = maps.within(parts, "handle")
    assert inside.row_heat == pytest.approx(maps.row_heat * score(parts, "handle"), abs=1e-6)
    # A factor so steep that it vanishes below the threshold, and heat that is nothing anywhere.
    cold = replace(maps, finish=Finish(level=None, steepness=900.0), row_heat=0 * maps.row_heat)
    assert (cold.within(parts, "handle").row_heat == 0).all()
    assert (cold.within(parts, "handle").strength == 0).all()


@needs_minilm
def test_a_question_is_answered_by_what_it_mostly_speaks_of(shipped, look):
    """The phrase vector of a question with two actions lies between them; what ships reads no grammar."""
    mixed, hold = "where would you hold this to pour?", "where would you hold it?"
    assert mixed not in shipped.embedder.bank
    maps = shipped.afford(look, [mixed, hold, "grasp", "pour"])
    assert np.isfinite(maps.heat).all()
    assert 0 <= maps.heat.min() <= maps.heat.max() <= 1
    assert maps.offered[1:].all()  # the mixed one may be called not offered: it is half of each
    alike = spearmanr(maps.heat).statistic
    assert alike[1, 2] > 0.9 > 0.6 > alike[1, 3]  # "hold" is "grasp"
    assert alike[0, 3] > 0.8 > alike[0, 2] > 0.5  # "hold this to pour" is "pour", and some of "grasp"


@pytest.mark.parametrize("kind", ["few", "whole", "holes", "one spot", "huge"])
def test_awkward_clouds_are_answered_in_two_draws_and_smoothly(shipped, kind):
    assert shipped.config.draws == 2
    points = ProceduralShapes(5, ("kettle",), Scan(points=2048, kind="mixed"), 1)[0].points.astype(np.float64)
    if kind == "few":
        points = points[:40]
    elif kind == "whole":
        points = points[:1536]
    elif kind == "holes":
        points[::7] = np.nan
    elif kind == "one spot":
        points[:] = points[0]
    else:
        points *= 1e200
    found = shipped.look(Shape.of(points, up="y"))
    parts, maps = shipped.segment(found, ["handle", "body"]), shipped.afford(found, ["grasp", "pour"])
    known = np.isfinite(points).all(axis=1)
    assert ((parts.labels >= 0) == known).all()
    assert parts.scores[known].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(maps.heat).all()
    assert (maps.heat[~known] == 0).all()
    assert 0 <= maps.heat.min() <= maps.heat.max() <= 1


def test_heat_flows_along_the_surface_and_strength_is_counted_before(shipped, look):
    smooth, rough = shipped.afford(look, ASKED), finished(shipped, look, replace(FADED, own=None))
    assert np.array_equal(smooth.strength, rough.strength)
    own = finished(shipped, look, replace(FADED, own=1e6))  # who counts that much is not moved
    assert own.row_heat == pytest.approx(rough.row_heat, abs=1e-3)
    assert np.abs(smooth.row_heat - rough.row_heat).max() > 0.05
    with pytest.raises(InputError, match="own is 0.0"):
        replace(FADED, own=0.0)
