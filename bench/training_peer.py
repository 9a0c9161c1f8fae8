#!/usr/bin/python3
"""The peer of `emeth bench training`: the same GPT-2 written plainly in Python PyTorch, with its best settings: fused
attention where torch has it and, on a GPU, torch.compile and the fused AdamW.

Usage: training_peer.py "$(emeth-trainer benchmark --model d256 --steps 8)"
The argument is the line that emeth-trainer prints: it says which shape to build and how to train it.
Prints one line of JSON: {"model", "precision", "threads", "micro_batch", "first_loss", "tokens_per_s"}.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

WARM_UP_STEPS = 2


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, future):
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, dim=2)
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        if hasattr(F, "scaled_dot_product_attention"):
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5
            attended = scores.masked_fill(future, float("-inf")).softmax(-1) @ v
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.narrow(F.gelu(self.widen(self.norm2(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self, width, layers, heads, context, vocabulary):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.register_buffer("future", torch.triu(torch.ones(context, context, dtype=torch.bool), 1))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, inputs, targets):
        x = self.tokens(inputs) + self.positions.weight
        for block in self.blocks:
            x = block(x, self.future)
        logits = F.linear(self.norm(x), self.tokens.weight)
        return F.cross_entropy(logits.view(-1, logits.size(-1)).float(), targets.view(-1))


def main(work):
    shape, threads, precision = work["shape"], work["threads"], work["precision"]
    micro_batch, steps = work["micro_batch"], work["steps"]
    context, vocabulary, sequences = shape["context"], shape["vocabulary"], shape["sequences_per_step"]
    device = torch.device(work.get("device", "cpu"))
    on_gpu = device.type == "cuda"
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = GPT2(shape["width"], shape["layers"], shape["heads"], context, vocabulary).to(device)
    settings = {"fused": True} if on_gpu else {}
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, **settings)
    trained = torch.compile(model) if on_gpu else model

    position = 0

    def step():
        nonlocal position
        total = torch.zeros((), dtype=torch.float64, device=device)
        optimiser.zero_grad(set_to_none=True)
        for first in range(0, sequences, micro_batch):
            count = min(micro_batch, sequences - first)
            positions = position + torch.arange(count * context + 1)
            position += count * context
            tokens = ((positions * 2654435761 & 0xFFFFFFFF) >> 8) % vocabulary  # the text of src/trainer/trial_run.cpp
            tokens = tokens.pin_memory().to(device, non_blocking=True) if on_gpu else tokens
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
                loss = trained(tokens[:-1].view(count, context), tokens[1:].view(count, context))
            (loss * count / sequences).backward()
            total += loss.detach() * count / sequences
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        return total.item()

    first_loss = step()
    for _ in range(WARM_UP_STEPS - 1):
        step()
    start = time.monotonic()
    for _ in range(steps):
        step()
    tokens_per_s = sequences * context * steps / (time.monotonic() - start)
    print(json.dumps({"model": work["model"], "precision": precision, "threads": threads, "micro_batch": micro_batch,
                      "first_loss": first_loss, "tokens_per_s": tokens_per_s}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
