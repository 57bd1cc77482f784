"""One pretraining with one library, a child of `peers.py` in that library's own environment.

Trains SimCLR on made-up images for as long as it is told: each line on standard input, a number
of seconds, is answered by a line of JSON with the images per second of that long, whole steps only.
Before a segment counts, the batches that workers made ready while waiting are used up.

All have the same encoder, heads of the same widths and two views: crop, flip, colour, grey. Each
peer is set up as its documentation says, in its favour where there is a choice: workers that
persist, and no checkpoints, exports or learning-rate logs of lightly-train.
"""

import argparse
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

CONVNET = Path(__file__).parents[1] / "src/datayield/nets/convnet.py"
SHAPES = {  # side, batch, features, widths of the projector
    "pocket": (16, 32, 128, (128, 64)),
    "resnet18": (32, 128, 512, (512, 128)),
}
IMAGES = 10_000
EPOCHS = 100_000
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
COLOUR = {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2}


class Pace:
    """Answers standard input with rates; `at` is called once a step, with the images so far."""

    def __init__(self, drain: int) -> None:
        self.drain = drain  # steps after a pause that do not count
        self.seconds, self.began, self.from_images, self.skipped = 0.0, 0.0, 0, 0

    def at(self, images: int) -> None:
        if self.seconds and self.skipped < self.drain:
            self.skipped += 1
            self._start(images)
            return
        spent = time.perf_counter() - self.began
        if self.seconds and spent < self.seconds:
            return
        if self.seconds:
            rate = (images - self.from_images) / spent
            print(json.dumps({"images_per_second": rate}), file=ANSWERS, flush=True)
        line = sys.stdin.readline()
        if not line:
            os._exit(0)  # no library's end of training: nothing is kept
        self.seconds, self.skipped = float(line), 0
        self._start(images)

    def _start(self, images: int) -> None:
        self.began, self.from_images = time.perf_counter(), images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("--shape", choices=SHAPES, default="pocket")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--threads", type=int, help="default: those of the library's run")
    parser.add_argument("--views", choices=["sample", "batch"], default="sample")
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    drain = 0 if asked.library == "datayield" else 2 * asked.workers
    with tempfile.TemporaryDirectory() as folder:
        LIBRARIES[asked.library](asked, Pace(drain), Path(folder))


def pictures(size: int) -> np.ndarray:
    """Smooth colour with noise: uint8 [IMAGES, size, size, 3]."""
    noise = np.random.default_rng(0).integers(0, 128, (IMAGES, size, size, 3), dtype=np.uint8)
    return noise + np.linspace(0, 127, size).astype(np.uint8)[:, None, None]


def trunk(shape: str) -> nn.Module:
    """The encoder without pooling: [B, 3, S, S] -> [B, D, S / 8, S / 8]."""
    if shape == "pocket":
        found = importlib.util.spec_from_file_location("convnet", CONVNET)
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module.ConvNet(16).stages
    from torchvision.models import resnet18

    net = resnet18()
    net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return nn.Sequential(*list(net.children())[:-2])


def pooled(shape: str) -> nn.Module:
    return nn.Sequential(trunk(shape), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Pictures(Dataset[Any]):
    """Decoded images in memory as PIL, as torchvision's CIFAR-10 gives them, with a label."""

    def __init__(self, size: int, transform: Callable[[Any], Any]) -> None:
        self.images, self.transform = pictures(size), transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(PIL.Image.fromarray(self.images[index])), 0


def loader(dataset: Dataset[Any], batch: int, workers: int) -> DataLoader[Any]:
    return DataLoader(
        dataset,
        batch_size=batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )


def lightly(asked: argparse.Namespace, pace: Pace, folder: Path) -> None:
    """The loop of lightly's example `simclr.py`."""
    from lightly import loss, transforms
    from lightly.models.modules import heads

    size, batch, features, (hidden, out) = SHAPES[asked.shape]
    head = heads.SimCLRProjectionHead(features, hidden, out)
    model = nn.Sequential(pooled(asked.shape), head).train()
    transform = transforms.SimCLRTransform(input_size=size, gaussian_blur=0.0)
    batches = loader(Pictures(size, transform), batch, asked.workers)
    criterion = loss.NTXentLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    images = 0
    for _ in range(EPOCHS):
        for (x0, x1), _ in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=asked.precision == "bf16"):
                z0, z1 = model(x0), model(x1)
            criterion(z0.float(), z1.float()).backward()
            optimizer.step()
            optimizer.zero_grad()
            images += batch
            pace.at(images)


class LightlyTrainModel(nn.Module):
    """The encoder as lightly-train wants it; one call of `forward_features` is a step's start."""

    def __init__(self, shape: str, pace: Pace) -> None:
        super().__init__()
        _, self.batch, self.features, _ = SHAPES[shape]
        self.trunk, self.pool = trunk(shape), nn.AdaptiveAvgPool2d(1)
        self.pace, self.images = pace, 0

    def forward_features(self, x: Tensor) -> dict[str, Tensor]:
        self.pace.at(self.images)
        self.images += self.batch
        return {"features": self.trunk(x)}

    def forward_pool(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"pooled_features": self.pool(x["features"])}

    def feature_dim(self) -> int:
        return self.features

    def get_model(self) -> nn.Module:
        return self.trunk


