"""Reads an artifact with nothing but Python and torch, and computes its validation loss again.

Usage: read_artifact.py FOLDER, the folder of a finished JOB (artifact.tar, tokens.bin).
The model is written from the published description of GPT-2, not from the trainer's code.
"""
import hashlib
import json
import math
import struct
import sys
import tarfile

import torch

RELATIVE_TOLERANCE = 1e-4


def read_members(path):
    with tarfile.open(path, "r:") as tar:
        members = {info.name: tar.extractfile(info).read() for info in tar.getmembers()}
    expected = {"config.json", "manifest.json", "model.safetensors", "tokenizer.model", "training_log.jsonl"}
    assert set(members) == expected, sorted(members)
    return members


def read_safetensors(content):
    (header_bytes,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + header_bytes])
    data = content[8 + header_bytes :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", entry
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


def expected_shapes(config):
    d, layers = config["n_embd"], config["n_layer"]
    shapes = {"transformer.wte.weight": [config["vocab_size"], d], "transformer.wpe.weight": [config["n_positions"], d]}
    for layer in range(layers):
        prefix = f"transformer.h.{layer}."
        for norm in ("ln_1", "ln_2"):
            shapes[prefix + norm + ".weight"] = shapes[prefix + norm + ".bias"] = [d]
        # Conv1D of Hugging Face stores [in, out].
        for name, width_in, width_out in (
            ("attn.c_attn", d, 3 * d),
            ("attn.c_proj", d, d),
            ("mlp.c_fc", d, 4 * d),
            ("mlp.c_proj", 4 * d, d),
        ):
            shapes[prefix + name + ".weight"] = [width_in, width_out]
            shapes[prefix + name + ".bias"] = [width_out]
    shapes["transformer.ln_f.weight"] = shapes["transformer.ln_f.bias"] = [d]
    return shapes


def norm(x, gain, bias):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * gain + bias


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def logits(weights, config, tokens):
    """tokens: [sequences, length] -> [sequences, length, vocabulary]"""
    heads, d = config["n_head"], config["n_embd"]
    sequences, length = tokens.shape
    w = lambda name: weights["transformer." + name]
    x = w("wte.weight")[tokens] + w("wpe.weight")[:length]
    future = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
    for layer in range(config["n_layer"]):
        p = f"h.{layer}."
        h = norm(x, w(p + "ln_1.weight"), w(p + "ln_1.bias"))
        qkv = h @ w(p + "attn.c_attn.weight") + w(p + "attn.c_attn.bias")
        q, k, v = (part.view(sequences, length, heads, d // heads).transpose(1, 2) for part in qkv.split(d, dim=-1))
        scores = (q @ k.transpose(-1, -2)) / math.sqrt(d // heads)
        attended = scores.masked_fill(future, float("-inf")).softmax(-1) @ v
        attended = attended.transpose(1, 2).reshape(sequences, length, d)
        x = x + attended @ w(p + "attn.c_proj.weight") + w(p + "attn.c_proj.bias")
        h = norm(x, w(p + "ln_2.weight"), w(p + "ln_2.bias"))
        h = gelu_new(h @ w(p + "mlp.c_fc.weight") + w(p + "mlp.c_fc.bias"))
        x = x + h @ w(p + "mlp.c_proj.weight") + w(p + "mlp.c_proj.bias")
    return norm(x, w("ln_f.weight"), w("ln_f.bias")) @ w("wte.weight").T


class Permutation:
    """The Feistel permutation that draws the windows (src/trainer/data/seed.hpp)."""

    MASK = (1 << 64) - 1

    def __init__(self, size, seed, round_number):
        self.size = size
        words = struct.unpack(">4Q", seed)
        self.half_bits = max(1, ((size - 1).bit_length() + 1) // 2)
        golden = 0x9E3779B97F4A7C15
        seeds = [words[i % 4] ^ self.mix(golden * (i + 1) & self.MASK) for i in range(6)]
        self.keys = [self.mix(seed ^ self.mix(round_number + 1)) for seed in seeds]

    @classmethod
    def mix(cls, value):
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & cls.MASK
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB & cls.MASK
        return value ^ (value >> 31)

    def __call__(self, value):
        mask = (1 << self.half_bits) - 1
        while True:
            left, right = value >> self.half_bits, value & mask
            for key in self.keys:
                left, right = right, left ^ (self.mix(right ^ key) & mask)
            value = left << self.half_bits | right
            if value < self.size:
                return value


def validation_windows(tokens, manifest):
    context = manifest["hyperparameters"]["context"]
    windows = (len(tokens) - 1) // context
    count = min(max(windows // 32, 1), 256)
    seed = hashlib.sha256(f"emeth/trainer/1/validation/{manifest['job']}".encode()).digest()
    assert "0x" + seed.hex() == manifest["seeds"]["validation"]
    draw = Permutation(windows, seed, 0)
    starts = [draw(i) * context for i in range(count)]
    return torch.stack([tokens[start : start + context + 1] for start in starts])


def main(folder):
    members = read_members(folder + "/artifact.tar")
    manifest = json.loads(members["manifest.json"])
    config = json.loads(members["config.json"])
    for name, digest in manifest["members"].items():
        assert "0x" + hashlib.sha256(members[name]).hexdigest() == digest, name

    weights = read_safetensors(members["model.safetensors"])
    shapes = expected_shapes(config)
    assert {name: list(tensor.shape) for name, tensor in weights.items()} == shapes

    log = [json.loads(line) for line in members["training_log.jsonl"].splitlines()]
    assert [line["step"] for line in log] == list(range(1, manifest["steps"] + 1))
    assert log[-1]["loss"] < log[0]["loss"] - 0.5

    with open(folder + "/tokens.bin", "rb") as file:
        content = file.read()
    assert content[:8] == b"EMTOKEN1" and hashlib.sha256(content[:-32]).digest() == content[-32:]
    tokens = torch.tensor(struct.unpack(f"<{(len(content) - 112) // 2}H", content[80:-32]))
    assert len(tokens) == manifest["dataset"]["tokens"]

    windows = validation_windows(tokens, manifest)
    with torch.no_grad():
        predicted = logits(weights, config, windows[:, :-1])
    loss = torch.nn.functional.cross_entropy(predicted.flatten(0, 1), windows[:, 1:].flatten()).item()
    difference = abs(loss - manifest["validation_loss"]) / loss
    print(f"validation loss {loss:.7f}, the manifest says {manifest['validation_loss']:.7f}")
    assert difference < RELATIVE_TOLERANCE, difference


if __name__ == "__main__":
    main(sys.argv[1])
