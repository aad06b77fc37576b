"""The procedural world: repeatable, well labelled, and seen the way its scan says."""

from pathlib import Path

import numpy as np
import pytest

from partwise.datasets.preview import contact_sheet
from partwise.datasets.procedural import CATEGORIES, HELD_OUT, ProceduralShapes, training_categories
from partwise.datasets.sample import PartName, Sample
from partwise.datasets.world import build, carts, outlines, riding
from partwise.datasets.world.assembly import Assembly
from partwise.datasets.world.mesh import Mesh
from partwise.datasets.world.surface import Sampler, Scan, Screens, Surface, _viewpoints, draw
from partwise.datasets.world.words import AFFORDANCES, phrases, plural, vocabulary
from partwise.errors import InputError

GRID = np.stack(
    [*np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 6), indexing="ij"), np.zeros((5, 6))], -1
)
SOLIDS = {
    "box": (lambda: build.box(1, 2, 3), 6.0),
    "bevelled box": (lambda: build.box(1, 2, 3, bevel=0.01), 5.998),
    "box between": (lambda: build.box_between((0, 1, 0), (1, 2, 1)), 1.0),
    "cylinder": (lambda: build.cylinder(0.5, 1, around=64), 0.7842),
    "cone": (lambda: build.cylinder(0.5, 1, top=0.0, around=64), 0.2614),
    "tray": (lambda: build.tray(1, 1, 1, 0.1), 1 - 0.8 * 0.8 * 0.9),
    "carcass": (lambda: build.carcass(1, 1, 1, 0.1), 1 - 0.8 * 0.8 * 0.9),
    "vessel": (
        lambda: build.vessel([(0.5, 0), (0.5, 1)], 0.1, outlines.rectangle(1, 1)),
        1 - 0.8 * 0.8 * 0.9,
    ),
    "star slab": (lambda: build.slab(outlines.star(5, 1, 0.4), 0.1), 0.02939),
    "star": (lambda: build.extrude(outlines.star(5, 1, 0.4), 0.1), 0.02939),
    "plate with hole": (
        lambda: build.extrude(outlines.rectangle(1, 1), 0.1, [outlines.rectangle(0.5, 0.5)]),
        0.075,
    ),
    "frame": (lambda: build.frame(1, 2, 0.1, 0.1), (2 - 0.8 * 1.8) * 0.1),
    "straight sweep": (
        lambda: build.sweep(np.array([[0, 0, 0], [1, 2, 2.0]]), outlines.rectangle(0.1, 0.2)),
        0.06,
    ),
    "ring tube": (lambda: build.tube(outlines.arc(1, 0, 360, 65)[:-1], 0.1, 32, closed=True), 0.1960),
    "ball": (lambda: build.ball(1, around=48), 0.5198),
    "sheet": (lambda: build.sheet(GRID, 0.1), 0.1),
    "mirror image": (lambda: build.box(1, 1, 1).at(x=2).mirrored("x"), 1.0),
    "copies": (lambda: build.box(1, 1, 1).at(x=2, z=2).four_corners(), 4.0),
    "pointed": (lambda: build.box(0.1, 1, 0.1).pointed((0, 0, 0), (1, 1, 1)), 0.01),
    "cut": (lambda: build.cut(build.box(1, 1, 1), build.box(0.5, 2, 0.5).at(y=-0.5)), 0.75),
    "rounded body": (lambda: riding.body([(0, 0, 1, 1), (1, 0, 1, 1)], power=2), 0.7654),
    "mudguard": (lambda: riding.guard(0.5, 0.1, 0, 180), 0.00459),
    "lattice": (
        lambda: carts.lattice((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1), rows=2, columns=3, radius=0.1),
        5 * 0.02,
    ),
    "fused": (lambda: build.fuse(build.box(1, 1, 1), build.box(1, 1, 1).at(y=0.5)), 1.5),
}


def volume(mesh: Mesh) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    return float((np.cross(a, b) * c).sum() / 6)


@pytest.mark.parametrize("name", SOLIDS)
def test_brushes_make_closed_solids_that_face_outward(name):
    make, expected = SOLIDS[name]
    mesh = make()
    assert volume(mesh) == pytest.approx(expected, rel=0.01)
    moved = mesh.at(5, 5, 5)  # the volume of an open or folded surface would change with its place
    assert volume(moved) == pytest.approx(volume(mesh), rel=1e-6)


def test_every_category_is_well_labelled():
    for name in CATEGORIES:
        for sample in ProceduralShapes(3, [name], Scan(points=8192), length=4):
            found = set(sample.labels.tolist())
            assert found == set(range(len(sample.parts))), (sample.uid, [p.name for p in sample.parts])
            assert len({part.name for part in sample.parts}) == len(sample.parts)
            assert ((sample.heat >= 0) & (sample.heat <= 1)).all()
            assert set(sample.affordances) <= set(AFFORDANCES)
            assert np.allclose(np.linalg.norm(sample.normals, axis=1), 1, atol=1e-4)
            assert all(part.name in vocabulary() for part in sample.parts), sample.parts
            assert 0.02 < np.ptp(sample.points, axis=0).max() < 30