def lightly_train(asked: argparse.Namespace, pace: Pace, folder: Path) -> None:
    """`lightly_train.pretrain` on a folder of PNG files."""
    import lightly_train as library

    size, batch, _, (hidden, out) = SHAPES[asked.shape]
    (folder / "images").mkdir()
    for index, image in enumerate(pictures(size)):
        PIL.Image.fromarray(image).save(folder / "images" / f"{index}.png")
    library.pretrain(
        out=folder / "out",
        data=folder / "images",
        model=LightlyTrainModel(asked.shape, pace),
        method="simclr",
        method_args={"hidden_dim": hidden, "output_dim": out},
        transform_args={"image_size": (size, size), "gaussian_blur": None},
        epochs=EPOCHS,
        batch_size=batch,
        num_workers=asked.workers,
        accelerator="cpu",
        devices=1,
        precision="bf16-mixed" if asked.precision == "bf16" else "32-true",
        optim="sgd",
        optim_args={"lr": 0.001, "momentum": 0.0, "weight_decay": 0.0},
        loader_args={"persistent_workers": True} if asked.workers else None,
        loggers={"tensorboard": None},
        callbacks={"model_checkpoint": None, "model_export": None, "learning_rate_monitor": None},
        trainer_args={"enable_checkpointing": False},
    )


def stable_pretraining(asked: argparse.Namespace, pace: Pace, folder: Path) -> None:
    """Module, Trainer and Manager as in the README, on decoded images in memory.

    `--views batch`: its batched views (kornia), otherwise its views of one sample.
    """
    import lightning
    import stable_pretraining as library
    from stable_pretraining.data import gpu_transforms, transforms
    from stable_pretraining.forward import simclr

    size, batch, features, widths = SHAPES[asked.shape]
    library.set(cache_dir=str(folder), progress_bar="none", verbose="ERROR")
    if asked.views == "batch":
        chain = gpu_transforms.GPUCompose(
            [
                gpu_transforms.GPURandomResizedCrop(size),
                gpu_transforms.GPURandomHorizontalFlip(),
                gpu_transforms.GPUColorJitter(**COLOUR, p=0.8),
                gpu_transforms.GPURandomGrayscale(p=0.2),
                gpu_transforms.GPUNormalize(MEAN, STD),
            ]
        )
        sample = transforms.ToImage()
        batched = gpu_transforms.StackedMultiView(chain)
    else:
        view = transforms.Compose(
            transforms.RandomResizedCrop((size, size), scale=(0.08, 1.0)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.ColorJitter(**COLOUR, p=0.8),
            transforms.RandomGrayscale(p=0.2),
            transforms.ToImage(mean=MEAN, std=STD),
        )
        sample, batched = transforms.MultiViewTransform([view, view]), None
    dataset = library.data.FromTorchDataset(
        Pictures(size, lambda image: image),
        names=["image", "label"],
        transform=sample,
        gpu_transform=batched,
    )

    class Paced(lightning.Callback):
        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            pace.at(trainer.global_step * batch)

    module = library.Module(
        backbone=pooled(asked.shape),
        projector=library.backbone.MLP(features, list(widths), norm_layer="batch_norm"),
        forward=simclr,
        simclr_loss=library.losses.NTXEntLoss(temperature=0.5),
        optim={"optimizer": {"type": "SGD", "lr": 0.001}},
    )
    trainer = lightning.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        devices=1,
        precision="bf16-mixed" if asked.precision == "bf16" else "32-true",
        callbacks=[Paced()],
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        logger=False,
        default_root_dir=folder,
    )
    data = library.data.DataModule(train=loader(dataset, batch, asked.workers))
    library.Manager(trainer=trainer, module=module, data=data, seed=0)()


def datayield(asked: argparse.Namespace, pace: Pace, folder: Path) -> None:
    """`run.pretrain`, logs and saved states included; it is asked for its steps at each tick."""
    from threading import Event

    from datayield.data.decoded import rows_of
    from datayield.data.sampling import Resident
    from datayield.run.loop import TrainingData, pretrain
    from datayield.spec.run import RunSpec
    from datayield.store.folders import RunFolder

    size, batch, _, projector = SHAPES[asked.shape]
    encoders = {
        "pocket": {"name": "convnet", "width": 16, "size": size},
        "resnet18": {"name": "resnet18", "stem": "cifar", "size": size},
    }
    steps = {"pocket": 10_000, "resnet18": 399}[asked.shape]  # a tick every 50 steps, every step
    raw = {
        "data": {"dataset": "made", "count": IMAGES, "size": size},
        "encoder": encoders[asked.shape],
        "method": {"name": "simclr", "projector": projector},
        "views": [{"size": size, "count": 2, **COLOUR}],
        "optim": {"name": "sgd", "lr": 1e-3, "momentum": 0.0},
        "batch": batch,
        "precision": asked.precision,
        "budget": {"unit": "images", "amount": steps * batch},
    }
    spec = RunSpec.model_validate(raw, strict=False)
    cpu = torch.device("cpu")
    images = Resident(rows_of(pictures(size)), np.arange(IMAGES), cpu)
    data = TrainingData(images, "made", "made", 0)
    for turn in range(EPOCHS):
        kept = RunFolder(folder / str(turn))
        for tick in pretrain(spec, data, kept, shares=(), device=cpu, stop=Event()):
            pace.at((turn * steps + tick.step) * batch)


LIBRARIES = {
    "datayield": datayield,
    "lightly": lightly,
    "lightly-train": lightly_train,
    "stable-pretraining": stable_pretraining,
}

if __name__ == "__main__":
    # Answers keep the real standard output; what libraries print goes to standard error.
    ANSWERS = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    main()
