#!/usr/bin/env python3
"""Uses the command line as scripts do: contract outputs, byte-for-byte texts, failures, settings, bit identity.

usage: cli_test.py PROGRAM WRITE_TINY_MODEL [unittest arguments]
"""
import hashlib
import json
import math
import os
import pathlib
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

PROGRAM, WRITE_TINY_MODEL = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
AWKWARD_TEXTS = [b"-", b"--", b"-p", b"--help", b"[a,b]", b"@x", b"a=b", b" leading and trailing ", b"a\nb\r\n", b"\xff\xfe\x80",
                 b"\xe6\xbc", "漢字 😀 e\u0301".encode(), b"\x01verbatim:0\x02", b"%s %d {}", b"\\n", b"'\"$`"]


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.root = pathlib.Path(cls.directory.name)
        cls.model = cls.make_model("tiny.gguf")
        cls.folder = cls.make_model("folder", "qwen2")
        cls.plain = cls.make_model("plain.gguf", "llama", "F32", "template=0")

    @classmethod
    def make_model(cls, name, *options):
        path = cls.root / name
        subprocess.run([WRITE_TINY_MODEL, path, *options], check=True)
        return str(path)

    def setUp(self):
        self.home = self.root / "home"
        self.home.mkdir(exist_ok=True)

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DOMICILE_", "XDG_"))}
        return {**clean, "HOME": str(self.home), **more}

    def call(self, *arguments, stdin=b"", variables=None, **kwargs):
        return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=120,
                              env=self.environment(**(variables or {})), cwd=self.root, **kwargs)

    def json_of(self, *arguments, **kwargs):
        result = self.call(*arguments, "--json", **kwargs)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.count(b"\n"), 1)
        return json.loads(result.stdout.decode())

    def fails(self, code, *arguments, words=(), **kwargs):
        """Checks the shape of every failure; returns its sentence."""
        result = self.call(*arguments, **kwargs)
        self.assertEqual(result.returncode, code, (arguments, result.stdout[:300], result.stderr))
        self.assertEqual(result.stdout, b"", arguments)
        text = result.stderr.decode()
        self.assertRegex(text, r"\Adomicile: [^\n\x00-\x1f]+\n\Z", arguments)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, text, arguments)
        return text

    def write(self, name, content):
        path = self.root / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    # ---- serve

    def test_an_idle_server_uses_no_processor_time(self):
        server = subprocess.Popen([PROGRAM, "serve", self.model, "--port", "0", "--threads", "2"], stderr=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, env=self.environment(), cwd=self.root)
        try:
            url = server.stderr.readline().decode().split()[-1]
            self.wait_until_healthy(url)
            time.sleep(0.5)
            seconds, switches = self.use_of(server.pid)
            time.sleep(2)
            seconds_after, switches_after = self.use_of(server.pid)
            self.assertLess(seconds_after - seconds, 0.03)  # ticks of 10 ms
            self.assertLess(switches_after - switches, 20)
        finally:
            server.terminate()
            server.stderr.close()
            self.assertEqual(server.wait(timeout=60), 0)

    def wait_until_healthy(self, url):
        for _ in range(600):
            try:
                with urllib.request.urlopen(url + "/health", timeout=10) as reply:
                    if reply.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.1)
        self.fail("the server did not become healthy")

    @staticmethod
    def use_of(pid):
        """Processor seconds of a process so far, and how often its threads went to sleep."""
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        switches = 0
        for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
            switches += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read_text(), re.MULTILINE)[1])
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), switches

    # ---- score

    def test_score(self):
        out = self.json_of("score", self.model, "--ids", "1,2,3,4")
        self.assertEqual(out["ids"], [1, 2, 3, 4])
        self.assertIsNone(out["logprobs"][0])
        self.assertEqual(len(out["logprobs"]), 4)
        self.assertTrue(all(value < 0 for value in out["logprobs"][1:]))
        self.assertAlmostEqual(out["perplexity"], math.exp(-sum(out["logprobs"][1:]) / 3), places=6)
        self.assertEqual((out["model"], out["numerics"]), ("tiny", "fast"))
        self.assertEqual(self.json_of("score", self.model, "--ids", "1,2", "--numerics", "exact")["numerics"], "exact")

    def test_score_of_one_token_has_no_perplexity(self):
        out = self.json_of("score", self.model, "--ids", "7")
        self.assertEqual((out["logprobs"], out["perplexity"]), ([None], None))

    def test_logits_file_is_what_was_hashed(self):
        path = self.root / "logits.safetensors"
        for batch in ("1", "3"):
            out = self.json_of("score", self.model, "--ids", "1,2,3,4,5", "--logits", path, "--batch", batch)
            content = path.read_bytes()
            (size,) = struct.unpack("<Q", content[:8])
            header = json.loads(content[8:8 + size])["logits"]
            data = content[8 + size:]
            self.assertEqual(header["dtype"], "F32")
            self.assertEqual(header["shape"][0], 5)
            self.assertEqual(len(data), 4 * 5 * header["shape"][1])
            self.assertEqual(hashlib.sha256(data).hexdigest(), out["logits_sha256"])
            row = struct.unpack(f"<{header['shape'][1]}f", data[:4 * header["shape"][1]])
            top = max(row)
            self.assertAlmostEqual(out["logprobs"][1], row[2] - top - math.log(sum(math.exp(x - top) for x in row)), places=4)

    def test_bits_do_not_depend_on_how_it_is_run(self):
        for name, options in (("id-f32.gguf", ("llama", "F32")), ("id-q8.gguf", ("qwen3", "Q8_0")), ("id-q4.gguf", ("qwen2", "Q4_0")),
                              ("id-bf16", ("llama", "BF16"))):
            model = self.make_model(name, *options)
            ids = ",".join(str(i * 7 % 250) for i in range(70))
            for numerics in ("fast", "exact"):
                want = self.json_of("score", model, "--ids", ids, "--numerics", numerics)["logits_sha256"]
                for flags in (["--threads", "1"], ["--threads", "2", "--chunk", "7"], ["--chunk", "1"], ["--batch", "4"],
                              ["--kernels", "scalar"], ["--kernels", "avx2"], ["--kernels", "scalar", "--chunk", "64", "--batch", "2"]):
                    with self.subTest(model=name, numerics=numerics, flags=flags):
                        result = self.call("score", model, "--ids", ids, "--numerics", numerics, *flags, "--json")
                        if result.returncode and b"kernels" in result.stderr:
                            self.skipTest(result.stderr.decode())  # this CPU lacks them
                        self.assertEqual(json.loads(result.stdout)["logits_sha256"], want)

    def test_gguf_and_folder_of_the_same_weights_agree(self):
        """Bit for bit where both hold the rows in one order; a GGUF of llama has those of queries and keys permuted."""
        for architecture, places in (("qwen2", 12), ("llama", 5)):
            models = self.make_model(f"same-{architecture}.gguf", architecture), self.make_model(f"same-{architecture}", architecture)
            one, other = (self.json_of("score", model, "--ids", "5,6,7,8", "--numerics", "exact")["logprobs"][1:] for model in models)
            for a, b in zip(one, other, strict=True):
                self.assertAlmostEqual(a, b, places=places)

    # ---- packed models

    def pack(self, model, name, *flags):
        out = self.root / name
        return str(out), self.json_of("pack", model, out, *flags)

    def test_a_packed_model_is_used_as_its_source(self):
        ids = ",".join(str(i * 7 % 250) for i in range(70))
        for name, options in (("pk-f32.gguf", ("llama", "F32")), ("pk-q8.gguf", ("qwen3", "Q8_0")), ("pk-q4.gguf", ("qwen2", "Q4_0")),
                              ("pk-bf16", ("llama", "BF16"))):
            model = self.make_model(name, *options)
            packed, told = self.pack(model, name + ".pack")
            with self.subTest(model=name):
                self.assertEqual(told["size_bytes"], os.path.getsize(packed))
                for numerics in ("fast", "exact"):
                    one, other = (self.json_of("score", m, "--ids", ids, "--numerics", numerics) for m in (model, packed))
                    self.assertEqual(one["logits_sha256"], other["logits_sha256"])
                for command in (["tokenize", "{}", "--text", "the word and 漢字"], ["run", "{}", "-p", "a b", "--max-tokens", "5", "--seed", "3"]):
                    one, other = (self.json_of(*(part.format(m) for part in command)) for m in (model, packed))
                    for key in ("ids", "text"):
                        self.assertEqual(one.get(key), other.get(key), command)
                one, other = (self.json_of("show", m) for m in (model, packed))
                self.assertEqual((one["container"], one["metadata"], one["tokenizer"], one["chat_template"], one["parameters"]),
                                 (other["container"], other["metadata"], other["tokenizer"], other["chat_template"], other["parameters"]))
                self.assertEqual((one["packed_layout"], other["packed_layout"]), (None, told["layout"]))
                self.assertEqual(self.json_of("pack", "--check", packed)["ok"], True)

    def test_pack_overwrites_nothing_unasked(self):
        packed, _ = self.pack(self.model, "once.pack")
        before = pathlib.Path(packed).read_bytes()
        self.fails(2, "pack", self.model, packed, words=("exists already", "--force"))
        self.fails(2, "pack", self.model, self.model, "--force", words="the model itself")
        self.assertEqual(pathlib.Path(packed).read_bytes(), before)
        self.pack(self.model, "once.pack", "--force")
        self.assertEqual(pathlib.Path(packed).read_bytes(), before, "the same model gives the same bytes")
        self.fails(2, "pack", packed, self.root / "twice.pack", words="packed already")

    def test_pack_failures_leave_nothing_behind(self):
        folder = self.root / "packs"
        folder.mkdir()
        self.fails(1, "pack", self.root / "none.gguf", folder / "a", words="none.gguf")
        self.fails(2, "pack", self.model, words="OUT")
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        self.fails(1, "pack", self.model, folder / "a", words="write", preexec_fn=small_files)
        self.assertEqual(list(folder.iterdir()), [])

    def test_damaged_packed_files(self):
        packed, told = self.pack(self.model, "sound.pack")
        content = bytearray(pathlib.Path(packed).read_bytes())
        content[(2 << 20) + 9] ^= 1
        weight = self.write("weight.pack", bytes(content))
        self.fails(1, "pack", "--check", weight, words="checksum")
        content[-200] ^= 1
        directory = self.write("directory.pack", bytes(content))
        for command in (["run", directory, "-p", "a"], ["show", directory], ["pack", "--check", directory]):
            self.fails(1, *command, words="checksum")
        self.fails(1, "show", self.write("short.pack", bytes(content[:3 << 19])), words="cut short")
        self.fails(1, "pack", "--check", self.model, words="no packed model")
        foreign = pathlib.Path(packed).read_bytes()
        self.assertIn(told["layout"].encode(), foreign)

    def test_models_larger_than_memory_run_from_their_file(self):
        ids = ",".join(str(i * 5 % 250) for i in range(40))
        for name in ("big.gguf", "big-folder"):
            model = self.make_model(name, "qwen2", "Q8_0" if name.endswith("gguf") else "BF16")
            packed, _ = self.pack(model, name + ".pack")
            for path in (model, packed):
                for numerics in ("fast", "exact"):
                    arguments = ("score", path, "--ids", ids, "--numerics", numerics, "--chunk", "16", "--json")
                    inside, outside = self.call(*arguments), self.call(*arguments, "--memory", "1M")
                    self.assertEqual((inside.returncode, outside.returncode), (0, 0), outside.stderr)
                    self.assertEqual(inside.stderr, b"")
                    self.assertIn(b"larger than memory", outside.stderr)
                    self.assertEqual(outside.stderr.count(b"\n"), 1)
                    self.assertEqual(json.loads(inside.stdout)["logits_sha256"], json.loads(outside.stdout)["logits_sha256"])

    # ---- texts byte for byte

    def token_text(self, data, *flags):
        return self.json_of("tokenize", self.model, *flags, "--added", "none")["ids"]

    def test_texts_are_taken_byte_for_byte(self):
        for text in AWKWARD_TEXTS:
            with self.subTest(text=text):
                path = self.write("text", text)
                from_file = self.json_of("tokenize", self.model, "--file", path, "--added", "none")["ids"]
                self.assertEqual(self.json_of("tokenize", self.model, "--text", text, "--added", "none")["ids"], from_file)
                self.assertEqual(self.json_of("tokenize", self.model, b"--text=" + text, "--added", "none")["ids"], from_file)
                self.assertEqual(self.json_of("tokenize", self.model, "--file", "-", "--added", "none", stdin=text)["ids"], from_file)
                self.assertEqual(self.json_of("score", self.model, "--text", text, "--raw")["ids"], from_file)
                run = self.json_of("run", self.model, "-p", text, "--raw", "--max-tokens", "1")
                self.assertEqual(run["prompt_ids"], from_file)
                joined = self.json_of("run", self.model, b"-p" + text, "--raw", "--max-tokens", "1")
                self.assertEqual(joined["prompt_ids"], from_file)
                piped = self.json_of("run", self.model, "--raw", "--max-tokens", "1", stdin=text)
                self.assertEqual(piped["prompt_ids"], from_file)

    def test_valid_texts_come_back(self):
        for text in ("-- [a,b] @x", "a\tb\n\n  c", "漢字 😀", "", "\0nul\0"):
            with self.subTest(text=text):
                path = self.write("text", text)
                ids = self.json_of("tokenize", self.model, "--file", path, "--added", "none", "--no-bos")["ids"]
                out = self.json_of("tokenize", self.model, "--decode", "--ids", ",".join(map(str, ids)))
                self.assertEqual(out["text"], text)
                self.assertEqual("".join(out["pieces"]) + out["final"], text)

    # ---- tokenize

    def test_added_tokens(self):
        found = self.json_of("tokenize", self.model, "--text", "a<|im_end|>")
        self.assertEqual(found["tokens"][-1], "<|im_end|>")
        self.assertEqual(len(found["tokens"]), 2)
        self.assertGreater(len(self.json_of("tokenize", self.model, "--text", "a<|im_end|>", "--added", "none")["ids"]), 5)
        ids = ",".join(map(str, found["ids"]))
        self.assertEqual(self.json_of("tokenize", self.model, "--decode", "--ids", ids)["text"], "a<|im_end|>")
        skipped = self.json_of("tokenize", self.model, "--decode", "--ids", ids, "--skip-special")
        self.assertEqual((skipped["text"], skipped["pieces"][-1]), ("a", "<|im_end|>"))

    def test_tokenizer_file_alone(self):
        bare = os.path.join(self.folder, "tokenizer.json")
        self.assertEqual(self.json_of("tokenize", bare, "--text", "the hello")["ids"],
                         self.json_of("tokenize", self.folder, "--text", "the hello")["ids"])

    def test_tokenize_lines(self):
        lines = self.write("lines.jsonl", '{"text":"the"}\n{"bytes_hex":"74ff"}\n{"text":"a","add_special":false}\nnot json\n'
                                          '{"bytes_hex":"-f"}\n{"bytes_hex":"abc"}\n{"nothing":1}\n{"text":"a","add_special":1}\n\n')
        result = self.call("tokenize", self.model, "--jsonl", lines, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        out = [json.loads(line) for line in result.stdout.decode().splitlines()]
        self.assertEqual(len(out), 9)
        for line in out[:3]:
            self.assertEqual(set(line), {"ids", "tokens"})
        for line in out[3:]:
            self.assertEqual(set(line), {"error"})
        decode = self.write("decode.jsonl", '{"ids":[1,2]}\n{"ids":[290],"skip_special":true}\n{"ids":[-1]}\n{"ids":"1"}\n')
        out = [json.loads(line) for line in self.call("tokenize", self.model, "--jsonl", decode, "--decode").stdout.decode().splitlines()]
        self.assertEqual([set(line) for line in out], [{"text", "pieces", "final"}] * 2 + [{"error"}] * 2)
        self.assertEqual(out[1]["text"], "")

    def test_strict_lines_trust_what_they_are_told_to(self):
        segments = [{"text": "<|im_start|>", "trusted": True}, {"text": "<|im_start|>"}]
        lines = self.write("strict.jsonl", json.dumps({"segments": segments}) + "\n{\"segments\":1}\n")
        out = [json.loads(line) for line in self.call("tokenize", self.model, "--strict", "--jsonl", lines).stdout.decode().splitlines()]
        self.assertEqual(out[0]["tokens"].count("<|im_start|>"), 1)
        self.assertGreater(len(out[0]["tokens"]), 5)
        self.assertIn("error", out[1])

    # ---- render

    def test_render(self):
        messages = self.write("messages.json", '[{"role":"user","content":"hi <|im_end|>"}]')
        out = self.json_of("render", self.model, "--messages", messages)
        self.assertIn("hi <|im_end|>", out["prompt"])
        raw = out["prompt"].encode()
        trusted = b"".join(raw[a:b] for a, b in out["trusted"])
        self.assertNotIn(b"hi", trusted)
        self.assertIn(b"<|im_start|>", trusted)
        tokens = self.json_of("tokenize", self.model, "--decode", "--ids", ",".join(map(str, out["ids"])))["pieces"]
        self.assertEqual("".join(tokens), out["prompt"])
        self.assertEqual(self.call("render", self.model, "--messages", messages).stdout, raw)

    def test_render_of_a_template_file(self):
        template = self.write("t.jinja", "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ extra }}"
                                         "{% if add_generation_prompt %}!{% endif %}{{ strftime_now('%Y') }}")
        messages = self.write("messages.json", '[{"role":"user","content":"x"}]')
        kwargs = self.write("kwargs.json", '{"bos_token":"<b>","extra":"e","add_generation_prompt":false}')
        out = self.json_of("render", template, "--messages", messages, "--kwargs", kwargs, "--now", "2025-03-14T09:26:53")
        self.assertEqual(out["prompt"], "<b>xe2025")
        self.assertNotIn("ids", out)

    def test_render_failures(self):
        messages = self.write("messages.json", '[{"role":"user","content":"x"}]')
        self.fails(1, "render", self.write("bad.jinja", "a\nb {% if %}"), "--messages", messages, words="2")
        self.fails(1, "render", self.write("raise.jinja", "{{ raise_exception('no way') }}"), "--messages", messages, words="no way")
        self.fails(1, "render", self.plain, "--messages", messages, words="no chat template")
        self.fails(2, "render", self.model, words="--messages")
        self.fails(2, "render", self.model, "--messages", messages, "--now", "yesterday", words="--now")
        self.fails(1, "render", self.model, "--messages", "/nope.json", words="/nope.json")

    def test_render_lines(self):
        cases = self.write("cases.jsonl", json.dumps({"template": "{{ x }}{{ messages[0].content }}",
                                                      "context": {"x": 1, "messages": [{"content": "y"}]}}) +
                           '\n{"template":"{% bad"}\n{}\nnonsense\n')
        result = self.call("render", "-", "--jsonl", cases)
        out = [json.loads(line) for line in result.stdout.decode().splitlines()]
        self.assertEqual(result.returncode, 0)
        self.assertEqual(out[0]["prompt"], "1y")
        self.assertEqual([set(line) for line in out[1:]], [{"error"}] * 3)

    # ---- run

    def test_run(self):
        out = self.json_of("run", self.model, "-p", "hello", "--temperature", "0", "--max-tokens", "5", "--ignore-eos")
        self.assertLessEqual({"text", "ids", "prompt_ids", "finish_reason", "timings"}, set(out))
        self.assertEqual((out["finish_reason"], len(out["ids"])), ("length", 5))
        self.assertEqual(out["timings"]["generated_tokens"], 5)
        self.assertEqual(out["timings"]["prompt_tokens"], len(out["prompt_ids"]))
        same = self.json_of("run", self.model, "--ids", ",".join(map(str, out["prompt_ids"])), "--temperature", "0", "--max-tokens", "5",
                            "--ignore-eos")
        self.assertEqual((same["ids"], same["prompt_ids"]), (out["ids"], out["prompt_ids"]))
        text = self.call("run", self.model, "-p", "hello", "--temperature", "0", "--max-tokens", "5", "--ignore-eos")
        self.assertEqual(text.stdout.decode().rstrip("\n"), out["text"].rstrip("\n"))

    def test_prompt_may_stand_alone(self):
        flags = ("--temperature", "0", "--max-tokens", "3")
        self.assertEqual(self.json_of("run", self.model, "why the sky", *flags)["ids"], self.json_of("run", self.model, "-p", "why the sky", *flags)["ids"])
        self.fails(2, "run", self.model, "a", "-p", "b", words="not both")

    def test_raw_recognises_added_tokens_and_adds_nothing(self):
        raw = self.json_of("run", self.model, "-p", "<|im_start|>a", "--raw", "--max-tokens", "1")
        self.assertEqual(raw["prompt_ids"], self.json_of("tokenize", self.model, "--text", "<|im_start|>a", "--no-bos")["ids"])

    def test_a_user_cannot_forge_a_role(self):
        out = self.json_of("run", self.model, "-p", "<|im_end|>", "--max-tokens", "1")
        plain = self.json_of("run", self.model, "-p", "x", "--max-tokens", "1")
        (end,) = self.json_of("tokenize", self.model, "--text", "<|im_end|>", "--no-bos")["ids"]
        self.assertEqual(out["prompt_ids"].count(end), plain["prompt_ids"].count(end))

    def test_seeds_repeat(self):
        def ids(*flags):
            return self.json_of("run", self.model, "-p", "x", "--temperature", "1", "--max-tokens", "12", "--ignore-eos", *flags)["ids"]
        self.assertEqual(ids("--seed", "7"), ids("--seed", "7", "--threads", "1"))
        self.assertNotEqual(ids("--seed", "7"), ids("--seed", "8"))
        self.assertNotEqual(ids(), ids())

    def test_stop_token_is_an_id_and_no_text(self):
        stops = [out for out in (self.json_of("run", self.model, "-p", "x", "--temperature", "5", "--seed", str(seed)) for seed in range(4))
                 if out["finish_reason"] == "stop"]
        self.assertTrue(stops, "random answers end sometimes")
        for out in stops:
            last = self.json_of("tokenize", self.model, "--decode", "--ids", str(out["ids"][-1]))["text"]
            self.assertRegex(last, r"^<\|.*\|>$")
            self.assertFalse(out["text"].endswith(last))
            self.assertEqual(len(out["ids"]), out["timings"]["generated_tokens"])

    def test_model_without_template(self):
        result = self.call("run", self.plain, "-p", "hello", "--max-tokens", "2", "--json")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr.count(b"\n"), 1)
        self.assertIn(b"has no chat template", result.stderr)
        self.assertEqual(json.loads(result.stdout)["prompt_ids"], self.json_of("tokenize", self.plain, "--text", "hello")["ids"])
        template = self.write("own.jinja", "{% for m in messages %}[{{ m.content }}]{% endfor %}")
        out = self.json_of("run", self.plain, "-p", "hello", "--chat-template", template, "--max-tokens", "2")
        self.assertEqual(self.json_of("tokenize", self.plain, "--decode", "--ids", ",".join(map(str, out["prompt_ids"])))["text"], "[hello]")
        self.fails(1, "run", self.plain, "-p", "x", "--chat-template", self.write("bad2.jinja", "{% if"), words="template")

    def test_speculation_changes_no_token(self):
        asked = ("run", self.model, "-p", "one two three one two three one two", "--max-tokens", "120", "--ignore-eos", "--seed", "3")
        for temperature in ("0", "0.8"):
            plain = self.json_of(*asked, "--temperature", temperature, "--speculation", "off")
            self.assertEqual((plain["timings"]["drafted_tokens"], plain["timings"]["accepted_tokens"]), (0, 0))
            for flags in ([], ["--draft-tokens", "3"], ["--draft-model", self.model], ["--draft-model", self.make_model("one_layer.gguf", "llama", "F32", "layers=1")]):
                guessed = self.json_of(*asked, "--temperature", temperature, *flags)
                self.assertEqual(guessed["ids"], plain["ids"], flags)
                self.assertGreaterEqual(guessed["timings"]["drafted_tokens"], guessed["timings"]["accepted_tokens"])

    def test_draft_model_must_have_the_vocabulary(self):
        model = pathlib.Path(self.model).read_bytes()
        self.assertEqual(model.count("Ġthe".encode()), 1)
        other = self.write("other_words.gguf", model.replace("Ġthe".encode(), "Ġthx".encode()))
        sentence = self.fails(2, "run", self.model, "-p", "x", "--draft-model", other)
        self.assertRegex(sentence, r"the draft model must have the model's vocabulary: token \d+ is 'Ġthx' there and 'Ġthe' in the model")
        self.assertEqual(self.call("run", self.model, "-p", "x", "--max-tokens", "1", "--draft-model", other, "--speculation", "off").returncode, 0)

    def test_no_prompt(self):
        self.fails(2, "run", self.model, words="-p")
        self.fails(2, "run", self.model, stdin=b" \n", words="-p")
        self.fails(2, "run", self.model, "--ids", "", words="empty")
        self.fails(2, "run", self.model, "-p", "a", "--ids", "1", words="not both")

    def test_interrupt_ends_an_answer_at_once(self):
        """Also while one step of a prompt takes seconds."""
        slow = self.make_model("slow.gguf", "llama", "F32", "context=100000", "layers=200")
        for prompt in ("hello", "many words " * 6000):
            process = subprocess.Popen([PROGRAM, "run", slow, "-p", prompt, "--kernels", "scalar", "--threads", "1", "--ignore-eos", "--json"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
            time.sleep(1.5)
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
            self.assertLess(time.monotonic() - start, 2)
            self.assertEqual((process.returncode, out), (130, b""))

    def test_prompt_longer_than_the_context(self):
        self.fails(1, "run", self.model, "-p", "word " * 600, words="512")
        self.fails(1, "run", self.model, "-p", "hello", "--context", "4", words="4 tokens")

    # ---- bench, roof

    def test_bench(self):
        out = self.json_of("bench", self.model, "--prompt", "16", "--generate", "4", "--batch", "2", "--depth", "8")
        for key in ("prefill_tokens_per_second", "prefill_limit", "decode_tokens_per_second", "decode_limit"):
            self.assertGreater(out[key], 0, key)
        self.assertEqual((out["prompt"], out["generate"], out["batch"], out["depth"]), (16, 4, 2, 8))
        self.assertIsNone(self.json_of("bench", self.model, "--prompt", "16", "--generate", "0")["decode_tokens_per_second"])
        self.fails(2, "bench", self.model, "--prompt", "0", words="--prompt")
        self.fails(2, "bench", self.model, "--batch", "many", words="--batch")
        self.fails(2, "bench", self.model, "--threads", "0", words="--threads")

    def test_bench_prints_a_line_or_a_row_for_each_case(self):
        lists = ("bench", self.model, "--prompt", "16", "--generate", "2", "--batch", "1,3", "--depth", "0,70", "--threads", "1,2", "--repeat", "2")
        lines = [json.loads(line) for line in self.call(*lists, "--json").stdout.splitlines()]
        self.assertEqual([(o["threads"], o["depth"], o["batch"]) for o in lines], [(t, d, b) for t in (1, 2) for d in (0, 70) for b in (1, 3)])
        for out in lines:
            self.assertEqual(len(out["prefill_rounds"]), 2)
            self.assertLessEqual(min(out["decode_rounds"]), out["decode_tokens_per_second"])
            self.assertGreater(out["terms"]["kv_bytes_per_token"], 0)
        table = self.call(*lists[:-2]).stdout.decode().splitlines()
        rows = [line for line in table if line.startswith("| tiny")]
        self.assertEqual(len(rows), 8)
        self.assertEqual(len({len(row) for row in rows}), 1)

    PEER = """#!/usr/bin/env python3
import json, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert open(given["-m"], "rb").read(4) == b"GGUF"
print("loading", file=sys.stderr)
print(json.dumps([dict(n_prompt=int(given["-p"]), n_gen=0, avg_ts=2.0), dict(n_prompt=0, n_gen=int(given["-n"]), avg_ts=4.0)]))
"""

    def peer(self, name, script):
        path = pathlib.Path(self.write(name, script))
        path.chmod(0o755)
        return str(path)

    def test_bench_beside_a_peer(self):
        short = ("bench", self.model, "--prompt", "16", "--generate", "2")
        peer = self.peer("fake-bench", self.PEER)
        out = self.json_of(*short, "--compare", peer, "--repeat", "3", "--depth", "5")
        self.assertEqual((out["peer"]["name"], out["peer"]["prefill_rounds"], out["peer"]["decode_rounds"]), ("fake-bench", [2.0] * 3, [4.0] * 3))
        self.assertAlmostEqual(out["peer"]["prefill_ratio"]["max"], max(out["prefill_rounds"]) / 2)
        self.assertAlmostEqual(out["peer"]["decode_ratio"]["median"], out["decode_tokens_per_second"] / 4)
        table = self.call(*short, "--compare", f"{peer} -fa 1", "--batch", "1,2").stdout.decode()
        self.assertEqual([line.split("|")[1].strip() for line in table.splitlines() if "tiny" in line], ["domicile", "fake-bench", "ratio", "domicile"])
        for script, words in (("#!/bin/sh\necho 'error: cannot read it' >&2\nexit 1\n", ["status 1", "cannot read it"]), ("#!/bin/sh\nkill -11 $$\n", "signal 11"),
                              ("#!/bin/sh\necho hello\n", "JSON")):
            self.fails(1, *short, "--compare", self.peer("broken-bench", script), words=words)
        self.fails(1, *short, "--compare", "/nope", words="/nope")
        self.fails(2, *short, "--compare", self.model, words="executable")
        self.fails(2, "bench", self.folder, "--compare", peer, words=["GGUF", "folder"])

    def test_ctrl_c_ends_a_benchmark_and_its_peer(self):
        pid_file = self.root / "peer.pid"
        peer = self.peer("slow-bench", f"#!/bin/sh\necho $$ > {pid_file}\nexec sleep 60\n")
        process = subprocess.Popen([PROGRAM, "bench", self.model, "--prompt", "16", "--generate", "2", "--compare", peer], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        while not (pid_file.exists() and pid_file.read_text().strip()):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=20), (b"", b""))
        self.assertEqual(process.returncode, 130)
        self.assertRaises(ProcessLookupError, os.kill, int(pid_file.read_text()), 0)
        process = subprocess.Popen([PROGRAM, "bench", self.model, "--repeat", "1000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=20), (b"", b""))
        self.assertEqual(process.returncode, 130)

    def test_without_hwloc_a_note_says_so_and_all_works(self):
        arguments = ["bench", self.model, "--prompt", "4", "--generate", "2", "--threads", "2"]
        self.assertNotIn(b"hwloc", self.call(*arguments).stderr)
        result = self.call(*arguments, variables={"HWLOC_COMPONENTS": "stop"})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.count(b"hwloc"), 1, result.stderr)

    def test_roof(self):
        out = self.json_of("roof", "--threads", "1")
        self.assertEqual(out["threads"], 1)
        for key in ("read_bytes_per_second", "fp32_flops_per_second"):
            self.assertGreater(out[key], 0)
        for key in ("int8_ops_per_second", "bf16_flops_per_second"):
            self.assertTrue(out[key] is None or out[key] > 0)

    # ---- show, pull, list, rm

    def test_store(self):
        data = str(self.root / "store")
        self.assertEqual(self.json_of("list", "--data-dir", data), [])
        pulled = self.json_of("pull", self.model, "--name", "mine:1", "--data-dir", data)
        self.assertEqual((pulled["name"], pulled["architecture"]), ("mine:1", "llama"))
        (listed,) = self.json_of("list", "--data-dir", data)
        self.assertEqual((listed["name"], listed["path"]), ("mine:1", pulled["path"]))
        out = self.json_of("score", "mine:1", "--ids", "1,2", "--data-dir", data)
        self.assertEqual(out["logits_sha256"], self.json_of("score", self.model, "--ids", "1,2")["logits_sha256"])
        self.assertEqual(out["model"], "mine:1")
        self.assertEqual(self.json_of("rm", "mine:1", "--data-dir", data)["name"], "mine:1")
        self.assertEqual(self.json_of("list", "--data-dir", data), [])
        self.assertTrue(os.path.exists(self.model), "the files of a registered path stay")
        self.fails(1, "rm", "mine:1", "--data-dir", data, words="mine:1")
        copied = self.json_of("pull", self.folder, "--copy", "--data-dir", data)
        self.assertTrue(copied["path"].startswith(data))
        self.json_of("rm", copied["name"], "--data-dir", data)
        self.assertFalse(os.path.exists(copied["path"]))
        self.assertTrue(os.path.exists(self.folder))

    def test_show(self):
        for model in (self.model, self.folder):
            out = self.json_of("show", model)
            self.assertIsInstance(out, dict)
            self.assertTrue(self.call("show", model).stdout)

    # ---- failures

    def test_wrong_usage(self):
        for arguments, word in ((["frob"], "frob"), (["run"], "MODEL"), (["score", self.model, "--text"], "--text"),
                                (["score", self.model, "--text", "a", "--frob"], "--frob"), (["list", "--text", "foo"], "--text"),
                                (["score", self.model], "--text"), (["score", self.model, "--text", "a", "--ids", "1"], "exactly one"),
                                (["score", self.model, "--ids", "1,x"], "'x'"), (["score", self.model, "--ids", "1,-2"], "'-2'"),
                                (["score", self.model, "--ids", "1,99999"], "99999"), (["score", self.model, "--text", ""], "no tokens"),
                                (["score", self.model, "--ids", "1", "--batch", "0"], "--batch"),
                                (["score", self.model, "--ids", "1", "--threads", "0"], "--threads"),
                                (["score", self.model, "--ids", "1", "--kernels", "neon9"], "neon9"),
                                (["run", self.model, "-p", "a", "--temperature", "nan"], "--temperature"),
                                (["run", self.model, "-p", "a", "--max-tokens", "0"], "--max-tokens"),
                                (["tokenize", self.model, "--text", "a", "--added", "some"], "some"),
                                (["tokenize", self.model, "--decode", "--text", "a"], "--ids"), (["config"], "config"),
                                (["config", "explain", "--threads", "x"], "--threads")):
            with self.subTest(arguments=arguments):
                self.fails(2, *arguments, words=word)

    def test_files_that_cannot_be_used(self):
        empty, garbage = self.write("empty.gguf", b""), self.write("garbage.gguf", b"GGUF" + b"\xff" * 100)
        for model, word in (("nope.gguf", "nope.gguf"), ("nope", "nope"), (str(self.root), "config.json"), (empty, "empty.gguf"), (garbage, "garbage.gguf"),
                            (self.write("cut.gguf", pathlib.Path(self.model).read_bytes()[:-1000]), "cut.gguf")):
            for command in (["score", model, "--ids", "1"], ["run", model, "-p", "a"], ["bench", model]):
                with self.subTest(command=command):
                    self.fails(1, *command, words=word)
        self.fails(1, "score", self.model, "--file", "/nope", words="/nope")
        self.assertIn("directory", self.fails(1, "score", self.model, "--file", "/").lower())
        self.fails(1, "score", self.model, "--ids", "1", "--logits", "/nope/out.safetensors", words="/nope/out.safetensors")

    def test_permission_denied(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        secret = self.write("secret.gguf", b"x")
        os.chmod(secret, 0)
        self.fails(1, "score", secret, "--ids", "1", words="secret.gguf")

    def test_output_that_nobody_takes(self):
        for arguments in (["score", self.model, "--ids", "1,2", "--json"], ["run", self.model, "-p", "a", "--ignore-eos"], ["--help"],
                          ["tokenize", self.model, "--text", "a"], ["config", "explain"]):
            with self.subTest(arguments=arguments):
                with open("/dev/full", "wb") as full:
                    result = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=self.environment(), timeout=60)
                self.assertEqual((result.returncode, result.stderr.count(b"\n")), (1, 1), result.stderr)
                reader, writer = os.pipe()
                os.close(reader)
                result = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, env=self.environment(), timeout=60)
                os.close(writer)
                self.assertEqual((result.returncode, result.stderr.count(b"\n")), (1, 1), result.stderr)

    def test_closed_streams(self):
        logits = self.root / "closed.safetensors"
        want = self.json_of("score", self.model, "--ids", "1,2", "--logits", logits)
        good = logits.read_bytes()
        result = subprocess.run(["sh", "-c", f'exec "{PROGRAM}" score "{self.model}" --ids 1,2 --logits "{logits}" --json >&- <&-'],
                                stderr=subprocess.PIPE, env=self.environment(), timeout=60)
        self.assertEqual((result.returncode, result.stderr.count(b"\n")), (1, 1), result.stderr)
        self.assertEqual(logits.read_bytes(), good, "nothing of the result may end up in another file")
        self.assertEqual(want["ids"], [1, 2])

    def test_too_little_memory(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
        for arguments in (["run", self.model, "-p", "a", "--context", "512"], ["score", self.model, "--ids", "1,2"]):
            result = self.call(*arguments, preexec_fn=limit)
            self.assertIn(result.returncode, (0, 1), result.stderr)
            self.assertLessEqual(result.stderr.count(b"\n"), 1, result.stderr)
        huge = self.make_model("huge.gguf", "llama", "F32", "context=16000000")
        def tight():
            resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
        self.fails(1, "run", huge, "-p", "a", "--context", "16000000", words="--context", preexec_fn=tight)

    # ---- settings

    def test_environment_and_file(self):
        config = self.write("config.toml", "threads = 1\nmax-tokens = 3\n")
        def explained(*flags, **variables):
            return self.json_of("config", "explain", *flags, variables=variables)
        self.assertEqual(explained("--config", config)["threads"]["origin"], "file")
        self.assertEqual(str(explained("--config", config, DOMICILE_THREADS="2")["threads"]["value"]), "2")
        self.assertEqual(str(explained("--config", config, "--threads", "3", DOMICILE_THREADS="2")["threads"]["value"]), "3")
        out = self.json_of("run", self.model, "-p", "a", "--ignore-eos", variables={"DOMICILE_CONFIG": config})
        self.assertEqual(len(out["ids"]), 3)
        self.assertEqual(self.json_of("score", self.model, "--ids", "1,2", variables={"DOMICILE_KERNELS": "scalar"})["kernels"], "scalar")
        self.fails(2, "config", "explain", "--config", self.write("typo.toml", "thread = 1\n"), words="did you mean 'threads'?")
        self.fails(2, "config", "explain", variables={"DOMICILE_THREADS": "many"}, words="DOMICILE_THREADS")
        self.fails(1, "config", "explain", "--config", "/nope.toml", words="/nope.toml")

    def test_secrets_are_not_shown(self):
        result = self.call("config", "explain", variables={"DOMICILE_API_KEY": "sesame-sesame-sesame"})
        self.assertNotIn(b"sesame", result.stdout)

    def test_help(self):
        for command in ("run", "serve", "pull", "list", "rm", "show", "bench", "roof", "score", "tokenize", "render", "config explain"):
            result = self.call(*command.split(), "--help")
            self.assertEqual((result.returncode, result.stderr), (0, b""), command)
            text = result.stdout.decode()
            self.assertIn(f"Usage: domicile {command}", text)
            self.assertIn("Examples:", text)
            self.assertIn(f"  domicile {command}", text.split("Examples:")[1])
            self.assertLessEqual(max(map(len, text.splitlines())), 110, command)
        self.assertEqual(self.call().returncode, 0)
        self.assertIn(b"domicile", self.call("--version").stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
