"""Say a part or an action, get where it is on a 3D shape."""

__version__ = "0.1.0"
