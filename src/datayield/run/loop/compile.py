"""`torch.compile` for a run's encoders, behind a switch: DATAYIELD_COMPILE=1, off by default.

Fused kernels round in a different order, so results agree within tolerance and are not
bit-identical. The cost record of a run says whether it was compiled, and a saved state resumes
bit-identically only under the same setting.
"""

from datayield.methods import Method
from datayield.methods.simmim import SimMIM
from datayield.nets.encoder import Encoder


def compile_encoders(method: Method, backend: str = "inductor") -> bool:
    """Compile the forward and backward pass of each encoder of `method` in place.

    Also the teacher's. Parameter names stay, so states and checkpoints are unchanged. There is one
    graph per shape of the views: shapes do not change between steps, nor between the runs of a
    study with one encoder, batch and view recipe. SimMIM, which hides patches by a hook that
    changes with the step, is not compiled, and neither are views, whose blur and hue apply to a
    different number of images at each step. Returns whether anything was compiled.
    """
    if isinstance(method, SimMIM):
        return False
    for part in method.modules():
        if isinstance(part, Encoder):
            part.compile(dynamic=False, backend=backend)
    return True
