"""`partwise textbank`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True)
class BuildTextBank:
    """Embed a list of phrases once, so that asking for them later needs no text model.

    Examples:
        partwise textbank phrases.txt bank.safetensors
        partwise textbank phrases.txt bank.safetensors --encoder ./my_clip_text_tower --templates plain
    """

    phrases: tyro.conf.Positional[Path]
    """A UTF-8 text file, one phrase a line."""
    out: tyro.conf.Positional[Path]
    """The file to write."""
    encoder: str = "minilm"
    """minilm, a local folder, or a hub id (with --revision)."""
    revision: str | None = None
    """Full commit of a hub id."""
    templates: str = "part_only"
    """Prompt templates: part_only or plain."""
    download: bool = False
    """Allow the hub to be asked for an encoder that is not on this machine."""

    def run(self) -> None:
        """Read, embed, write."""
        from partwise.encoders.bank import build_bank, read_phrases
        from partwise.encoders.text import load_text_encoder
        from partwise.files import check_target

        check_target(self.out)  # before the work, not after it
        phrases = read_phrases(self.phrases)
        encoder = load_text_encoder(self.encoder, revision=self.revision, allow_network=self.download)
        bank = build_bank(phrases, encoder, self.templates, progress=_progress)
        bank.save(self.out)
        print(f"wrote {self.out}: {len(bank):,} phrases, {bank.width} wide, {encoder.name}")


def _progress(done: int, total: int) -> None:
    print(f"\r{done:,} of {total:,} phrases", end="\n" if done == total else "", file=sys.stderr, flush=True)
