#!/usr/bin/env python3
"""Records of benchmarks: what is written can be read, measuring again replaces, and ratios are of like with like."""
import copy
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import records  # noqa: E402


def line(model="m", decode=10.0, depth=0, decode_limit=20.0):
    """A line of `domicile bench --json`, as far as records read it."""
    spread = {"median": 2.0, "min": 1.5, "max": 2.5}
    return {"model": model, "type": "Q8_0", "threads": 2, "kernels": "avx512", "numerics": "fast", "kv": "bf16", "prompt": 512, "generate": 64,
            "batch": 1, "depth": depth, "prefill_tokens_per_second": 100.123456, "prefill_limit": 400.0, "prefill_tile_limit": 200.0,
            "decode_tokens_per_second": decode, "decode_limit": decode_limit, "prefill_rounds": [1, 2, 3], "decode_rounds": [1, 2, 3],
            "terms": {"read_bytes_per_second": 30e9, "int8_ops_per_second": 2e12, "fp32_flops_per_second": 4e11},
            "peer": {"name": "llama-bench", "prefill_tokens_per_second": 50.0, "decode_tokens_per_second": 5.0, "prefill_ratio": spread, "decode_ratio": spread}}


def record(*lines, commit="abc1234"):
    return {"format": records.FORMAT, "workload": "peers", "question": "How?", "date": "2026-11-25", "machine": "A CPU, 2 CPUs", "cpu": "A CPU",
            "rows": [records.row_of(each, commit) for each in lines]}


class Records(unittest.TestCase):
    def test_what_is_written_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = records.write(record(line()), folder)
            self.assertEqual(path.name, "peers-a-cpu-2-cpus-2026-11-25.json")
            self.assertEqual(records.read(path), record(line()))

    def test_measuring_again_replaces_the_case_and_keeps_the_others(self):
        with tempfile.TemporaryDirectory() as folder:
            records.write(record(line("a"), line("b"), line("a", depth=64)), folder)
            rows = records.read(records.write(record(line("b", decode=11), line("c"), commit="def5678"), folder))["rows"]
        self.assertEqual([(row["model"], row["depth"], row["commit"]) for row in rows],
                         [("a", 0, "abc1234"), ("b", 0, "def5678"), ("a", 64, "abc1234"), ("c", 0, "def5678")])
        self.assertEqual(rows[1]["decode"]["tokens_per_second"], 11)

    def test_the_table_shows_shares_ratios_and_what_varies(self):
        lines = records.table(record(line(), line(depth=4096))).splitlines()
        self.assertEqual(lines[0], "| model | type | depth | lengths | rounds | prefill | of limit | of tile | peer | ratio | decode | of limit | peer | ratio |")
        self.assertEqual(lines[3], "| m | Q8_0 | 4096 | 512/64 | 3 | 100.1 | 25 % | 50 % | 50 | 2.00 (1.50..2.50) | 10 | 50 % | 5 | 2.00 (1.50..2.50) |")

    def test_figures_that_were_not_measured_show_as_such(self):
        alone = line() | {"prefill_tokens_per_second": None, "prefill_rounds": []}
        del alone["peer"]
        self.assertIn("| 512/64 | 3 | - | - | - | 10 | 50 % |", records.table(record(alone)))

    def test_a_comparison_has_ratios_of_the_cases_that_both_have(self):
        earlier = record(line("a", decode=8, decode_limit=10.0), line("gone"))
        text = records.comparison(record(line("a", decode=10), line("new"), commit="def5678"), earlier)
        self.assertEqual(text.splitlines()[2:], ["| a | Q8_0 | 512/64 | abc1234 -> def5678 | 1.00 | 1.00 | 1.00 | 1.25 | 0.62 | 1.00 |"])

    def test_a_file_that_is_no_record_is_refused_by_name(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.json"
            broken = copy.deepcopy(record(line()))
            del broken["rows"][0]["roof"]
            for text, complaint in (("{", "x.json"), ("[]", "no record"), (json.dumps({"format": 2}), "no record"), (json.dumps(broken), r"lacks rows\[0\].roof")):
                path.write_text(text)
                with self.assertRaisesRegex(records.Malformed, complaint):
                    records.read(path)

    def test_the_recorded_results_can_be_read(self):
        for path in sorted((pathlib.Path(__file__).parent / "results").glob("*.json")):
            with self.subTest(path.name):
                kept = records.read(path)
                self.assertEqual(records.file_name(kept), path.name)
                self.assertTrue(records.text(kept))


if __name__ == "__main__":
    unittest.main()
