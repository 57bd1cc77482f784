"""`torch.compile` for a run's encoders, behind a switch: DATAYIELD_COMPILE=1, off by default.

Fused kernels round in another order, so results agree within tolerance and not in their bits. The
record of what a run spent says whether it was compiled, and a saved state goes on in the same bits
only under the same setting.
"""

from datayield.methods import Method
from datayield.methods.simmim import SimMIM
from datayield.nets.encoder import Encoder


def compile_encoders(method: Method, backend: str = "inductor") -> bool:
    """Compile the forward and backward pass of each encoder of `method` in place.

    The teacher's too. Names of weights stay, so states and checkpoints are what they were. One
    graph for each shape of the views: shapes do not change between steps, nor between the runs of
    a study with one encoder, batch and view recipe. SimMIM hides patches by a hook that changes
    with the step and is left as it is, and so are views, whose blur and hue meet another number of
    images at each step. Returns whether anything was compiled.
    """
    if isinstance(method, SimMIM):
        return False
    for part in method.modules():
        if isinstance(part, Encoder):
            part.compile(dynamic=False, backend=backend)
    return True
