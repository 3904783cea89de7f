"""A running server, for tests that drive it with the clients of others."""
import http.client
import os
import signal
import subprocess
import threading
import time

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chatml.jinja")


class House:
    """A running server."""

    def __init__(self, program, model, *flags):
        self.process = subprocess.Popen(
            [program, "serve", model, "--port", "0", "--chat-template", TEMPLATE, *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said = []
        self.url = None
        for line in self.process.stderr:
            self.said.append(line)
            if "listening on http://" in line:
                self.url = line.split("listening on ")[1].split()[0]
                break
        if self.url is None:
            raise RuntimeError("the server did not start: " + "".join(self.said))
        threading.Thread(target=self.drain, daemon=True).start()
        self.await_health()

    def drain(self):
        for line in self.process.stderr:
            self.said.append(line)

    def await_health(self):
        for _ in range(600):
            if self.get("/health").status == 200:
                return
            time.sleep(0.1)
        raise RuntimeError("the server did not become healthy")

    def connection(self):
        return http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)

    def get(self, path, headers={}):
        connection = self.connection()
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        reply.read()
        connection.close()
        return reply

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self):
        status = self.process.wait(timeout=60)
        self.process.stderr.close()
        return status
