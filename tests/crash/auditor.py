"""Compares the ledger with what is there: in the mailboxes over IMAP, in the queue, at the smarthost's sink. After each restart only
what is new; at the end everything again.
"""
from collections import Counter

from drivers import APPENDER, INBOXES, SUBMITTING, Appending
from harness import DOMAIN, Failed
from imap_wire import Wrong
from journal import Follower
from letters import KEY, key_of

BATCH = 200  # messages of one FETCH
STATES = {"waiting", "in flight", "in doubt", "delivered", "failed", "held"}  # store/FORMAT.md


class Box:
    def __init__(self):
        self.validity, self.last, self.uid_next, self.modseq = None, 0, 1, 0
        self.keys = {}   # uid: key
        self.octets = 0


class Auditor:
    def __init__(self, mail, letters, folder, mailboxes, quiet=False):
        self.mail, self.letters, self.quiet = mail, letters, quiet
        self.follower = Follower(folder)
        self.status = {}            # (key, place): attempt, acked, refused, unknown
        self.waiting = set()        # acked and not seen yet
        self.copies = Counter()     # (key, place): how many are there
        self.excused = Counter()    # (key, place): how many may have come twice
        self.groups = {}            # first key of one APPEND: the others
        self.told_uids = {}         # (key, place): UID in APPENDUID
        self.boxes = {place: Box() for place in mailboxes}
        self.wires = {}
        self.findings = []          # (kind, text)
        self.lost = set()
        self.acked = set()          # keys of messages, acknowledged for at least one place
        self.commands = 0           # of the keeper, acknowledged
        self.moment = "at the start"

    def find(self, kind, text):
        self.findings.append((kind, f"{text} ({self.moment})"))
        if not self.quiet:
            print(f"    FOUND {kind}: {self.findings[-1][1]}", flush=True)

    # ---- what was promised

    def read_journals(self):
        for _, word, key, place, *notes in self.follower.news():
            if word == "broken":
                self.find(key, " ".join((place, *notes)))
            elif word == "accepted":
                self.taken(key, place, notes)
            elif place.endswith("/command"):
                self.commands += word == "acked"
            else:
                self.note(word, (key, place), notes)

    def note(self, word, what, notes):
        self.status[what] = word
        if word == "acked":
            self.acked.add(what[0])
            if what not in self.copies:
                self.waiting.add(what)
        for note in notes:
            name, _, value = note.partition("=")
            if name == "with":
                self.groups.setdefault((value, what[1]), {(value, what[1])}).add(what)
            if name == "uid":
                self.told_uids[what] = int(value)

    def taken(self, key, place, notes):
        """The sink's line. When it broke off after taking a message, the relay may send that again."""
        if "altered" in notes:
            self.find("altered", f"{key} at the smarthost")
        if "dropped" in notes:
            self.excused[key, place] += 1
        self.saw((key, place))

    def saw(self, what):
        self.copies[what] += 1
        self.waiting.discard(what)

    # ---- what is there

    def queue(self):
        """{(key, place)} of what the queue holds; and the entries."""
        entries, found = self.mail.queue(), set()
        for entry in entries:
            key = entry["message_id"].strip("<>").partition("@")[0]
            for recipient in entry["recipients"]:
                if recipient["state"] not in STATES:
                    self.find("rule", f"queue entry {entry['id']} is {recipient['state']}")
                found.add((key, place_of(recipient["address"])))
        return found, entries

    def after_death(self, programs):
        """What was on its way to the smarthost and in doubt when a relay died may come twice; our own mailboxes have everything
        once. To be called before anything is started again."""
        for entry in self.mail.queue() if "relay" in programs else ():
            key = entry["message_id"].strip("<>").partition("@")[0]
            for recipient in entry["recipients"]:
                place = place_of(recipient["address"])
                if recipient["state"] == "in doubt" and not place.endswith("/INBOX"):
                    self.excused[key, place] += 1

    def wire(self, name):
        if name not in self.wires:
            self.wires[name] = Appending(self.mail, name)
        return self.wires[name]

    def look(self, place):
        """Reads what came into a mailbox since the last look."""
        name, _, mailbox = place.partition("/")
        try:
            self.read_box(self.wire(name), place, mailbox)
        except (OSError, Wrong):
            self.wires.pop(name).__exit__()
            self.read_box(self.wire(name), place, mailbox)  # an old connection; a new one must do

    def read_box(self, wire, place, mailbox):
        box = self.boxes[place]
        answer = wire.ok(f"EXAMINE {mailbox}")
        codes = dict(response[2] for response in answer if response[1] == b"OK" and response[2])
        self.check_codes(place, box, codes)
        while box.last + 1 < box.uid_next:
            first, last = box.last + 1, min(box.last + BATCH, box.uid_next - 1)
            for response in wire.ok(f"UID FETCH {first}:{last} (UID BODY.PEEK[])"):
                if response[1] == b"FETCH":
                    item = dict(response[3])
                    if first <= item[b"UID"] <= last:
                        self.message(place, box, item[b"UID"], item[b"BODY[]"])
            box.last = last

    def check_codes(self, place, box, codes):
        if box.validity is None:
            box.validity = codes[b"UIDVALIDITY"]
        if codes[b"UIDVALIDITY"] != box.validity:
            self.find("rule", f"UIDVALIDITY of {place} was {box.validity} and is {codes[b'UIDVALIDITY']}")
        if codes[b"UIDNEXT"] < box.uid_next:
            self.find("rule", f"UIDNEXT of {place} was {box.uid_next} and is {codes[b'UIDNEXT']}")
        modseq = codes.get(b"HIGHESTMODSEQ", 0)
        if modseq < box.modseq:
            self.find("rule", f"HIGHESTMODSEQ of {place} was {box.modseq} and is {modseq}")
        box.uid_next, box.modseq = max(box.uid_next, codes[b"UIDNEXT"]), modseq

    def message(self, place, box, uid, octets):
        key = key_of(octets[:4096])
        box.octets += len(octets)
        if place == f"{SUBMITTING}/INBOX":
            return self.report(box, uid, octets)
        box.keys[uid] = key
        if key is None or not self.letters.same(key, octets):
            self.find("altered", f"{key} in {place}, UID {uid}")
        if self.told_uids.get((key, place), uid) != uid:
            self.find("rule", f"{key} in {place} has UID {uid}, APPENDUID said {self.told_uids[key, place]}")
        self.saw((key, place))

    def report(self, box, uid, octets):
        """A delivery status notification: which message, which recipient."""
        keys = KEY.findall(octets)
        box.keys[uid] = keys[-1].decode() if keys else None
        failed = [line.partition(b";")[2].strip().decode() for line in octets.split(b"\r\n") if line.lower().startswith(b"final-recipient:")]
        if not keys or not failed:
            return self.find("altered", f"a report without a message or recipient, UID {uid}")
        for address in failed:
            self.saw((box.keys[uid], f"dsn/{address}"))

    # ---- the verdict

    def audit(self, moment):
        """After a restart: everything acknowledged until now is somewhere. Returns the queue's entries."""
        self.moment = moment
        self.read_journals()
        promised = set(self.waiting)
        queued, entries = self.queue()
        for place in self.boxes:
            self.look(place)
        self.read_journals()
        missing = promised & self.waiting - queued - self.lost
        if any(entry["from"] == "" for entry in entries):  # a report on its way does not say what it is about
            missing = {what for what in missing if not what[1].startswith("dsn/")}
        for what in sorted(missing):
            self.lost.add(what)
            self.find("lost", f"{what[0]} for {what[1]} was acknowledged and is nowhere")
        return entries

    def finish(self):
        """When everything has come to rest: reads all of it once more and counts copies."""
        self.audit("at the end")
        before = {place: box.keys for place, box in self.boxes.items()}
        excused, self.boxes = self.excused, {place: Box() for place in self.boxes}
        self.copies = Counter({what: count for what, count in self.copies.items() if what[1].startswith("sink/")})
        for place, box in self.boxes.items():
            self.look(place)
            self.compare(place, before[place], box.keys)
            self.count(place, box)
        for what, count in sorted(self.copies.items()):
            word = self.status.get(what)
            if word == "refused" or word is None:
                self.find("doubled", f"{what[0]} in {what[1]} was {word or 'never sent'} and is there")
            if count > 1 + (excused[what] if what[1].startswith("sink/") else 0):
                self.find("doubled", f"{what[0]} in {what[1]}: {count} copies")
        for what, word in sorted(self.status.items()):
            if word == "acked" and not self.copies[what] and what not in self.lost:
                self.lost.add(what)
                self.find("lost", f"{what[0]} for {what[1]} was acknowledged and is nowhere")
        for group in self.groups.values():
            there = {self.copies[what] > 0 for what in group}
            if len(there) > 1:
                self.find("rule", f"one APPEND was done in part: {sorted(what[0] for what in group)}")

    def again(self):
        """Copies that are there because nobody could know better: at the smarthost. In our own mailboxes each is a finding."""
        more = Counter(what[1].startswith("sink/") for what, count in self.copies.items() for _ in range(count - 1))
        return {"sink": more[True], "mailboxes": more[False]}

    def compare(self, place, before, after):
        for uid, key in before.items():
            if uid not in after:
                self.find("lost", f"{key} in {place}, UID {uid}, was there and is gone")
            elif after[uid] != key:
                self.find("rule", f"UID {uid} of {place} was {key} and is {after[uid]}")

    def count(self, place, box):
        """The counters equal a recount."""
        name, _, mailbox = place.partition("/")
        answer = self.wire(name).ok(f"STATUS {mailbox} (MESSAGES UNSEEN SIZE UIDNEXT)")
        told = next(response[3] for response in answer if response[1] == b"STATUS")
        counted = {b"MESSAGES": len(box.keys), b"UNSEEN": len(box.keys), b"SIZE": box.octets, b"UIDNEXT": box.uid_next}
        if told != counted:
            self.find("rule", f"STATUS of {place} says {told}, counted {counted}")

    def read_log(self, path):
        """The daemons ended by our kills alone, and no sanitizer spoke."""
        for line in path.read_text(errors="replace").splitlines():
            ended = "ended by itself" in line and "killed by signal 9" not in line
            if ended or "ERROR: AddressSanitizer" in line or "runtime error:" in line:
                self.find("rule", f"the log says: {line}")

    def totals(self):
        kinds = Counter(kind for kind, _ in self.findings)
        return {"acked": len(self.acked), "commands": self.commands, "lost": kinds["lost"], "doubled": kinds["doubled"], "altered": kinds["altered"],
                "rules": kinds["rule"]}


def place_of(address):
    name, _, domain = address.partition("@")
    if domain == DOMAIN:
        return f"{name}/INBOX"
    return f"dsn/{address}" if name == "reject" else f"sink/{address}"


def places(appenders):
    """The mailboxes that the drivers fill."""
    return [f"{name}/INBOX" for name in (*INBOXES, SUBMITTING)] + [f"{APPENDER}/Append{worker}" for worker in range(appenders)]


def offline_check(mail, auditor):
    """`hearthmail check --json` while nothing runs: 0 means that every record and checksum is right."""
    done = mail.command("check", "--json", check=False)
    if done.returncode not in (0, 1):
        raise Failed(f"hearthmail check: exit {done.returncode}\n{done.stdout}{done.stderr}")
    if done.returncode != 0:
        auditor.find("rule", f"the offline check: {done.stdout[:2000]}")
