"""What a head reads beside the encoder, and how its logits become heat."""

import numpy as np
import pytest
import torch

from partwise.errors import InputError
from partwise.layers.patches import group
from partwise.layers.surroundings import SURROUNDINGS, surroundings
from partwise.models.finish import FADED, Finish, strength_of
from partwise.models.las import Las, LasConfig, Seen, seen_by
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig
from partwise.points import random_rotation


@pytest.fixture(scope="module")
def table():
    """A flat top over four thin legs, 512 points; the first 320 are of the top."""
    rng = np.random.default_rng(0)
    top = rng.uniform([-0.6, 0.3, -0.4], [0.6, 0.32, 0.4], (320, 3))
    legs = rng.uniform([-0.02, -0.5, -0.02], [0.02, 0.3, 0.02], (192, 3))
    legs += np.array([[x, 0, z] for x in (-0.5, 0.5) for z in (-0.3, 0.3)])[np.arange(192) % 4]
    return torch.from_numpy(np.concatenate([top, legs]))[None].float()


def test_surroundings_tell_a_top_from_its_legs(table):
    numbers = surroundings(table, group(table, 64, 16, "plain"))[0]
    assert numbers.shape == (512, SURROUNDINGS)
    assert torch.isfinite(numbers).all()
    top, legs = numbers[:320].mean(dim=0), numbers[320:].mean(dim=0)
    assert top[0] > 0.8 > legs[0]  # height
    assert legs[8] > 0.6 > top[8]  # elongated
    assert top[9] > 0.3 > legs[9]  # flat
    assert top[12] > 0.9 > legs[12]  # the normal points up
    assert legs[13] > 0.8 > top[13]  # the long axis points up
    assert numbers[:320, 18].max() == 0  # nothing lies above the top
    assert legs[18] > 0.2
    assert legs[19] > top[19]  # more of a leg lies below its points than below a top between its legs


def test_surroundings_follow_the_up_axis_and_do_not_mind_a_mirror_or_a_quarter_turn(table):
    patches = group(table, 64, 16, "plain")
    expected = surroundings(table, patches)
    swapped = table[..., [0, 2, 1]]
    found = surroundings(swapped, group(swapped, 64, 16, "plain"), up=2)
    order = [*range(5), 5, 7, 6, *range(8, SURROUNDINGS)]  # the box in the order of its own axes
    assert torch.allclose(found[..., order], expected, atol=1e-4)
    mirrored = table * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.allclose(surroundings(mirrored, group(mirrored, 64, 16, "plain")), expected, atol=1e-4)
    turn = torch.from_numpy(random_rotation(np.random.default_rng(1), "yaw"))
    turned = surroundings(table @ turn.mT, group(table @ turn.mT, 64, 16, "plain"))
    same = [0, 4, *range(8, SURROUNDINGS)]  # all but the box
    assert (turned - expected)[..., same].abs().median() < 0.05


def test_a_single_place_has_surroundings(table):
    cloud = torch.zeros(1, 64, 3)
    assert torch.isfinite(surroundings(cloud, group(cloud, 4, 16, "plain"))).all()


@pytest.fixture(scope="module")
def embedding(table):
    torch.manual_seed(0)
    sizes = {"width": 12, "token_width": 12, "decoder_width": 12, "local_width": 8, "text_width": 6}
    config = PointAlign3DConfig(**sizes, group_size=16, token_hidden=(8, 8, 16), depth=1, heads=2)
    with torch.no_grad():
        return PointAlign3D(config).eval()(table)


def test_a_head_reads_geometry_and_a_head_without_does_not_look(embedding):
    torch.manual_seed(0)
    sizes = {
        "token_width": 12,
        "text_width": 10,
        "reads": "vectors",
        "layers": 0,
        "point_width": 6,
        "direct": 4,
    }
    with_it, without = (Las(LasConfig(**sizes, geometry=g)).eval() for g in (3, 0))
    assert without(embedding).around is None
    assert "direct.places.0.weight" not in without.state_dict()
    seen = with_it(embedding)
    assert torch.equal(seen.around, seen_by(embedding, geometry=True).around)
    words = torch.rand(2, 10)
    answer, net = with_it.direct.words(words), with_it.direct.places
    expected = 8 * seen.vectors @ answer[:, :6].mT + net(seen.around) @ answer[:, 6:9].mT + answer[:, 9]
    assert torch.allclose(with_it.direct(seen, words), expected, atol=1e-5)
    with pytest.raises(InputError, match="set direct"):
        LasConfig(geometry=3)
    with pytest.raises(InputError, match="point decoder"):
        with_it.direct(Seen(seen.points, seen.centers, seen.tokens), words)


def finished(embedding, logits, above=0.5):
    strength = strength_of(torch.sigmoid(logits))
    return Finish().heat(logits, strength, above, embedding.patches)


def test_an_offered_action_reaches_far_up_and_another_stays_low(embedding):
    # What is hot lies together, as patches do: the left half of the table.
    logits = 6 * (embedding.patches.points[..., :1] < 0).float() - 2
    hot, cold = finished(embedding, logits), finished(embedding, logits - 9)
    assert hot.max() > 0.9
    assert cold.max() < 0.1
    # The places are the same ones: only how far the map reaches differs.
    assert torch.allclose(hot / hot.max(), cold / cold.max(), atol=1e-4)
    left = embedding.patches.points[0, :, 0] < -0.3
    right = embedding.patches.points[0, :, 0] > 0.3
    assert hot[0, left].min() > 0.9
    assert hot[0, right].max() < 0.2


def test_heat_does_not_depend_on_how_high_all_logits_lie_once_offered(embedding):
    logits = torch.randn(1, 512, 2, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(finished(embedding, logits + 6), finished(embedding, logits + 8), atol=1e-3)


def test_strength_decides_how_far_heat_reaches(embedding):
    logits = torch.zeros(1, 512, 1)
    peaks = [float(finished(embedding, logits + up, above=0.7).max()) for up in (-4.0, -1.0, 0.5, 2.0)]
    assert peaks == sorted(peaks)
    assert peaks[0] < 0.01
    assert peaks[-1] > 0.95
    with pytest.raises(InputError, match="steepness"):
        Finish(steepness=-1.0)


def test_heat_is_smooth_over_patches(embedding):
    logits = 3 * torch.randn(1, 512, 1, generator=torch.Generator().manual_seed(2))
    plain, smooth = torch.sigmoid(logits), finished(embedding, logits, above=0.01)
    centers = embedding.patches.patches.index[0]
    assert smooth[0, centers].var(dim=1).mean() < 0.5 * plain[0, centers].var(dim=1).mean()


def test_faded_heat_stays_below_one_half_unless_offered_and_keeps_its_places(embedding):
    logits = torch.randn(1, 512, 3, generator=torch.Generator().manual_seed(3)) + torch.tensor(
        [-3.0, 0.0, 4.0]
    )
    plain, strength = torch.sigmoid(logits), strength_of(torch.sigmoid(logits))
    above = 0.97
    assert (strength[0] >= above).tolist() == [False, False, True]
    faded = FADED.heat(logits, strength, above, embedding.patches)
    assert faded[0, :, :2].max() < 0.5
    assert faded[0, :, 2].max() > 0.8
    for action in range(3):
        share = faded[0, :, action] / plain[0, :, action]
        assert torch.allclose(share, share[:1].expand(512), rtol=1e-4)
