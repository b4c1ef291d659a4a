#!/usr/bin/env python3
"""How each answer's time grows with the mailbox and with the account: nothing may grow faster than its answer.

usage: growth.py [--programs BUILD/bin] [--messages 1000,10000,100000,1000000] [--mailboxes 1,100,10000]
                 [--json FILE] [--svg FILE] [--markdown FILE]

Starts an instance of its own, fills mailboxes with small letters by MULTIAPPEND, and times single commands (the fastest of
several) and whole-mailbox commands (per message). growth.svg beside this file comes from it.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 15      # of a single command; the fastest counts: whatever else the machine does only adds
BATCH = 100      # letters in one APPEND, as many as Hearthmail takes

# Figure -> (what it is, its unit). "per message" and "per mailbox" divide by how many there are: flat is linear.
FIGURES = {
    "select": ("SELECT, nothing expunged", "ms"), "select-gap": ("SELECT, one message expunged", "ms"),
    "status": ("STATUS (MESSAGES UNSEEN UIDNEXT RECENT)", "ms"), "noop": ("NOOP", "ms"),
    "fetch-one": ("FETCH of one (FLAGS ENVELOPE)", "ms"), "store-one": ("STORE of one message", "ms"),
    "append-one": ("APPEND of one, another session selected", "ms"), "deliver": ("LMTP delivery", "ms"),
    "notify": ("IDLE: delivered to notified", "ms"),
    "fetch-flags": ("FETCH 1:* FLAGS, per message", "us"), "fetch-envelope": ("FETCH 1:* ENVELOPE, per message", "us"),
    "search-unseen": ("SEARCH UNSEEN, per message", "us"), "search-subject": ("SEARCH SUBJECT, per message", "us"),
    "store-all": ("STORE 1:* +FLAGS.SILENT, per message", "us"), "view": ("memory of a selected session, per message", "octets"),
    "list": ("LIST * of all, per mailbox", "us"), "list-status": ("LIST * RETURN (STATUS), per mailbox", "us"),
    "create": ("CREATE of one more", "ms"), "select-of-many": ("SELECT of one of them", "ms"),
    "deliver-many": ("LMTP delivery to the account", "ms"),
}


class Imap:
    """A connection whose answers are read in large pieces; nothing is parsed but the tagged line."""

    def __init__(self, port, user, password):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=600)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tag, self.rest = 0, b""
        self.until(b"* OK")
        self.run(f'LOGIN "{user}" "{password}"')

    def until(self, prefix):
        """Octets up to and with the line that begins with `prefix`."""
        pieces, tail = [], self.rest
        while True:
            at = 0 if tail.startswith(prefix) else tail.find(b"\n" + prefix)
            end = tail.find(b"\n", at + 1) if at >= 0 else -1
            if end >= 0:
                pieces.append(tail[:end + 1])
                self.rest = tail[end + 1:]
                return b"".join(pieces)
            keep = tail.rfind(b"\n", 0, len(tail) - 1) if at < 0 else 0
            keep = max(keep, 0)
            pieces.append(tail[:keep])
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise SystemExit("the server closed the connection")
            tail = tail[keep:] + piece

    def run(self, command):
        self.tag += 1
        tag = f"t{self.tag}"
        self.socket.sendall(f"{tag} {command}\r\n".encode())
        answer = self.until(tag.encode() + b" ")
        if not re.search(rb"(^|\n)" + tag.encode() + rb" OK", answer):
            raise SystemExit(f"{command[:60]}: {answer[-300:]!r}")
        return answer

    def append(self, mailbox, letters):
        self.tag += 1
        tag = f"t{self.tag}"
        parts = [f'{tag} APPEND "{mailbox}"'.encode()]
        for letter in letters:
            parts.append(b" {%d+}\r\n" % len(letter) + letter)  # each is below 4,096 octets: LITERAL-
        self.socket.sendall(b"".join(parts) + b"\r\n")
        answer = self.until(tag.encode() + b" ")
        if b" OK" not in answer:
            raise SystemExit(f"APPEND: {answer[-300:]!r}")


class Lmtp:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.reply(b"220")
        self.say(b"LHLO growth.test", b"250")

    def reply(self, code):
        while True:
            line = self.file.readline()
            if not line.startswith(code):
                raise SystemExit(f"LMTP: {line!r}")
            if line[3:4] != b"-":
                return

    def say(self, line, code):
        self.socket.sendall(line + b"\r\n")
        self.reply(code)

    def deliver(self, to, letter):
        self.say(b"MAIL FROM:<a@growth.test>", b"250")
        self.say(b"RCPT TO:<" + to.encode() + b">", b"250")
        self.say(b"DATA", b"354")
        self.say(letter + b".", b"250")


def letter(number):
    return (f"From: Sender {number} <s{number}@growth.test>\r\nTo: anna@growth.test\r\nSubject: letter {number} about nothing\r\n"
            f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@growth.test>\r\n\r\nText {number}.\r\n").encode()


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best_ms(work, rounds=ROUNDS):
    return min(timed(work) for _ in range(rounds)) * 1e3


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Private_Dirty:\s+(\d+)", text, re.M)[1]) * 1024


def fill(client, mailbox, count, first=0):
    for at in range(first, first + count, BATCH):
        client.append(mailbox, [letter(n) for n in range(at, min(at + BATCH, first + count))])


def measure_messages(mail, name, count):
    """Everything about one INBOX of `count` messages."""
    user = f"{name}@{mail.domain}"
    open_one = lambda: Imap(mail.port, user, mail.password)
    client, result = open_one(), {}
    took = timed(lambda: fill(client, "INBOX", count))
    print(f"  {count} messages appended in {took:.1f} s", flush=True)
    result["select"] = best_ms(lambda: client.run("SELECT INBOX"))
    result["status"] = best_ms(lambda: client.run("STATUS INBOX (MESSAGES UNSEEN UIDNEXT RECENT)"))
    result["noop"] = best_ms(lambda: client.run("NOOP"))
    result["fetch-one"] = best_ms(lambda: client.run(f"FETCH {count // 2} (FLAGS ENVELOPE)"))
    flip = iter(range(10 ** 9))
    result["store-one"] = best_ms(lambda: client.run(f"STORE {count // 2} {'+-'[next(flip) % 2]}FLAGS (\\Flagged)"))
    per_message = 1e3 / count
    result["fetch-flags"] = best_ms(lambda: client.run("FETCH 1:* FLAGS"), 3) * per_message
    result["fetch-envelope"] = best_ms(lambda: client.run("FETCH 1:* ENVELOPE"), 3) * per_message
    result["search-unseen"] = best_ms(lambda: client.run("SEARCH UNSEEN"), 3) * per_message
    result["search-subject"] = best_ms(lambda: client.run(f'SEARCH SUBJECT "letter {count - 1} about"'), 3) * per_message
    result["store-all"] = timed(lambda: client.run("STORE 1:* +FLAGS.SILENT (\\Seen)")) * 1e3 * per_message
    before, sessions = memory(mail.receiver()), [open_one() for _ in range(4)]
    idle = memory(mail.receiver())
    for session in sessions:
        session.run("SELECT INBOX")
    result["view"] = max(0, memory(mail.receiver()) - idle) / len(sessions) / count
    del before
    other = open_one()
    result["append-one"] = best_ms(lambda: other.append("INBOX", [letter(next(flip) + 10 ** 9)]))
    lmtp = Lmtp(mail.lmtp)
    result["deliver"] = best_ms(lambda: lmtp.deliver(user, letter(next(flip) + 2 * 10 ** 9)))
    client.run("NOOP")
    client.socket.sendall(b"idle IDLE\r\n")
    client.until(b"+ ")
    waits = []
    for _ in range(ROUNDS):
        lmtp.deliver(user, letter(next(flip) + 3 * 10 ** 9))
        waits.append(timed(lambda: client.until(b"* ")) * 1e3)
        client.socket.settimeout(0.05)
        try:
            client.until(b"never")  # what else belongs to the same news
        except TimeoutError:
            pass
        client.socket.settimeout(600)
        client.rest = b""
    result["notify"] = statistics.median(waits)
    client.socket.sendall(b"DONE\r\n")
    client.until(b"idle ")
    client.run(f"UID STORE {count // 2} +FLAGS.SILENT (\\Deleted)")
    client.run("EXPUNGE")
    result["select-gap"] = best_ms(lambda: client.run("SELECT INBOX"), 5)
    return result


def measure_mailboxes(mail, name, count):
    user = f"{name}@{mail.domain}"
    client, result = Imap(mail.port, user, mail.password), {}
    for at in range(0, count, 200):
        numbers = range(at, min(at + 200, count))
        client.socket.sendall("".join(f'c{n} CREATE "box{n:05d}"\r\n' for n in numbers).encode())
        client.until(f"c{numbers[-1]} ".encode())
    total = client.run('LIST "" "*"').count(b"* LIST ")
    result["list"] = best_ms(lambda: client.run('LIST "" "*"'), 5) * 1e3 / total
    result["list-status"] = best_ms(lambda: client.run('LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN))'), 5) * 1e3 / total
    more = iter(range(10 ** 6))
    result["create"] = best_ms(lambda: client.run(f'CREATE "more{next(more)}"'))
    result["select-of-many"] = best_ms(lambda: client.run(f'SELECT "box{count // 2:05d}"'))
    lmtp = Lmtp(mail.lmtp)
    result["deliver-many"] = best_ms(lambda: lmtp.deliver(user, letter(next(more))))
    return result


class Server:
    """A receiver of its own in a throw-away directory, with logins in clear and one account per measurement."""

    domain, password = "growth.test", "growth"

    def __init__(self, programs, accounts):
        self.programs, self.accounts = pathlib.Path(programs).resolve(), accounts
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hearthmail-growth-", dir="/var/tmp"))
        self.lmtp = str(self.root / "data/run/lmtp.sock")
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HEARTHMAIL_HOSTNAME": "mail.growth.test",
                            "HEARTHMAIL_DATA_DIR": str(self.root / "data"), "HEARTHMAIL_LOG_LEVEL": "warning",
                            "HEARTHMAIL_IMAP_LISTEN": "127.0.0.1:0", "HEARTHMAIL_LOGIN_IN_CLEAR": "loopback"}
        for service in ("SMTP_LISTEN", "IMAP_LISTEN_TLS", "POP3_LISTEN", "POP3_LISTEN_TLS", "SUBMISSION_LISTEN", "SUBMISSION_LISTEN_TLS"):
            self.environment["HEARTHMAIL_" + service] = ""
        self.process = None

    def command(self, *words, input=""):
        subprocess.run([self.programs / "hearthmail", *words], env=self.environment, input=input, text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def __enter__(self):
        try:
            self.command("init", "--domain", self.domain)
            for name in self.accounts:
                self.command("user", "add", f"{name}@{self.domain}", "--password-stdin", input=self.password + "\n")
            self.process = subprocess.Popen([self.programs / "hearthmail-receiver"], env=self.environment)
            self.port = self.wait_for_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_for_port(self, patience=60):
        until = time.monotonic() + patience
        ports = self.root / "data/run/hearthmail-receiver.json"
        while time.monotonic() < until and self.process.poll() is None:
            try:
                port = json.loads(ports.read_text())["ports"]["imap"]
                socket.create_connection(("127.0.0.1", port)).close()
                return port
            except (OSError, ValueError, KeyError):
                time.sleep(0.02)
        raise SystemExit("the receiver did not start")

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def receiver(self):
        return self.process.pid


def table(results, counts, unit_of_count):
    lines = [f"| {unit_of_count} | unit | " + " | ".join(f"{count:,}" for count in counts) + " |", "|---" * (len(counts) + 2) + "|"]
    for figure, (what, unit) in FIGURES.items():
        if figure in results[str(counts[0])]:
            values = " | ".join(f"{results[str(count)][figure]:.3g}" for count in counts)
            lines.append(f"| {what} | {unit} | {values} |")
    return "\n".join(lines)


def plot(results, path):
    """Two panels of small multiples: value over count, both on logarithmic axes; flat lines are what is wanted."""
    import math
    shown = [(kind, figure) for kind in ("messages", "mailboxes") for figure in FIGURES
             if figure in next(iter(results[kind].values()), {})]
    columns, width, height = 4, 230, 150
    rows = -(-len(shown) // columns)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * width}" height="{rows * height}" font-family="sans-serif" font-size="9">',
           '<rect width="100%" height="100%" fill="white"/>']
    for place, (kind, figure) in enumerate(shown):
        left, top = place % columns * width + 38, place // columns * height + 26
        points = [(int(count), max(values[figure], 1e-3)) for count, values in results[kind].items()]
        w, h = width - 56, height - 54
        x_low, x_high = math.log10(points[0][0]), math.log10(points[-1][0]) or 1
        low = math.floor(min(math.log10(v) for _, v in points) - 0.01)
        high = max(low + 2, math.ceil(max(math.log10(v) for _, v in points) + 0.01))
        x = lambda n: left + w * (math.log10(n) - x_low) / max(x_high - x_low, 1e-9)
        y = lambda v: top + h * (high - math.log10(v)) / (high - low)
        what, unit = FIGURES[figure]
        out.append(f'<text x="{left}" y="{top - 12}" font-weight="bold">{what}</text>')
        for power in range(low, high + 1):
            out.append(f'<line x1="{left}" x2="{left + w}" y1="{y(10.0 ** power):.1f}" y2="{y(10.0 ** power):.1f}" stroke="#ddd"/>'
                       f'<text x="{left - 3}" y="{y(10.0 ** power) + 3:.1f}" text-anchor="end">{10.0 ** power:g}</text>')
        out.append(f'<text x="{left}" y="{top - 2}" fill="#777">{unit}</text>')
        for count, _ in points:
            out.append(f'<text x="{x(count):.1f}" y="{top + h + 12}" text-anchor="middle">{count:,}</text>')
        out.append('<polyline fill="none" stroke="#0b62a4" stroke-width="1.6" points="'
                   + " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in points) + '"/>')
        out += [f'<circle cx="{x(n):.1f}" cy="{y(v):.1f}" r="2.4" fill="#0b62a4"/>' for n, v in points]
    pathlib.Path(path).write_text("\n".join(out) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default=str(HERE.parents[1] / "build/bench/bin"))
    parser.add_argument("--messages", default="1000,10000,100000,1000000")
    parser.add_argument("--mailboxes", default="1,100,10000")
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("--markdown")
    options = parser.parse_args()
    messages = [int(count) for count in options.messages.split(",") if count]
    mailboxes = [int(count) for count in options.mailboxes.split(",") if count]
    results = {"messages": {}, "mailboxes": {}}
    with Server(options.programs, [f"m{n}" for n in messages] + [f"b{n}" for n in mailboxes]) as mail:
        for count in messages:
            results["messages"][str(count)] = measure_messages(mail, f"m{count}", count)
        for count in mailboxes:
            results["mailboxes"][str(count)] = measure_mailboxes(mail, f"b{count}", count)
    text = table(results["messages"], messages, "messages in the mailbox") + "\n\n" + table(results["mailboxes"], mailboxes, "mailboxes of the account") + "\n"
    print(text)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    if options.svg:
        plot(results, options.svg)
    if options.markdown:
        pathlib.Path(options.markdown).write_text(text)


if __name__ == "__main__":
    main()
