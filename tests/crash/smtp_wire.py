"""An SMTP and LMTP client that knows exactly how far a message came when the server dies."""
import base64
import socket

from harness import DEADLINE, DOMAIN


class NotSent(Exception):
    """The connection broke before the final dot was sent: the server cannot have the message."""


class Unanswered(Exception):
    """The final dot was sent and not all answers came: only the server knows the rest."""

    def __init__(self, codes):
        super().__init__(f"answered: {codes}")
        self.codes = codes


class Client:
    def __init__(self, sock, hello):
        sock.settimeout(DEADLINE)
        self.sock, self.file = sock, sock.makefile("rb")
        self.reply()
        self.command(hello)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def reply(self):
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError("the connection ended")
            if line[3:4] != b"-":
                return int(line[:3])

    def command(self, line):
        self.sock.sendall(line.encode() + b"\r\n")
        return self.reply()

    def send(self, sender, recipients, octets, each=False, hang_up=None):
        """{recipient: code}. `each`: one reply per recipient (LMTP). `hang_up`: "before" or "after" the final dot."""
        try:
            accepted, codes = self.envelope(sender, recipients)
            if not accepted or self.command("DATA") != 354:
                self.command("RSET")
                return {**codes, **dict.fromkeys(accepted, 451)}
            self.sock.sendall(octets.replace(b"\r\n.", b"\r\n.."))
        except OSError as error:
            raise NotSent from error
        if hang_up == "before":
            raise NotSent
        try:
            self.sock.sendall(b".\r\n")
            if hang_up == "after":
                raise Unanswered(codes)
            for recipient in accepted if each else ():
                codes[recipient] = self.reply()
            if not each:
                codes.update(dict.fromkeys(accepted, self.reply()))
        except (OSError, ValueError) as error:
            raise Unanswered(codes) from error
        return codes

    def envelope(self, sender, recipients):
        code = self.command(f"MAIL FROM:<{sender}>")
        if code != 250:
            return [], dict.fromkeys(recipients, code)
        codes = {recipient: self.command(f"RCPT TO:<{recipient}>") for recipient in recipients}
        accepted = [recipient for recipient in recipients if codes[recipient] == 250]
        return accepted, {recipient: code for recipient, code in codes.items() if code != 250}


def smtp(mail):
    return Client(socket.create_connection(("127.0.0.1", mail.ports["smtp"]), DEADLINE), "EHLO client.elsewhere.example")


def lmtp(mail):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(DEADLINE)
    sock.connect(str(mail.data / "run" / "lmtp.sock"))
    return Client(sock, "LHLO client.elsewhere.example")


def submission(mail, name):
    plain = socket.create_connection(("127.0.0.1", mail.ports["submissions"]), DEADLINE)
    client = Client(mail.tls().wrap_socket(plain, server_hostname="localhost"), "EHLO client.elsewhere.example")
    words = f"\0{name}@{DOMAIN}\0{mail.passwords[name]}"
    if client.command("AUTH PLAIN " + base64.b64encode(words.encode()).decode()) != 235:
        raise ConnectionError("no login")
    return client