def test_every_declared_action_warms_some_point():
    for name in CATEGORIES:
        samples = list(ProceduralShapes(5, [name], Scan(points=4096), length=6))
        assert any(sample.affordances for sample in samples), name
        for action in {action for sample in samples for action in sample.affordances}:
            peaks = [s.heat[:, s.affordances.index(action)].max() for s in samples if action in s.affordances]
            assert max(peaks) > 0.3, (name, action)


def test_samples_are_pure_functions_of_seed_and_index():
    scan = Scan(kind="mixed", one_sided=0.3, density=0.5, noise=0.01, outliers=0.02, rotation="full")
    first, second = ProceduralShapes(7, scan=scan), ProceduralShapes(7, scan=scan)
    later = second[3]
    for index in (0, 3):
        a, b = first[index], second[index]
        assert a.uid == b.uid
        for field in ("points", "normals", "labels", "heat"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
    np.testing.assert_array_equal(later.points, first[3].points)
    assert not np.array_equal(first[3].points, ProceduralShapes(8, scan=scan)[3].points)


def test_another_scan_shows_the_same_object():
    cad, scan = (ProceduralShapes(1, scan=Scan(kind=kind)) for kind in ("cad", "scan"))
    np.testing.assert_array_equal(cad.assembly(4).surface().vertices, scan.assembly(4).surface().vertices)


def hidden_share(scan: Scan) -> float:
    """How much of a cloud lies on a small box locked inside a large closed one."""
    a = Assembly("box")
    a.add("body", build.box(1, 1, 1))
    a.add("drawer", build.box(0.5, 0.5, 0.5).at(y=0.25))
    drawn = draw(a.surface(), scan, np.random.default_rng(0))
    return float((a.surface().face_part[drawn.face] == 1).mean())


def test_a_scan_sees_no_inside_and_cad_does():
    assert hidden_share(Scan(kind="cad")) == pytest.approx(0.2, abs=0.03)
    assert hidden_share(Scan(kind="scan")) < 0.01


def test_a_scan_sees_into_an_open_vessel():
    mesh = build.vessel([(0.5, 0), (0.5, 1)], 0.05)
    surface = Surface(mesh.vertices, mesh.faces, np.zeros(len(mesh.faces), np.int16))
    drawn = draw(surface, Scan(kind="scan"), np.random.default_rng(0))
    inside = np.linalg.norm(drawn.points[:, [0, 2]], axis=1) < 0.46
    assert inside.mean() > 0.2


def test_a_scan_sees_all_of_a_ball():
    mesh = build.ball(1, around=32)
    sampler = Sampler(Surface(mesh.vertices, mesh.faces, np.zeros(len(mesh.faces), np.int16)))
    rng = np.random.default_rng(0)
    assert Screens(sampler, _viewpoints(rng, False), rng).see(sampler.draw(4000, rng)).mean() > 0.98


def test_one_side_is_one_side():
    mesh = build.box(1, 1, 1)
    surface = Surface(mesh.vertices, mesh.faces, np.zeros(len(mesh.faces), np.int16))
    for seed in range(5):
        drawn = draw(surface, Scan(one_sided=1.0), np.random.default_rng(seed))
        assert len(np.unique(drawn.normals.round(3), axis=0)) <= 3
        assert len(drawn.points) == 2048


def test_density_makes_points_uneven():
    mesh = build.box(1, 1, 1)
    surface = Surface(mesh.vertices, mesh.faces, np.zeros(len(mesh.faces), np.int16))

    def spread(density: float) -> float:
        drawn = draw(surface, Scan(points=8000, density=density), np.random.default_rng(2))
        return float(np.std(np.histogramdd(drawn.points, bins=4)[0][[0, -1]]))

    assert spread(1.0) > 1.5 * spread(0.0)


def test_noise_outliers_and_rotation():
    clean, noisy = (ProceduralShapes(2, ["table"], scan)[0] for scan in (Scan(), Scan(noise=0.01)))
    size = np.ptp(clean.points, axis=0).max()
    assert (noisy.points - clean.points).std() == pytest.approx(0.01 * size, rel=0.1)
    stray = ProceduralShapes(2, ["table"], Scan(outliers=0.1))[0]
    out = stray.labels == -1
    assert out.mean() == pytest.approx(0.1, abs=0.03)
    assert stray.heat[out].max() == 0
    yaw = ProceduralShapes(2, ["table"], Scan(rotation="yaw"))[0]
    np.testing.assert_allclose(yaw.points[:, 1], clean.points[:, 1], atol=1e-5)
    assert not np.allclose(yaw.points, clean.points, atol=0.01)
    full = ProceduralShapes(2, ["table"], Scan(rotation="full"))[0]
    np.testing.assert_allclose(
        np.linalg.norm(full.points, axis=1), np.linalg.norm(clean.points, axis=1), rtol=1e-4
    )


def test_small_parts_get_their_share_of_the_area():
    a = Assembly("table")
    a.add("tabletop", build.box(2, 0.05, 1))
    a.add("knob", build.box(0.1, 0.1, 0.1))
    drawn = draw(a.surface(), Scan(points=20_000), np.random.default_rng(0))
    share = (a.surface().face_part[drawn.face] == 1).mean()
    assert share == pytest.approx(0.06 / (0.06 + 4.3), rel=0.2)


def test_coarse_labels_keep_minus_one():
    parts = (PartName("slat", "back"), PartName("leg", "leg"), PartName("back rail", "back"))
    labels = np.array([0, 1, 2, -1], np.int16)
    zeros = np.zeros((4, 3), np.float32)
    coarse, names = Sample(zeros, zeros, labels, parts, "chair", "x", (), zeros[:, :0]).coarse_labels()
    assert names == ("back", "leg")
    assert coarse.tolist() == [0, 1, 0, -1]


def test_a_sample_refuses_labels_without_a_name():
    zeros = np.zeros((4, 3), np.float32)
    with pytest.raises(InputError, match="with 1 parts"):
        Sample(zeros, zeros, np.ones(4, np.int16), (PartName("leg", "leg"),), "chair", "x", (), zeros[:, :0])


def test_one_name_has_one_coarse_name():
    a = Assembly("bench")
    a.add("slat", build.box(1, 1, 1), of="back")
    with pytest.raises(InputError, match="longer name"):
        a.add("slat", build.box(1, 1, 1), of="seat")


def test_unknown_actions_categories_and_scans_are_refused():
    with pytest.raises(InputError, match="unknown actions"):
        Assembly("chair").afford("fly", "seat")
    with pytest.raises(InputError, match="unknown categories"):
        ProceduralShapes(categories=["unicorn"])
    with pytest.raises(InputError, match="kind 'lidar'"):
        Scan(kind="lidar")
    with pytest.raises(IndexError):
        ProceduralShapes(length=2)[2]


def test_held_out_categories_are_not_trained_on():
    assert set(HELD_OUT) <= set(CATEGORIES)
    assert not set(HELD_OUT) & set(training_categories())
    assert len(training_categories()) + len(HELD_OUT) == len(CATEGORIES)
    made = {
        ProceduralShapes(9, [name]).assembly(i).category for name in training_categories() for i in range(12)
    }
    assert not set(HELD_OUT) & made
    for name in HELD_OUT:
        assert {ProceduralShapes(9, [name]).assembly(i).category for i in range(12)} == {name}


def test_actions_of_absent_parts_are_not_declared():
    a = Assembly("mug")
    a.add("body", build.box(1, 1, 1))
    a.afford("grasp", "handle")
    a.afford("contain", "body", "lid")
    assert a.affordances() == ("contain",)
    heat = a.heat(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros(2, np.int16))
    assert heat.tolist() == [[1.0], [1.0]]


def test_what_has_no_handle_is_held_by_its_core_and_a_strap_is_no_handle():
    gadgets = [ProceduralShapes(3, ["composed gadget"]).assembly(i) for i in range(40)]
    assert all("grasp" in gadget.affordances() for gadget in gadgets)
    strapped = [g for g in gadgets if {p.name for p in g.parts()} & {"strap", "belt"}]
    assert strapped
    for gadget in strapped:
        part = np.array([p.name in ("strap", "belt") for p in gadget.parts()])
        place = np.zeros((len(part), 3))
        heat = gadget.heat(place, place, np.arange(len(part), dtype=np.int16))
        warm = dict(zip(gadget.affordances(), heat.T, strict=True))
        assert not warm["grasp"][part].any()
        assert warm["carry"][part].all()


def test_phrases_are_what_people_type():
    said = phrases("leg", "chair")
    assert {"legs", "chair leg", "leg of the chair", "the leg", "support legs"} <= set(said)
    assert "leg" not in said
    assert [plural(w) for w in ("foot", "shelf", "switch", "knob", "glass")] == [
        "feet",
        "shelves",
        "switches",
        "knobs",
        "glasses",
    ]


def test_contact_sheet_shows_every_sample():
    samples = list(ProceduralShapes(0, length=3, heat=False))
    sheet = contact_sheet(samples, columns=2, cell=100)
    assert sheet.size == (200, 2 * 146)
    pixels = np.asarray(sheet)
    assert (pixels[:100, :100] < 250).any()
    assert (pixels[146:246, :100] < 250).any()
    assert (pixels[146:246, 100:] == 255).all()


def test_the_generator_of_the_guide_works():
    guide = (Path(__file__).parent.parent / "docs" / "world.md").read_text(encoding="utf-8")
    code = next(block for block in guide.split("```python\n") if "def side_table" in block).split("```")[0]
    room: dict = {}
    exec(code, room)
    for seed in range(40):
        table = room["side_table"](np.random.default_rng(seed))
        names = [part.name for part in table.parts()]
        assert names[0] == "tabletop"
        assert set(names) <= set(vocabulary())
        assert ("grasp" in table.affordances()) == ("handle" in names)
