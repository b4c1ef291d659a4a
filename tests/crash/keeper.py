"""The one client of two mailboxes: appends, sets flags, copies, moves and expunges, and knows after every command what the
server must hold. A command that was cut off by a kill must be done wholly or not at all; which one, the next connection tells.
"""
import random
from collections import Counter

from drivers import AWAY, PAUSE, Appending, expand
from imap_wire import Wrong

ACCOUNT = "kate"
BOXES = ("Left", "Right")
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "$Later", "urgent")
PER_CONNECTION = 60
MOST = 60       # messages in a mailbox; then some are expunged
FETCHED = "(UID FLAGS RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"


class Box:
    """What a mailbox holds: {uid: (key, flags)} and the UID that comes next."""

    def __init__(self, held=None, uid_next=1):
        self.held, self.uid_next = dict(held or {}), uid_next

    def copy(self):
        return Box(self.held, self.uid_next)

    def add(self, key, flags):
        self.held[self.uid_next] = (key, frozenset(flags))
        self.uid_next += 1

    def __eq__(self, other):
        return self.held == other.held and self.uid_next == other.uid_next


class Keeper:
    way = "keep"

    def __init__(self, mail, letters, gate, journal, worker, seed):
        self.mail, self.letters, self.gate, self.journal, self.worker = mail, letters, gate, journal, worker
        self.chance = random.Random(f"{seed} keeper")
        self.now = {box: Box() for box in BOXES}
        self.after = None      # what a command under way leads to
        self.validity, self.modseq = {}, {}
        self.count, self.selected = 0, None

    def run(self):
        last = False
        while not last:
            last = self.gate.closed.is_set()  # one more look when everything has come to rest
            try:
                with Appending(self.mail, ACCOUNT) as wire:
                    self.selected = None
                    self.look(wire)
                    for _ in range(PER_CONNECTION):
                        if not self.gate.take():
                            break
                        self.step(wire)
            except AWAY:
                last = False
                self.gate.closed.wait(PAUSE)

    def broken(self, kind, text):
        self.journal.put("broken", kind, text)

    # ---- what it does

    def step(self, wire):
        source, target = self.chance.sample(BOXES, 2)
        held = sorted(self.now[source].held)
        if len(held) < 5:
            return self.append(wire, source)
        uids = sorted(self.chance.sample(held, self.chance.randrange(1, min(len(held), 8))))
        if len(held) > MOST:
            return self.expunge(wire, source, sorted(self.chance.sample(held, MOST // 2)))
        act = self.chance.choice((self.append, self.append, self.store, self.store, self.move, self.copy, self.expunge))
        if act == self.append:
            return act(wire, source)
        return act(wire, source, uids) if act in (self.store, self.expunge) else act(wire, source, uids, target)

    def command(self, wire, box, text, after, *literals):
        """One command from `self.now` to `after`; returns its answer."""
        if box is not None and self.selected != box:
            wire.ok(f"SELECT {box}")
            self.selected = box
        self.count += 1
        name = f"{self.way}.{self.worker}.{self.count}"
        self.journal.put("attempt", name, f"{ACCOUNT}/command", text.replace(" ", "_"))
        self.after = after
        answer = wire.run(text, *literals)
        if answer[-1][1] != b"OK":
            self.broken("rule", f"{text}: {answer[-1]}")
            after = self.now
        self.now, self.after = after, None
        self.journal.put("acked", name, f"{ACCOUNT}/command")
        return answer

    def copies(self):
        return {box: held.copy() for box, held in self.now.items()}

    def append(self, wire, box):
        key, flags = f"keep.9.{self.count + 1}", self.some_flags()
        octets, after = self.letters.octets(key), self.copies()
        uid = after[box].uid_next
        after[box].add(key, flags)
        answer = self.command(wire, None, f"APPEND {box} ({' '.join(flags)}) {{{len(octets)}}}", after, octets)
        self.expect(answer, b"APPENDUID", [uid])

    def some_flags(self):
        return self.chance.sample(FLAGS, self.chance.randrange(0, 3))

    def store(self, wire, box, uids, flags=None, sign=None):
        flags, after = flags or self.some_flags() or ["\\Seen"], self.copies()
        sign = self.chance.choice(("+", "-", "")) if sign is None else sign
        for uid in uids:
            key, old = after[box].held[uid]
            new = old | set(flags) if sign == "+" else old - set(flags) if sign == "-" else set(flags)
            after[box].held[uid] = (key, frozenset(new))
        silent = self.chance.choice((".SILENT", ""))
        self.command(wire, box, f"UID STORE {sets(uids)} {sign}FLAGS{silent} ({' '.join(flags)})", after)

    def copy(self, wire, box, uids, target, verb="COPY"):
        after = self.copies()
        made = list(range(after[target].uid_next, after[target].uid_next + len(uids)))
        for uid in uids:
            after[target].add(*after[box].held[uid])
            if verb == "MOVE":
                del after[box].held[uid]
        self.expect(self.command(wire, box, f"UID {verb} {sets(uids)} {target}", after), b"COPYUID", made)

    def move(self, wire, box, uids, target):
        self.copy(wire, box, uids, target, "MOVE")

    def expunge(self, wire, box, uids):
        self.store(wire, box, uids, ["\\Deleted"], "+")
        after = self.copies()
        for uid in uids:
            if "\\Deleted" in after[box].held[uid][1]:
                del after[box].held[uid]
        self.command(wire, box, f"UID EXPUNGE {sets(uids)}", after)

    def expect(self, answer, name, uids):
        found = [response[2][1] for response in answer if len(response) > 2 and response[1] == b"OK" and response[2] and response[2][0] == name]
        if answer[-1][1] == b"OK" and (not found or expand(found[0][-1]) != uids):
            self.broken("rule", f"{name.decode()} says {found}, not {uids}")

    # ---- what is there

    def look(self, wire):
        """Compares what the server holds with what it must hold: the state before the command that was cut off, or after it."""
        found = {box: self.read(wire, box) for box in BOXES}
        if self.after is not None and found == self.after:
            self.now = self.after
        elif found != self.now:
            self.explain(found)
            self.now = found
        self.after = None

    def read(self, wire, box):
        answer = wire.ok(f"SELECT {box}")
        self.selected = box
        codes = dict(response[2] for response in answer if response[1] == b"OK" and response[2])
        held, octets, unseen = {}, 0, 0
        for response in wire.ok(f"UID FETCH 1:* {FETCHED}"):
            if response[1] != b"FETCH":
                continue
            item = dict(response[3])
            flags = frozenset(flag.decode() for flag in item[b"FLAGS"] if flag != b"\\Recent")
            field = next(value for name, value in item.items() if name.startswith(b"BODY["))
            held[item[b"UID"]] = (field.partition(b"<")[2].partition(b"@")[0].decode(), flags)
            octets += item[b"RFC822.SIZE"]
            unseen += "\\Seen" not in flags
        self.check_status(wire, box, codes, {b"MESSAGES": len(held), b"UNSEEN": unseen, b"SIZE": octets, b"UIDNEXT": codes[b"UIDNEXT"]})
        if held:
            self.check_octets(wire, box, *self.chance.choice(sorted((uid, key) for uid, (key, _) in held.items())))
        return Box(held, codes[b"UIDNEXT"])

    def check_status(self, wire, box, codes, counted):
        """The counters equal a recount; UIDVALIDITY stays; MODSEQ only grows."""
        told = next(response[3] for response in wire.ok(f"STATUS {box} (MESSAGES UNSEEN SIZE UIDNEXT)") if response[1] == b"STATUS")
        if told != counted:
            self.broken("rule", f"STATUS of {box} says {told}, counted {counted}")
        if self.validity.setdefault(box, codes[b"UIDVALIDITY"]) != codes[b"UIDVALIDITY"]:
            self.broken("rule", f"UIDVALIDITY of {box} was {self.validity[box]} and is {codes[b'UIDVALIDITY']}")
        modseq = codes.get(b"HIGHESTMODSEQ", 0)
        if modseq < self.modseq.get(box, 0):
            self.broken("rule", f"HIGHESTMODSEQ of {box} was {self.modseq[box]} and is {modseq}")
        self.modseq[box] = modseq

    def check_octets(self, wire, box, uid, key):
        for response in wire.ok(f"UID FETCH {uid} BODY.PEEK[]"):
            if response[1] == b"FETCH" and dict(response[3])[b"BODY[]"] != self.letters.octets(key):
                self.broken("altered", f"{key} in {box}")

    def explain(self, found):
        """Says what is wrong in the words of the ledger."""
        for box in BOXES:
            reused = [uid for uid in found[box].held if uid < self.now[box].uid_next and uid not in self.now[box].held]
            for uid in reused:
                self.broken("rule", f"UID {uid} of {box} was expunged and is back")
            if found[box].uid_next < self.now[box].uid_next:
                self.broken("rule", f"UIDNEXT of {box} was {self.now[box].uid_next} and is {found[box].uid_next}")
        had, have = (Counter(key for box in state.values() for key, _ in box.held.values()) for state in (self.now, found))
        may = had if self.after is None else Counter(key for box in self.after.values() for key, _ in box.held.values())
        for key in (had & may) - have:
            self.broken("lost", f"{key} of the keeper; a command was {'' if self.after else 'not '}under way")
        for key in have - (had | may):
            self.broken("doubled", f"{key} of the keeper: {have[key]} copies")
        if had == have:
            self.broken("altered", "the keeper's flags or UIDs: " + "; ".join(
                f"{box} {uid}: {self.now[box].held.get(uid)} became {held}" for box in BOXES
                for uid, held in found[box].held.items() if self.now[box].held.get(uid) != held))


def sets(uids):
    return ",".join(map(str, uids))


def make_mailboxes(mail, name, boxes):
    with Appending(mail, name) as wire:
        for box in boxes:
            if wire.run(f"CREATE {box}")[-1][1] != b"OK":
                raise Wrong(f"CREATE {box}")
