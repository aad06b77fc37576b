"""PointNet++ layers against plain twins, and what the geometry promises."""

import pytest
import torch
from torch import nn

from partwise.errors import InputError
from partwise.farthest import farthest_points
from partwise.layers.dgcnn import EdgeLayers, feature_neighbours
from partwise.layers.pointnet2 import (
    Layers,
    Projection,
    Scale,
    SetAbstraction,
    look_up,
    mixed,
    rows_at,
    side_by_side,
)
from partwise.models.dgcnn import Dgcnn, DgcnnConfig
from partwise.models.pointnet2 import PointNet2, PointNet2Config
from partwise.points import gather, interpolate

TINY = PointNet2Config(centers=(16, 4), width=4, neighbours=4)


def awake(module):
    """Batch norms with statistics and weights of their own, so that a fold that forgets one is seen."""
    generator = torch.Generator().manual_seed(1)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm1d):
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                tensor.data.copy_(torch.rand(tensor.shape, generator=generator) + 0.3)
    return module


def plain_layers(layers, x):
    """The layers one by one, as they are written in the papers."""
    for linear, norm in zip(layers.linears, layers.norms, strict=True):
        x = linear(x)
        x = torch.relu(norm(x.reshape(-1, x.shape[-1])).view(x.shape))
    return x


@pytest.mark.parametrize("training", [True, False])
def test_set_abstraction_equals_its_plain_twin(training):
    torch.manual_seed(0)
    points, features = torch.rand(2, 40, 3), torch.rand(2, 40, 5)
    scales = (Scale(0.4, 6, (8, 8)), Scale(0.7, 9, (8,)))
    module = awake(SetAbstraction(5, scales)).train(training)
    level = look_up(points, [10], [scales]).levels[0]
    expected = []
    for layers, index in zip(module.scales, level.balls, strict=True):
        grouped = torch.cat(
            [gather(features, index), gather(points, index) - level.centers[:, :, None]], dim=-1
        )
        expected.append(plain_layers(layers, grouped).amax(dim=2))
    found = module(points, features, level)
    torch.testing.assert_close(found, torch.cat(expected, dim=-1), atol=1e-5, rtol=1e-5)


def test_gradients_equal_those_of_the_plain_twin():
    torch.manual_seed(0)
    points, features = torch.rand(2, 40, 3), torch.rand(2, 40, 5, requires_grad=True)
    scales = (Scale(0.4, 6, (8, 8)),)
    module = awake(SetAbstraction(5, scales)).train()
    level = look_up(points, [10], [scales]).levels[0]
    module(points, features, level).square().sum().backward()
    found = {name: p.grad.clone() for name, p in module.named_parameters()}
    found_input = features.grad.clone()
    module.zero_grad()
    features.grad = None
    index = level.balls[0]
    grouped = torch.cat([gather(features, index), gather(points, index) - level.centers[:, :, None]], dim=-1)
    plain_layers(module.scales[0], grouped).amax(dim=2).square().sum().backward()
    torch.testing.assert_close(found_input, features.grad, atol=1e-4, rtol=1e-4)
    for name, parameter in module.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, atol=1e-3, rtol=1e-3)


def test_folding_keeps_the_answer():
    torch.manual_seed(0)
    x = torch.rand(3, 7, 6)
    layers, project = awake(Layers(6, (5, 4))).eval(), awake(Projection(6, 4)).eval()
    torch.testing.assert_close(layers(x), plain_layers(layers, x))
    torch.testing.assert_close(project(x), project.norm(project.linear(x).flatten(0, 1)).view(3, 7, 4))
    torch.testing.assert_close(layers(x, pooled=True), plain_layers(layers, x).amax(dim=1))


