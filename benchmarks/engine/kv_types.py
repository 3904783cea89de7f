#!/usr/bin/env python3
"""What does each type of KV cache cost and give?  (needs numpy)

    benchmarks/engine/kv_types.py MODEL [--domicile build/release/bin/domicile] [--text FILE] [--depth 0,4096]

For each type: bytes per token, perplexity of the text, KL divergence of the next token's distribution from that with a float32
cache (mean over positions, and the largest), the share of positions with the same first token, and decode speed at each depth.
All types are measured in turn, twice; the better rate counts.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import numpy

TYPES = ["f32", "bf16", "int8", "q4"]
HERE = pathlib.Path(__file__).resolve().parents[2]


def run(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def logits_of(path):
    """The one tensor of a safetensors file that `domicile score --logits` wrote."""
    with open(path, "rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        shape = json.loads(file.read(header_bytes))["logits"]["shape"]
    return numpy.memmap(path, numpy.float32, "r", 8 + header_bytes, tuple(shape))


def log_softmax(rows):
    rows = rows.astype(numpy.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))


def divergence(reference, other):
    """KL of each position, and whether the first token is the same."""
    kl, same = [], []
    for begin in range(0, len(reference), 128):
        p, q = log_softmax(reference[begin:begin + 128]), log_softmax(other[begin:begin + 128])
        kl.append((numpy.exp(p) * (p - q)).sum(axis=1))
        same.append(p.argmax(axis=1) == q.argmax(axis=1))
    return numpy.concatenate(kl), numpy.concatenate(same)


def quality(args, folder):
    rows = {}
    for kv in TYPES:
        path = os.path.join(folder, kv)
        scored = json.loads(run([args.domicile, "score", args.model, "--file", args.text, "--raw", "--json", "--kv", kv,
                                 "--logits", path]))
        kl, same = divergence(logits_of(os.path.join(folder, "f32")), logits_of(path))
        rows[kv] = {"tokens": len(scored["ids"]), "perplexity": scored["perplexity"], "kl": kl.mean(), "most": kl.max(),
                    "same": same.mean()}
    return rows


def speed(args):
    rates = {kv: {} for kv in TYPES}
    for _ in range(2):
        for kv in TYPES:
            for line in run([args.domicile, "bench", args.model, "--json", "--kv", kv, "--prompt", "1", "--generate", "32",
                             "--depth", args.depth]).splitlines():
                case = json.loads(line)
                rates[kv].setdefault("bytes", case["terms"]["kv_bytes_per_token"])
                key = case["depth"]
                rates[kv][key] = max(rates[kv].get(key, 0), case["decode_tokens_per_second"])
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--domicile", default=str(HERE / "build/release/bin/domicile"))
    parser.add_argument("--text", default=str(HERE / "docs/engine.md"))
    parser.add_argument("--depth", default="0,4096")
    parser.add_argument("--what", choices=["all", "quality", "speed"], default="all")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = quality(args, folder) if args.what != "speed" else {}
    rates = speed(args) if args.what != "quality" else {}
    depths = args.depth.split(",") if rates else []
    print("| type | tokens | perplexity | KL | largest KL | same first token |"
          + "".join(f" decode at {depth} |" for depth in depths) + (" bytes per token |" if rates else ""))
    for kv in TYPES:
        line = f"| {kv} |"
        if rows:
            r = rows[kv]
            line += (f" {r['tokens']} | {r['perplexity']:.4f} | {r['kl']:.2e} | {r['most']:.2e} |"
                     f" {100 * r['same']:.2f} % |")
        for depth in depths:
            line += f" {rates[kv][int(depth)]:.1f} |"
        print(line + (f" {rates[kv]['bytes']:.0f} |" if rates else ""))


if __name__ == "__main__":
    main()
