"""`python -m partwise.cli`, which is what torchrun starts."""

from partwise.cli import entry

entry()
