"""Published weights that lie in DATAYIELD_DATA/weights, with the network that each is of.

timm and those who pass its files on name them by network and training: `NETWORK.TAG.safetensors`.
"""

from collections.abc import Iterator
from importlib.util import find_spec

from datayield.propose import PublishedFile
from datayield.run.weights_trial import weights_trials
from datayield.spec.environment import data_dir
from datayield.spec.run import PIXEL_STATISTICS, EncoderSpec, WeightsFile

FOLDER = "weights"
SIDE = 32  # of the network that is tried: networks of convolutions take any


def weights_at_hand() -> Iterator[PublishedFile]:
    """The files whose networks are known and that load into them; none without timm."""
    home = data_dir()
    files = sorted((home / FOLDER).glob("*.safetensors")) if home is not None else []
    if not files or find_spec("timm") is None:
        return
    from timm import get_pretrained_cfg

    for path in files:
        network = path.name.partition(".")[0]
        about = get_pretrained_cfg(network)
        if about is None:
            continue
        statistics = tuple(about.mean), tuple(about.std)
        normalise = next((n for n, of in PIXEL_STATISTICS.items() if tuple(of) == statistics), "")
        if not normalise:
            continue
        encoder = {"name": f"timm/{network}", "size": SIDE, "normalise": normalise}
        file = WeightsFile(weights=f"{FOLDER}/{path.name}").model_dump(mode="json")
        spec = EncoderSpec.model_validate(encoder).model_dump(mode="json")
        if weights_trials([(spec, file)])[0]["problem"] is None:
            yield PublishedFile(
                f"{FOLDER}/{path.name}",
                f"timm/{network}",
                None if normalise == "imagenet" else normalise,
            )
