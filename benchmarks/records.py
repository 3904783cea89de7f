#!/usr/bin/env python3
"""Prints a record of a workload as a table, and beside an earlier one as ratios.

usage: records.py RECORD.json [EARLIER.json]

A record is one workload on one machine on one day (docs/benchmarks.md, "Records"); benchmarks/run --record writes it. The same case
measured again replaces what was there, other rows stay: so large models can be measured one at a time.
"""
import json
import pathlib
import re
import sys

FORMAT = 1
CASE = ("model", "type", "threads", "kernels", "numerics", "kv", "prompt", "generate", "batch", "depth")  # what makes two rows comparable
PHASES = ("prefill", "decode")
DIGITS = 4  # significant ones: more than noise leaves


class Malformed(Exception):
    pass


def rounded(value):
    return None if value is None else float(f"{value:.{DIGITS}g}")


def phase_of(line, phase):
    figures = {"tokens_per_second": line[f"{phase}_tokens_per_second"], "limit": line[f"{phase}_limit"]}
    if phase == "prefill":
        figures["tile_limit"] = line["prefill_tile_limit"]
    if line.get("peer"):
        ratio = line["peer"][f"{phase}_ratio"] or {}
        figures["peer_tokens_per_second"] = line["peer"][f"{phase}_tokens_per_second"]
        figures |= {"peer_ratio": ratio.get("median"), "peer_ratio_lowest": ratio.get("min"), "peer_ratio_highest": ratio.get("max")}
    return {key: rounded(value) for key, value in figures.items()}


def row_of(line, commit):
    """A row from a line of `domicile bench --json`."""
    terms = line["terms"]
    row = {key: line[key] for key in CASE} | {"rounds": len(line["prefill_rounds"] or line["decode_rounds"]), "commit": commit}
    row["roof"] = {key: rounded(terms.get(key)) for key in
                   ("read_bytes_per_second", "int8_ops_per_second", "int8_tile_16_ops_per_second", "int8_tile_32_ops_per_second", "fp32_flops_per_second")}
    if line.get("peer"):
        row["peer"] = line["peer"]["name"]
    return row | {phase: phase_of(line, phase) for phase in PHASES}


def case_of(row):
    return tuple(row[key] for key in CASE)


def merged(record, earlier):
    """The rows of `earlier`, those measured again replaced, then the new ones."""
    new = {case_of(row): row for row in record["rows"]}
    rows = [new.pop(case_of(row), row) for row in earlier["rows"]]
    return record | {"rows": rows + list(new.values())}


def file_name(record):
    slug = re.sub(r"[^a-z0-9]+", "-", record["machine"].lower()).strip("-")
    return f"{record['workload']}-{slug}-{record['date']}.json"


