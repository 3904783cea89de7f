#!/usr/bin/env python3
"""domicile and a peer on the same file, in turn, in one run.

  benchmarks/engine/side_by_side.py MODEL.gguf --peer PATH_OF_LLAMA_BENCH [--prompt 512] [--generate 64] [--rounds 5]

The peer is any program with llama-bench's flags and its JSON output. Each round runs domicile, then the peer, so that a noisy
neighbour meets both; ratios are taken round by round. Printed are medians with the extremes in brackets, the ratio, and
the share of the machine's limit as `domicile bench` measures it in the same rounds.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def ours(a):
    command = [a.program, "bench", a.model, "--prompt", a.prompt, "--generate", a.generate, "--threads", a.threads, "--json",
               *a.flags.split()]
    return json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout)


def peers(a):
    command = [a.peer, "-m", a.model, "-p", a.prompt, "-n", a.generate, "-t", a.threads, "-r", 1, "-o", "json",
               *a.peer_flags.split()]
    rows = json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout)
    return {"prefill": next(r["avg_ts"] for r in rows if r["n_gen"] == 0),
            "decode": next(r["avg_ts"] for r in rows if r["n_gen"] > 0)}


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}..{max(values):.1f})"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model")
    ap.add_argument("--peer", help="path of llama-bench or a program with its flags; without it domicile runs alone")
    ap.add_argument("--program", default=str(ROOT / "build/release/bin/domicile"))
    ap.add_argument("--prompt", type=int, default=512)
    ap.add_argument("--generate", type=int, default=64)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--flags", default="", help="more flags for domicile bench")
    ap.add_argument("--peer-flags", default="", help="more flags for the peer")
    a = ap.parse_args()

    rounds = []
    for _ in range(a.rounds):
        own = ours(a)
        rounds.append((own, peers(a) if a.peer else None))
    print(f"{pathlib.Path(a.model).name}: {a.threads} threads, {a.rounds} rounds, {rounds[0][0]['kernels']} kernels, "
          f"{rounds[0][0]['numerics']}, KV {rounds[0][0]['kv']}")
    for what, length in (("prefill", a.prompt), ("decode", a.generate)):
        own = [r[0][f"{what}_tokens_per_second"] for r in rounds]
        share = [r[0][f"{what}_tokens_per_second"] / r[0][f"{what}_limit"] for r in rounds]
        line = f"{what} {length}: {spread(own)} tokens/s, {100 * statistics.median(share):.0f} % of the limit"
        if a.peer:
            peer = [r[1][what] for r in rounds]
            ratio = [r[0][f"{what}_tokens_per_second"] / r[1][what] for r in rounds]
            line += f"; peer {spread(peer)}; ratio {statistics.median(ratio):.2f} ({min(ratio):.2f}..{max(ratio):.2f})"
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
