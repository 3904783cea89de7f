#!/usr/bin/env python3
"""Holds a conversation with `domicile run` on a pseudo-terminal, as a person does.

usage: repl_test.py PROGRAM WRITE_TINY_MODEL [unittest arguments]
"""
import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM, WRITE_TINY_MODEL = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
PATIENCE = 30  # seconds: the machine that runs this may be busy
CTRL_C, CTRL_D, CTRL_J, CTRL_A, CTRL_U = b"\x03", b"\x04", b"\n", b"\x01", b"\x15"
UP, LEFT, BACKSPACE = b"\x1b[A", b"\x1b[D", b"\x7f"
PASTE, PASTE_END = b"\x1b[200~", b"\x1b[201~"
ENTER = b"\r"
READY = b">>> "
EMPTY_PROMPT = READY + b"\r\x1b[4C"  # the cursor behind a prompt with nothing typed
ANSWERED = b"\r\n\r\n\x1b[?2004h\r"  # the end of an answer and the next prompt


class Terminal:
    """A program on a terminal of its own: 24 rows, 80 columns."""

    def __init__(self, program, arguments, environment):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [program, *arguments], stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.output = b""
        self.seen = 0
        self.sent = 0  # up to where `expect` has read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def send(self, keys):
        while keys:
            self.read(0)
            if select.select([], [self.master], [], 0.05)[1]:
                keys = keys[os.write(self.master, keys[:1024]):]

    def read(self, seconds):
        """Takes what the program writes within `seconds`."""
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.output += os.read(self.master, 65536)

    def expect(self, text, seconds=PATIENCE):
        """Waits until `text` (bytes or a pattern) has been written after what was expected before; returns what stood before it."""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        end = time.monotonic() + seconds
        while True:
            match = pattern.search(self.output, self.seen)
            if match:
                before = self.output[self.seen:match.start()]
                self.seen = match.end()
                return before
            if time.monotonic() > end:
                raise AssertionError(f"no {pattern.pattern!r} within {seconds} s after {self.output[self.seen:][-2000:]!r}")
            self.read(0.05)

    def ready(self):
        """The prompt stands there, drawn once with nothing after it."""
        return self.expect(READY)

    def line(self, text):
        """Types a line, once a prompt has been drawn since the last one: before that, Enter would be a line break."""
        deadline = time.monotonic() + 5  # what reads it may be a shell, without a prompt of ours
        while self.output.find(EMPTY_PROMPT, self.sent) < 0 and time.monotonic() < deadline:
            self.read(0.05)
        self.sent = len(self.output)
        self.send(text.encode() if isinstance(text, str) else text)
        self.send(ENTER)

    def end(self, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program goes on after {self.output[-2000:]!r}")
            self.read(0.05)
        self.read(0)
        return self.process.returncode

    def modes(self):
        return termios.tcgetattr(self.slave)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class ReplTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        root = pathlib.Path(cls.directory.name)
        cls.model = str(root / "tiny.gguf")
        subprocess.run([WRITE_TINY_MODEL, cls.model, "llama", "F32", "context=1000000"], check=True)
        cls.slow_model = str(root / "slow.gguf")  # a few tokens each second and thread
        subprocess.run([WRITE_TINY_MODEL, cls.slow_model, "llama", "F32", "context=100000", "layers=200"], check=True)
        cls.home = root / "home"
        cls.home.mkdir()

    def setUp(self):
        self.history = self.home / ".local/share/domicile/history"
        self.history.unlink(missing_ok=True)

    def environment(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DOMICILE_", "XDG_"))}
        return {**clean, "HOME": str(self.home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    @contextlib.contextmanager
    def repl(self, *flags, max_tokens=8, model=None, context=100000):
        arguments = ["run", model or self.model, "--threads", "1", "--context", str(context), "--temperature", "0", "--seed", "1"]
        if max_tokens:
            arguments += ["--max-tokens", str(max_tokens)]
        with Terminal(PROGRAM, [*arguments, *flags], self.environment()) as terminal:
            yield terminal

    def leave(self, terminal):
        terminal.send(CTRL_D)
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(terminal.modes(), terminal.before)
        self.assertEqual(terminal.output.count(b"\x1b[?2004h") > 0, True)
        self.assertTrue(terminal.output.rstrip().endswith(b"\x1b[?2004l"), terminal.output[-80:])

    def asked_texts(self):
        """What was sent, as the history file has it."""
        import json
        return [json.loads(line) for line in self.history.read_text().splitlines()] if self.history.exists() else []

    # ---- answers and commands

    def test_answers_and_leaves(self):
        with self.repl() as terminal:
            self.assertIn(b"/? for help", terminal.ready())
            terminal.line("hello")
            terminal.expect(b"(cut at max-tokens)")
            terminal.ready()
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["hello"])

    def test_help_names_every_command(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.line("/?")
            text = terminal.expect(b"//text")
            for command in (b"/system", b"/set", b"/clear", b"/stats", b"/bye", b"Ctrl-C"):
                self.assertIn(command, text)
            terminal.line("/bye")
            self.assertEqual(terminal.end(), 0)

    def test_unknown_command_is_not_sent_to_the_model(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.line("/sytem")
            terminal.expect(b"there is no command /sytem")
            terminal.line("/stats")
            terminal.expect(b"there was no answer yet")
            self.leave(terminal)

    def test_second_turn_reuses_the_prefix(self):
        with self.repl("--system", "Be brief. " * 20) as terminal:
            terminal.ready()
            terminal.line("one")
            terminal.expect(b"(cut")
            terminal.line("two")
            terminal.expect(b"(cut")
            terminal.line("/stats")
            terminal.expect(b"prompt ")
            cached = terminal.expect(b" cached)")
            self.assertGreater(int(cached.split(b"(")[1]), 100, cached)
            terminal.line("/clear")
            terminal.expect(b"forgotten")
            self.leave(terminal)

    def test_settings_change_and_come_back(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.line("/set max-tokens 3")
            terminal.expect(b"(max-tokens: 3)")
            terminal.line("/set stats on")
            terminal.expect(b"(stats: on)")
            terminal.line("hi")
            terminal.expect(b"answer 3 tokens")
            terminal.line("/set temperature hot")
            terminal.expect(b"temperature takes a number from 0 to 100, or default, not 'hot'")
            terminal.line("/set max-tokens default")
            terminal.expect(b"(max-tokens: default)")
            terminal.line("/set")
            terminal.expect(b"max-tokens   until the context is full")
            self.leave(terminal)

    def test_system_message(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.line("/system")
            terminal.expect(b"there is no system message")
            terminal.line("/system Be kind")
            terminal.expect(b"(system message set")
            terminal.line("/system")
            terminal.expect(b"Be kind\r\n")
            terminal.line('/system ""')
            terminal.expect(b"(no system message;")
            self.leave(terminal)

    def test_full_context_says_so(self):
        with self.repl(context=64, max_tokens=None) as terminal:
            terminal.ready()
            terminal.line("hi")
            terminal.expect(b"(the context is full: /clear begins anew)")
            terminal.line("again " * 40)
            terminal.expect(b"this model's context holds 64 tokens")
            self.leave(terminal)

    def test_model_without_template_says_so(self):
        model = str(pathlib.Path(self.directory.name) / "plain.gguf")
        subprocess.run([WRITE_TINY_MODEL, model, "llama", "F32", "template=0"], check=True)
        with self.repl(model=model, context=512) as terminal:
            terminal.expect(b"no chat template")
            terminal.line("hi")
            terminal.expect(b"(cut")
            self.leave(terminal)

    # ---- editing

    def test_history(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.line("first")
            terminal.expect(b"(cut")
            terminal.ready()
            terminal.send(UP)
            terminal.expect(b">>> first")
            terminal.send(b"!" + ENTER)
            terminal.expect(b"(cut")
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["first", "first!"])
        self.assertEqual(self.history.stat().st_mode & 0o777, 0o600)
        with self.repl() as terminal:  # the next program knows them
            terminal.ready()
            terminal.send(UP + UP)
            terminal.expect(b">>> first")
            terminal.send(CTRL_U)
            self.leave(terminal)

    def test_several_lines(self):
        for keys, sent in ((b"one\\" + ENTER + b"two" + ENTER, "one\ntwo"),
                           (b"one" + CTRL_J + b"two" + ENTER, "one\ntwo"),
                           (b"one\x1b\rtwo" + ENTER, "one\ntwo"),
                           (b'"""one' + ENTER + b"two" + ENTER + ENTER + b'three"""' + ENTER, "one\ntwo\n\nthree")):
            self.history.unlink(missing_ok=True)
            with self.subTest(keys=keys), self.repl() as terminal:
                terminal.ready()
                terminal.send(keys)
                terminal.expect(b"(cut")
                self.leave(terminal)
                self.assertEqual(self.asked_texts(), [sent])

    def test_wide_characters(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.send("漢字かな".encode() + LEFT + BACKSPACE)
            terminal.expect(">>> 漢字な\r".encode() + b"\x1b[8C")  # the cursor stands after two wide characters
            terminal.send("仮".encode() + CTRL_A + "日".encode() + ENTER)
            terminal.expect(b"(cut")
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["日漢字仮な"])

    def test_line_longer_than_the_screen_is_wide(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.send(b"x" * 100 + BACKSPACE * 30 + ENTER)
            terminal.expect(b"(cut")
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["x" * 70])

    # ---- pastes

    def test_paste_of_many_lines_is_one_input(self):
        lines = [f"line {i}" for i in range(200)]
        with self.repl() as terminal:
            terminal.ready()
            terminal.send(PASTE + "\r".join(lines).encode() + PASTE_END)
            terminal.expect(b"... line 199")
            drawn = len(terminal.output)
            terminal.send(b"!")
            terminal.expect(b"... line 199!")
            self.assertLess(len(terminal.output) - drawn, 2000, "only what fits on the screen is drawn again")
            terminal.send(ENTER)
            terminal.expect(re.compile(rb"\(cut|context holds"))
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["\n".join(lines) + "!"])

    def test_paste_without_end_is_left_with_ctrl_c(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.send(PASTE + b"never\rending\r")
            time.sleep(0.3)
            terminal.send(CTRL_C)
            terminal.ready()
            terminal.line("alive")
            terminal.expect(b"(cut")
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["alive"])

    def test_paste_during_an_answer_is_one_input(self):
        with self.repl(max_tokens=400) as terminal:
            terminal.ready()
            terminal.line("go")
            terminal.send(PASTE + b"a\rb\rc" + PASTE_END + ENTER)
            terminal.expect(b"... c")
            terminal.expect(ANSWERED)
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["go", "a\nb\nc"])

    # ---- Ctrl-C, Ctrl-D, signals

    def test_ctrl_c_at_the_prompt_drops_what_is_typed(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.send(b"not this" + CTRL_C)
            terminal.expect(re.compile(rb"not this\r+\n"))
            terminal.ready()
            terminal.send(CTRL_C)
            terminal.expect(b"(Ctrl-D or /bye leaves)")
            terminal.line("this")
            terminal.expect(b"(cut")
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["this"])

    def test_ctrl_c_stops_the_answer_alone(self):
        with self.repl("--kernels", "scalar", model=self.slow_model, max_tokens=None) as terminal:
            terminal.ready()
            terminal.line("go")
            terminal.expect(b"\x1b[?2004h")
            terminal.expect(re.compile(rb"[^\r\n]"))  # the answer has begun
            terminal.send(b"typed ahead" + ENTER)
            start = time.monotonic()
            terminal.send(CTRL_C)
            terminal.expect(b"(stopped)")
            terminal.ready()
            self.assertLess(time.monotonic() - start, 3)
            terminal.line("/set max-tokens 2")
            terminal.expect(b"(max-tokens: 2)")
            terminal.line("more")
            terminal.ready()  # after two tokens, or none: how much was said before depends on the moment
            self.leave(terminal)
        self.assertEqual([t for t in self.asked_texts() if not t.startswith("/")], ["go", "more"])

    def test_ctrl_c_stops_while_the_prompt_is_read(self):
        with self.repl("--kernels", "scalar", model=self.slow_model, max_tokens=4) as terminal:
            terminal.ready()
            terminal.send(PASTE + b"many words " * 6000 + PASTE_END)
            terminal.send(ENTER)
            terminal.expect(b"\x1b[?2004h")
            time.sleep(0.3)
            start = time.monotonic()
            terminal.send(CTRL_C)
            terminal.expect(b"(stopped)")
            self.assertLess(time.monotonic() - start, 3)
            terminal.ready()
            terminal.line("/clear")
            terminal.expect(b"forgotten")
            self.leave(terminal)

    def test_ctrl_c_while_loading_ends_the_program(self):
        for delay in (0.0, 0.01, 0.03):
            with self.subTest(delay=delay), self.repl(model=self.slow_model) as terminal:
                time.sleep(delay)
                terminal.process.send_signal(signal.SIGINT)
                terminal.read(0.2)
                if READY in terminal.output:  # it was loaded already
                    self.leave(terminal)
                    continue
                self.assertIn(terminal.end(), (130, -signal.SIGINT))
                self.assertEqual(terminal.modes(), terminal.before)

    def test_ctrl_d_in_a_text_does_not_leave(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.send(b"ab" + LEFT + CTRL_D + b"c" + ENTER)
            terminal.expect(b"(cut")
            self.leave(terminal)
        self.assertEqual(self.asked_texts(), ["ac"])

    def test_terminate_at_the_prompt(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.process.send_signal(signal.SIGTERM)
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(terminal.modes(), terminal.before)

    def test_terminate_during_an_answer(self):
        with self.repl("--kernels", "scalar", model=self.slow_model, max_tokens=None) as terminal:
            terminal.ready()
            terminal.line("go")
            terminal.expect(b"\x1b[?2004h")
            terminal.expect(re.compile(rb"[^\r\n]"))
            terminal.process.send_signal(signal.SIGTERM)
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(terminal.modes(), terminal.before)

    def test_suspend_and_continue(self):
        """Ctrl-Z gives the terminal back to the shell; fg goes on with what was typed."""
        command = f"{PROGRAM} run {self.model} --threads 1 --max-tokens 8"
        with Terminal("bash", ["--norc", "-i"], {**self.environment(), "PS1": "$ ", "HISTFILE": "/dev/null"}) as terminal:
            terminal.line(f"stty -a > {self.directory.name}/before; {command}; echo status=$?")
            terminal.ready()
            terminal.send(b"half\x1a")
            terminal.expect(b"Stopped")
            terminal.line(f"stty -a > {self.directory.name}/stopped; fg")
            terminal.expect(b">>> half")
            terminal.send(b" done" + ENTER)
            terminal.expect(b"(cut")
            terminal.ready()
            terminal.send(CTRL_D)
            terminal.expect(b"$ ")
            terminal.line(f"stty -a > {self.directory.name}/after; exit")
            self.assertEqual(terminal.end(), 0)
        before, stopped, after = (pathlib.Path(self.directory.name, name).read_text() for name in ("before", "stopped", "after"))
        self.assertEqual(before, stopped)
        self.assertEqual(before, after)
        self.assertEqual(self.asked_texts(), ["half done"])

    def test_hang_up_ends(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.process.send_signal(signal.SIGHUP)
            terminal.end()

    # ---- quietness

    def test_idle_costs_next_to_nothing(self):
        with self.repl() as terminal:
            terminal.ready()
            terminal.line("hi")
            terminal.expect(b"(cut")
            terminal.ready()
            time.sleep(0.5)
            before = terminal.cpu_seconds()
            time.sleep(4)
            self.assertLessEqual(terminal.cpu_seconds() - before, 0.03)
            self.leave(terminal)

    def test_answers_cannot_steer_the_terminal(self):
        """Random weights answer with random bytes, ESC among them."""
        with self.repl(max_tokens=400) as terminal:
            terminal.ready()
            terminal.line("/set temperature 5")
            terminal.expect(b"(temperature: 5)")
            terminal.ready()
            terminal.line("go")
            terminal.expect(b"\r\n")
            terminal.expect(b"\x1b[?2004h")
            answer = terminal.expect(ANSWERED)
            self.assertNotRegex(answer, rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
            self.leave(terminal)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
