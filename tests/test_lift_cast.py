"""Two ray casters behind one interface: Warp (here on the CPU) sees what Embree sees."""

import functools
import sys

import numpy as np
import pytest
import trimesh

from partwise.errors import InputError, MissingExtraError
from partwise.lift import cameras
from partwise.lift.cast import EmbreeCaster, WarpCaster
from partwise.lift.render import MeshScene, scene_of
from partwise.shape import Shape

CROSSED = trimesh.util.concatenate([trimesh.creation.icosphere(3), trimesh.creation.box([3, 0.1, 0.1])])
VERTICES, FACES = np.array(CROSSED.vertices), np.array(CROSSED.faces)


def test_warp_meets_the_faces_that_embree_meets():
    pytest.importorskip("warp")
    embree, warp = EmbreeCaster(VERTICES, FACES), WarpCaster(VERTICES, FACES, "cpu")
    for camera in (cameras.cmat_paper(96)[1], cameras.find3d(96)[3]):
        a, b = embree.cast(*camera.rays), warp.cast(*camera.rays)
        hit = a.face >= 0
        assert 0.3 < hit.mean() < 0.9
        # A ray along an edge may meet either side.
        same = hit & (a.face == b.face)
        assert (a.face == b.face).mean() > 0.999
        for name in ("depth", "u", "v"):
            np.testing.assert_allclose(getattr(a, name)[same], getattr(b, name)[same], atol=2e-3)
        assert (b.face[~hit] == -1).mean() > 0.999


def test_pictures_are_the_same_with_either():
    pytest.importorskip("warp")
    shape = Shape.of(CROSSED, up="y")
    ours = MeshScene(shape, caster=functools.partial(WarpCaster, device="cpu"))
    for camera in cameras.cops(64)[:3]:
        a, b = MeshScene(shape).render(camera), ours.render(camera)
        assert (a.ids == b.ids).mean() > 0.999
        assert (np.isinf(a.depth) == np.isinf(b.depth)).mean() > 0.999
        assert (np.abs(a.color.astype(int) - b.color) <= 1).mean() > 0.999


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "warp", None)
    with pytest.raises(MissingExtraError, match=r"partwise\[gpu\]"):
        scene_of(Shape.of(CROSSED, up="y"), device="cuda")


def test_a_device_that_is_not_there_is_named():
    warp = pytest.importorskip("warp")
    if warp.is_cuda_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(InputError, match="no device 'cuda'"):
        scene_of(Shape.of(CROSSED, up="y"), device="cuda")


@pytest.mark.gpu
def test_warp_on_a_gpu_meets_the_faces_that_embree_meets():
    pytest.importorskip("warp")
    camera = cameras.cmat_paper(224)[0]
    a = EmbreeCaster(VERTICES, FACES).cast(*camera.rays)
    b = WarpCaster(VERTICES, FACES, "cuda").cast(*camera.rays)
    assert (a.face == b.face).mean() > 0.999
