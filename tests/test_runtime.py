"""Exchanged runtimes: they answer as the plain model does, within what their arithmetic allows."""

import sys
from importlib.util import find_spec

import pytest
import torch
from golden_pack import load_pack

from partwise.errors import CheckpointError, InputError, MissingExtraError
from partwise.models.patchalign3d import PatchAlign3D, PatchAlign3DConfig, from_official
from partwise.models.pointalign3d import PointAlign3D, PointAlign3DConfig
from partwise.models.runtime import RUNTIMES, with_runtime

PATCH = PatchAlign3DConfig(token_width=32, width=48, depth=3, heads=3, text_width=64)
POINT = PointAlign3DConfig(
    token_hidden=(16, 32, 48),
    token_width=32,
    width=48,
    depth=2,
    text_width=24,
    decoder_width=32,
    local_width=16,
)

needs_onnx = pytest.mark.skipif(
    not (find_spec("onnx") and find_spec("onnxruntime")),
    reason="needs onnx and onnxruntime: the extra 'fast'",
)


@pytest.fixture(scope="module")
def pack():
    return load_pack("patchalign3d_small")[0]


@pytest.fixture(scope="module")
def golden_model(pack):
    model = PatchAlign3D(PATCH)
    model.load_state_dict(from_official(pack["model"], pack["proj"]))
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def point_model():
    torch.manual_seed(0)
    return PointAlign3D(POINT).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@torch.inference_mode()
def point_labels(model, pack):
    """Labels (2048,) of the golden cloud, and the margin by which each won."""
    cosine = model.similarity(model(pack["in"]["points_raw"]), pack["in"]["text"])[0]
    best = cosine.topk(2, dim=-1)
    return best.indices[:, 0], best.values[:, 0] - best.values[:, 1]


def assert_labels_agree(golden_model, other, pack, at_least, clear):
    """`at_least` of all labels are equal, and every one that was won by more than `clear`."""
    (expected, margin), (found, _) = point_labels(golden_model, pack), point_labels(other, pack)
    assert len(torch.unique(expected)) > 1
    assert (found == expected).float().mean() >= at_least
    assert (margin > clear).float().mean() > 0.5
    assert torch.equal(found[margin > clear], expected[margin > clear])


def test_unknown_runtime_is_named(golden_model, tmp_path):
    with pytest.raises(InputError, match=r"'onnx-fp4'.*torch, torch-onednn, torch-bf16, onnx, onnx-int8"):
        with_runtime(golden_model, "onnx-fp4", "golden", tmp_path)


def test_torch_is_the_folded_model(golden_model, pack, tmp_path):
    points = pack["in"]["points_raw"]
    twin = with_runtime(golden_model, "torch", "golden", tmp_path)
    with torch.inference_mode():
        assert torch.equal(twin(points).features, golden_model.folded()(points).features)
    assert list(tmp_path.iterdir()) == []


@needs_onnx
def test_onnx_agrees_with_the_patch_model(golden_model, pack, cache):
    fast = with_runtime(golden_model, "onnx", "golden", cache)
    with torch.inference_mode():
        points = pack["in"]["points_raw"]
        expected, found = golden_model(points), fast(points)
        for how in ("nearest", "membership", "idw3"):
            text = pack["in"]["text"]
            difference = fast.similarity(found, text, how) - golden_model.similarity(expected, text, how)
            assert difference.abs().max() <= 1e-5
    assert (found.features - expected.features).abs().max() <= 1e-5
    assert (found.tokens - expected.tokens).abs().max() <= 1e-4
    assert_labels_agree(golden_model, fast, pack, 0.999, 1e-4)


@needs_onnx
@pytest.mark.parametrize(("batch", "count"), [(1, 512), (3, 800)])
def test_onnx_agrees_with_the_point_model_at_any_size(point_model, cache, batch, count):
    fast = with_runtime(point_model, "onnx", "point", cache)
    points = torch.randn(batch, count, 3, generator=torch.Generator().manual_seed(count))
    with torch.inference_mode():
        expected, found = point_model(points), fast(points)
    assert found.features.shape == (batch, count, POINT.text_width)
    assert (found.features - expected.features).abs().max() <= 1e-5
    assert (found.patches.features - expected.patches.features).abs().max() <= 1e-5


@needs_onnx
def test_int8_keeps_the_clear_labels(golden_model, pack, cache):
    assert_labels_agree(
        golden_model, with_runtime(golden_model, "onnx-int8", "golden", cache), pack, 0.97, 0.03
    )


def test_bfloat16_keeps_the_clear_labels(golden_model, pack, cache):
    assert_labels_agree(
        golden_model, with_runtime(golden_model, "torch-bf16", "golden", cache), pack, 0.99, 0.01
    )


@pytest.mark.parametrize("runtime", ["torch-bf16", pytest.param("onnx-int8", marks=needs_onnx)])
def test_reduced_precision_of_the_point_model(point_model, cache, runtime):
    fast = with_runtime(point_model, runtime, "point", cache)
    points = torch.randn(1, 512, 3, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, found = point_model(points).features, fast(points).features
    assert found.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(found, expected, dim=-1).min() >= 0.99
    assert not torch.equal(found, expected)


@needs_onnx
def test_exported_files_are_made_once_for_each_set_of_weights(point_model, tmp_path):
    def files():
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    with_runtime(point_model, "onnx", "first", tmp_path)
    made = files()
    assert {path.name for path in made} == {"tokenizer.onnx", "blocks.onnx", "decoder.onnx"}
    with_runtime(point_model, "onnx", "first", tmp_path)
    assert files() == made
    with_runtime(point_model, "onnx", "second", tmp_path)
    assert len(files()) == 6


@needs_onnx
def test_a_damaged_exported_file_is_named(point_model, tmp_path):
    with_runtime(point_model, "onnx", "weights", tmp_path)
    damaged = next(tmp_path.rglob("blocks.onnx"))
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"blocks\.onnx.*delete it"):
        with_runtime(point_model, "onnx", "weights", tmp_path)


@needs_onnx
def test_a_cache_that_cannot_be_written_is_named(point_model, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="name a folder you may write"):
        with_runtime(point_model, "onnx", "weights", tmp_path / "file")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_names_the_extra(point_model, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"partwise\[fast\]"):
        with_runtime(point_model, "onnx", "weights", tmp_path)


def test_the_plain_path_and_bfloat16_need_no_extra(point_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for runtime in RUNTIMES[:2]:
        assert with_runtime(point_model, runtime, "weights", tmp_path)(
            torch.rand(1, 64, 3)
        ).features.shape == (1, 64, 24)


def test_onednn_is_float32_with_the_same_labels():
    from partwise.models.runtime import OneDnnLinear

    torch.manual_seed(0)
    model = PatchAlign3D(PatchAlign3DConfig(depth=2)).eval()
    twin = with_runtime(model, "torch-onednn", "", "")
    assert sum(isinstance(m, OneDnnLinear) for m in twin.modules()) >= 2 * 4 + 2
    points = torch.rand(2, 2048, 3)
    text = torch.randn(5, 1280)
    with torch.inference_mode():
        plain, fast = model(points), twin(points)
        assert (plain.features - fast.features).abs().max() < 1e-5
        expected = model.similarity(plain, text)
        top = expected.topk(2, dim=-1).values
        clear = top[..., 0] - top[..., 1] > 1e-4
        assert torch.equal(expected.argmax(-1)[clear], twin.similarity(fast, text).argmax(-1)[clear])
