"""Evaluation: the user's own Segmenter, asked about labelled shapes."""
