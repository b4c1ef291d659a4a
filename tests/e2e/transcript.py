"""Plays a mail program's side of a recorded kind of session and checks every answer. One line of a transcript is one of

    C: octets       the client sends this line; lines that follow each other go out in one piece (a pipeline)
    C: @name        it sends the octets of a letter and CRLF: what a literal announced
    S: octets       the next response is exactly this, but for `...`, which stands for anything
    S*: octets      any number of such responses, here or later, until the next `C:`
    other: command  another client of the same account, in INBOX, does this, and it must succeed
    deflate         both sides compress from here (after OK to COMPRESS DEFLATE)
    closed          the server has closed the connection

Flags are put into alphabetical order first. `<name>` in `C:` is a value: <user>, <password>, <plain> (SASL PLAIN), <user64>, <password64>, or what `<name:number>` in an `S:`
line caught. `{@name}`, `{@name+}` announce a letter's size; in `S:`, `{@name}` is the literal with exactly its octets. What no
line expects fails the test, and so does what the response grammar of imap_wire.py does not permit.
"""
import base64
import re

import deflate
from harness import DOMAIN, Failed
from imap_wire import Reader, Wire

FLAGS = re.compile(rb"(?<![A-Z])FLAGS \(([^()\r\n]*)\)")
TOKEN = re.compile(rb"\.\.\.|<[a-z0-9-]+:number>|\{@[a-z-]+\}")


class Transcript:
    def __init__(self, mail, account, text, letters):
        self.mail, self.account, self.letters = mail, account, letters
        user, password = f"{account}@{DOMAIN}".encode(), mail.passwords[account].encode()
        self.values = {b"user": user, b"password": password, b"plain": base64.b64encode(b"\0" + user + b"\0" + password),
                       b"user64": base64.b64encode(user), b"password64": base64.b64encode(password)}
        self.steps = [self.step(number, line) for number, line in enumerate(text.splitlines(), 1)
                      if line.strip() and not line.startswith("#")]
        self.anywhere = []
        self.pipeline = b""
        self.checked = 0

    @staticmethod
    def step(number, line):
        found = re.fullmatch(r"(C|S|S\*|other): ?(.*)|(deflate|closed)", line)
        if found is None:
            raise Failed(f"line {number} is no step: {line!r}")
        return number, found[1] or found[3], (found[2] or "").encode()

    def play(self):
        """Returns how many responses were checked."""
        self.wire, self.second = Wire(self.mail, greet=False), None
        do = {"C": self.client, "S": self.server, "S*": self.any_time, "other": self.other, "deflate": self.compress, "closed": self.closed}
        try:
            for number, kind, octets in self.steps:
                self.where = f"line {number}"
                if kind != "C":
                    self.flush()
                do[kind](octets)
            self.flush()
        finally:
            self.wire.file.close()
            self.wire.sock.close()
            if self.second is not None:
                self.second.close()
        return self.checked

    # ---- steps

    def client(self, octets):
        if not self.pipeline:
            self.anywhere = []
        if octets.startswith(b"@"):
            self.pipeline += self.letters[octets[1:].decode()] + b"\r\n"
            return
        octets = re.sub(rb"<([a-z0-9-]+)>", lambda found: self.values.get(found[1], found[0]), octets)
        octets = re.sub(rb"\{@([a-z-]+)(\+?)\}", lambda found: b"{%d%s}" % (len(self.letters[found[1].decode()]), found[2]), octets)
        self.pipeline += octets + b"\r\n"

    def flush(self):
        if self.pipeline:
            self.wire.send(self.pipeline)
        self.pipeline = b""

    def any_time(self, octets):
        self.anywhere.append(self.pattern(octets))

    def server(self, octets):
        expected = self.pattern(octets)
        while True:
            got = self.wire.read_raw()
            Reader(got).response()
            self.checked += 1
            got = FLAGS.sub(lambda flags: b"FLAGS (%s)" % b" ".join(sorted(flags[1].split())), got)
            found = expected.fullmatch(got)
            if found is not None:
                self.values.update({name.replace("_", "-").encode(): value for name, value in found.groupdict().items()})
                return
            if not any(pattern.fullmatch(got) for pattern in self.anywhere):
                raise Failed(f"{self.where}: expected\n  {octets.decode()}\ngot\n  {got[:2000].decode('latin-1')}")

    def pattern(self, octets):
        """The whole response as a regular expression."""
        text, at = b"", 0
        for found in TOKEN.finditer(octets):
            text += re.escape(octets[at:found.start()]) + self.token(found[0])
            at = found.end()
        return re.compile(text + re.escape(octets[at:]) + rb"\r\n", re.S)

    def token(self, token):
        if token == b"...":
            return rb".*?"
        if token.startswith(b"<"):
            return rb"(?P<%s>[0-9]+)" % token[1:-8].replace(b"-", b"_")
        letter = self.letters[token[2:-1].decode()]
        return re.escape(b"{%d}\r\n" % len(letter) + letter)

    def other(self, octets):
        if self.second is None:
            self.second = Wire(self.mail, self.account)
            self.second.ok("SELECT INBOX")
        name = re.search(rb"\{@([a-z-]+)\}$", octets)
        if name is None:
            self.second.ok(octets)
        else:
            letter = self.letters[name[1].decode()]
            self.second.ok(octets[:name.start()] + b"{%d}" % len(letter), letter)

    def compress(self, _):
        deflate.compress(self.wire)

    def closed(self, _):
        if self.wire.file.read(1) != b"":
            raise Failed(f"{self.where}: the server has more to say")
