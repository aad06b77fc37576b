"""Pictures as questions: what is read and refused, what they become, a head that was trained with them."""

import io
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import write_checkpoint
from PIL import Image
from test_afford import CONFIG

from partwise import Segmenter, Shape
from partwise.cli import main
from partwise.datasets.procedural import CATEGORIES
from partwise.encoders.pixels import PictureTower, PixelEncoder, picture_tokens
from partwise.errors import CheckpointError, InputError, MissingDataError, PartwiseError, UnsafeError
from partwise.io.limits import Limits
from partwise.io.photo import LEAST_SIDE, photos_of, read_photo
from partwise.train import afford as recipe
from partwise.train.pictures import HAND, SimulatedPictures, best_picture

RAMP = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (32, 1))  # (32,64)


def saved(folder, image, name="photo.png", **options):
    image.save(folder / name, **options)
    return folder / name


def wide_png(pixels):
    """A PNG of 16-bit RGB or RGBA, which Pillow reads but does not write."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1)
    body = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def wide_tiff(pixels):
    """An uncompressed TIFF of 16-bit RGB or RGBA, which Pillow reads but does not write."""
    height, width, channels = pixels.shape
    body = pixels.astype("<u2").tobytes()
    bits = struct.pack(f"<{channels}H", *[16] * channels)
    start, count = 8, 9 + (channels == 4)
    tail = start + 2 + 12 * count + 4
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, channels, tail),
        (259, 3, 1, 1),  # no compression
        (262, 3, 1, 2),  # RGB
        (273, 4, 1, tail + len(bits)),
        (277, 3, 1, channels),
        (278, 3, 1, height),
        (279, 4, 1, len(body)),
        *([(338, 3, 1, 2)] if channels == 4 else []),  # alpha
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", start, count) + entries + bytes(4) + bits + body


@pytest.mark.parametrize("write", [wide_png, wide_tiff])
def test_sixteen_bits_of_colour_become_eight(tmp_path, write):
    plain = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint16)
    path = tmp_path / "wide"
    path.write_bytes(write(plain * 257))
    assert np.array_equal(read_photo(path), plain)
    path.write_bytes(write(np.dstack([plain * 257, np.zeros((20, 30), dtype=np.uint16)])))
    assert (read_photo(path) == 255).all()  # clear all over


def test_tiff_is_read_upright_and_refused_where_its_numbers_are_no_picture(tmp_path):
    for mode in ("L", "RGB", "P", "CMYK"):
        photo = Image.fromarray(RAMP).convert(mode)
        for how in (None, "tiff_lzw", "tiff_adobe_deflate"):
            found = read_photo(saved(tmp_path, photo, "photo.tif", compression=how))
            assert np.array_equal(found, np.repeat(RAMP[..., None], 3, axis=2)), (mode, how)
    sideways = saved(tmp_path, Image.fromarray(RAMP), "sideways.tif", tiffinfo={274: 6})
    assert read_photo(sideways).shape == (64, 32, 3)
    halves = saved(tmp_path, Image.fromarray((RAMP / 255).astype(np.float32)), "floats.tif")
    assert np.array_equal(read_photo(halves)[..., 0], RAMP)
    for values, said in ((RAMP.astype(np.float32), r"0\.\.1"), (RAMP.astype(np.int32) * 10_000, "16 bits")):
        with pytest.raises(InputError, match=said):
            read_photo(saved(tmp_path, Image.fromarray(values), "depth.tif"))
    with pytest.raises(UnsafeError, match="max_texture_pixels"):
        read_photo(sideways, Limits(max_texture_pixels=100))
    cut = tmp_path / "cut.tif"
    for size in (4, 60, 1500):
        cut.write_bytes(wide_tiff(np.zeros((20, 30, 3), dtype=np.uint16))[:size])
        with pytest.raises(InputError, match=r"cut\.tif"):
            read_photo(cut)


def test_damaged_tiff_is_a_picture_or_an_error_with_its_name(tmp_path):
    rng = np.random.default_rng(0)
    path = saved(tmp_path, Image.fromarray(RAMP).convert("RGB"), "photo.tif", compression="tiff_lzw")
    said = []
    for whole in (path.read_bytes(), wide_tiff(np.zeros((20, 30, 3), dtype=np.uint16))):
        for _ in range(150):
            data = np.frombuffer(whole, dtype=np.uint8).copy()
            tail = 8 if rng.random() < 0.5 else max(0, len(data) - 300)  # headers are at either end
            data[tail + rng.integers(0, min(250, len(data) - tail), 3)] = rng.integers(0, 256, 3)
            path.write_bytes(data.tobytes())
            try:
                assert read_photo(path).dtype == np.uint8
            except PartwiseError as error:
                said.append(str(error))
    assert len(said) > 30
    assert all("photo.tif" in line or "pixels" in line for line in said)


def test_every_kind_of_picture_is_the_same_picture(tmp_path):
    plain = np.repeat(RAMP[..., None], 3, axis=2)
    alpha = np.dstack([plain, np.full_like(RAMP, 255)])
    wide = RAMP.astype(np.uint16) * 257
    sources = {
        "grey file": saved(tmp_path, Image.fromarray(RAMP), "grey.png"),
        "rgba file": saved(tmp_path, Image.fromarray(alpha), "rgba.png"),
        "16 bit file": saved(tmp_path, Image.fromarray(wide), "wide.png"),
        "palette file": saved(tmp_path, Image.fromarray(RAMP).convert("P"), "palette.png"),
        "tiff file": saved(tmp_path, Image.fromarray(plain), "photo.tiff"),
        "16 bit tiff file": saved(tmp_path, Image.fromarray(wide), "wide.tiff"),
        "bmp file": saved(tmp_path, Image.fromarray(plain), "photo.bmp"),
        "pil": Image.fromarray(RAMP).convert("P"),
        "array": plain,
        "grey array": RAMP,
        "grey and alpha": np.dstack([RAMP, np.full_like(RAMP, 255)]),
        "16 bit array": wide,
        "floats": RAMP / 255,
        "tensor": torch.from_numpy(plain),
    }
    for kind, source in sources.items():
        found = read_photo(source)
        assert found.dtype == np.uint8, kind
        assert np.array_equal(found, plain), kind


def test_what_is_transparent_shows_white_and_photographs_stand_upright(tmp_path):
    clear = np.zeros((20, 40, 4), dtype=np.uint8)
    assert (read_photo(clear) == 255).all()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    path = saved(tmp_path, Image.fromarray(RAMP), "phone.jpg", exif=exif)
    assert read_photo(path).shape == (64, 32, 3)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (np.zeros((1, 1, 3), dtype=np.uint8), "1 x 1 pixels"),
        (np.zeros((LEAST_SIDE - 1, 500), dtype=np.uint8), "show nothing"),
        (np.zeros((40, 40, 5), dtype=np.uint8), "no picture"),
        (np.zeros((0, 40, 3), dtype=np.uint8), "no picture"),
        (np.zeros((40, 40), dtype=np.int64), "dtype int64"),
        (np.full((40, 40), np.nan), "0..1"),
        (np.full((40, 40), 200.0), "0..1"),
        (None, "NoneType"),
        (5, "int"),
    ],
)
def test_what_is_no_picture_is_refused(source, said):
    with pytest.raises(InputError, match=said):
        read_photo(source)


def test_files_that_are_no_pictures_are_refused(tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("not a picture")
    with pytest.raises(
        InputError, match=r"notes\.png is not a picture that can be read \(PNG.*TIFF\)"
    ) as caught:
        read_photo(text)
    assert "BytesIO" not in str(caught.value)
    whole = io.BytesIO()
    Image.fromarray(RAMP).save(whole, format="PNG")
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.getvalue()[:60])
    with pytest.raises(InputError, match=r"cut\.png cannot be decoded"):
        read_photo(cut)
    lazy = Image.open(cut)  # Pillow decodes when the pixels are asked for
    with pytest.raises(InputError, match="the picture cannot be decoded"):
        read_photo(lazy)
    with pytest.raises(MissingDataError, match="no picture at"):
        read_photo(tmp_path / "none.png")
    with pytest.raises(InputError, match="1 x 1 pixels"):
        read_photo(saved(tmp_path, Image.new("RGB", (1, 1)), "one.png"))
    with pytest.raises(UnsafeError, match="max_texture_pixels"):
        read_photo(saved(tmp_path, Image.fromarray(RAMP)), Limits(max_texture_pixels=100))
    with pytest.raises(InputError, match="empty list"):
        photos_of([])


def test_pixels_are_tokens_of_their_patch_and_place():
    encoder, picture = PixelEncoder(), np.full((64, 64, 3), 255, dtype=np.uint8)
    picture[:8, 8:16] = 0
    tokens = encoder.encode(picture[None])
    assert tokens.shape == (1, 8, 8, encoder.width)
    assert (tokens[0, 0, 1, :-4] == -1).all()
    assert (tokens[0, 2, 1, :-4] == 1).all()
    assert len(tokens[0, ..., -4:].flatten(0, 1).unique(dim=0)) == 64  # every place is another one
    two = picture_tokens([picture, np.full((100, 50, 3), 255, dtype=np.uint8)], encoder)
    assert two.shape == (2, 64, encoder.width)


def test_a_tower_is_opened_and_known_by_its_weights(tmp_path):
    from test_vision import make

    folder = make("dinov2", tmp_path / "dino")
    tower = PictureTower(str(folder))
    encoder = tower.open()
    assert picture_tokens([np.zeros((50, 80, 3), dtype=np.uint8)], encoder).shape == (1, 256, 32)
    assert PictureTower(str(folder), sha256=encoder.revision).open() is encoder
    with pytest.raises(CheckpointError, match="name the right encoder"):
        PictureTower(str(folder), sha256="0" * 64).open()
    with pytest.raises(InputError, match="40 hex digits"):
        PictureTower("no/such-model").open()


def test_a_simulated_picture_shows_where_the_action_is():
    mug = CATEGORIES["mug"](np.random.default_rng(1))
    picture = best_picture(mug, "grasp", np.random.default_rng(2))
    assert picture.shape == (96, 96, 3)
    covered = (np.abs(picture - HAND) < 40).all(axis=2)
    background = (picture == 255).all(axis=2)
    assert 10 < covered.sum() < (~background).sum()
    source = SimulatedPictures(PixelEncoder(), ("mug", "chair"), seed=3)
    assert source.offering("sit") == ("chair",)
    assert torch.equal(source.tokens("chair", "sit", 1), source.tokens("chair", "sit", 5))  # four are kept
    with pytest.raises(InputError, match="no chair offers"):
        source.tokens("chair", "cut", 0)
    with pytest.raises(InputError, match="drop the action"):
        source.any_tokens("wear", np.random.default_rng(0))


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A checkpoint whose head was trained with simulated pictures for a few steps."""
    folder = write_checkpoint(tmp_path_factory.mktemp("shown") / "model", "pointalign3d")
    config = recipe.with_pictures(replace(CONFIG, asked=(0.0, 0.5, 0.5)), PictureTower("pixels"))
    head = recipe.train(config, Segmenter.from_pretrained(folder), folder.parent / "run")
    head.rename(folder / "afford")
    return folder


