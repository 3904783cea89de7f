"""Builds and runs the tests, and counts them. Called by ./run-tests, which has installed what is needed.

A check is a function that yields (name, passed, detail). Test programs are GoogleTest's; their cases are counted one by
one. Skipped cases are counted apart and named, so that a missing reference set is seen.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/release/bin/domicile"
FUZZ_SECONDS = 20
THREADED = ("base", "compute", "engine", "serving", "http", "api")  # folders with threads: these under tsan


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def add(self, passed, name, detail=""):
        if passed:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {name}" + (f"\n{detail.rstrip()}" if detail else ""), flush=True)


def call(command, timeout=900, **kwargs):
    try:
        return subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=timeout,
                              stdin=subprocess.DEVNULL, cwd=ROOT, **kwargs)
    except subprocess.TimeoutExpired as late:
        out = late.stdout or b""
        return subprocess.CompletedProcess(command, 124, out.decode(errors="replace") if isinstance(out, bytes) else out,
                                           f"no end after {timeout} s")


def tail(result, n=30):
    return "\n".join((result.stdout + result.stderr).splitlines()[-n:])


def build(tally, preset, *targets):
    result = call(["tools/build", preset, *targets], timeout=3600)
    tally.add(result.returncode == 0, f"build {preset}", tail(result, 60))
    return result.returncode == 0


def google_tests(tally, preset, names=None, environment=None):
    """Runs every test program of a preset; each case counts."""
    for program in sorted((ROOT / f"build/{preset}/bin").glob("*_tests")):
        if names is not None and program.name.removesuffix("_tests") not in names:
            continue
        with tempfile.TemporaryDirectory() as work:
            report = pathlib.Path(work) / "report.json"
            result = call([program, f"--gtest_output=json:{report}", "--gtest_brief=1"], timeout=1200,
                          env={**os.environ, **(environment or {})})
            cases = json.loads(report.read_text())["testsuites"] if report.exists() else []
        failed_before = tally.failed
        for suite in cases:
            for case in suite["testsuite"]:
                name = f"{preset} {program.name} {suite['name']}.{case['name']}"
                if case.get("result") == "SKIPPED":
                    tally.skipped += 1
                    why = re.search(rf"{re.escape(case['name'])}.*?\n|Skipped\n(.*)", result.stdout)
                    print(f"skipped {name}", flush=True)
                    continue
                failures = "\n".join(f["failure"] for f in case.get("failures", []))
                tally.add(not failures, name, failures[:3000])
        if result.returncode != 0 and tally.failed == failed_before:
            tally.add(False, f"{preset} {program.name}", tail(result))


def unit_tests(tally, name, command, timeout=1800):
    """A program that ends with the summary of Python's unittest."""
    result = call(command, timeout=timeout)
    ran = re.search(r"^Ran (\d+) tests?", result.stderr, re.MULTILINE)
    if ran is None:
        tally.add(False, name, tail(result))
        return
    verdict = result.stderr.rsplit("\n", 2)[-2]
    count = {word: int(n) for word, n in re.findall(r"(failures|errors|skipped)=(\d+)", verdict)}
    failed = count.get("failures", 0) + count.get("errors", 0)
    tally.skipped += count.get("skipped", 0)
    tally.passed += int(ran[1]) - failed - count.get("skipped", 0)
    for line in re.findall(r"^(\S+ \([^)]*\)).* \.\.\. skipped (.*)$", result.stderr, re.MULTILINE):
        print(f"skipped {name} {line[0]}: {line[1]}", flush=True)
    if failed or result.returncode:
        tally.failed += max(1, failed)
        print(f"FAILED {name}\n{tail(result, 60)}", flush=True)


