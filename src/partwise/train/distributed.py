"""One process or many: what a recipe needs to run under `torchrun`, and nothing when it does not."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from partwise.errors import InputError
from partwise.models.runtime import checked_device


def check_pieces(batch: int, accumulate: int, workers: int = 1) -> None:
    """Raise InputError unless every process takes as many pieces of one size: only then does each shape count alike.

    All are 1 at least, as the configs see to.
    """
    if batch % (accumulate * workers):
        among = "" if workers == 1 else f" for each of {workers} processes"
        raise InputError(f"a batch of {batch} cannot be made in {accumulate} equal pieces{among}")


@dataclass(frozen=True)
class Workers:
    """This process's place among `count`. Under torchrun each takes its share of every batch."""

    rank: int
    count: int
    device: torch.device

    @classmethod
    def start(cls, device: str) -> Workers:
        """Join the process group that torchrun's environment describes; alone without it.

        Raises InputError for a device that this machine lacks.
        """
        count, chosen = int(os.environ.get("WORLD_SIZE", "1")), checked_device(device)
        if count == 1:
            return cls(0, 1, chosen)
        if chosen.type == "cuda":
            chosen = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
        return cls(torch.distributed.get_rank(), count, chosen)

    @property
    def first(self) -> bool:
        """True for the one that reports and saves."""
        return self.rank == 0

    def pieces(self, batch: int, accumulate: int) -> list[range]:
        """The slots of a batch that are this process's, in the pieces that it takes one after another.

        Raises InputError if the pieces would not be equal.
        """
        check_pieces(batch, accumulate, self.count)
        mine, size = range(self.rank, batch, self.count), batch // (accumulate * self.count)
        return [mine[i : i + size] for i in range(0, len(mine), size)]

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module, with gradients averaged over all workers."""
        if self.count == 1:
            return module
        return DistributedDataParallel(
            module, device_ids=[self.device] if self.device.type == "cuda" else None
        )

    def accumulating(self, module: nn.Module, last: bool) -> AbstractContextManager[None]:
        """Around the passes of one piece of a batch: gradients are averaged over the workers with the last alone."""
        if last or not isinstance(module, DistributedDataParallel):
            return nullcontext()
        return module.no_sync()

    def stop(self) -> None:
        """Leave the group."""
        if self.count > 1:
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()
