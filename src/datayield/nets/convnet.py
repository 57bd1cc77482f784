"""A small plain convolutional network, for studies that must run on a laptop."""

from itertools import pairwise

from torch import Tensor, nn


class ConvNet(nn.Module):
    """Four 3x3 convolutions with BatchNorm and ReLU: `width` channels, then three halvings.

    [B, 3, S, S] -> [B, 8 width]. With width 32: 388,896 parameters, 15 MMAC at 32 px.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        self.num_features = channels[-1]
        self.stages = nn.Sequential(
            *(
                _stage(inputs, outputs, stride=1 if inputs == 3 else 2)
                for inputs, outputs in pairwise(channels)
            )
        )

    def forward_features(self, x: Tensor) -> Tensor:
        """The last map, [B, 8 width, ceil(S / 8), ceil(S / 8)]."""
        out: Tensor = self.stages(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """The mean of the last map over positions, [B, 8 width]."""
        return self.forward_features(x).mean(dim=(2, 3))


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
