"""`partwise lift`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from partwise.cli.progress import step
from partwise.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from partwise.lift.lifting import DenseEncoder, LiftConfig
    from partwise.lift.precompute import Progress, RunConfig

PREVIEWED = 4


@dataclass(frozen=True)
class Lift:
    """Carry 2D features to 3D: render each shape, encode the pictures, project back, keep a feature for each patch.

    The result feeds stage 1 of PatchAlign3D and CMAT. Running again goes on where a run was stopped and lifts only
    what is new or changed. A file that cannot be lifted is set aside with its reason, and the run goes on.

    Examples:
        partwise lift assets --out lifted --encoder ./dinov2-base
        partwise lift a.glb b.ply --out lifted --encoder facebook/dinov2-base --allow-network --preset patchalign3d
        partwise lift assets --out lifted --encoder ./dinov2-base --workers 8 --preview sheet.png
        partwise lift assets --out lifted --encoder ./dinov2-base --engine ray --workers 60 --encoders 4 --device cuda
    """

    inputs: tyro.conf.Positional[tuple[Path, ...]]
    """Shape files, or folders that are searched for them."""
    out: Path
    """The folder of units and manifest.json."""
    encoder: str = "facebook/dinov2-base"
    """A vision transformer: a local folder, or a hub id."""
    revision: str | None = None
    """Commit of a hub id; the default encoder has one."""
    allow_network: bool = False
    """Download a hub id that is not on this machine."""
    preset: Literal["cmat_paper", "cmat_release", "patchalign3d", "cops"] = "cmat_paper"
    """Cameras, picture size, points, patches, visibility and pooling as that source has them."""
    cameras: str | None = None
    """Another layout: cmat_paper, cmat_release, cops, find3d, patchalign3d, pointclipv2, or uniform (see views)."""
    views: int | None = None
    """Cameras of the layout "uniform", 12 if not said."""
    size: int | None = None
    """Side of a picture in pixels, instead of the preset's."""
    points: int | None = None
    """Points sampled on each shape, instead of the preset's."""
    groups: int | None = None
    """Patches of each shape, instead of the preset's."""
    neighbours: int | None = None
    """Points of each patch, instead of the preset's."""
    keep_points: bool = False
    """Store the feature of every point too: many times the disk."""
    up: str | None = None
    """Axis that points up in all inputs: y, z, x, -y, -z, -x."""
    engine: Literal["local", "ray"] = "local"
    """Where the work is done: on this machine, or by actors of a Ray cluster (extra `scale`)."""
    workers: int | None = None
    """local: processes, each with its own encoder (default 0: work in this one); ray: actors that draw (1)."""
    encoders: int = 1
    """ray: actors that encode, with a GPU each if the device is cuda."""
    per_unit: int = 32
    """Shapes in a file: what a crash can cost."""
    max_disk_gb: float | None = None
    """Refuse to start if the run needs more; default: what is free, less a reserve."""
    time_limit: float = 600.0
    """Seconds for one shape before it is set aside (with workers)."""
    retry: bool = False
    """Try again what failed before."""
    verify: bool = False
    """Compare the units that are there with their hashes, and redo damaged ones."""
    device: str = "cpu"
    """cpu or cuda, for the encoder."""
    draw_on: str = "cpu"
    """cpu or cuda, for the pictures: Embree, or Warp (extra `gpu`)."""
    half: bool = False
    """Encode in half precision."""
    preview: Path | None = None
    """A picture (.png) of the first shapes: renderings, lifted features, and those of the shipped default."""

    def run(self) -> None:
        """Find the inputs, say what it will take, lift, report."""
        with step("loading the encoder"):
            config, opener, encoder = self._opened()
        from partwise.lift.precompute import find_inputs, in_process, lift_library
        from partwise.lift.shards import bytes_per_shape

        inputs = find_inputs(self.inputs)
        size = bytes_per_shape(
            config.points, config.groups, config.neighbours, encoder.width, config.keep_points
        )
        print(
            f"{len(inputs):,} shapes, {size / 1e6:.2f} MB each on disk, {size * len(inputs) / 1e9:.3f} GB in all"
        )
        run = self._run_config()
        if self.preview is not None and self.preview.suffix.lower() != ".png":
            raise InputError(f"cannot write a preview to {self.preview}: end its name in .png")
        report = lift_library(
            inputs, self.out, config, (lambda: encoder) if in_process(run) else opener, run, _Bar(len(inputs))
        )
        print(
            f"wrote {report.folder}: {report.shapes:,} shapes ({report.kept:,} from before), "
            f"{report.bytes_on_disk / 1e6:.1f} MB, {report.seconds:.0f} s"
        )
        for failure in report.failures:
            print(f"set aside {failure.source}: {failure.error}: {failure.message}")
        if self.preview is not None:
            failed = {failure.source for failure in report.failures}
            chosen = [path for name, path in inputs.items() if name not in failed][:PREVIEWED]
            with step(f"drawing {self.preview}"):
                write_preview(self.preview, chosen, config, encoder)
            print(f"wrote {self.preview}: renderings, lifted features, features of partwise-small")

    def _run_config(self) -> RunConfig:
        from partwise.lift.precompute import RunConfig

        at_least = 0 if self.engine == "local" else 1
        return RunConfig(
            engine=self.engine,
            workers=at_least if self.workers is None else self.workers,
            encoders=self.encoders,
            gpus=1.0 if self.device.startswith("cuda") else 0.0,
            per_unit=self.per_unit,
            time_limit=self.time_limit,
            max_disk=None if self.max_disk_gb is None else int(self.max_disk_gb * 1e9),
            verify=self.verify,
            retry=self.retry,
        )

    def _opened(self) -> tuple[LiftConfig, Callable[[], DenseEncoder], DenseEncoder]:
        """The settings, what opens the encoder in a worker, and the encoder itself."""
        from partwise.lift.cameras import UNIFORM
        from partwise.lift.lifting import PRESETS
        from partwise.lift.precompute import EncoderConfig

        preset = PRESETS[self.preset]
        cameras = self.cameras or preset.cameras
        if self.views is not None and cameras != UNIFORM:
            raise InputError(
                f"the layout {cameras!r} has its own views: use --cameras {UNIFORM} with --views"
            )
        config = replace(
            preset,
            cameras=cameras,
            views=preset.views if self.views is None else self.views,
            size=preset.size if self.size is None else self.size,
            points=preset.points if self.points is None else self.points,
            groups=preset.groups if self.groups is None else self.groups,
            neighbours=preset.neighbours if self.neighbours is None else self.neighbours,
            keep_points=self.keep_points,
            drawn_on=self.draw_on,
            up=self.up,
        )
        opener = EncoderConfig(
            self.encoder, self.revision, self.allow_network, config.size, self.device, self.half
        ).open
        return config, opener, opener()


