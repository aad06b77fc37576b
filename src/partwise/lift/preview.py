"""Features as colours: the three main directions of a feature cloud, painted on the shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64, UInt8
from scipy.spatial import KDTree
from torch import Tensor

from partwise.errors import InputError
from partwise.lift.scene import View

# Share of values cut off at each end before colours are stretched: a few odd points must not dull the rest.
CUT = 0.02


def feature_colors(features: Float[Tensor, "N D"]) -> UInt8[np.ndarray, "N 3"]:
    """The first three principal components of unit features (N,D) as RGB (N,3), on one scale.

    Colours mean nothing across two calls; alike colours within one mean alike features: a component that says little
    is not stretched until its noise shows. The sign of a component is fixed so that the same features always give the
    same colours. Raises InputError below 3 points or 3 channels.
    """
    if min(features.shape) < 3:
        raise InputError(
            f"features of shape {tuple(features.shape)} have no three main directions: give 3 x 3 or more"
        )
    unit = torch.nn.functional.normalize(features.double().cpu(), dim=1)
    unit = unit - unit.mean(dim=0)
    _, vectors = torch.linalg.eigh(unit.T @ unit)
    axes = vectors[:, -3:].flip(1)
    axes = axes * torch.sign(axes[axes.abs().argmax(dim=0), torch.arange(3)])
    values = (unit @ axes).numpy()
    low, high = np.quantile(values, [CUT, 1 - CUT], axis=0)
    scale = max(float((high - low).max()), 1e-12)
    return np.rint(255 * np.clip((values - (low + high) / 2) / scale + 0.5, 0, 1)).astype(np.uint8)


def paint_features(
    views: Sequence[View], points: Float64[np.ndarray, "N 3"], colors: UInt8[np.ndarray, "N 3"]
) -> UInt8[np.ndarray, "V H W 3"]:
    """Pictures (V,H,W,3) in which every pixel takes the colour of the nearest point (N,3, canonical frame).

    Half of the picture's own light is kept, so that edges stay visible.
    """
    tree, painted = KDTree(points), []
    for view in views:
        picture = view.color[..., :3].copy()
        shown = (view.ids >= 0).reshape(-1)
        origins, directions = view.camera.rays
        place = origins[shown] + view.depth.reshape(-1, 1)[shown] * directions[shown]
        light = 0.5 + 0.5 * picture.reshape(-1, 3)[shown].max(axis=1, keepdims=True) / 255
        picture.reshape(-1, 3)[shown] = colors[tree.query(place)[1]] * light
        painted.append(picture)
    return np.stack(painted)


def preview_sheet(
    views: Sequence[View], points: Float64[np.ndarray, "N 3"], features: Sequence[Float[Tensor, "N _"]]
) -> UInt8[np.ndarray, "R C 3"]:
    """A sheet: the pictures in the first row, then one row for each set of features of the same points (N,3).

    Give lifted and learned features together to see them side by side. Raises InputError without views.
    """
    if not views:
        raise InputError("no views to draw: render at least one")
    rows = [np.stack([view.color[..., :3] for view in views])]
    rows += [paint_features(views, points, feature_colors(values)) for values in features]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
