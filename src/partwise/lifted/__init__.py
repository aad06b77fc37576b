"""Zero-shot segmenters that learn nothing: frozen 2D towers, lifted features, and a rule that names them."""
