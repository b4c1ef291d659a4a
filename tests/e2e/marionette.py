"""Thunderbird without a screen, driven through Marionette: JSON with its length before it, on a port that it chooses."""
import json
import os
import socket
import subprocess
import time

from harness import DEADLINE, Failed

PREFERENCES = """user_pref("marionette.port", 0);
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.bypassNotification", true);
user_pref("mail.rights.version", 1);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mailnews.start_page.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""


class Thunderbird:
    def __init__(self, home):
        self.profile = home / "thunderbird"
        self.profile.mkdir()
        (self.profile / "user.js").write_text(PREFERENCES)
        self.log = open(home / "thunderbird.log", "wb")
        self.process = subprocess.Popen(
            ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(self.profile)],
            stdout=self.log, stderr=self.log, env={"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"})
        self.pending, self.count = b"", 0
        try:
            self.sock = socket.create_connection(("127.0.0.1", self.port()), DEADLINE)
            self.receive()
            self.command("WebDriver:NewSession", {"acceptInsecureCerts": True, "timeouts": {"script": int(DEADLINE * 1000)}})
            self.command("Marionette:SetContext", {"value": "chrome"})
        except BaseException:
            self.close()
            raise

    def port(self):
        path, ends = self.profile / "MarionetteActivePort", time.monotonic() + DEADLINE
        while time.monotonic() < ends and self.process.poll() is None:
            if path.exists() and path.read_text():
                return int(path.read_text())
            time.sleep(0.05)  # it tells nobody else
        raise Failed("Thunderbird did not start")

    def receive(self):
        while b":" not in self.pending:
            self.pending += self.more()
        size, _, rest = self.pending.partition(b":")
        while len(rest) < int(size):
            rest += self.more()
        self.pending = rest[int(size):]
        return json.loads(rest[:int(size)])

    def more(self):
        octets = self.sock.recv(65536)
        if not octets:
            raise Failed("Thunderbird has gone")
        return octets

    def command(self, name, parameters):
        self.count += 1
        octets = json.dumps([0, self.count, name, parameters]).encode()
        self.sock.sendall(b"%d:%s" % (len(octets), octets))
        _, _, problem, value = self.receive()
        if problem:
            raise Failed(f"{name}: {problem}")
        return value

    def run(self, script, *arguments):
        """The value of an asynchronous function's body, in the program's main window; an exception fails."""
        body = ("const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);"
                "(async (...args) => {" + script + "})(...given).then(value => done(JSON.stringify({ value })), problem => done(JSON.stringify({ problem: String(problem) + problem?.stack })));")
        found = json.loads(self.command("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(arguments)})["value"])
        if found.get("problem"):
            raise Failed(found["problem"])
        return found.get("value")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
