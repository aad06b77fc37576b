"""Clouds as text, one point a line (XYZ, TXT, CSV, PTS, ASC), to `Geometry`."""

from __future__ import annotations

from partwise.errors import InputError
from partwise.io.columns import Roles, cloud, guessed_roles, named_roles
from partwise.io.geometry import Geometry
from partwise.io.source import Source
from partwise.io.text import decoded, table

COMMENTS = ("#", "//")


def read_delimited(source: Source) -> Geometry:
    """Geometry of a cloud from columns that are separated by white space, commas or semicolons.

    A line of names on top (also behind # or //) decides what the columns are; without one see `guessed_roles`. A lone
    number on top is a point count, as in PTS files. Decimal commas are understood beside semicolons.
    Raises InputError at the first row that is malformed or has another number of columns.
    """
    text = decoded(source.data)
    lines = [line for line in text.splitlines() if line and not line.isspace()]
    source.limits.check_points(len(lines))
    names, lines = _without_header(lines)
    if "//" in text:
        lines = [line for line in lines if not line.lstrip().startswith("//")]
    lines, warnings = _without_count(lines)
    if not lines:
        raise InputError("it holds no points, only names or comments: export it again")
    separator = _separator(lines[0])
    if separator == ";" and "," in lines[0]:
        lines = [line.replace(",", ".") for line in lines]
    cells = _cells(lines[0], separator)
    numeric = [index for index, cell in enumerate(cells) if _is_number(cell)]
    roles = named_roles(names) if len(names) == len(cells) else None
    if roles is not None:
        wanted = [*roles.points, *(roles.normals or ()), *(roles.colors or ())]
        at_colors = 6 if roles.normals else 3
        picked = Roles(
            normals=(3, 4, 5) if roles.normals else None,
            colors=(at_colors, at_colors + 1, at_colors + 2) if roles.colors else None,
        )
        return cloud(table(lines, "points", separator, wanted), picked, warnings)
    if numeric[:3] != [0, 1, 2]:
        raise InputError(
            f"the first row is {lines[0][:60]!r}, but a point was expected: x y z first, one point a line"
        )
    if names:
        warnings.append(
            f"the header {' '.join(names)[:60]!r} does not name the columns (x y z ...): order taken as usual"
        )
    values = table(lines, "points", separator, numeric if len(numeric) < len(cells) else None)
    roles, notes = guessed_roles(values)
    return cloud(values, roles, warnings + notes)


def _without_header(lines: list[str]) -> tuple[list[str], list[str]]:
    """Column names, if the top has any, and the lines below it."""
    names: list[str] = []
    for start, line in enumerate(lines):
        text = line.strip()
        is_comment = text.startswith(COMMENTS)
        text = text.lstrip("#/").strip() if is_comment else text
        cells = _cells(text, _separator(text))
        if is_comment:
            names = cells if named_roles(cells) is not None else names
        elif _is_number(cells[0]):
            return names, lines[start:]
        else:
            return cells, lines[start + 1 :]
    return names, []


def _without_count(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines without a point count on top, and a warning if it is not their number."""
    if len(lines) < 2 or not _is_number(lines[0]) or len(_cells(lines[1], _separator(lines[1]))) < 3:
        return lines, []
    count, lines = lines[0].strip(), lines[1:]
    if float(count) == len(lines):
        return lines, []
    return lines, [f"the first line announces {count[:20]} points, but {len(lines):,} follow"]


def _separator(line: str) -> str | None:
    """What separates the cells of a line; None is any white space."""
    return next((mark for mark in (";", ",") if mark in line), None)


def _cells(line: str, separator: str | None) -> list[str]:
    return [cell.strip() for cell in line.split(separator)]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
