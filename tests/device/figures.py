#!/usr/bin/env python3
"""How fast emeth-trainer trains on a device, beside the same model in this Python's PyTorch; printed by ./run.

Usage: figures.py TRAINER DEVICE
Prints a table, and behind it one line of JSON as `emeth bench` does.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PEER = Path(__file__).resolve().parents[2] / "bench" / "training_peer.py"
BYTES_PER_TOKEN = 3.7  # of ordinary text: the preset table's estimate
JOB_BYTES, JOB_EPOCHS = 100_000_000, 2
ROUNDS = 2  # the two programs take turns; the better round of each counts
MODELS = {  # steps measured, and sequences a step (0: the preset's)
    "cuda": {"d512": (60, 0), "gpt2": (20, 0), "gpt2-1024": (15, 0), "gpt2-medium": (10, 0)},
    "cpu": {"nano": (20, 0), "d256": (2, 16)},
}


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(trainer, device, model, steps, sequences):
    ours, peers = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            print(f"{model}: emeth-trainer, then PyTorch", file=sys.stderr, flush=True)
            ours.append(output_of([trainer, "benchmark", "--model", model, "--device", device, "--threads",
                                   str(os.cpu_count()), "--steps", str(steps), "--sequences", str(sequences),
                                   "--folder", folder]))
            peers.append(output_of([sys.executable, str(PEER), json.dumps(ours[-1])]))
    if abs(ours[0]["first_loss"] - peers[0]["first_loss"]) > 0.1:
        sys.exit(f"{model}: the first losses are {ours[0]['first_loss']} and {peers[0]['first_loss']}: "
                 "the two do not train the same model on the same text")
    best = max(ours, key=lambda each: each["tokens_per_s"])
    best["peak_gflops"] = max(each["peak_gflops"] for each in ours)
    return best, max(each["tokens_per_s"] for each in peers)


def main(trainer, device):
    figures = []
    heading = f"{'model':<12} {'type':<8} {'at once':>7} {'tokens/s':>11} {'PyTorch':>11} {'ratio':>6} {'of peak':>7} {'JOB hours':>9}"
    rows = [heading]
    for model, (steps, sequences) in MODELS["cpu" if device == "cpu" else "cuda"].items():
        ours, peer = measure(trainer, device, model, steps, sequences)
        speed = ours["tokens_per_s"]
        share = ours["gflops"] / ours["peak_gflops"]
        hours = JOB_BYTES * JOB_EPOCHS / BYTES_PER_TOKEN / speed / 3600
        rows.append(f"{model:<12} {ours['precision']:<8} {ours['micro_batch']:>7} {speed:>11,.0f} {peer:>11,.0f} "
                    f"{speed / peer:>6.2f} {share:>7.2f} {hours:>9.2f}")
        print(rows[-1], file=sys.stderr, flush=True)
        figures.append({"name": f"{model}_vs_python", "value": speed, "unit": f"tokens/s {ours['precision']}",
                        "against": {"name": "Python PyTorch", "value": peer}, "ratio": speed / peer})
        figures.append({"name": f"{model}_vs_peak", "value": ours["gflops"], "unit": "GFLOP/s",
                        "against": {"name": "best square product", "value": ours["peak_gflops"]}, "ratio": share})
    print("\n".join(rows))
    print(json.dumps({"figures": figures}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
