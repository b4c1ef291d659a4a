"""Clients that keep an instance busy until they are told to stop: port 25, LMTP, submission, and IMAP with APPEND, MULTIAPPEND, STORE,
MOVE and EXPUNGE. A connection that breaks leaves its message unknown and is made anew.
"""
import imaplib
import random
import re
import smtplib
import ssl
import threading

import acks
from harness import DEADLINE, DOMAIN

BROKEN = (OSError, EOFError, ssl.SSLError, imaplib.IMAP4.abort, smtplib.SMTPServerDisconnected)
PAUSE = 0.02     # seconds before a server that is away is tried again
STRANGER = "stranger@elsewhere.example"
PER_CONNECTION = 40


class Load:
    """One round of clients; `numbers` goes on from round to round, so that no key comes twice."""

    def __init__(self, disk, ledger, numbers, seed):
        self.disk, self.ledger, self.numbers, self.seed = disk, ledger, numbers, seed
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.codes = set()
        self.threads = []

    def start(self):
        for kind in (self.port25, self.port25, self.lmtp, self.submission, self.imap):
            chance = random.Random(f"{self.seed} {len(self.threads)} {self.numbers}")
            self.threads.append(threading.Thread(target=self.again, args=(kind, chance), daemon=True))
            self.threads[-1].start()
        return self

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def again(self, kind, chance):
        while not self.stopping.is_set():
            try:
                kind(chance)
            except BROKEN:
                self.stopping.wait(PAUSE)
            except (imaplib.IMAP4.error, smtplib.SMTPException):
                self.stopping.wait(PAUSE)

    def fresh(self, way, box, sender):
        with self.lock:
            self.numbers[way] = number = self.numbers.get(way, 0) + 1
        key = f"{way}-{self.seed}-{number}"
        octets = acks.octets_of(key, sender)
        return self.ledger.begin(key, box, octets)

    def hand_over(self, client, attempt, sender, recipient):
        try:
            client.sendmail(sender, [recipient], attempt.octets)
            self.ledger.end(attempt, "acked")
        except smtplib.SMTPServerDisconnected:
            self.ledger.end(attempt, "unknown")
            raise
        except smtplib.SMTPResponseException as answer:
            self.refused(attempt, answer.smtp_code)
        except smtplib.SMTPRecipientsRefused as answer:
            self.refused(attempt, next(iter(answer.recipients.values()))[0])
        except BROKEN:
            self.ledger.end(attempt, "unknown")
            raise

    def refused(self, attempt, code):
        self.codes.add(code)
        if not 400 <= code < 500:
            self.ledger.wrong("altered", f"{attempt.key} was refused with {code}")
        self.ledger.end(attempt, "refused")

    def send(self, client, way, name, sender, recipient):
        for _ in range(PER_CONNECTION):
            if self.stopping.is_set():
                return
            self.hand_over(client, self.fresh(way, f"{name}/INBOX", sender), sender, recipient)

    def port25(self, _):
        with smtplib.SMTP("127.0.0.1", self.disk.ports["smtp"], timeout=DEADLINE) as client:
            self.send(client, "in", "anna", STRANGER, f"anna@{DOMAIN}")

    def lmtp(self, _):
        with smtplib.LMTP(str(self.disk.root / "run" / "lmtp.sock"), timeout=DEADLINE) as client:
            self.send(client, "lmtp", "ben", STRANGER, f"ben@{DOMAIN}")

    def submission(self, _):
        sender = f"ben@{DOMAIN}"
        with smtplib.SMTP_SSL("localhost", self.disk.ports["submissions"], context=self.disk.tls(), timeout=DEADLINE) as client:
            client.login(sender, self.disk.passwords["ben"])
            self.send(client, "out", "capture", sender, "friend@far.example")

    # ---- IMAP

    def imap(self, chance):
        client = self.disk.imap("anna")
        for box in ("Work", "Done"):
            client.create(box)
        client.select("Work")
        for _ in range(PER_CONNECTION):
            if self.stopping.is_set():
                return
            self.append(client, chance)

    def append(self, client, chance):
        """One or three messages in one command; then perhaps a flag, a move or an expunge of what came of them."""
        batch = [self.fresh("app", "anna/Work", STRANGER) for _ in range(3 if chance.random() < 0.2 else 1)]
        try:
            uids = self.multiappend(client, batch)
        except BROKEN:
            for attempt in batch:
                self.ledger.end(attempt, "unknown")
            raise
        for attempt in batch:
            self.ledger.end(attempt, "acked" if uids else "refused")
        if uids:
            self.change(client, batch[-1], uids[-1], chance.random())

    def multiappend(self, client, batch):
        """The UIDs; none when it was refused."""
        tag = client._new_tag()
        line = tag + b" APPEND Work"
        for attempt in batch:
            client.send(line + b" {%d}\r\n" % len(attempt.octets))
            while not (answer := client.readline()).startswith(b"+"):
                if not answer:
                    raise EOFError
                if answer.startswith(tag):
                    return self.no(answer)
            client.send(attempt.octets)
            line = b""
        client.send(b"\r\n")
        while not (answer := client.readline()).startswith(tag):
            if not answer:
                raise EOFError
        found = re.search(rb"\[APPENDUID [0-9]+ ([0-9]+)(?::([0-9]+))?\]", answer)
        if found is None:
            return self.no(answer)
        return list(range(int(found[1]), int(found[2] or found[1]) + 1))

    def no(self, answer):
        with self.lock:
            self.codes.add(answer.split(b" ", 1)[1].split(b"]")[0].decode() + "]")
        return []

    def change(self, client, attempt, uid, kind):
        if kind < 0.25:
            attempt.flagged = {False, True}
            answer = client.uid("STORE", str(uid), "+FLAGS", r"(\Flagged)")
            attempt.told(f"STORE of UID {uid}: {answer}")
            if answer[0] == "OK":
                attempt.flagged = {True}
                if not any(br"\Flagged" in (line or b"") for line in answer[1]):  # told by FETCH (RFC 9051 §6.4.6)
                    self.ledger.wrong("altered", f"{attempt.key}: OK to a STORE that found no message: {attempt.history}")
        elif kind < 0.5:
            attempt.places = {"anna/Work", "anna/Done"}
            answer = client.uid("MOVE", str(uid), "Done")
            attempt.told(f"MOVE of UID {uid}: {answer}")
            if answer[0] == "OK":
                attempt.places = {"anna/Done"}
        elif kind < 0.75:
            attempt.places = {"anna/Work", acks.EXPUNGED}
            marked = client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
            answer = client.uid("EXPUNGE", str(uid))
            attempt.told(f"EXPUNGE of UID {uid}: {marked}, {answer}")
            if marked[0] == answer[0] == "OK":  # without the mark, OK to an expunge of nothing is right
                attempt.places = {acks.EXPUNGED}
