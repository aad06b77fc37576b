"""The procedural world: meshes with named parts, built from a handful of brushes."""
