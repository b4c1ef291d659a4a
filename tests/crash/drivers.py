"""Those who send: port 25, LMTP, submission and IMAP APPEND, a process each, several connections at once. Every message has its
own key and is tried once; what became of it goes into the driver's journal.
"""
import concurrent.futures
import multiprocessing
import random
import re
import ssl

import smtp_wire
from harness import DOMAIN
from imap_wire import Wire, Wrong
from journal import Journal
from letters import STRANGER, SUBMITTER

INBOXES = ("rita", "rolf", "rosa", "rudi")  # accounts that receive
APPENDER, SUBMITTING = "pat", "sam"
PER_CONNECTION = 25                         # messages; then a new connection
PAUSE = 0.02                                # seconds before a server that is away is tried again
AWAY = (OSError, ssl.SSLError, Wrong, ValueError, smtp_wire.NotSent, smtp_wire.Unanswered)


class Gate:
    """How many messages may be tried so far, over all processes: the killer sets the pace."""

    def __init__(self):
        self.opened, self.taken = multiprocessing.Value("q", 0), multiprocessing.Value("q", 0)
        self.closed = multiprocessing.Event()

    def open(self, count):
        with self.opened.get_lock():
            self.opened.value += count

    def idle(self):
        """Everything that was allowed is done or under way."""
        return self.taken.value >= self.opened.value

    def take(self):
        """Waits for leave to try one more; False at the end."""
        while not self.closed.is_set():
            with self.taken.get_lock():
                if self.taken.value < self.opened.value:
                    self.taken.value += 1
                    return True
            self.closed.wait(PAUSE)
        return False


class Driver:
    """One connection after the other. A subclass connects and sends one message."""
    way = ""

    def __init__(self, mail, letters, gate, journal, worker, seed):
        self.mail, self.letters, self.gate, self.journal, self.worker = mail, letters, gate, journal, worker
        self.chance = random.Random(f"{seed} {self.way} {worker}")
        self.count = 0

    def key(self):
        self.count += 1
        return f"{self.way}.{self.worker}.{self.count}"

    def run(self):
        while not self.gate.closed.is_set():
            try:
                with self.connect() as client:
                    for _ in range(PER_CONNECTION):
                        if not self.gate.take():
                            return
                        self.one(client)
            except AWAY:
                self.gate.closed.wait(PAUSE)

    def attempt(self, key, places):
        for place in places:
            self.journal.put("attempt", key, place)

    def outcome(self, key, place, code):
        word = "unknown" if code is None else "acked" if code == 250 else "refused"
        self.journal.put(word, key, place, f"code={code}")

    def hand_over(self, client, key, sender, places, octets, each=False, hang_up=None):
        """Sends to every recipient of `places` ({recipient: place}) and journals each one's outcome."""
        self.attempt(key, places.values())
        codes, missing = {}, None
        try:
            codes = client.send(sender, list(places), octets, each, hang_up)
        except smtp_wire.NotSent:
            missing = 0
            raise
        except smtp_wire.Unanswered as error:
            codes = error.codes
            raise
        finally:
            for recipient, place in places.items():
                self.outcome(key, place, codes.get(recipient, missing))


class Port25(Driver):
    way = "smtp"

    def connect(self):
        return smtp_wire.smtp(self.mail)

    def one(self, client):
        key, octets, hang_up = self.key(), None, None
        octets = self.letters.octets(key)
        names = self.chance.sample(INBOXES, self.chance.choice((1, 1, 1, 1, 2, 3)))
        places = {f"{name}@{DOMAIN}": f"{name}/INBOX" for name in names}
        kind = self.chance.random()
        if kind < 0.02:
            octets = octets[:-2] + b"\nbare line feed\r\n"  # must be refused, RFC 5321 2.3.8
        elif kind < 0.03:
            hang_up = self.chance.choice(("before", "after"))
        self.hand_over(client, key, STRANGER, places, octets, hang_up=hang_up)


