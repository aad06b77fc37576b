"""The words of ShapeNetPart: categories, synsets, label ids, and the name list of each published protocol."""

from __future__ import annotations

# Category, its WordNet synset (the folder), and the names of its labels in the order of their ids.
# Names: PatchAlign3D. The 50 ids run on from category to category (the "standard 50-label map").
SYNSETS: dict[str, str] = {
    "Airplane": "02691156",
    "Bag": "02773838",
    "Cap": "02954340",
    "Car": "02958343",
    "Chair": "03001627",
    "Earphone": "03261776",
    "Guitar": "03467517",
    "Knife": "03624134",
    "Lamp": "03636649",
    "Laptop": "03642806",
    "Motorbike": "03790512",
    "Mug": "03797390",
    "Pistol": "03948459",
    "Rocket": "04099429",
    "Skateboard": "04225987",
    "Table": "04379243",
}

NAMES: dict[str, tuple[str, ...]] = {
    "Airplane": ("body", "wing", "tail", "engine or frame"),
    "Bag": ("handle", "body"),
    "Cap": ("crown", "brim"),
    "Car": ("roof", "hood", "wheel", "body"),
    "Chair": ("back", "seat", "leg", "arm"),
    "Earphone": ("earcup", "headband", "data wire"),
    "Guitar": ("headstock", "neck", "body"),
    "Knife": ("blade", "handle"),
    "Lamp": ("base", "lampshade", "fixing bracket", "pole"),
    "Laptop": ("keyboard", "screen"),
    "Motorbike": ("gas tank", "seat", "wheel", "handles or handlebars", "headlight", "engine or frame"),
    "Mug": ("handle", "cup"),
    "Pistol": ("barrel", "handle or grip", "trigger and guard"),
    "Rocket": ("body", "fin", "nose"),
    "Skateboard": ("wheel", "deck", "belt for foot"),
    "Table": ("desktop", "leg or support", "drawer"),
}

# Find3D asks other words for the same labels, so its figures are another protocol.
FIND3D_NAMES: dict[str, tuple[str, ...]] = {
    **NAMES,
    "Cap": ("panels or crown", "visor or peak"),
    "Car": ("roof", "hood", "wheel or tire", "body"),
    "Chair": ("back", "seat pad", "leg", "armrest"),
    "Guitar": ("head or tuners", "neck", "body"),
    "Lamp": ("base", "lampshade", "fixing bracket", "stem"),
    "Laptop": ("keyboard", "screen or monitor"),
    "Motorbike": ("gas tank", "seat", "wheel", "handles or handlebars", "light", "engine or frame"),
    "Pistol": ("barrel", "handle", "trigger and guard"),
    "Rocket": ("body", "fin", "nose cone"),
}

# PointCLIP v2 asks two questions about a lamp, for its labels 0 and 1; labels 2 and 3 stay in the ground truth and
# can never be answered. The rest equals Find3D.
POINTCLIPV2_NAMES: dict[str, tuple[str, ...]] = {**FIND3D_NAMES, "Lamp": ("leg or wire", "lampshade")}


def first_labels() -> dict[str, int]:
    """The first of the 50 label ids of each category: label within a category = id - first."""
    starts, total = {}, 0
    for category, names in NAMES.items():
        starts[category] = total
        total += len(names)
    return starts
