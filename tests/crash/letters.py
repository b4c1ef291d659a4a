"""The messages of the ledger. Every octet follows from the seed and the message's key, so that a message can be checked
wherever it turns up, and nobody has to keep a copy of it.
"""
import base64
import random
import re

from harness import DOMAIN

LINE = 72                 # octets of every line of a body, with CRLF
POOL = LINE * 16384       # 1.1 MiB of text that bodies are cut from
SIZES = ((0.80, 0.5, 8), (0.95, 8, 64), (0.997, 64, 200), (1.0, 1450, 2200))  # up to this chance: KiB from, to
NOISY = 256 * 1024        # octets; larger bodies do not compress, so that the largest take a transaction of their own
SUBMITTER = f"sam@{DOMAIN}"
STRANGER = "stranger@elsewhere.example"
KEY = re.compile(rb"^Message-ID: <([a-z]+\.[0-9]+\.[0-9]+)@ledger\.example>\r\n", re.M)
TRACE = re.compile(rb"(?:(?:Return-Path|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")


class Letters:
    def __init__(self, seed):
        chance = random.Random(seed)
        noise = base64.b64encode(chance.randbytes(POOL))
        self.noise = b"".join(noise[at:at + LINE - 2] + b"\r\n" for at in range(0, POOL, LINE - 2)) * 3
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(2, 10))) for _ in range(3000)]
        text = " ".join(chance.choices(words, k=POOL // 6))
        lines = []
        for number in range(POOL // LINE):
            line = text[number * (LINE - 2):(number + 1) * (LINE - 2)]
            lines.append("." + line[1:] if number % 37 == 0 else line)  # the dot that SMTP doubles, RFC 5321 4.5.2
        self.pool = ("\r\n".join(lines) + "\r\n").encode() * 3
        self.seed = seed

    def octets(self, key):
        """The message `key` as its sender sends it. A key is WAY.WORKER.NUMBER; submitted ones carry their sender."""
        chance = random.Random(f"{self.seed} {key}")
        kind = chance.random()
        low, high = next((low, high) for most, low, high in SIZES if kind < most)
        lines = int(low * 1024 * (high / low) ** chance.random()) // LINE + 1
        first = chance.randrange(POOL // LINE) * LINE
        sender = SUBMITTER if key.startswith("sub.") else STRANGER
        header = (f"From: <{sender}>\r\nTo: <friends@elsewhere.example>\r\nSubject: {key}\r\n"
                  f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{key}@ledger.example>\r\n\r\n")
        pool = self.noise if lines * LINE > NOISY else self.pool
        return header.encode() + pool[first:first + lines * LINE]

    def same(self, key, stored):
        """Is `stored` this message, with nothing but trace fields in front of it?"""
        sent = self.octets(key)
        return stored.endswith(sent) and TRACE.fullmatch(stored[:len(stored) - len(sent)]) is not None


def key_of(octets):
    found = KEY.search(octets)
    return None if found is None else found[1].decode()