def test_words_pictures_and_both_are_asked(shown, cloud):
    segmenter, table = Segmenter.from_pretrained(shown), Shape.of(cloud, up="y")
    photo = best_picture(CATEGORIES["mug"](np.random.default_rng(1)), "grasp", np.random.default_rng(2))
    words = segmenter.afford(table, ["grasp", "sit"])
    seen = segmenter.afford(table, images=photo)
    both = segmenter.afford(table, ["grasp", "sit"], photo)
    assert words.heat.shape == both.heat.shape == (len(cloud), 2)
    assert seen.phrases == ("picture 1",)
    assert np.isfinite(seen.heat).all()
    assert not np.allclose(words.heat, both.heat, atol=1e-6)
    paired = segmenter.afford(table, ["grasp", "sit"], [photo, 255 - photo])
    assert paired.heat[:, 0] == pytest.approx(both.heat[:, 0], abs=1e-5)
    assert segmenter.afford(table, images=[photo, 255 - photo]).phrases == ("picture 1", "picture 2")
    with pytest.raises(InputError, match="3 pictures for 2 phrases"):
        segmenter.afford(table, ["grasp", "sit"], [photo] * 3)
    with pytest.raises(InputError, match="at least one phrase"):
        segmenter.afford(table)


def test_a_head_without_pictures_says_how_to_get_one(tmp_path, cloud):
    segmenter, photo = Segmenter.from_pretrained(), np.zeros((40, 40, 3), dtype=np.uint8)
    assert segmenter.head is not None
    with pytest.raises(InputError, match="partwise train afford OUT --pictures"):
        segmenter.afford(Shape.of(cloud, up="y"), ["grasp"], photo)


