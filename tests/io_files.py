"""Small files of every format, made by hand, for the reader tests: our readers are not tested on our writers."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from partwise.errors import PartwiseError
from partwise.io.geometry import Geometry
from partwise.io.limits import DEFAULT_LIMITS, Limits
from partwise.io.read import read_geometry

TETRAHEDRON = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float64)
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], dtype=np.int64)
CLOUD = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
NORMALS = (CLOUD / np.linalg.norm(CLOUD, axis=1, keepdims=True)).astype(np.float32)
COLORS = np.random.default_rng(1).integers(0, 256, (60, 3)).astype(np.uint8)


def picture(pixels, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(stream, kind)
    return stream.getvalue()


def bitmap_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A BMP of 54 bytes: nothing but a header that announces gigabytes."""
    header = struct.pack("<2sIHHI", b"BM", 54, 0, 0, 54)
    return header + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


class Gltf:
    """Collects arrays and JSON rows, and writes them as GLB or as .gltf text."""

    KINDS: ClassVar = {
        np.dtype("<f4"): 5126,
        np.dtype("<u4"): 5125,
        np.dtype("<u2"): 5123,
        np.dtype("<u1"): 5121,
    }

    def __init__(self) -> None:
        self.binary = b""
        self.root: dict = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": []}

    def view(self, data: bytes) -> int:
        self.root["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        )
        self.binary += data + b"\0" * (-len(data) % 4)
        return len(self.root["bufferViews"]) - 1

    def array(self, values, dtype: str, normalized: bool = False) -> int:
        values = np.ascontiguousarray(values, dtype=dtype)
        kind = "SCALAR" if values.ndim == 1 else f"VEC{values.shape[1]}"
        row = {
            "bufferView": self.view(values.tobytes()),
            "componentType": self.KINDS[values.dtype],
            "count": len(values),
            "type": kind,
        }
        self.root["accessors"].append({**row, "normalized": True} if normalized else row)
        return len(self.root["accessors"]) - 1

    def add(self, key: str, row: dict) -> int:
        self.root.setdefault(key, []).append(row)
        return len(self.root[key]) - 1

    def glb(self) -> bytes:
        root = {**self.root, "buffers": [{"byteLength": len(self.binary)}]}
        return glb(json.dumps(root).encode(), self.binary)

    def gltf(self, uri: str | None = None) -> bytes:
        if uri is None:
            uri = "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        return json.dumps({**self.root, "buffers": [{"byteLength": len(self.binary), "uri": uri}]}).encode()


def glb(text: bytes, binary: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = (
        struct.pack("<2I", len(text), 0x4E4F534A)
        + text
        + struct.pack("<2I", len(binary), 0x004E4942)
        + binary
    )
    return b"glTF" + struct.pack("<2I", 2, 12 + len(chunks)) + chunks


def two_nodes() -> Gltf:
    """A body, and a lid that is moved up by 2 and mirrored; the body is red, the lid has a texture of four pixels."""
    made = Gltf()
    position = made.array(TETRAHEDRON, "<f4")
    indices = made.array(FACES.reshape(-1), "<u2")
    uv = made.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]], "<f4")
    image = made.view(picture([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]]))
    made.add("images", {"bufferView": image, "mimeType": "image/png"})
    made.add("textures", {"source": 0})
    made.add("materials", {"name": "red", "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}})
    made.add("materials", {"name": "checks", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    body = {"attributes": {"POSITION": position}, "indices": indices, "material": 0}
    lid = {"attributes": {"POSITION": position, "TEXCOORD_0": uv}, "indices": indices, "material": 1}
    made.add("meshes", {"name": "Cube.618", "primitives": [body]})
    made.add("meshes", {"name": "Cube.619", "primitives": [lid]})
    made.add("nodes", {"name": "mug", "translation": [0, 0, 10], "children": [1, 2]})
    made.add("nodes", {"name": "body", "mesh": 0})
    made.add("nodes", {"name": "lid", "mesh": 1, "translation": [0, 2, 0], "scale": [-1, 1, 1]})
    made.add("scenes", {"nodes": [0]})
    return made


def ply_text(vertices, faces=(), properties: str = "", rows: list[str] | None = None) -> bytes:
    rows = rows or [" ".join(f"{value:.9g}" for value in vertex) for vertex in vertices]
    listed = "property list uchar int vertex_indices\n" if len(faces) else ""
    header = (
        f"ply\nformat ascii 1.0\ncomment made by hand\nelement vertex {len(rows)}\n"
        f"property float x\nproperty float y\nproperty float z\n{properties}"
        f"element face {len(faces)}\n{listed}end_header\n"
    )
    lines = rows + [" ".join(map(str, [len(face), *face])) for face in faces]
    return (header + "\n".join(lines) + "\n").encode()


def ply_binary(order: str, faces=FACES) -> bytes:
    """CLOUD's first four points with normals, colours, a property nobody knows, and faces of any size."""
    name = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    header = (
        f"ply\nformat {name} 1.0\nelement vertex 4\nproperty float x\nproperty double y\nproperty float z\n"
        "property float nx\nproperty float ny\nproperty float nz\nproperty uchar red\nproperty uchar green\n"
        "property uchar blue\nproperty ushort mystery\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nproperty uchar flags\nend_header\n"
    )
    body = b"".join(
        struct.pack(f"{order}fdf3f3BH", *CLOUD[row], *NORMALS[row], *COLORS[row], 7) for row in range(4)
    )
    for face in faces:
        body += struct.pack(f"{order}B{len(face)}iB", len(face), *face, 1)
    return header.encode() + body


def pcd(data: str, width: int = 60, height: int = 1) -> bytes:
    """CLOUD with rgb packed in a float, normals and an intensity."""
    header = (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n"
        "FIELDS x y z rgb normal_x normal_y normal_z intensity\n"
        "SIZE 4 4 4 4 4 4 4 2\nTYPE F F F F F F F U\nCOUNT 1 1 1 1 1 1 1 1\n"
        f"WIDTH {width}\nHEIGHT {height}\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {width * height}\nDATA {data}\n"
    ).encode()
    packed = np.zeros((60, 4), np.uint8)
    packed[:, 2::-1] = COLORS
    rgb = packed.view("<f4")[:, 0]
    fields = [*CLOUD.T, rgb, *NORMALS.T]
    if data == "ascii":
        rows = [" ".join(f"{value:.9g}" for value in row) + " 5" for row in zip(*fields, strict=True)]
        return header + ("\n".join(rows) + "\n").encode()
    if data == "binary":
        return header + b"".join(struct.pack("<7fH", *row, 5) for row in zip(*fields, strict=True))
    body = (
        b"".join(np.ascontiguousarray(field, "<f4").tobytes() for field in fields) + struct.pack("<H", 5) * 60
    )
    packed_body = lzf_compress(body)
    return header + struct.pack("<2I", len(packed_body), len(body)) + packed_body


def lzf_compress(data: bytes) -> bytes:
    """A slow, simple LZF writer: runs of one repeated pattern of 1-8 bytes as references, the rest literal."""
    out, literal, at = bytearray(), bytearray(), 0

    def flush() -> None:
        for start in range(0, len(literal), 32):
            piece = literal[start : start + 32]
            out.append(len(piece) - 1)
            out.extend(piece)
        literal.clear()

    while at < len(data):
        best, distance = 0, 0
        for back in range(1, min(at, 8) + 1):
            length = 0
            while at + length < len(data) and length < 264 and data[at + length] == data[at + length - back]:
                length += 1
            if length > best:
                best, distance = length, back
        if best < 3:
            literal.append(data[at])
            at += 1
            continue
        flush()
        short = best - 2
        out.append((min(short, 7) << 5) | ((distance - 1) >> 8))
        if short >= 7:
            out.append(short - 7)
        out.append((distance - 1) & 255)
        at += best
    flush()
    return bytes(out)


def las(count: int = 60, version: tuple[int, int] = (1, 2), scale: float = 0.001) -> bytes:
    """Point format 2 (with colours) around UTM-like offsets; uncompressed."""
    size = 375 if version >= (1, 4) else 227
    header = bytearray(size)
    header[:4], header[24:26] = b"LASF", bytes(version)
    struct.pack_into("<HIIBHI", header, 94, size, size, 0, 2, 26, 0 if version >= (1, 4) else count)
    struct.pack_into("<6d", header, 131, scale, scale, scale, 500_000.0, 4_000_000.0, 100.0)
    if version >= (1, 4):
        struct.pack_into("<Q", header, 247, count)
    records = b""
    for xyz, rgb in zip(
        np.rint(CLOUD[:count] / scale).astype(int), COLORS[:count].astype(int) * 257, strict=True
    ):
        records += struct.pack("<3i8x3H", *xyz, *rgb)
    return bytes(header) + records


def npy(values) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=True)
    return stream.getvalue()


def npz(compressed: bool = False, **arrays) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def stl_binary() -> bytes:
    records = b"".join(struct.pack("<12fH", 0, 0, 1, *TETRAHEDRON[face].reshape(-1), 0) for face in FACES)
    return b"solid but binary".ljust(80) + struct.pack("<I", len(FACES)) + records


def stl_text(names=("lid",)) -> bytes:
    solids = []
    for name in names:
        facets = [
            "facet normal 0 0 1\nouter loop\n"
            + "".join("vertex {:g} {:g} {:g}\n".format(*TETRAHEDRON[corner]) for corner in face)
            + "endloop\nendfacet\n"
            for face in FACES
        ]
        solids.append(f"solid {name}\n" + "".join(facets) + f"endsolid {name}\n")
    return "".join(solids).encode()


OBJ = b"""# a square with a seam, a backward face, a quad and two objects
mtllib shape.mtl
o body
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0.25 0.25
vt 0.75 0.25
vt 0.75 0.75
vt 0.25 0.75
vn 0 0 1
usemtl painted
f 1/1/1 2/2/1 3/3/1 4/4/1
o lid
v 0 0 1
usemtl plain
f -1//1 2//1 1//1
f 1/3 3/1 5
"""
MTL = b"newmtl plain\nKd 0 0.5 1\nd 0.5\nnewmtl painted\nKd 0 0 0\nmap_Kd -s 1 1 1 paint.png\n"
OFF = b"OFF\n# tetrahedron\n4 4 6\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 1 2 3\n3 2 0 3\n"


def seeds() -> dict[str, bytes]:
    """One valid file for each extension and flavour; the part before the colon is only a name."""
    rows = np.concatenate([CLOUD, COLORS], axis=1)
    text = "\n".join(" ".join(f"{value:.9g}" for value in row) for row in rows).encode()
    return {
        "a.glb": two_nodes().glb(),
        "a.gltf": two_nodes().gltf(),
        "a.obj": OBJ,
        "binary.stl": stl_binary(),
        "text.stl": stl_text(("lid", "body")),
        "a.off": OFF,
        "text.ply": ply_text(TETRAHEDRON, FACES),
        "little.ply": ply_binary("<"),
        "big.ply": ply_binary(">", [[0, 1, 2], [0, 1, 2, 3]]),
        "text.pcd": pcd("ascii"),
        "binary.pcd": pcd("binary", 12, 5),
        "compressed.pcd": pcd("binary_compressed"),
        "a.xyz": text,
        "a.txt": b"60\n" + text,
        "a.csv": b"x;y;z;r;g;b\n" + text.replace(b" ", b";"),
        "a.pts": b"60\n" + text,
        "a.asc": b"//X Y Z R G B\n" + text,
        "a.npy": npy(CLOUD),
        "a.npz": npz(points=TETRAHEDRON, faces=FACES, colors=COLORS[:4], normals=NORMALS[:4]),
        "a.las": las(),
        "new.las": las(version=(1, 4)),
    }


def lying(text: str, old: str, new: str) -> bytes:
    assert old in text
    return text.replace(old, new).encode("latin-1")


def gltf_with(change) -> bytes:
    made = two_nodes()
    change(made.root)
    return made.glb()


def put(*path_and_value):
    """A change that sets one value deep inside the JSON."""

    def change(root):
        *path, last, value = path_and_value
        for key in path:
            root = root[key]
        root[last] = value

    return change


def npy_announcing(shape: tuple[int, ...], body: bytes = b"") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue() + body


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def textured(image: bytes) -> bytes:
    made = two_nodes()
    made.root["images"] = [{"bufferView": made.view(image)}]
    return made.glb()


def instanced(count: int) -> bytes:
    """One mesh of 28,000 points placed `count` times."""
    made = Gltf()
    part = {"attributes": {"POSITION": made.array(np.zeros((28_000, 3)), "<f4")}}
    made.add("meshes", {"primitives": [part]})
    for _ in range(count):
        made.add("nodes", {"mesh": 0})
    return made.glb()


def pcd_announcing(points: int) -> bytes:
    head = f"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH {points}\nHEIGHT 1\nDATA binary_compressed\n"
    return head.encode() + struct.pack("<2I", 100, points * 12 % 2**32) + b"\0" * 100


def laz_announcing(points: int) -> bytes:
    data = bytearray(las())
    data[104] |= 0x80
    struct.pack_into("<I", data, 107, points)
    return bytes(data)


def write_and_read(folder: Path, name: str, data: bytes, **beside: bytes) -> Geometry:
    """Write a file, and those beside it (name__ext), and read it."""
    for sibling, content in beside.items():
        (folder / sibling.replace("__", ".")).write_bytes(content)
    (folder / name).write_bytes(data)
    return read_geometry(folder / name)


def write_and_refuse(
    folder: Path,
    error: type[PartwiseError],
    words: str,
    name: str,
    data: bytes,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Write a file and expect exactly this error, with these words, in one line that starts with the path."""
    (folder / name).write_bytes(data)
    with pytest.raises(error, match=words) as caught:
        read_geometry(folder / name, limits)
    assert type(caught.value) is error
    assert str(caught.value).startswith(str(folder / name))
    assert "\n" not in str(caught.value)
