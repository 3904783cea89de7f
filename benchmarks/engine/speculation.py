#!/usr/bin/env python3
"""What does speculation bring where a text repeats itself, and what does it cost where it does not?

usage: speculation.py PROGRAM MODEL [--rounds N] [--tokens N] [--workload NAME ...] [-- FLAGS OF domicile run]

Each workload is answered with --speculation off and auto in alternation, a fresh process each time, and the ids of all answers must
be equal. Printed: the median decode speed of each, their ratio, and how many drafts were right.

  edit      a configuration file, to be repeated with one change; raw, with the first lines of the answer given, because a model of
            135M parameters copies faithfully when it continues, not when it is asked to
  code      a class, to be repeated with a method renamed; the small model soon goes its own way
  prose     an essay; temperature 0.7
  list      facts in a numbered list; temperature 0
  random    ids without any sense or repetition (for files with random weights too); temperature 1
"""
import argparse
import json
import random
import statistics
import subprocess
import sys

SERVICES = [("gateway", 8080, 3, 512), ("accounts", 8081, 2, 256), ("orders", 8082, 4, 1024), ("billing", 8083, 2, 512),
            ("mail", 8084, 1, 128), ("search", 8085, 6, 2048)]
CONFIGURATION = "".join(f"- name: service-{name}\n  image: registry.example.com/{name}:1.4.2\n  port: {port}\n  replicas: {replicas}\n"
                        f"  memory: {memory}Mi\n" for name, port, replicas, memory in SERVICES)
CLASS = '''class Inventory:
    def __init__(self):
        self.items = {}
        self.prices = {}

    def add(self, name, count, price):
        if count < 0:
            raise ValueError("count must not be negative")
        self.items[name] = self.items.get(name, 0) + count
        self.prices[name] = price

    def total(self):
        result = 0
        for name, count in self.items.items():
            result += count * self.prices[name]
        return result

    def report(self):
        for name, count in sorted(self.items.items()):
            print(name, count, self.prices[name])
'''
EDIT = (f"The file config.yaml:\n\n```yaml\n{CONFIGURATION}```\n\nThe same file after changing the version of gateway to 1.5.0:\n\n"
        "```yaml\n- name: service-gateway\n  image: registry.example.com/gateway:1.5.0\n")
RANDOM_IDS = ",".join(str(random.Random(1).randrange(100, 40000)) for _ in range(64))

WORKLOADS = {
    "edit": ["--raw", "-p", EDIT, "--temperature", "0"],
    "code": ["-p", f"```python\n{CLASS}```\n\nRepeat the whole file with the method `total` renamed to `sum_of_prices`.",
             "--temperature", "0"],
    "prose": ["-p", "Write a short essay on what the sea has meant to people.", "--temperature", "0.7"],
    "list": ["-p", "List twenty facts about the planet Jupiter.", "--temperature", "0"],
    "random": ["--ids", RANDOM_IDS, "--temperature", "1", "--ignore-eos"],
}


def answer(program, model, arguments, speculation):
    command = [program, "run", model, *arguments, "--seed", "1", "--json", "--speculation", speculation]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command[:3])}: {result.stderr.decode()}")
    return json.loads(result.stdout)


def measure(program, model, arguments, rounds):
    """Median tokens per second off and on, drafts, right ones."""
    rates = {"off": [], "auto": []}
    ids, drafted, accepted = None, 0, 0
    for round_number in range(rounds):
        for speculation in ("off", "auto") if round_number % 2 == 0 else ("auto", "off"):
            reply = answer(program, model, arguments, speculation)
            if ids is None:
                ids = reply["ids"]
            if reply["ids"] != ids:
                sys.exit("the answers differ: this is a fault in domicile")
            timings = reply["timings"]
            rates[speculation].append(timings["decode_tokens_per_second"])
            drafted += timings["drafted_tokens"]
            accepted += timings["accepted_tokens"]
    return statistics.median(rates["off"]), statistics.median(rates["auto"]), len(ids), drafted, accepted


def main():
    given = sys.argv[1:]
    flags = given[given.index("--") + 1:] if "--" in given else []
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=250, help="longest answer")
    parser.add_argument("--workload", action="append", choices=sorted(WORKLOADS))
    options = parser.parse_args(given[:given.index("--")] if "--" in given else given)
    print(f"{'workload':10}{'tokens':>8}{'off tok/s':>12}{'auto tok/s':>12}{'ratio':>8}{'drafts right':>20}")
    for name in options.workload or WORKLOADS:
        arguments = [*WORKLOADS[name], "--max-tokens", str(options.tokens), *flags]
        off, auto, n_tokens, drafted, accepted = measure(options.program, options.model, arguments, options.rounds)
        right = f"{accepted} of {drafted}" if drafted else "none made"
        print(f"{name:10}{n_tokens:8}{off:12.1f}{auto:12.1f}{auto / off:8.2f}{right:>20}", flush=True)


if __name__ == "__main__":
    main()