def test_the_command_line_takes_pictures(shown, cloud, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("table.npy", cloud)
    saved(tmp_path, Image.fromarray(RAMP), "pouring.png")
    command = ["afford", "table.npy", "--model", str(shown), "--up", "y", "--json", "--out", "x.json"]
    assert main([*command, "--image", "pouring.png"]) == 0
    assert [a["name"] for a in json.loads(capsys.readouterr().out)["actions"]] == ["pouring"]
    assert main([*command, "--image", "none.png"]) == 3
    Path("wide.tif").write_bytes(wide_tiff(np.zeros((20, 30, 4), dtype=np.uint16)))
    assert main([*command, "--image", "wide.tif"]) == 0
    Path("notes.png").write_text("not a picture")
    saved(tmp_path, Image.new("RGB", (1, 1)), "one.png")
    for name, why in (("notes.png", "notes.png is not a picture"), ("one.png", "1 x 1 pixels")):
        capsys.readouterr()
        assert main([*command, "--image", name]) == 2
        assert why in capsys.readouterr().err
    assert main(command) == 2  # nothing was asked


def test_the_command_line_trains_with_pictures(tmp_path, capsys, monkeypatch):
    folder = write_checkpoint(tmp_path / "model", "pointalign3d")
    monkeypatch.setattr(recipe, "PRESETS", {"tiny": replace(CONFIG, steps=1, calibration=6, validation=3)})
    command = ["train", "afford", str(tmp_path / "run"), "--model", str(folder), "--preset", "tiny"]
    assert main([*command, "--pictures", "pixels"]) == 0
    saved_config = json.loads((tmp_path / "run" / "afford" / "config.json").read_text())
    assert saved_config["pictures"]["sha256"] == PixelEncoder.revision
    assert saved_config["model"]["image_width"] == PixelEncoder.width
