#!/usr/bin/env python3
"""Uses the built-in page as a person does: a headless Chromium, driven by WebDriver, against the real server.

    page_test.py PROGRAM MODEL

Any model will do: its words do not matter. Without chromedriver the tests are skipped.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

PROGRAM, MODEL = "", ""
TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chatml.jinja")
KEY = "sk-of-this-test"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # of the WebDriver protocol


def until(condition, seconds=60):
    """What the condition gives once it is true."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.05)


class Server:
    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", MODEL, "--port", "0", "--chat-template", TEMPLATE, *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = next(line for line in self.process.stderr if "listening on http://" in line)
        self.url = line.split("listening on ")[1].split()[0]
        until(self.is_healthy)

    def is_healthy(self):
        try:
            return urllib.request.urlopen(self.url + "/health").status == 200
        except urllib.error.HTTPError:
            return False

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.process.stderr.close()


class Browser:
    """A session of chromedriver."""

    def __init__(self):
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        line = next(line for line in self.process.stdout if "started successfully on port" in line)
        self.base = "http://127.0.0.1:" + line.split("port ")[1].strip().rstrip(".")
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
                     "--user-data-dir=" + self.profile.name]
        reply = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/session/" + reply["sessionId"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.load(reply)["value"]

    def open(self, url):
        self.ask("POST", self.session + "/url", {"url": url})

    def element(self, css):
        found = self.ask("POST", self.session + "/element", {"using": "css selector", "value": css})
        return self.session + "/element/" + found[ELEMENT]

    def texts(self, css):
        return self.run(f"return [...document.querySelectorAll({json.dumps(css)})].map(e => e.textContent)")

    def text(self, css):
        return "".join(self.texts(css))

    def type(self, css, text):
        self.ask("POST", self.element(css) + "/value", {"text": text})

    def click(self, css):
        self.ask("POST", self.element(css) + "/click", {})

    def run(self, script):
        return self.ask("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def complaints(self):
        return [entry["message"] for entry in self.ask("POST", self.session + "/se/log", {"type": "browser"})]

    def end(self):
        self.ask("DELETE", self.session)
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()
        self.profile.cleanup()


@unittest.skipUnless(shutil.which("chromedriver"), "chromedriver (Debian's chromium-driver) is not here")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        cls.browser.end()

    def opened(self, server=None):
        browser = self.browser
        browser.open((server or self.server).url + "/")
        return browser

    def is_ready(self):
        return self.browser.text("#state") == "ready"

    def set_limit(self, tokens):
        self.browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        self.browser.type("#max-tokens", str(tokens))

    def test_a_chat_of_two_turns(self):
        browser = self.opened()
        browser.complaints()  # of earlier tests
        self.assertTrue(until(self.is_ready))
        self.set_limit(12)
        for turn in (1, 2):
            browser.type("#prompt", "Say something.\ue007")  # Enter
            self.assertTrue(until(lambda: len(browser.texts("#messages .assistant .note")) == turn
                                  and browser.texts("#messages .assistant .note")[-1]))
            self.assertRegex(browser.texts("#messages .assistant .note")[-1], r"^\d+ tokens")
        self.assertEqual(browser.texts("#messages .user .text"), ["Say something."] * 2)
        self.assertEqual(browser.complaints(), [])

    def test_shows_what_runs_and_how_fast(self):
        browser = self.opened()
        self.assertTrue(until(self.is_ready))
        self.assertTrue(until(lambda: "answers under way" in browser.text("#running")))
        self.assertTrue(until(lambda: "tokens/s" in browser.text("#speed dd:last-of-type")))
        browser.type("#prompt", "Count.")
        self.set_limit(32)
        browser.click("#send")
        self.assertTrue(until(lambda: "share" in browser.text("#speed")))

    def test_the_curl_line_works(self):
        browser = self.opened()
        self.assertTrue(until(self.is_ready))
        self.set_limit(3)
        browser.type("#prompt", "What's \"this\"? $HOME")
        line = browser.text("#curl")
        reply = json.loads(subprocess.run(["sh", "-c", line.replace("curl ", "curl -s ", 1)], check=True,
                                          capture_output=True).stdout)
        self.assertEqual(reply["object"], "chat.completion")

    def test_stop_ends_the_answer(self):
        browser = self.opened()
        self.assertTrue(until(self.is_ready))
        browser.type("#prompt", "Write a very long story.\ue007")
        self.assertTrue(until(lambda: browser.text("#messages .assistant .text")))
        browser.run("document.getElementById('stop').click()")  # which may have gone with the answer's end
        self.assertTrue(until(lambda: browser.text("#messages .assistant .note")))
        browser.click("#new-chat")
        self.assertEqual(browser.texts("#messages li"), [])

    def test_text_of_the_model_is_never_markup(self):
        browser = self.opened()
        self.assertTrue(until(self.is_ready))
        self.set_limit(2)
        browser.type("#prompt", "<img src=x onerror=alert(1)><b>bold</b>\ue007")
        self.assertTrue(until(lambda: browser.texts("#messages .user .text")))
        self.assertEqual(browser.texts("#messages .user .text"), ["<img src=x onerror=alert(1)><b>bold</b>"])
        self.assertEqual(browser.texts("#messages b"), [])

    def test_asks_for_a_key_where_one_is_needed(self):
        server = Server("--api-key", KEY)
        try:
            browser = self.opened(server)
            self.assertTrue(until(lambda: "wants a key" in browser.text("#state")))
            browser.type("#key", KEY + "\ue007")  # Enter
            self.assertTrue(until(self.is_ready))
            self.set_limit(3)
            browser.type("#prompt", "Hi.\ue007")
            self.assertTrue(until(lambda: "tokens" in browser.text("#messages .assistant .note")))
            self.assertNotIn(KEY, browser.text("#curl"))
        finally:
            server.end()


if __name__ == "__main__":
    PROGRAM, MODEL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
