"""Training recipes: each is one readable script over small shared functions."""
