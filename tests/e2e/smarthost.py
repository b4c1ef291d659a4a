"""A scripted smarthost: implicit TLS, AUTH PLAIN, PIPELINING, DSN. It records what it accepted; `refuse` maps the beginning
of a command (or "." for the end of the data) to the reply given instead.
"""
import base64
import dataclasses
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from harness import DEADLINE, Failed

PASSWORD = "smarthost password"


@dataclasses.dataclass
class Accepted:
    sender: str = ""
    recipients: list = dataclasses.field(default_factory=list)
    mail_options: str = ""
    rcpt_options: str = ""
    octets: bytes = b""
    tls: bool = False
    authenticated: bool = False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until(condition, what):
    ends = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > ends:
            raise Failed(f"waited in vain until {what}")


def make_certificate(folder):
    """A self-signed certificate for localhost; returns (certificate, key)."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return str(certificate), str(key)


class Smarthost:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hm-sink-"))
        self.ca, key = make_certificate(self.folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.ca, key)
        self.refuse = {}
        self.accepted = []
        self.refused = 0
        self.changed = threading.Condition()
        self.conversation = Conversation  # what serves a connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def start(self):
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(DEADLINE)
        self.remove_files()

    def remove_files(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, count):
        """The accepted messages, once there are at least `count`."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.accepted) >= count, DEADLINE):
                raise Failed(f"the smarthost accepted {len(self.accepted)} messages, not {count}")
            return list(self.accepted)

    def wait_refused(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: self.refused >= count, DEADLINE):
                raise Failed(f"the smarthost refused {self.refused} times, not {count}")

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            with self.context.wrap_socket(peer, server_side=True) as secure:
                self.conversation(self, secure).run()
        except (OSError, ssl.SSLError):
            pass  # the client closed or did not trust us

    def refusal(self, command):
        for begin, reply in self.refuse.items():
            if command == begin or (begin != "." and command.upper().startswith(begin.upper())):
                return reply
        return None

    def count_refusal(self):
        with self.changed:
            self.refused += 1
            self.changed.notify_all()


class Conversation:
    def __init__(self, sink, stream):
        self.sink, self.stream, self.lines = sink, stream, stream.makefile("rb")
        self.authenticated = False
        self.current = Accepted()

    def say(self, reply):
        self.stream.sendall(reply.encode() + b"\r\n")

    def run(self):
        self.say("220 sink.example ESMTP")
        for line in iter(self.lines.readline, b""):
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            refusal = self.sink.refusal(command)
            if refusal is not None:
                self.say(refusal)
                self.sink.count_refusal()
                continue
            if not self.answer(command):
                return

    def answer(self, command):
        verb = command.split(" ")[0].upper()
        if verb in ("EHLO", "HELO"):
            self.say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-SIZE 10000000\r\n"
                     "250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN")
        elif verb == "AUTH":
            self.auth(command)
        elif verb == "MAIL":
            address, _, self.current.mail_options = command[len("MAIL FROM:<"):].partition(">")
            self.current.sender = address
            self.say("250 2.1.0 ok" if self.authenticated else "530 5.7.0 authenticate first")
        elif verb == "RCPT":
            address, _, options = command[len("RCPT TO:<"):].partition(">")
            self.current.recipients.append(address)
            self.current.rcpt_options += options
            self.say("250 2.1.5 ok")
        elif verb == "DATA":
            return self.data()
        elif verb in ("RSET", "NOOP"):
            self.current = Accepted()
            self.say("250 2.0.0 ok")
        elif verb == "QUIT":
            self.say("221 2.0.0 bye")
            return False
        else:
            self.say("500 5.5.1 what?")
        return True

    def auth(self, command):
        words = command.split(" ")
        octets = base64.b64decode(words[2]) if len(words) > 2 and words[1].upper() == "PLAIN" else b""
        self.authenticated = octets.split(b"\0")[-1] == PASSWORD.encode()
        self.say("235 2.7.0 welcome" if self.authenticated else "535 5.7.8 wrong")

    def data(self):
        """False: the connection ends here."""
        if not self.current.recipients:
            self.say("503 5.5.1 no valid recipients")
            return True
        self.say("354 go on")
        lines = []
        for line in iter(self.lines.readline, b""):
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        else:
            return False
        message, self.current = self.current, Accepted()
        message.octets, message.tls, message.authenticated = b"".join(lines), True, self.authenticated
        return self.conclude(message)

    def conclude(self, message):
        """After the dot: keeps the message and says so."""
        refusal = self.sink.refusal(".")
        if refusal is not None:
            self.say(refusal)
            self.sink.count_refusal()
            return True
        with self.sink.changed:
            self.sink.accepted.append(message)
            self.sink.changed.notify_all()
        self.say("250 2.0.0 accepted")
        return True
