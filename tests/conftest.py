"""What many tests need: a small checkpoint with random weights, a labelled-looking mesh, a quiet cache."""

from dataclasses import asdict

import jaxtyping
import numpy as np
import pytest
import torch

from partwise.checkpoint import save_checkpoint
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig
from partwise.predict import Segmenter, SegmenterConfig
from partwise.shape import Shape

PATCH_CONFIG = PatchAlign3DConfig(token_width=32, width=48, depth=2, heads=3, text_width=384)
POINT_CONFIG = PointAlign3DConfig(
    token_hidden=(16, 32, 64), token_width=32, width=48, depth=2, decoder_width=48, local_width=16
)


@pytest.fixture(scope="session", autouse=True)
def quiet_cache(tmp_path_factory):
    """Nothing that tests do reaches the user's own cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PARTWISE_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture
def unchecked():
    """Calls as a user makes them: without the checks of types at run time, which only tests have."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def write_checkpoint(folder, kind="patchalign3d"):
    torch.manual_seed(0)
    model = PatchAlign3D(PATCH_CONFIG) if kind == "patchalign3d" else PointAlign3D(POINT_CONFIG)
    for module in model.modules():  # spread the logits, so that labels differ over a shape
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=0.3)
    if isinstance(model, PointAlign3D):
        torch.nn.init.normal_(model.decoder.from_place.weight, std=10.0)
    how = "nearest" if kind == "patchalign3d" else "decoder"
    config = {
        "architecture": kind,
        "model": asdict(model.config),
        "segmenter": asdict(SegmenterConfig(propagation=how)),
    }
    save_checkpoint(folder, config, model.state_dict())
    return folder


@pytest.fixture(scope="session", params=["patchalign3d", "pointalign3d"])
def checkpoint(request, tmp_path_factory):
    """A checkpoint folder of each architecture, with random weights."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / request.param, request.param)


@pytest.fixture(scope="session")
def segmenter(checkpoint):
    return Segmenter.from_pretrained(checkpoint)


@pytest.fixture(scope="session")
def cloud():
    """Points (5000,3) on the surface of a table: a board on four legs."""
    rng = np.random.default_rng(0)
    board = rng.uniform([-0.5, 0.7, -0.3], [0.5, 0.74, 0.3], (3000, 3))
    board[np.arange(3000), 1] = np.where(rng.random(3000) < 0.5, 0.7, 0.74)
    legs = rng.uniform([-0.03, 0, -0.03], [0.03, 0.7, 0.03], (2000, 3))
    legs[:, [0, 2]] += rng.choice([-1, 1], (2000, 2)) * [0.44, 0.24]
    return np.concatenate([board, legs])


@pytest.fixture(scope="session")
def box_mesh():
    """A closed box of two stacked cubes, z up, as a trimesh mesh."""
    import trimesh

    lower, upper = trimesh.creation.box((1, 1, 1)), trimesh.creation.box((0.5, 0.5, 0.5))
    upper.apply_translation((0, 0, 0.75))
    return trimesh.util.concatenate([lower, upper])


@pytest.fixture
def shape(cloud):
    return Shape.of(cloud, up="y")


def share_like(picture, color, box=None):
    """Share of the pixels in a box that have about the hue of a colour."""
    pixels = np.asarray(picture.crop(box) if box else picture, dtype=np.float64)
    pixels /= np.linalg.norm(pixels, axis=-1, keepdims=True)
    return float((pixels @ (np.array(color) / np.linalg.norm(color)) > 0.97).mean())
