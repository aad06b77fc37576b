"""LAS against the released model (golden pack, numbers only): both kinds of prompt, every stage, sizes."""

import pytest
import torch
from golden_pack import load_pack

from partwise.encoders.prompt import Prompt
from partwise.layers.tokens import PatchEncoder, PatchEncoderConfig
from partwise.models.las import Las, LasConfig, Seen
from partwise.points import interpolate

# The release reads one kind of prompt at a time; here each kind is a model of its own with the same weights.
SIZES = {
    "token_width": 36,
    "width": 32,
    "feedforward": 64,
    "layers": 2,
    "heads": 4,
    "head_width": 16,
    "upsampling": "before",
}


@pytest.fixture(scope="module")
def pack():
    return load_pack("cmat_small")


def official(pack, kind):
    """The released LAS as ours: text or image."""
    renamed = {
        "point_projection": "from_shape",
        "prompt_projection": f"prompts.{kind}.project",
        "feature_propagation.mlp_convs": "spread",
        "feature_propagation.mlp_bns": "spread_norms",
        "co_attention_transformer.transformer.": "attention.",
        "co_attention_transformer.norm": "attention.norm",
        "segmentation_head.mlp": "head",
    }
    state = {}
    for key, value in pack[0]["las"].items():
        for old, new in renamed.items():
            key = key.replace(old, new)
        if key == "point_type_embedding":
            key, value = "shape_mark", value.flatten()
        elif key == "prompt_type_embedding":
            key, value = f"prompts.{kind}.mark", value.flatten()
        state[key] = value.squeeze(-1) if key.startswith("spread.") and value.ndim == 3 else value
    widths = {"text_width": 40, "image_width": 0} if kind == "text" else {"text_width": 0, "image_width": 40}
    model = Las(LasConfig(**SIZES, **widths))
    model.load_state_dict(state)
    return model.eval()


def question(pack, kind):
    given = pack[0]["in"]
    if kind == "text":
        return Prompt(tokens=given["las.text_hidden"][:, None], mask=given["las.text_mask"][:, None].bool())
    return Prompt(image=given["las.visual_hidden"][:, None, 1:])  # without the class token


def answer(pack, kind, model):
    """The stages by the names of the pack, and the logits."""
    out, stages = pack[0]["out"], {}
    for number, layer in enumerate(model.attention.layers):
        layer.register_forward_hook(lambda _m, _i, y, name=f"layer{number}": stages.update({name: y}))
    model.attention.register_forward_hook(
        lambda _m, i, y: stages.update({"sequence_in": i[0], "sequence_out": y})
    )
    seen = Seen(pack[0]["in"]["las.points"], out["las.centers"], out["las.point_tokens"])
    # The fast path of torch leaves padded rows out, which the pack has.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        logits = model.logits(seen, question(pack, kind))
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    return stages, logits


@pytest.mark.parametrize(("kind", "name"), [("text", "text"), ("image", "visual")])
@torch.no_grad()
def test_parity_of_both_prompts_at_every_stage(pack, kind, name):
    out, rows = pack[0]["out"], pack[0]["in"]["las.rows"].long()
    model = official(pack, kind)
    stages, logits = answer(pack, kind, model)
    count = logits.shape[1]
    for stage in ("sequence_in", "layer0", "layer1", "sequence_out"):
        kept = torch.cat([stages[stage][:, rows], stages[stage][:, count:]], dim=1)
        torch.testing.assert_close(kept, out[f"las.{name}.{stage}"], rtol=0, atol=5e-5)
    torch.testing.assert_close(logits, out[f"las.{name}.logits"], rtol=0, atol=5e-5)


@torch.no_grad()
def test_parity_of_the_shape_side(pack):
    out, given, model = pack[0]["out"], pack[0]["in"], official(pack, "text")
    projected = model.from_shape(out["las.point_tokens"])
    torch.testing.assert_close(projected, out["las.point_proj"], rtol=0, atol=5e-5)
    upsampled = model._spread(interpolate(given["las.points"], out["las.centers"], projected), None)
    torch.testing.assert_close(upsampled, out["las.upsampled"], rtol=0, atol=5e-5)


@torch.no_grad()
def test_parity_negative_controls_differ(pack):
    model, expected = official(pack, "text"), pack[0]["out"]["las.text.logits"]
    controls = pack[1]["negative_controls"]
    seen = Seen(
        pack[0]["in"]["las.points"], pack[0]["out"]["las.centers"], pack[0]["out"]["las.point_tokens"]
    )
    unmasked = model.logits(seen, Prompt(tokens=question(pack, "text").tokens))
    moved = (unmasked - expected).abs().max().item()
    assert moved == pytest.approx(controls["padding mask ignored (text)"]["logits_max_abs"], abs=1e-3)
    model.attention.norm = None
    moved = (answer(pack, "text", model)[1] - expected).abs().max().item()
    assert moved == pytest.approx(controls["extra final LayerNorm missing"]["logits_max_abs"], abs=1e-3)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (LasConfig(upsampling="before"), 42_056_961),  # LASO, words
        (
            LasConfig(
                text_width=0,
                image_width=768,
                width=256,
                feedforward=512,
                head_width=128,
                upsampling="before",
            ),
            25_466_241,  # PIAD, pictures
        ),
    ],
)
def test_parameters_of_the_released_configurations(config, count):
    models = (PatchEncoder(PatchEncoderConfig()), Las(config))
    assert sum(p.numel() for model in models for p in model.parameters()) == count
