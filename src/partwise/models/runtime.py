"""Faster arithmetic for a trained model: bfloat16 in torch, or ONNX Runtime in float32 or int8.

What costs is a handful of dense parts: tokenizer, blocks, head. Only these are exchanged; sampling, neighbours and
propagation stay the model's own code, so every runtime answers to the same calls as plain torch, its twin.
Which runtime gains depends on the processor, so none is ever chosen unasked; measure with benchmarks/runtimes.py.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partwise import __version__
from partwise.errors import CheckpointError, InputError, MissingExtraError
from partwise.files import atomic_path
from partwise.models.patchalign3d import PatchAlign3D
from partwise.models.pointalign3d import PointAlign3D

RUNTIMES = ("torch", "torch-onednn", "torch-bf16", "onnx", "onnx-int8")
# Below this width the way into oneDNN's layout and back costs more than its product saves.
ONEDNN_WIDTH = 256
# The first with layer norm as one operator; onnxruntime has read it since 2022.
OPSET = 17

Model = PatchAlign3D | PointAlign3D
Exchange = Callable[[str, nn.Module, tuple[Tensor, ...]], nn.Module]


def with_runtime(model: Model, runtime: str, weights: str, cache: str | os.PathLike[str]) -> Model:
    """A folded twin of `model`, on the CPU, whose dense parts run in `runtime`. For inference only.

    runtime  "torch", the plain path; "torch-onednn", float32 through oneDNN's products, twice as fast where torch's own
             do not use AVX-512 (AMD); "torch-bf16", for processors with avx512_bf16 or AMX; "onnx", float32;
             "onnx-int8", int8 weights and activations, for processors with VNNI
    weights  what identifies the weights, such as their SHA-256: exported files are kept under it
    cache    folder for the exported files; only the onnx runtimes write there, a few seconds on first use

    Raises InputError for another name or a cache that cannot be written, MissingExtraError if onnx or onnxruntime is
    not installed, CheckpointError if an exported file is damaged.
    """
    if runtime not in RUNTIMES:
        raise InputError(f"unknown runtime {runtime!r}: use one of {', '.join(RUNTIMES)}")
    twin = model.folded().cpu()
    if runtime == "torch":
        return twin
    if runtime == "torch-onednn":
        if not torch.backends.mkldnn.is_available():
            raise InputError("this build of torch has no oneDNN: use runtime 'torch'")
        _exchange_linears(twin)
        return twin
    if runtime == "torch-bf16":
        _exchange_parts(twin, lambda _name, part, _example: Bfloat16Part(part))
        return twin
    key = hashlib.sha256(repr((weights, model.config, __version__, torch.__version__)).encode()).hexdigest()
    folder, int8 = Path(cache) / "onnx" / key[:32], runtime == "onnx-int8"
    _exchange_parts(twin, lambda name, part, example: OnnxPart(_exported(folder, name, part, example, int8)))
    return twin


def checked_device(name: str | torch.device) -> torch.device:
    """The device of that name, if this machine has it. Raises InputError."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"unknown device {name!r}: use 'cpu', 'cuda' or 'mps'") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            f"device {str(device)!r} was asked for, but torch {torch.__version__} sees no CUDA device: use 'cpu'"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(
            f"device {str(device)!r} was asked for, but this machine has no Metal device: use 'cpu'"
        )
    return device


def _exchange_parts(model: Model, exchange: Exchange) -> None:
    """Put exchange(name, part, example inputs) in the place of each part that costs."""
    if isinstance(model, PointAlign3D):
        encoder, prefix = model.encoder, "encoder."
        decoder = nn.Sequential(model.decoder.mix, model.decoder.head)
        example = torch.zeros(2, 5, 2 * model.config.decoder_width)
        model.set_submodule("decoder.mix", exchange("decoder", decoder, (example,)))
        model.set_submodule("decoder.head", nn.Identity())
    else:
        encoder, prefix = model, ""
        example = torch.zeros(2, 5, model.config.width)
        model.set_submodule("head", exchange("head", model.head, (example,)))
    local = torch.zeros(2, 3, encoder.config.group_size, 3)
    features = exchange("tokenizer", _PointFeatures(encoder.tokenizer), (local,))
    model.set_submodule(f"{prefix}tokenizer", ExchangedTokenizer(features))
    tokens = torch.zeros(2, 5, encoder.config.width)
    model.set_submodule(f"{prefix}blocks", exchange("blocks", encoder.blocks, (tokens, tokens)))


