"""Stage 0: render a shape from many sides, encode the pictures, carry the features back onto the surface."""
