"""Names that people typed, made safe for file names, headers and scene nodes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

# Windows keeps these for devices, with any suffix.
_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{kind}{digit}" for kind in ("com", "lpt") for digit in range(1, 10)),
}
_LONGEST = 64


def slug(name: str) -> str:
    """A name of a-z, 0-9 and _ alone: safe as a file name on every system and as a PLY property.

    No separators, dots, NUL or reserved device names survive; accents are dropped. What cannot be spelled so, such as
    Chinese, becomes "name_" and eight digits of its hash, so different words stay different.

    Example:
        >>> slug("../../Büro chair"), slug("CON"), slug("")
        ('buro_chair', 'con_', 'name_e3b0c442')
    """
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    safe = re.sub(r"[^a-z0-9]+", "_", ascii_name).strip("_")[:_LONGEST].rstrip("_")
    if not safe:
        return f"name_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"{safe}_" if safe in _RESERVED else safe


def unique(names: Iterable[str]) -> list[str]:
    """The same names in the same order, repeated ones with _2, _3 and so on.

    Example:
        >>> unique(["leg", "leg", "leg_2"])
        ['leg', 'leg_3', 'leg_2']
    """
    names = list(names)
    given, seen, result = set(names), set(), []
    count: dict[str, int] = {}
    for name in names:
        choice = name
        while choice in seen or (choice != name and choice in given):
            count[name] = count.get(name, 1) + 1
            choice = f"{name}_{count[name]}"
        seen.add(choice)
        result.append(choice)
    return result


def printable(name: str, longest: int = 200) -> str:
    """One line without control characters, at most `longest` characters; "unnamed" if nothing is left.

    Line breaks would end a PLY header line early, and NUL ends a name in many readers.
    """
    visible = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in name
    )
    return " ".join(visible.split())[:longest].rstrip() or "unnamed"