def read(path):
    """Fails with Malformed, one sentence that names the file."""
    try:
        record = json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        raise Malformed(f"{path}: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise Malformed(f"{path} is no record of format {FORMAT}")
    missing = [key for key in ("workload", "question", "date", "machine", "cpu", "rows") if key not in record]
    missing += [f"rows[{i}].{key}" for i, row in enumerate(record.get("rows", [])) for key in (*CASE, *PHASES, "commit", "roof") if key not in row]
    if missing:
        raise Malformed(f"{path} lacks {', '.join(missing[:3])}")
    return record


def write(record, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    path = folder / file_name(record)
    if path.exists():
        record = merged(record, read(path))
    rows = ",\n".join("  " + json.dumps(row) for row in record["rows"])
    head = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in record.items() if key != "rows")
    path.write_text(f'{{{head},\n "rows": [\n{rows}\n ]}}\n')
    return path


def markdown(header, rows, n_text=2):
    lines = [header, ["---"] * n_text + ["---:"] * (len(header) - n_text), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def share(value, limit):
    return f"{100 * value / limit:.0f} %" if value and limit else "-"


def rate(value):
    return "-" if value is None else f"{value:.4g}"


def ratio(phase):
    middle, low, high = (phase.get(f"peer_ratio{end}") for end in ("", "_lowest", "_highest"))
    if middle is None:
        return "-"
    return f"{middle:.2f}" + (f" ({low:.2f}..{high:.2f})" if low < high else "")


def varying(rows):
    """Columns that tell the rows of one model from each other."""
    return [key for key in ("threads", "kernels", "kv", "batch", "depth") if len({row[key] for row in rows}) > 1]


def table(record):
    rows = record["rows"]
    extra = varying(rows)
    has_peer = any("peer" in row for row in rows)
    peer_header = ["peer", "ratio"] if has_peer else []
    header = ["model", "type", *extra, "lengths", "rounds", "prefill", "of limit", "of tile", *peer_header, "decode", "of limit", *peer_header]
    lines = []
    for row in rows:
        line = [row["model"], row["type"], *(row[key] for key in extra), f"{row['prompt']}/{row['generate']}", row["rounds"]]
        for phase in PHASES:
            figures = row[phase]
            line += [rate(figures["tokens_per_second"]), share(figures["tokens_per_second"], figures["limit"])]
            if phase == "prefill":
                line.append(share(figures["tokens_per_second"], figures["tile_limit"]))
            if has_peer:
                line += [rate(figures.get("peer_tokens_per_second")), ratio(figures)]
        lines.append(line)
    return markdown(header, lines)


def quotient(new, old):
    return f"{new / old:.2f}" if new and old else "-"


def comparison(record, earlier):
    """Ratios of each case that both measured: of the rates, of the shares of the limit, and of the ratios to the peer.

    On another machine, or beside a neighbour, only the second and the third mean anything.
    """
    before = {case_of(row): row for row in earlier["rows"]}
    shared = [(row, before[case_of(row)]) for row in record["rows"] if case_of(row) in before]
    extra = varying([row for row, _ in shared])
    lines = []
    for row, old in shared:
        line = [row["model"], row["type"], *(row[key] for key in extra), f"{row['prompt']}/{row['generate']}", f"{old['commit']} -> {row['commit']}"]
        for phase in PHASES:
            limit = "tile_limit" if phase == "prefill" else "limit"
            now, then = row[phase], old[phase]
            of_limit = [p["tokens_per_second"] / p[limit] if p["tokens_per_second"] and p[limit] else None for p in (now, then)]
            line += [quotient(now["tokens_per_second"], then["tokens_per_second"]), quotient(*of_limit), quotient(now.get("peer_ratio"), then.get("peer_ratio"))]
        lines.append(line)
    header = ["model", "type", *extra, "lengths", "commits", "prefill", "its share of tile", "its ratio to peer", "decode", "its share of limit", "its ratio to peer"]
    return markdown(header, lines)


def machine_text(record):
    row = record["rows"][-1]
    giga = lambda key: "-" if row["roof"][key] is None else f"{row['roof'][key] / 1e9:.1f}"
    commits = ", ".join(dict.fromkeys(row["commit"] for row in record["rows"]))
    peer = next((f" Peer: {row['peer']}." for row in record["rows"] if "peer" in row), "")
    return (f"{record['machine']} ({record['cpu']}), {row['threads']} threads, {row['kernels']} kernels, {row['numerics']} numerics, KV {row['kv']}; "
            f"reads {giga('read_bytes_per_second')} GB/s, int8 {giga('int8_ops_per_second')} Gop/s, {giga('int8_tile_32_ops_per_second')} with a scale every 32 "
            f"weights, float32 {giga('fp32_flops_per_second')} Gflop/s. Commit {commits}, {record['date']}.{peer}")


def text(record):
    return f"{record['question']}\n\n{table(record)}\n\n{machine_text(record)}\n"


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(__doc__.strip())
    try:
        records = [read(path) for path in arguments]
    except Malformed as error:
        sys.exit(str(error))
    print(text(records[0]), end="")
    if len(records) == 2:
        print(f"\nNew over old, {records[0]['date']} over {records[1]['date']}:\n\n{comparison(*records)}")


if __name__ == "__main__":
    main(sys.argv[1:])