class Lmtp(Driver):
    way = "lmtp"

    def connect(self):
        return smtp_wire.lmtp(self.mail)

    def one(self, client):
        key = self.key()
        names = self.chance.sample(INBOXES, self.chance.choice((1, 1, 1, 2, 3)))
        places = {f"{name}@{DOMAIN}": f"{name}/INBOX" for name in names}
        if self.chance.random() < 0.05:
            places[f"nobody@{DOMAIN}"] = "nobody/INBOX"  # refused alone
        self.hand_over(client, key, STRANGER, places, self.letters.octets(key), each=True)


class Submission(Driver):
    way = "sub"

    def connect(self):
        return smtp_wire.submission(self.mail, SUBMITTING)

    def one(self, client):
        key, sender, kind = self.key(), SUBMITTER, self.chance.random()
        places = {"one@far.example": "sink/one@far.example"}
        if kind < 0.20:
            places["two@far.example"] = "sink/two@far.example"
        elif kind < 0.35:
            name = self.chance.choice(INBOXES)
            places = {f"{name}@{DOMAIN}": f"{name}/INBOX"}
        elif kind < 0.40:
            name = self.chance.choice(INBOXES)
            places[f"{name}@{DOMAIN}"] = f"{name}/INBOX"
        elif kind < 0.44:
            places = {"reject@far.example": "dsn/reject@far.example"}  # the sink refuses it: a report is owed
        elif kind < 0.46:
            sender = f"rita@{DOMAIN}"  # not ours to use
        self.hand_over(client, key, sender, places, self.letters.octets(key))


class Append(Driver):
    way = "app"

    def connect(self):
        return Appending(self.mail)

    def one(self, client):
        box = f"Append{self.worker}"
        kind = self.chance.random()
        keys = [self.key() for _ in range(self.chance.randrange(2, 6) if kind < 0.25 else 1)]
        target = "Missing" if kind > 0.98 else box
        place = f"{APPENDER}/{target}"
        self.attempt(keys[0], [place])
        for key in keys[1:]:
            self.journal.put("attempt", key, place, f"with={keys[0]}")
        word, uids = "unknown", []
        try:
            word, uids = client.append(target, [self.letters.octets(key) for key in keys])
        finally:
            for number, key in enumerate(keys):
                self.journal.put(word, key, place, *([f"uid={uids[number]}"] if uids else []))


class Appending(Wire):
    """An IMAP connection in which a command ends in "acked" or "refused"; a broken one raises."""

    def __init__(self, mail, name=APPENDER):
        super().__init__(mail, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def append(self, box, messages):
        """All of them in one command, RFC 3502. ("acked", uids) or ("refused", [])."""
        literals = [octets + (b" {%d}" % len(messages[number + 1]) if number + 1 < len(messages) else b"")
                    for number, octets in enumerate(messages)]
        answer = self.run(f"APPEND {box} {{{len(messages[0])}}}", *literals)
        if answer[-1][1] != b"OK":
            return "refused", []
        code, value = answer[-1][2]
        uids = expand(value[1])
        if code != b"APPENDUID" or len(uids) != len(messages):
            raise Wrong(f"APPENDUID does not name {len(messages)} messages: {value}")
        return "acked", uids


def expand(uid_set):
    """The UIDs of a uid-set, in its order."""
    found = []
    for first, last in re.findall(rb"([0-9]+)(?::([0-9]+))?", uid_set):
        found += range(int(first), int(last or first) + 1)
    return found


def work(kind, threads, mail, letters, gate, folder, seed):
    """The body of one driver process."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        running = []
        for worker in range(threads):
            journal = Journal(folder / f"{kind.way}-{worker}.journal")
            running.append(pool.submit(kind(mail, letters, gate, journal, worker, seed).run))
        for driver in concurrent.futures.as_completed(running):
            driver.result()  # what it did not expect ends the process, and with it the campaign


KINDS = ((Port25, 3), (Lmtp, 2), (Submission, 3), (Append, 2))  # and connections of each
