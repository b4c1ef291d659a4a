"""One throw-away instance of Hearthmail: its own data directory, ports that the kernel chose, three daemons under
`hearthmail up`. Everything is loopback, everything is stopped and removed at the end.
"""
import imaplib
import json
import os
import pathlib
import poplib
import select
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time

DEADLINE = 60.0  # seconds for anything that is waited for; sanitized programs on a busy machine are slow
DOMAIN = "example.test"
DAEMONS = ("hearthmail-receiver", "hearthmail-submission", "hearthmail-relay")
UP_READY = "STATUS=all daemons are ready"  # with the READY=1 that `hearthmail up` sends for itself, after theirs
PROGRAMS = pathlib.Path(os.environ.get("HEARTHMAIL_PROGRAMS", "build/asan/bin")).resolve()


class Failed(Exception):
    pass


class Instance:
    """Use as `with Instance() as mail:`."""

    def __init__(self, environment=None, accounts=("anna", "ben", "capture")):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hm-", dir="/tmp"))
        self.data = self.root / "data"
        self.log = self.root / "log"
        self.accounts = accounts
        self.passwords = {name: f"pass-{name}-{os.getpid()}" for name in accounts}
        self.process = None
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8",
            "HEARTHMAIL_HOSTNAME": "mail." + DOMAIN, "HEARTHMAIL_DATA_DIR": str(self.data), "HEARTHMAIL_LOG_LEVEL": "debug",
            "HEARTHMAIL_RELAY_ROUTES": "local", "HEARTHMAIL_RELAY_LOCAL_URL": "capture:",
        }
        self.environment.update(self.listeners())
        if environment is not None and "HEARTHMAIL_RELAY_ROUTES" in environment:
            del self.environment["HEARTHMAIL_RELAY_LOCAL_URL"]
        self.environment.update(environment or {})
        for option in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if option in os.environ:
                self.environment[option] = os.environ[option]

    @staticmethod
    def listeners():
        """Every listener on a loopback port that the kernel chooses, as environment."""
        services = ("SMTP_LISTEN", "IMAP_LISTEN", "IMAP_LISTEN_TLS", "POP3_LISTEN", "POP3_LISTEN_TLS", "SUBMISSION_LISTEN", "SUBMISSION_LISTEN_TLS")
        return {"HEARTHMAIL_" + service: "127.0.0.1:0" for service in services}

    # ---- life

    def __enter__(self):
        try:
            self.command("init", "--domain", DOMAIN)
            made = self.command("user", "list").stdout
            for name in self.accounts:
                verb = "passwd" if f"{name}@{DOMAIN}" in made else "add"  # init makes the capture route's account
                self.command("user", verb, f"{name}@{DOMAIN}", "--password-stdin", input=self.passwords[name] + "\n")
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if self.process is not None:
                self.stop()
        finally:
            if kind is not None and self.log.exists():
                print("---- the last log lines\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-60:]))
            shutil.rmtree(self.root, ignore_errors=True)

    def start(self):
        path = str(self.root / "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(path)
        self.notify.settimeout(DEADLINE)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAMS / "hearthmail", "up"], env={**self.environment, "NOTIFY_SOCKET": path},
                                            stdout=log, stderr=log, start_new_session=True)
        self.wait_ready(len(DAEMONS))

    def wait_ready(self, count):
        """Waits for that many READY=1 of daemons (not counting the one of `hearthmail up`), then reads their ports."""
        while count > 0:
            try:
                message = self.notify.recv(4096).decode()
            except TimeoutError:
                raise Failed("the daemons did not become ready:\n" + self.log.read_text(errors="replace")[-4000:]) from None
            if "READY=1" in message and UP_READY not in message:
                count -= 1
        ports = {}
        for program in DAEMONS:
            ports.update(json.loads((self.data / "run" / f"{program}.json").read_text())["ports"])
        self.ports = ports  # in one step: threads of a test read it meanwhile

    def pid(self, program):
        return json.loads((self.data / "run" / f"{program}.json").read_text())["pid"]

    def stop(self):
        """A clean stop: `up` must end with 0 and leave nothing running."""
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Failed("`hearthmail up` did not stop; it was killed") from None
        self.notify.close()
        (self.root / "notify").unlink()
        if code != 0:
            raise Failed(f"`hearthmail up` ended with {code}:\n" + self.log.read_text(errors="replace")[-4000:])

    def kill(self, program):
        """kill -9 of one daemon; `up` starts it again; returns when it is ready."""
        os.kill(self.pid(program), signal.SIGKILL)
        self.wait_ready(1)

    def command(self, *words, input=None, check=True):
        done = subprocess.run([PROGRAMS / "hearthmail", *words], env=self.environment, input=input, capture_output=True, text=True,
                              timeout=DEADLINE)
        if check and done.returncode != 0:
            raise Failed(f"hearthmail {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    # ---- clients

    @property
    def ca(self):
        return str(self.data / "tls" / "certificate.pem")

    def tls(self):
        return ssl.create_default_context(cafile=self.ca)

    def imap(self, name="anna"):
        client = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=self.tls(), timeout=DEADLINE)
        client.login(f"{name}@{DOMAIN}", self.passwords[name])
        return client

    def pop3(self, name="anna"):
        client = poplib.POP3_SSL("localhost", self.ports["pop3s"], context=self.tls(), timeout=DEADLINE)
        client.user(f"{name}@{DOMAIN}")
        client.pass_(self.passwords[name])
        return client

    def deliver(self, message, to=("anna",), sender="stranger@elsewhere.example"):
        """A stranger's delivery on port 25."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=DEADLINE) as client:
            client.ehlo("client.elsewhere.example")
            client.sendmail(sender, [f"{name}@{DOMAIN}" for name in to], message)

    def submit(self, message, to, name="anna", options=(), rcpt_options=()):
        with smtplib.SMTP_SSL("localhost", self.ports["submissions"], context=self.tls(), timeout=DEADLINE) as client:
            client.login(f"{name}@{DOMAIN}", self.passwords[name])
            return client.sendmail(f"{name}@{DOMAIN}", to, message, options, rcpt_options)

    # ---- observations

    def wait_for_messages(self, count, name="anna", mailbox="INBOX"):
        """Waits in IDLE until the mailbox holds at least `count` messages; returns them as octets."""
        client = self.imap(name)
        ends = time.monotonic() + DEADLINE
        _, found = client.select(mailbox, readonly=True)
        present = int(found[0])
        while present < count:
            if time.monotonic() > ends:
                raise Failed(f"{mailbox} of {name} holds {present} messages, not {count}")
            present = max(present, wait_for_exists(client, 5.0))
        messages = fetch_all(client)
        client.logout()
        return messages

    def queue(self):
        return json.loads(self.command("queue", "list", "--json").stdout)


def until(wire, true):
    """Waits in IDLE for what another program does; asks `true` when something came, and once a second."""
    ends = time.monotonic() + DEADLINE
    while not true():
        if time.monotonic() > ends:
            raise Failed("what was waited for did not come")
        wire.send("idle IDLE\r\n")
        while wire.read()[0] != b"+":
            pass
        select.select([wire.sock], [], [], 1.0)
        wire.send("DONE\r\n")
        wire.until(b"idle")


def wait_for_exists(client, limit):
    """One IDLE (RFC 2177) until EXISTS comes or `limit` seconds pass; returns the newest count. Reads the socket itself:
    imaplib's buffered reader cannot be used again after a timeout."""
    tag = client._new_tag()
    client.send(tag + b" IDLE\r\n")
    found, pending, done = 0, b"", False
    client.sock.settimeout(limit)
    while True:
        try:
            octets = client.sock.recv(65536)
            if not octets:
                raise Failed("the server closed the connection in IDLE")
            pending += octets
        except TimeoutError:
            if done:
                raise Failed("no answer to DONE") from None
        lines = pending.split(b"\r\n")
        pending = lines.pop()
        for line in lines:
            if line.endswith(b" EXISTS"):
                found = int(line.split()[1])
            if line.startswith(tag):
                client.sock.settimeout(DEADLINE)
                return found
        if not done and (found or not lines):
            done = True
            client.sock.settimeout(DEADLINE)
            client.send(b"DONE\r\n")


def fetch_all(client):
    """Every message of the selected mailbox, as octets, in order."""
    _, answers = client.fetch("1:*", "(BODY.PEEK[])")
    return [answer[1] for answer in answers if isinstance(answer, tuple)]


def without_trace(message):
    """What the sender sent: our Return-Path and Received fields taken off."""
    for name in (b"Return-Path:", b"Received:"):
        if not message.startswith(name):
            raise Failed(f"the message does not begin with {name.decode()}: {message[:200]!r}")
        end = message.index(b"\r\n")
        while message[end + 2:end + 3] in (b" ", b"\t"):
            end = message.index(b"\r\n", end + 2)
        message = message[end + 2:]
    return message


def letter(subject="Hello", body="A short text.\r\n", sender="stranger@elsewhere.example", to=f"anna@{DOMAIN}", number=0):
    return (f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{number}.{os.getpid()}@elsewhere.example>\r\n\r\n{body}").encode()