class _Bar:
    """Progress with the time that is left, if tqdm is there to draw it."""

    def __init__(self, total: int) -> None:
        try:
            from tqdm import tqdm
        except ImportError as error:
            raise MissingExtraError("tqdm", "train", "the progress of `partwise lift`") from error
        self.bar = tqdm(total=total, unit="shape", smoothing=0.05)

    def __call__(self, progress: Progress) -> None:
        self.bar.update(progress.done - self.bar.n)
        if progress.failed:
            self.bar.set_postfix(set_aside=progress.failed)
        if progress.done == progress.total:
            self.bar.close()


def write_preview(target: Path, files: Sequence[Path], config: LiftConfig, encoder: DenseEncoder) -> None:
    """A sheet: for each file its renderings, the lifted features and those of the shipped default in colours (PCA)."""
    import numpy as np
    from PIL import Image

    from partwise.files import atomic_path, check_target
    from partwise.lift.lifting import lift_point_features
    from partwise.lift.preview import preview_sheet
    from partwise.lift.render import render_views, scene_of
    from partwise.predict import Segmenter
    from partwise.shape import Shape

    check_target(target)
    segmenter, sheets = Segmenter.from_pretrained(), []
    for file in files:
        shape = Shape.read(file, up=config.up)
        lifted = lift_point_features(shape, encoder, config, np.random.default_rng(config.seed))
        points = lifted.target.points
        look = segmenter.look(Shape.of(points, up="y"), points=len(points), draws=1)
        # The decoder answers in the order of the points it was given, and the cloud was taken whole.
        learned = look.embedding.features[0].clone()
        views = render_views(scene_of(shape), config.look[:6])
        sheets.append(preview_sheet(views, points, [lifted.features.float().cpu(), learned]))
    sheet = np.concatenate(sheets)
    with atomic_path(target) as temporary:
        Image.fromarray(sheet).save(temporary, format="PNG", optimize=True)