def default_model(tally):
    """The path of the default model, pulled into build/ (pip checks and caches it)."""
    pulled = call([PROGRAM, "pull", "smollm2", "--data-dir", "build/test-store", "--json"])
    tally.add(pulled.returncode == 0, "pull smollm2", tail(pulled))
    if pulled.returncode != 0:
        return None
    path = str(ROOT / json.loads(pulled.stdout)["path"])
    vocabulary = ROOT / "build/tokenizers/smollm2-gguf/model.gguf"  # where the tests of tokenizers look
    if not vocabulary.exists():
        vocabulary.parent.mkdir(parents=True, exist_ok=True)
        vocabulary.symlink_to(path)
    return path


def scripts(tally, model):
    """Tests that drive the built program as its users do, and of the tools that measure it."""
    unit_tests(tally, "benchmarks/records", [sys.executable, "benchmarks/records_test.py"])
    for script in sorted((ROOT / "tests/integration").glob("*_test.py")):
        unit_tests(tally, script.name, [sys.executable, script, PROGRAM, ROOT / "build/release/bin/write_tiny_model"])
    if model is not None:
        unit_tests(tally, "page", [sys.executable, "tests/conformance/page_test.py", PROGRAM, model, "-v"])
        for client in ("openai", "anthropic", "ollama"):
            unit_tests(tally, f"{client} client",
                       ["tests/conformance/run", PROGRAM, model, "build/clients-venv", client, "-v"])


def lints(tally):
    for name in ("check-includes", "check-headers", "check-format"):
        if (ROOT / "tools" / name).exists():
            result = call([f"tools/{name}"])
            tally.add(result.returncode == 0, name, tail(result))


def fuzz(tally, preset):
    """Each fuzzer over its seeds, then for FUZZ_SECONDS over what it finds."""
    def one(fuzzer):
        name = fuzzer.name.removesuffix("_fuzzer")
        seeds = ROOT / "tests/fuzz" / name
        with tempfile.TemporaryDirectory() as work:
            command = [fuzzer, f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=0",
                       f"-artifact_prefix={work}/", work]
            if seeds.is_dir():
                command.append(seeds)
            result = call(command, timeout=FUZZ_SECONDS + 120)
            kept = ROOT / "build/fuzz-findings"
            for finding in pathlib.Path(work).glob("*-*"):
                if re.match(r"(crash|timeout|oom|leak)-", finding.name):
                    kept.mkdir(parents=True, exist_ok=True)
                    shutil.copy(finding, kept / f"{name}-{finding.name}")
        return name, result

    fuzzers = sorted((ROOT / f"build/{preset}/bin").glob("*_fuzzer"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, result in pool.map(one, fuzzers):
            tally.add(result.returncode == 0, f"fuzz {name}", tail(result))


def clang_tidy(tally):
    result = call(["tools/check-tidy"], timeout=3600)
    tally.add(result.returncode == 0, "clang-tidy", tail(result, 60))


def main():
    everything = "--all" in sys.argv[1:]
    # A job in the background may be told to ignore these; programs under test must not inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    tally = Tally()
    start = time.monotonic()

    def stage(title):
        print(f"[{time.monotonic() - start:5.0f} s] {title}", flush=True)

    stage("release: build and test")
    lints(tally)
    if build(tally, "release"):
        model = default_model(tally)
        google_tests(tally, "release", environment={"DOMICILE_SMOLLM2": model} if model else {})
        scripts(tally, model)
    if everything:
        stage("gcc: build and test")
        if build(tally, "gcc"):
            google_tests(tally, "gcc")
        stage("address and undefined-behaviour sanitizers: build, test, fuzz")
        if build(tally, "asan"):
            google_tests(tally, "asan", environment={"ASAN_OPTIONS": "detect_stack_use_after_return=1"})
            fuzz(tally, "asan")
        stage("thread sanitizer: build and test")
        if build(tally, "tsan", *(f"{name}_tests" for name in THREADED)):
            google_tests(tally, "tsan", names=THREADED)
        stage("clang-tidy")
        clang_tidy(tally)
    stage("done")
    print(f"{tally.passed} passed, {tally.failed} failed" + (f", {tally.skipped} skipped" if tally.skipped else ""))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