def _exchange_linears(module: nn.Module) -> None:
    """Put a OneDnnLinear in the place of every Linear that is wide enough to gain."""
    for name, child in list(module.named_modules()):
        if isinstance(child, nn.Linear) and child.in_features >= ONEDNN_WIDTH:
            module.set_submodule(name, OneDnnLinear(child))


class OneDnnLinear(nn.Module):
    """A Linear whose weights lie in oneDNN's layout; the same sums in another order."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        from torch.utils.mkldnn import MkldnnLinear

        self.packed = MkldnnLinear(linear, torch.float)
        self.out_features = linear.out_features

    def forward(self, x: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:
        """As the Linear it was made from."""
        return self.packed(x.contiguous())


class Bfloat16Part(nn.Module):
    """A part with its matrix products in bfloat16; layer norms and the residual stream stay float32."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part
        for module in part.modules():
            if isinstance(module, nn.Linear):
                module.to(torch.bfloat16)

    def forward(self, *inputs: Float[Tensor, "B *axes"]) -> Float[Tensor, "B *other"]:
        """As the part, float32 in and out."""
        with torch.autocast("cpu", torch.bfloat16):
            return self.part(*inputs).float()


class OnnxPart(nn.Module):
    """A part exported to ONNX, run by ONNX Runtime on as many threads as torch had when it was opened."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.session = _session(path)
        self.names = [argument.name for argument in self.session.get_inputs()]

    def forward(self, *inputs: Float[Tensor, "B *axes"]) -> Float[Tensor, "B *other"]:
        """As the part, float32 in and out."""
        feed = {name: value.contiguous().numpy() for name, value in zip(self.names, inputs, strict=True)}
        return torch.from_numpy(self.session.run(None, feed)[0])


class ExchangedTokenizer(nn.Module):
    """Both calls of a tokenizer, answered by one exchanged part: the features of points in patches."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features

    def forward(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G D"]:
        """Patches seen from their centres (B,G,K,3) -> tokens (B,G,D)."""
        return self.features(local).amax(dim=2)

    def point_features(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        """Features of each point in each patch (B,G,K,D)."""
        return self.features(local)


class _PointFeatures(nn.Module):
    """The `point_features` of a tokenizer as a module of its own, which is what can be exported."""

    def __init__(self, tokenizer: Any) -> None:
        super().__init__()
        self.tokenizer = tokenizer

    def forward(self, local: Float[Tensor, "B G K 3"]) -> Float[Tensor, "B G K D"]:
        return self.tokenizer.point_features(local)


def _exported(folder: Path, name: str, part: nn.Module, example: tuple[Tensor, ...], int8: bool) -> Path:
    """The ONNX file of a part, made on first use; it appears whole or not at all."""
    path = folder / f"{name}{'-int8' if int8 else ''}.onnx"
    if path.is_file():
        return path
    _package("onnx")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot keep exported files in {folder} ({error}): name a folder you may write"
        ) from None
    with atomic_path(path) as temporary, tempfile.TemporaryDirectory() as workshop:
        if int8:
            _export(part, example, Path(workshop) / "float32.onnx")
            _quantize(Path(workshop) / "float32.onnx", temporary)
        else:
            _export(part, example, temporary)
    return path


def _export(part: nn.Module, example: tuple[Tensor, ...], path: Path) -> None:
    """Write a part as ONNX with its first two axes, batch and length, free."""
    names = [f"input{i}" for i in range(len(example))]
    with warnings.catch_warnings():
        # The tracing exporter needs no further package, and warns that another one, which does, is the default.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part.eval(),
            example,
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=names,
            output_names=["output"],
            dynamic_axes={key: {0: "batch", 1: "length"} for key in [*names, "output"]},
        )


def _quantize(source: Path, path: Path) -> None:
    """The same graph, the weights of each Linear in int8 with one scale for each output channel.

    Activations are quantised at run time with one scale for a whole tensor, so shapes in one batch share it.
    """
    quantization = _package("onnxruntime.quantization")
    preprocess = _package("onnxruntime.quantization.shape_inference").quant_pre_process
    prepared = source.with_name("prepared.onnx")
    preprocess(str(source), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_dynamic(prepared, path, per_channel=True, weight_type=quantization.QuantType.QInt8)


def _session(path: Path) -> Any:
    """An inference session that shares the processor with torch."""
    runtime = _package("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that wait by spinning would take the cores torch needs between two parts.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no other base
        raise CheckpointError(
            f"{path} cannot be opened ({error}): delete it, it will be made again"
        ) from None


def _package(name: str) -> Any:
    """A module of the extra `fast`, imported when it is needed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError(name.split(".")[0], "fast", "an onnx runtime") from None
