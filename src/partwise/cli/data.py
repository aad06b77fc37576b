"""`partwise data`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from partwise.checks import checked_seed, whole_number
from partwise.cli.data_sets import CheckSet, ListSets, MockSet, PrepareSet
from partwise.cli.progress import step
from partwise.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from partwise.datasets.sample import Sample

SHEET_POINTS = 6000
PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Preview:
    """Draw shapes of the procedural world on a contact sheet, coloured by part.

    Examples:
        partwise data preview --out sheet.png
        partwise data preview --out chairs.png --categories chair stool --each 8 --kind scan
    """

    out: Path
    """The picture to write, .png or .jpg."""
    categories: tuple[str, ...] = ()
    """Which categories; default: all, the held-out ones too."""
    seed: int = 0
    """Of the shapes."""
    each: int = 4
    """Shapes of each category."""
    columns: int = 8
    """Pictures in a row."""
    kind: Literal["cad", "scan", "mixed"] = "cad"
    """cad: points on every surface; scan: on what is seen from outside."""

    def run(self) -> None:
        """Make the shapes, draw, write."""
        from partwise.datasets.preview import contact_sheet
        from partwise.datasets.procedural import CATEGORIES, ProceduralShapes
        from partwise.datasets.world.surface import Scan
        from partwise.files import atomic_path, check_target

        checked_seed(self.seed)
        whole_number("each", self.each, 1)
        whole_number("columns", self.columns, 1)
        if self.out.suffix.lower() not in PICTURES:
            raise InputError(f"cannot write a picture to {self.out}: end its name in {' or '.join(PICTURES)}")
        check_target(self.out)  # before the work, not after it
        scan, names = Scan(points=SHEET_POINTS, kind=self.kind), self.categories or tuple(CATEGORIES)
        with step(f"making {self.each * len(names):,} shapes"):
            samples = [
                shape
                for name in names
                for shape in ProceduralShapes(self.seed, [name], scan, self.each, heat=False)
            ]
            sheet = contact_sheet(samples, self.columns)
        with atomic_path(self.out) as temporary:
            # A palette takes a third of the space and looks the same.
            (sheet.quantize(128) if self.out.suffix.lower() == ".png" else sheet).save(temporary)
        print(f"wrote {self.out}: {len(samples):,} shapes of {len(names)} categories")


@dataclass(frozen=True)
class PackShapes:
    """Write shapes for training into one folder: procedural ones, and real objects where a folder of them is named.

    Held-out categories are left out. A pack of 8,192 points takes 56 KiB a shape.

    Examples:
        partwise data pack packs/train --count 30000
        partwise data pack packs/train --count 30000 --objects assets --repeats 12 --scenes 4000 --seed 1
        partwise data pack packs/train --count 30000 --more clamp clamp book
    """

    out: tyro.conf.Positional[Path]
    """The folder to write; it must not hold a pack yet."""
    count: int
    """Procedural shapes."""
    points: int = 8192
    """Points on each shape."""
    seed: int = 0
    """The same seed gives the same pack."""
    objects: Path | None = None
    """A folder of GLB files with manifest.jsonl; its train split is packed too."""
    repeats: int = 1
    """How many times each real object is packed, drawn anew each time."""
    scenes: int = 0
    """Scenes of two to five whole real objects, each named as what it is."""
    heat: bool = False
    """Pack where each procedural shape offers which action, too: twice the time, 8 KiB more for each action."""
    workers: int = 1
    """Processes that make the shapes; the pack is the same whatever their number."""
    more: tuple[str, ...] = ()
    """Categories that should come more often: each time one is named it takes one turn more in every round."""

    def run(self) -> None:
        """Make every shape and write it."""
        from partwise.datasets.mixture import TrainingShapes
        from partwise.datasets.packed import Pack, write_pack

        try:
            from tqdm import tqdm
        except ImportError as error:
            raise MissingExtraError("tqdm", "train", "the progress of `partwise data pack`") from error
        if (self.out / "shapes.json").exists():
            raise InputError(f"{self.out} holds a pack already: name another folder, or remove it")
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f"{self.out} is a file: name a folder")
        shapes = TrainingShapes(
            self.count,
            self.points,
            self.seed,
            self.objects,
            self.repeats,
            self.scenes,
            self.heat,
            self.workers,
            self.more,
        )
        with tqdm(total=len(shapes), unit="shape", smoothing=0.05) as bar:
            write_pack(self.out, _counted(shapes, bar.update), len(shapes), self.points, self.heat)
        print(f"wrote {self.out}: {len(shapes):,} shapes, {len(Pack(self.out).phrases()):,} phrases")


def _counted(shapes: Iterable[Sample], tick: Callable[[], object]) -> Iterator[Sample]:
    for shape in shapes:
        tick()
        yield shape


@dataclass(frozen=True)
class Data:
    """Find, check and convert data sets; look at the procedural world, or pack it for training."""

    task: (
        Annotated[ListSets, tyro.conf.subcommand("list", prefix_name=False)]
        | Annotated[CheckSet, tyro.conf.subcommand("check", prefix_name=False)]
        | Annotated[PrepareSet, tyro.conf.subcommand("prepare", prefix_name=False)]
        | Annotated[MockSet, tyro.conf.subcommand("mock", prefix_name=False)]
        | Annotated[Preview, tyro.conf.subcommand("preview", prefix_name=False)]
        | Annotated[PackShapes, tyro.conf.subcommand("pack", prefix_name=False)]
    )

    def run(self) -> None:
        """Run the task."""
        self.task.run()
