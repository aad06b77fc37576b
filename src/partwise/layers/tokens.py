"""Point-MAE's encoder, which CMAT, LAS, OpenAD and LM-AD stand on too: patches to tokens in context."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int64
from torch import Tensor, nn

from partwise.checks import keep_whole
from partwise.errors import InputError
from partwise.layers.attention import PositionedBlocks, init_transformer
from partwise.layers.patches import MiniPointNet, Patches, group
from partwise.points import gather


@dataclass(frozen=True)
class PatchEncoderConfig:
    """Sizes; the defaults are those of the published Point-MAE, 21,825,024 parameters.

    The number of patches and their size belong to no weight: a trained encoder may be given others.
    """

    groups: int = 64
    group_size: int = 32
    token_hidden: tuple[int, ...] = (128, 256, 512)
    width: int = 384
    depth: int = 12
    heads: int = 6
    drop_path: float = 0.1
    farthest_rule: str = "pointnet2"

    def __post_init__(self) -> None:
        keep_whole(self, 1, "groups", "group_size", "width", "depth", "heads")
        if self.width % self.heads or len(self.token_hidden) != 3:
            raise InputError(
                f"width {self.width} with {self.heads} heads, token_hidden {self.token_hidden}: "
                "the width must be a multiple of the heads, and there are three hidden widths"
            )


class PatchEncoder(nn.Module):
    """Tokenizer, blocks that are told the place of every patch before each of them, a last norm. No class token.

    Example:
        >>> net = PatchEncoder(PatchEncoderConfig(groups=8, group_size=4, width=12, depth=1, heads=2)).eval()
        >>> net(net.patches(torch.rand(2, 50, 3))).shape
        torch.Size([2, 8, 12])
    """

    def __init__(self, config: PatchEncoderConfig) -> None:
        super().__init__()
        self.config = config
        narrow, middle, wide = config.token_hidden
        self.tokenizer = MiniPointNet(config.width, (narrow, middle, wide))
        self.position = position_mlp(config.width)
        self.blocks = PositionedBlocks(config.width, config.depth, config.heads, config.drop_path)
        self.norm = nn.LayerNorm(config.width)
        self.apply(init_transformer)

    def patches(self, points: Float[Tensor, "B N 3"]) -> Patches:
        """The patches of canonical clouds (B,N,3). Raises InputError if N is less than their number or size."""
        return group(points, self.config.groups, self.config.group_size, self.config.farthest_rule)

    def forward(self, patches: Patches, chosen: Int64[Tensor, "B V"] | None = None) -> Float[Tensor, "B V D"]:
        """Tokens (B,V,D) of the `chosen` patches, which see each other only; of all G of them if it is left out."""
        # All patches pass the tokenizer: its batch norms count the hidden ones too, as the published training did.
        tokens, centers = self.tokenizer(patches.local), patches.centers
        if chosen is not None:
            tokens, centers = gather(tokens, chosen), gather(centers, chosen)
        return self.norm(self.blocks(tokens, self.position(centers)))


def position_mlp(width: int) -> nn.Sequential:
    """A place to a vector of this width (Point-BERT)."""
    return nn.Sequential(nn.Linear(3, 128), nn.GELU(), nn.Linear(128, width))