def test_rows_and_mixing_equal_the_point_operations():
    torch.manual_seed(0)
    points, values = torch.rand(2, 30, 3), torch.rand(2, 8, 5)
    level = look_up(points, [8], [()]).levels[0]
    torch.testing.assert_close(mixed(values, level), interpolate(points, level.centers, values))
    index = torch.randint(0, 8, (2, 4, 3))
    assert torch.equal(rows_at(values, index), gather(values, index))


def test_chosen_centres_make_the_answer_follow_a_permutation():
    torch.manual_seed(0)
    net = awake(PointNet2(PointNet2Config(centers=(16, 4), width=4, neighbours=64))).eval()
    points = torch.rand(1, 32, 3)
    order = torch.randperm(32)
    back = torch.argsort(order)
    first = farthest_points(points, 16)
    second = farthest_points(gather(points, first), 4)
    plain = net(points, net.look(points, chosen=[first, second]))
    turned = net(points[:, order], net.look(points[:, order], chosen=[back[first], second]))
    torch.testing.assert_close(turned, plain[:, order], atol=1e-5, rtol=1e-5)


def test_small_clouds_and_random_starts():
    net = PointNet2(TINY).eval()
    assert net(torch.rand(1, 3, 3)).shape == (1, 3, 16)
    assert net(torch.rand(2, 1, 3)).isfinite().all()
    points = torch.rand(2, 40, 3)
    start = torch.tensor([5, 9])
    level = net.look(points, start=start).levels[0]
    assert torch.equal(level.centers[:, 0], points[[0, 1], start])


def test_geometries_side_by_side():
    net = awake(PointNet2(TINY)).eval()
    points = torch.rand(3, 40, 3)
    joined = side_by_side([net.look(cloud[None]) for cloud in points])
    torch.testing.assert_close(net(points, joined), net(points))


def test_edges_equal_their_plain_twin():
    torch.manual_seed(0)
    layers = awake(EdgeLayers(4, (6, 5))).eval()
    x = torch.rand(2, 20, 4)
    index = feature_neighbours(x, 3)
    near = gather(x, index)
    edges = torch.cat([near - x[:, :, None], x[:, :, None].expand_as(near)], dim=-1)
    for linear, norm in zip(layers.linears, layers.norms, strict=True):
        edges = linear(edges)
        edges = nn.functional.leaky_relu(norm(edges.flatten(0, 2)).view(edges.shape), 0.2)
    torch.testing.assert_close(layers(x, index), edges.amax(dim=2), atol=1e-5, rtol=1e-5)


def test_feature_neighbours_are_the_nearest(monkeypatch):
    torch.manual_seed(0)
    x = torch.rand(2, 30, 6)
    expected = torch.cdist(x, x).topk(5, largest=False).indices.sort(dim=-1).values
    assert torch.equal(feature_neighbours(x, 5).sort(dim=-1).values, expected)
    monkeypatch.setattr("partwise.layers.dgcnn.PAIRS_AT_ONCE", 200)
    assert torch.equal(feature_neighbours(x, 5).sort(dim=-1).values, expected)
    assert feature_neighbours(x, 99).shape == (2, 30, 30)


def test_dgcnn_takes_no_geometry_and_starts_untransformed():
    net = Dgcnn(DgcnnConfig(edges=4, width=8)).eval()
    points = torch.rand(1, 20, 3)
    matrix = net.transform(points, feature_neighbours(points, 4))
    torch.testing.assert_close(matrix, torch.eye(3)[None])
    with pytest.raises(InputError, match="no geometry"):
        net(points, PointNet2(TINY).look(points))


@pytest.mark.parametrize(
    ("config", "match"),
    [
        (lambda: PointNet2Config(channels=2), "at least 3 channels"),
        (lambda: PointNet2Config(centers=(4,)), "two levels"),
        (lambda: PointNet2Config(width=0), "width 0"),
        (lambda: DgcnnConfig(edges=0), "edges 0"),
    ],
)
def test_bad_sizes_are_refused(config, match):
    with pytest.raises(InputError, match=match):
        config()
