"""What runs make of a measurement: the fastest of their kind, and nothing where it is not clear."""

from pathlib import Path

import pytest

from datayield.spec.run.encoder import EncoderSpec
from datayield.store.cpu_settings import CpuSettings, Rates, TrainRate, fastest_settings

CONVNET = EncoderSpec(name="convnet", size=32)
VINY = EncoderSpec(name="viny", size=64, patch=8)
RATES = [
    TrainRate("resnet18", "fp32", "channels_last", 4, 100.0),
    TrainRate("resnet18", "fp32", "channels_last", 1, 60.0),
    TrainRate("resnet18", "fp32", "contiguous", 4, 104.0),
    TrainRate("resnet18", "fp32", "contiguous", 1, 80.0),
    TrainRate("resnet18", "bf16", "channels_last", 4, 100.0),
    TrainRate("resnet18", "bf16", "contiguous", 4, 150.0),
    TrainRate("vit_tiny", "fp32", "channels_last", 4, 100.0),
    TrainRate("vit_tiny", "fp32", "channels_last", 2, 120.0),
]


@pytest.mark.parametrize(
    ("encoder", "precision", "threads", "fixed", "chosen"),
    [
        (CONVNET, "fp32", 4, False, ("channels_last", None)),  # 4% are within the scatter
        (CONVNET, "fp32", 1, True, ("contiguous", None)),
        (CONVNET, "bf16", 4, False, ("contiguous", None)),
        (VINY, "fp32", 4, False, ("channels_last", 2)),
        (VINY, "fp32", 4, True, ("channels_last", None)),  # OMP_NUM_THREADS holds
        (VINY, "bf16", 4, False, ("channels_last", None)),  # not measured
        (CONVNET, "bf16", 8, False, ("channels_last", None)),  # as ever was not measured
        (EncoderSpec(name="timm/vit_tiny_patch16_224", size=64), "bf16", 4, False,
         ("channels_last", None)),
    ],
)  # fmt: skip
def test_the_fastest_of_the_kind_where_it_is_clear(
    encoder: EncoderSpec, precision: str, threads: int, fixed: bool, chosen: tuple[str, int | None]
) -> None:
    assert fastest_settings(RATES, encoder, precision, threads, fixed)[:2] == chosen


def test_why_is_said() -> None:
    assert fastest_settings(RATES, VINY, "fp32", 4, False).why == (
        "measured 1.20 times as fast as channels_last with 4 threads"
    )
    assert fastest_settings([], VINY, "fp32", 4, False) == CpuSettings(
        "channels_last", None, "not measured (run datayield doctor --measure)"
    )


def test_a_new_measurement_replaces_the_old_one_of_the_same_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path))
    here = Rates(4, "2.0")
    assert here.load() == []
    here.save(RATES)
    newer = RATES[0]._replace(images_per_second=7.0)
    here.save([newer])
    assert Rates(4, "2.0").load() == [newer, *RATES[1:]]
    assert Rates(4, "2.1").load() == Rates(2, "2.0").load() == []
