"""Time per image of whole pretraining as the set grows, and as the batch does.

    python benchmarks/growth.py [--encoder convnet] [--method simclr] [--threads 2] [--device cpu]
        [--precision bf16] [--seconds 5] [--segments 5]

Prints JSON lines: the machine, then the median microseconds per image of the loop itself for
N = 1,000, 10,000 and 64,000 at a batch of 256, and for batches of 64 to 1,024 at N = 10,000, with
the share of time that it waited for images.
"""

import argparse
import json
import statistics

import torch
from machine import machine
from step import ENCODERS, IMAGES, PROJECTORS, spec_of, training_data_of, whole

CASES = [(n, 256) for n in (1_000, 10_000, 64_000)] + [(IMAGES, b) for b in (64, 128, 512, 1024)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--encoder", choices=ENCODERS, default="convnet")
    parser.add_argument("--method", choices=PROJECTORS, default="simclr")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--segments", type=int, default=5)
    asked = parser.parse_args()
    device = torch.device(asked.device)
    torch.set_num_threads(asked.threads)
    print(json.dumps(machine(device)), flush=True)
    for n, batch in CASES:
        asked.batch = batch
        spec = spec_of(asked, asked.precision)
        rates, waited = whole(
            spec, training_data_of(spec, device, n), device, asked.seconds, asked.segments
        )
        line = {
            "encoder": asked.encoder,
            "method": asked.method,
            "precision": asked.precision,
            "images": n,
            "batch": batch,
            "microseconds_per_image": round(1e6 / statistics.median(rates), 1),
            "fastest": round(1e6 / max(rates), 1),
            "slowest": round(1e6 / min(rates), 1),
            "wait_share": round(waited, 5),
            "segments": len(rates),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
