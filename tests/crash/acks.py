"""What was tried and what was answered, kept outside the data directory, and whether the mailboxes agree. Every message has a key;
its octets follow from the key.
"""
import collections
import hashlib
import random
import re
import threading
import time

from harness import letter

KEY = re.compile(rb"^Subject: ([a-z]+-[0-9]+-[0-9]+)\r\n", re.M)
OUR_FIELDS = re.compile(rb"(?:(?:Return-Path|Received|X-Hearthmail-[A-Za-z-]+):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")
EXPUNGED = "(expunged)"


def octets_of(key, sender):
    """0.4 to 20 KiB of text, now and then 400 KiB, so that the spool has a file."""
    chance = random.Random(key)
    size = 400_000 if chance.random() < 0.01 else chance.randrange(300, 20_000)
    line = hashlib.sha256(key.encode()).hexdigest() + "\r\n"
    noise = chance.randbytes(size // 4).hex()
    body = line + "\r\n".join(noise[at:at + 70] for at in range(0, len(noise), 70)) + "\r\n"
    return letter(key, body, sender=sender, number=int(key.rsplit("-", 1)[1]))


class Attempt:
    def __init__(self, key, box, octets):
        self.key, self.box, self.octets = key, box, octets  # box: where it must be once it is acked, "account/mailbox"
        self.state = "unknown"      # acked, refused, unknown: only the server knows
        self.places = {box}         # where it may be after changes whose answer did not come
        self.flagged = {False}      # and whether it has \Flagged
        self.history = []           # (time, what) of the answers about it

    def told(self, what):
        self.history.append((round(time.time(), 4), what))


class Acks:
    SHOWN = 20  # findings that are printed

    def __init__(self):
        self.lock = threading.Lock()
        self.attempts = {}
        self.counts = collections.Counter()
        self.found_wrong = []       # (kind, text)

    def begin(self, key, box, octets):
        attempt = Attempt(key, box, octets)
        with self.lock:
            self.attempts[key] = attempt
        return attempt

    def end(self, attempt, state):
        with self.lock:
            attempt.state = state
            attempt.told(state)
            self.counts[state] += 1

    def forget_refusals(self, since):
        """What was refused when the disk already failed may be there or not: nobody can judge a commit that failed."""
        with self.lock:
            for attempt in self.attempts.values():
                if attempt.state == "refused" and attempt.history[-1][0] >= since:
                    attempt.state = "unknown"

    def acked(self):
        return self.counts["acked"]

    def wrong(self, kind, text):
        self.found_wrong.append((kind, text))
        if len(self.found_wrong) <= self.SHOWN:
            print(f"    {kind}: {text}", flush=True)

    def count_wrong(self, kind):
        return sum(1 for one, _ in self.found_wrong if one == kind)

    def compare(self, found, attempts):
        """`found`: {key: [(box, octets or None, flagged)]} of all mailboxes. Octets are compared where they were read."""
        for attempt in attempts:
            copies = found.get(attempt.key, [])
            if attempt.state == "acked" and not copies and EXPUNGED not in attempt.places:
                self.wrong("lost", f"{attempt.key} was acknowledged and is not in {attempt.places}")
            if attempt.state == "refused" and copies:
                self.wrong("doubled", f"{attempt.key} was refused and is in {copies[0][0]}: {attempt.history}")
            if len(copies) > 1:
                self.wrong("doubled", f"{attempt.key} is there {len(copies)} times: {[copy[0] for copy in copies]}")
            for box, octets, flagged in copies:
                if box not in attempt.places:
                    self.wrong("altered", f"{attempt.key} is in {box}, not in {attempt.places}: {attempt.history}")
                if flagged not in attempt.flagged:
                    self.wrong("altered", f"{attempt.key} in {box} has \\Flagged {flagged}, not {attempt.flagged}: {attempt.history}")
                if octets is not None and not same(attempt.octets, octets):
                    self.wrong("altered", f"{attempt.key} in {box} has other octets")


def same(sent, stored):
    """Is `stored` what was sent, with nothing but fields of ours in front of it?"""
    return stored.endswith(sent) and OUR_FIELDS.fullmatch(stored[:len(stored) - len(sent)]) is not None


def read_box(client, account, box, first=1):
    """[(key, uid, octets, flagged)] of the messages from UID `first` on, and UIDVALIDITY."""
    answer, data = client.select(f'"{box}"', readonly=True)
    if answer != "OK":
        return [], None
    validity = int(client.untagged_responses["UIDVALIDITY"][-1])
    found = []
    _, answers = client.uid("FETCH", f"{first}:*", "(UID FLAGS BODY.PEEK[])")
    for answer in answers:
        if not isinstance(answer, tuple):
            continue
        uid = int(re.search(rb"UID ([0-9]+)", answer[0])[1])
        key = KEY.search(answer[1])
        if uid >= first and key is not None:
            found.append((key[1].decode(), uid, answer[1], rb"\Flagged" in answer[0]))
    return found, validity
