"""Compares emeth-trainer's scores of a text with those of the independent GPT-2 of read_artifact.py.

Usage: compare_logits.py FOLDER, which holds model/ (an unpacked artifact), text, and logits.json (what
`emeth-trainer logits` printed for that text).
"""
import json
import subprocess
import sys

import torch
from read_artifact import logits, read_safetensors

RELATIVE_TOLERANCE = 1e-4


def main(folder):
    with open(folder + "/logits.json") as file:
        ours = json.load(file)
    ids = subprocess.run(
        ["spm_encode", "--model", folder + "/model/tokenizer.model", "--output_format=id", folder + "/text"],
        check=True, capture_output=True, text=True).stdout.split()
    assert ours["tokens"] == [int(i) for i in ids][: len(ours["tokens"])], "spm_encode makes other tokens"

    with open(folder + "/model/config.json") as file:
        config = json.load(file)
    with open(folder + "/model/model.safetensors", "rb") as file:
        weights = read_safetensors(file.read())
    with torch.no_grad():
        expected = logits(weights, config, torch.tensor([ours["tokens"]]))[0]
    got = torch.tensor(ours["logits"])
    assert got.shape == expected.shape, (got.shape, expected.shape)
    difference = ((got - expected).norm() / expected.norm()).item()
    print(f"{len(ours['tokens'])} tokens, relative difference of the logits {difference:.2e}")
    assert difference < RELATIVE_TOLERANCE, difference


if __name__ == "__main__":
    main(sys.argv[1])
