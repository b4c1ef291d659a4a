"""One script of a whole IMAP session's commands to Debian's Dovecot and to us: equal answers, but for the differences that
tests/e2e/README.md explains one by one. (test_imap_dovecot.py does the same for SEARCH, SORT and THREAD.)
"""
import pathlib
import re
import unittest

from harness import Failed, Instance
from imap_wire import Reader, Wrong
from test_imap_dovecot import DOVECOT, Dovecot, Ours, letters
from test_receive import corpus

# Every item, over every message of the corpus.
ITEMS = ["FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "RFC822.HEADER", "ENVELOPE", "BODY", "BODYSTRUCTURE", "BODY.PEEK[]", "BODY.PEEK[HEADER]",
         "BODY.PEEK[TEXT]", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[2]", "BODY.PEEK[2.MIME]", "BODY.PEEK[1.1]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[1.TEXT]",
         "BODY.PEEK[2.HEADER]", "BODY.PEEK[2.1]", "BODY.PEEK[9]", "BODY.PEEK[]<0.100>", "BODY.PEEK[]<7.1>", "BODY.PEEK[TEXT]<5.20>", "BODY.PEEK[]<4000000000.1>",
         "BODY.PEEK[HEADER.FIELDS (Subject From)]", "BODY.PEEK[HEADER.FIELDS.NOT (Subject From Received)]", "BODY.PEEK[HEADER.FIELDS (X-None)]",
         "BODY.PEEK[1.HEADER.FIELDS (Subject)]", "BINARY.SIZE[1]", "BINARY.PEEK[1]", "BINARY.PEEK[2]", "BINARY.PEEK[1]<2.8>"]

# A session, in order. {validity}, {modseq}: what the server said at the last SELECT.
SCRIPT = """
CAPABILITY FROB
NOOP FROB
SELECT nowhere
EXAMINE nowhere
SELECT
STATUS nowhere (MESSAGES)
STATUS box ()
STATUS box MESSAGES
STATUS box (MESSAGES FROB)
CREATE work
CREATE work
CREATE work/plans/2026
CREATE INBOX
CREATE inbox
CREATE other/
CREATE ""
CREATE "a//b"
CREATE "bad&name"
DELETE nowhere
DELETE INBOX
RENAME nowhere somewhere
RENAME work/plans/2026 work/plans/2027
RENAME other another
LIST "" ""
LIST "work" ""
LIST "" work
LIST "" work*
LIST "" work%
LIST "" work/%
LIST "" %/plans/%
LIST "" w*7
LIST "" *ans*
LIST "work/" *
LIST "" another
LIST "" other
LIST "" WORK
LIST "" inbox
LIST "" InBo%
LIST "" "%%%/2027"
LIST "" ("work" "another")
LIST "" (work another) RETURN (CHILDREN)
LIST () "" work*
SUBSCRIBE work
SUBSCRIBE work/plans/2027
SUBSCRIBE never-made
LSUB "" work*
LSUB "" work/%
LIST (SUBSCRIBED) "" work*
LIST (SUBSCRIBED RECURSIVEMATCH) "" work%
LIST (RECURSIVEMATCH) "" work%
LIST (FROB) "" work
LIST "" work* RETURN (SUBSCRIBED)
LIST "" work* RETURN (STATUS (MESSAGES UNSEEN))
LIST "" work RETURN (FROB)
UNSUBSCRIBE work
UNSUBSCRIBE never-subscribed
UNSUBSCRIBE work/plans/2027
UNSUBSCRIBE never-made
LSUB "" work*
DELETE work
LIST "" work*
SELECT work
DELETE work/plans/2027
LIST "" work*
STATUS box (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
STATUS box (UNSEEN MESSAGES)
STATUS box (HIGHESTMODSEQ SIZE)
FETCH 1 FLAGS
EXPUNGE
CLOSE
UNSELECT
EXAMINE box
STORE 1 +FLAGS (\\Seen)
EXPUNGE
UID EXPUNGE 1
FETCH 1 BODY[1]
FETCH 1 (FLAGS)
CLOSE
SELECT box
FETCH 1 (FLAGS UID)
FETCH 1:* UID
FETCH * UID
FETCH *:1 UID
FETCH 3,1,2 UID
FETCH 1,1,1 UID
FETCH 99 UID
FETCH 1:99 UID
UID FETCH 99 UID
UID FETCH 99:* UID
UID FETCH 1:99 FLAGS
UID FETCH * (UID)
FETCH 1 ALL
FETCH 1 FAST
FETCH 1 FULL
FETCH 1 (ALL)
FETCH 1 BODY[TEXT]
FETCH 1 (FLAGS)
FETCH 2 (FLAGS BODY.PEEK[TEXT])
FETCH 2 RFC822.TEXT
FETCH 2 RFC822.HEADER
FETCH 3 RFC822
FETCH 1 ()
FETCH 1 FROB
FETCH 1 (FLAGS FROB)
FETCH 1 BODY[FROB]
FETCH 1 BODY[1.FROB]
FETCH 1 BODY[0]
FETCH 1 BODY[MIME]
FETCH 1 BODY[HEADER.FIELDS]
FETCH 1 BODY[HEADER.FIELDS ()]
FETCH 1 BODY[]<1>
FETCH 1 BODY[]<0.0>
FETCH 1 (FLAGS
FETCH 1 FLAGS)
FETCH 0 FLAGS
FETCH a FLAGS
FETCH 1,,2 FLAGS
FETCH 1: FLAGS
FETCH 1:2:3 FLAGS
FETCH 99999999999 FLAGS
UID FETCH 0 FLAGS
UID FROB 1
UID
STORE 1 FLAGS (\\Seen \\Answered)
STORE 1 +FLAGS \\Flagged
STORE 1 +FLAGS (\\Flagged)
STORE 1 -FLAGS (\\Answered key)
STORE 1 +FLAGS.SILENT (key)
STORE 2:3 +FLAGS (key two $three)
STORE 1:2 FLAGS ()
STORE 3 -FLAGS (KEY)
UID STORE 3 +FLAGS (\\Draft)
UID STORE 99 +FLAGS (\\Seen)
STORE 99 +FLAGS (\\Seen)
STORE 1 +FLAGS (\\Recent)
STORE 1 +FLAGS (\\Frob)
STORE 1 +FLAGS ()
STORE 1 FROB (\\Seen)
STORE 1 +FLAGS
STORE 1
SEARCH KEYWORD key
SEARCH UNKEYWORD key
SEARCH FROB
SEARCH
SEARCH NOT
SEARCH OR SEEN
SEARCH ((SEEN)
SEARCH BEFORE yesterday
SEARCH 99
SEARCH UID 99
SEARCH LARGER x
COPY 1 nowhere
COPY 1:2 another
COPY 99 another
UID COPY 99 another
UID COPY 1,3 another
COPY 1
STATUS another (MESSAGES)
MOVE 1 nowhere
UID MOVE 4 another
MOVE 99 another
MOVE 1 another
FETCH 1:* UID
STORE 1 +FLAGS.SILENT (\\Deleted)
STORE 3 +FLAGS.SILENT (\\Deleted)
UID EXPUNGE 99
UID EXPUNGE 2
UID EXPUNGE 1:*
STORE 1 +FLAGS.SILENT (\\Deleted)
EXPUNGE
FETCH 1:* (UID FLAGS)
APPEND nowhere {3+}~abc
APPEND box {3+}~abc
APPEND box (\\Seen key) {25+}~Subject: appended\\r\\n\\r\\nHi\\r\\n
APPEND box () "01-Feb-2020 10:00:00 +0200" {3+}~abc
APPEND box "no date" {3+}~abc
APPEND another "31-Feb-2020 10:00:00 +0200" {3+}~abc
APPEND box (\\Frob) {3+}~abc
APPEND box (a b) {0+}~
APPEND box
APPEND box (\\Seen)
FETCH * (FLAGS INTERNALDATE RFC822.SIZE)
STORE 1:2 +FLAGS.SILENT (\\Deleted)
CLOSE
SELECT box
FETCH 1:* (UID)
UNSELECT
UNSELECT
CHECK
SELECT box (FROB)
SELECT box (CONDSTORE)
FETCH 1:2 (FLAGS MODSEQ)
STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Flagged)
STORE 1 (UNCHANGEDSINCE {modseq}) +FLAGS (\\Flagged)
STORE 1:2 (UNCHANGEDSINCE {modseq}) +FLAGS (once)
STORE 1 (UNCHANGEDSINCE 0) +FLAGS (never)
UID STORE 1:* (UNCHANGEDSINCE {modseq}) -FLAGS.SILENT (\\Draft)
FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq})
FETCH 1:* (FLAGS) (CHANGEDSINCE 18446744073709551615)
FETCH 1:* (FLAGS) (CHANGEDSINCE x)
SEARCH MODSEQ {modseq}
SEARCH MODSEQ "/flags/\\\\Flagged" all {modseq}
SEARCH MODSEQ 9223372036854775807
STATUS box (HIGHESTMODSEQ)
UID FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq} VANISHED)
ENABLE FROB
ENABLE QRESYNC
ENABLE CONDSTORE
ENABLE
SELECT box
UID STORE 8 +FLAGS (\\Deleted)
UID EXPUNGE 8
UID STORE 9 +FLAGS (seen-later)
UID FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq} VANISHED)
FETCH 1:* (FLAGS) (CHANGEDSINCE {modseq} VANISHED)
UID FETCH 1:* (FLAGS) (VANISHED)
SELECT box (QRESYNC ({validity} {modseq}))
SELECT box (QRESYNC (1 {modseq}))
SELECT box (QRESYNC ({validity} {modseq} 9:12))
SELECT box (QRESYNC ({validity} {modseq} 1:20 (1:2 5,6)))
SELECT box (QRESYNC ({validity}))
SELECT box (QRESYNC ({validity} 0))
CLOSE
SELECT box (QRESYNC ({validity} 1 1:20))
SORT (DATE) UTF-8
SORT () UTF-8 ALL
SORT (REVERSE) UTF-8 ALL
SORT DATE UTF-8 ALL
THREAD REFERENCES UTF-8
NAMESPACE
NAMESPACE x
ID NIL
ID (a)
ID ("a" "b" "a" "c")
IDLE x
LOGIN a b
AUTHENTICATE PLAIN
STARTTLS
FROB
FROB x y
{modseq} x
""".strip("\n").split("\n")

# What differs, by the reason that README.md gives it.
EXPLAINED = {
    "CAPABILITY FROB", "NOOP FROB", "NAMESPACE", "NAMESPACE x", "IDLE x", "ENABLE", "ID (a)", 'CREATE "bad&name"', 'LIST "" work*', 'LIST "" work/%', 'LIST "" *ans*',
    'LIST "work/" *', 'LIST () "" work*', 'LIST "" work* RETURN (SUBSCRIBED)', 'LIST "" work* RETURN (STATUS (MESSAGES UNSEEN))',
    "SUBSCRIBE never-made", "STORE 1 +FLAGS (\\Seen)", "EXPUNGE", "UID EXPUNGE 1", "FETCH 1 BODY[0]", "FETCH 1 BODY[]<1>", "FETCH 1 BODY[]<0.0>",
    "STORE 1 +FLAGS (\\Flagged)", "STORE 1 +FLAGS ()", "STORE 1 +FLAGS", 'APPEND another "31-Feb-2020 10:00:00 +0200" {3+}~abc',
    "UID STORE 1:* (UNCHANGEDSINCE {modseq}) -FLAGS.SILENT (\\Draft)", "FETCH 1:* (FLAGS) (CHANGEDSINCE 18446744073709551615)",
    "FETCH * (FLAGS INTERNALDATE RFC822.SIZE)", "ENABLE FROB", "ENABLE CONDSTORE", "SELECT box (QRESYNC ({validity}))", "SELECT box (QRESYNC ({validity} 0))",
}
# Messages with answers that differ, and to how many of the items.
EXPLAINED_MESSAGES = {
    "007-raw-8bit-everywhere": 12, "008-rfc2231-charset": 1, "009-rfc2231-continuations": 2, "010-rfc2231-disorder": 2,
    "016-rfc5322-obsolete": 1, "020-no-domain": 1, "022-repeated-fields": 1, "036-quoted-printable-broken": 5, "038-base64-broken": 5,
    "042-unknown-encoding": 5, "043-uuencode": 3, "063-rfc2046-simple": 2, "064-alternative": 2, "065-attachment": 2,
    "066-rfc2049-complex": 4, "067-related": 4, "068-signed": 2, "069-six-levels": 4, "070-ninety-nine-levels": 4,
    "071-two-hundred-levels": 6, "072-thousand-parts": 2, "073-empty-parts": 3, "074-prefix-boundaries": 5,
    "075-boundary-with-everything": 1, "076-boundary-of-70": 1, "077-delimiters-with-white-space": 2, "078-forwarded": 5,
    "081-messages-150-deep": 2, "082-message-base64": 4, "083-message-empty": 1, "085-delivery-report": 4, "088-no-header": 12,
    "089-header-only": 1, "090-header-only-not-ended": 2, "092-missing-blank-line": 12, "099-unbalanced": 1, "100-nested-groups": 1,
    "104-deep-quotes": 2, "105-no-mime-version": 2, "106-type-without-subtype": 2, "107-type-empty": 5, "108-type-twice": 2,
    "109-parameters-broken": 2, "112-multipart-empty-boundary": 8, "116-multipart-not-closed": 2, "117-multipart-base64": 1,
    "118-same-boundary-nested": 4, "119-outer-ends-inner": 1, "120-part-header-cut-off": 4, "121-part-without-header": 7,
    "122-boundary-too-long": 1, "123-boundary-in-epilogue": 1, "124-megabyte-of-dashes": 1,
}


def parsed(octets):
    """A response as the strict reader reads it, or as it is where Dovecot's grammar is not ours."""
    try:
        return Reader(octets).response()
    except Wrong:
        return octets


def plain(value):
    """Structures without what is each server's own: order of flags, case of names, counts of changes."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def flags_of(flags):
    return sorted(flag.decode().lower() for flag in flags if flag != b"\\Recent")


def item_value(name, value):
    if name == b"FLAGS":
        return flags_of(value)
    if name.startswith((b"BODY[", b"BINARY[")) and value is None:
        return b""  # a part that is not there
    if name == b"INTERNALDATE":
        return value.replace(b'" ', b'"0')  # date-day-fixed: Dovecot fills up with 0
    return "changed" if name == b"MODSEQ" else plain(value)


def merged(responses):
    """FETCH responses of one message as one: Dovecot tells some flags and MODSEQ apart."""
    found, fetched = [], {}
    for response in responses:
        if response[0] != "FETCH":
            found.append(response)
        elif response[1] in fetched:
            fetched[response[1]].update(response[2])
        else:
            fetched[response[1]] = dict(response[2])
            found.append(("FETCH", response[1], fetched[response[1]]))
    return found


def normal(response):
    """One untagged response for comparison; None: news that say nothing about the command."""
    if isinstance(response, bytes):
        return "?" + response.decode("latin-1")
    word = response[1]
    if word == b"RECENT":
        return None
    if word == b"OK":
        code, value = response[2] or (None, None)
        if code not in (b"UIDNEXT", b"COPYUID", b"MODIFIED", b"CLOSED", b"NOMODSEQ"):
            return None
        return code, plain(value[1:] if code == b"COPYUID" else value)
    if word in (b"FETCH", b"UIDFETCH"):
        return "FETCH", response[2], sorted((name.decode().upper(), item_value(name, value)) for name, value in response[3])
    if word == b"FLAGS":
        return None
    if word in (b"LIST", b"LSUB"):
        return word.decode(), sorted(flag.decode() for flag in response[2] if flag not in SPECIAL), response[3], plain(response[4])
    if word == b"STATUS":
        return "STATUS", response[2], {name.decode(): "some" if name in (b"UIDVALIDITY", b"HIGHESTMODSEQ") else value for name, value in response[3].items()}
    if word in (b"SEARCH", b"SORT"):
        return word.decode(), [number if isinstance(number, int) else "modseq" for number in response[2]]
    if word in (b"CAPABILITY", b"ID", b"BYE"):
        return word.decode()
    return plain(response[1:])


README = pathlib.Path(__file__).parent / "README.md"
SPECIAL = {b"\\Archive", b"\\Drafts", b"\\Junk", b"\\Sent", b"\\Trash"}
CODES = {b"TRYCREATE", b"COPYUID", b"APPENDUID", b"MODIFIED", b"READ-ONLY", b"READ-WRITE", b"BADCHARSET", b"ALREADYEXISTS"}


class Side:
    """One of the two servers: sends a command, remembers what SELECT said, normalises the answer."""

    def __init__(self, server):
        self.server, self.count = server, 0
        self.values = {"validity": "1", "modseq": "1"}

    def raw(self, command):
        self.count += 1
        tag = b"d%d" % self.count
        for name, value in self.values.items():
            command = command.replace("{%s}" % name, value)
        octets = tag + b" " + command.replace("~", "\r\n").replace("\\r\\n", "\r\n").encode() + b"\r\n"
        self.send(octets)
        found = []
        while not found or not found[-1].startswith(tag + b" "):
            found.append(self.read())
            if found[-1].startswith(b"+"):
                self.send(b"*\r\n" if b"AUTH" in octets else b"DONE\r\n")
                found.pop()
        return found

    def send(self, octets):
        self.sent = octets[:200]
        if isinstance(self.server, Ours):
            self.server.wire.send(octets)
        else:
            self.server.process.stdin.write(octets)
            self.server.process.stdin.flush()

    def read(self):
        file = self.server.wire.file if isinstance(self.server, Ours) else self.server.process.stdout
        octets = b""
        while True:
            line = file.readline()
            if not line:
                raise Failed(f"the connection ended after {self.sent!r}")
            octets += line
            found = re.search(rb"\{([0-9]+)\}\r\n$", line)
            if found is None:
                return octets
            octets += file.read(int(found[1]))

    def run(self, command):
        responses = [parsed(octets) for octets in self.raw(command)]
        for response in responses:
            if not isinstance(response, bytes) and response[1] == b"OK" and response[2]:
                if response[2][0] in (b"UIDVALIDITY", b"HIGHESTMODSEQ") and command.startswith(("SELECT", "EXAMINE")):
                    self.values["validity" if response[2][0] == b"UIDVALIDITY" else "modseq"] = str(response[2][1])
        kept = [found for found in map(normal, responses[:-1]) if found is not None]
        kept = merged(kept)
        if command.startswith(("LIST", "LSUB")):
            if re.search(r"RETURN|\(.* \"\"|\"\" \(", command) and "CHILDREN" not in command:  # whether one has children may be told unasked
                kept = [(found[0], [flag for flag in found[1] if "Has" not in flag], *found[2:]) if found[0] in ("LIST", "LSUB") else found for found in kept]
            kept.sort(key=str)
        last = responses[-1]
        if isinstance(last, bytes):
            return kept + [last.split()[1].decode()]
        code = last[2][0] if last[2] and last[2][0] in CODES else None
        value = last[2][1] if code in (b"COPYUID", b"APPENDUID", b"MODIFIED") else None
        return kept + [(last[1].decode(), code and code.decode(), plain(value[1:] if code in (b"COPYUID", b"APPENDUID") else value))]


@unittest.skipUnless(DOVECOT.exists(), "dovecot-imapd is not installed")
class Script(unittest.TestCase):
    def setUp(self):
        self.dovecot = Dovecot()
        self.addCleanup(self.dovecot.close)
        self.mail = Instance().__enter__()
        self.addCleanup(self.mail.__exit__, None, None, None)
        self.sides = [Side(self.dovecot), Side(Ours(self.mail))]

    def fill(self, mailbox, messages):
        for side in self.sides:
            side.run(f"CREATE {mailbox}")
            for day, octets in enumerate(messages, 1):
                head = f'f APPEND {mailbox} "{1 + day % 28:2d}-Oct-2026 12:00:00 +0000" {{{len(octets)}}}\r\n'.encode()
                side.send(head)
                self.assertTrue(side.read().startswith(b"+"))
                side.send(octets + b"\r\n")
                answer = side.read()
                while not answer.startswith(b"f "):
                    answer = side.read()
                self.assertIn(b" OK ", answer)

    def judge(self, differing, explained):
        for name, (theirs, ours) in differing.items():
            if name not in explained:
                print(f"\n{name}\n  dovecot {str(theirs)[:600]}\n  ours    {str(ours)[:600]}")
        self.assertEqual(sorted(differing), sorted(explained))
        readme = README.read_text()
        for name in explained:
            self.assertIn(f"`{name}`", readme)

    @staticmethod
    def fetch_each(side, item, count):
        """{number: answer}; one by one where one message may fail the whole command."""
        if item.startswith("BINARY"):
            return {number: side.run(f"FETCH {number} ({item})") for number in range(1, count + 1)}
        return {answer[1]: answer for answer in side.run(f"FETCH 1:* ({item})")[:-1]}

    def test_a_session(self):
        self.fill("box", list(letters())[:8])
        differing = {}
        for command in SCRIPT:
            theirs, ours = (side.run(command) for side in self.sides)
            for side in self.sides:
                side.run("NOOP")  # not compared: news, and both close after many wrong commands in a row
            if theirs != ours:
                differing.setdefault(command, (theirs, ours))
        print(f"\n    {len(SCRIPT)} commands, {len(differing)} explained differences")
        self.judge(differing, EXPLAINED)

    def test_every_item_of_every_message(self):
        folder = self.mail.root / "corpus"
        folder.mkdir()
        messages = corpus(folder)
        self.fill("corpus", [octets for _, octets in messages])
        for side in self.sides:
            self.assertEqual(side.run("SELECT corpus")[-1][0], "OK")
        differing = {}
        for item in ITEMS:
            answers = [self.fetch_each(side, item, len(messages)) for side in self.sides]
            for number, (name, _) in enumerate(messages, 1):
                theirs, ours = (answer[number] for answer in answers)
                if theirs != ours:
                    differing.setdefault(name.removesuffix(".eml"), {})[item] = (theirs, ours)
        for name, items in differing.items():
            if len(items) != EXPLAINED_MESSAGES.get(name):
                print(f"\n{name}: {len(items)} items", *(f"\n  {item}\n    dovecot {str(pair[0])[:600]}\n    ours    {str(pair[1])[:600]}" for item, pair in items.items()))
        print(f"\n    {len(ITEMS)} items of {len(messages)} messages, {len(differing)} with explained differences")
        self.assertEqual({name: len(items) for name, items in differing.items()}, EXPLAINED_MESSAGES)
        readme = README.read_text()
        for name in differing:
            self.assertIn(f"{name[:3]}", readme)


if __name__ == "__main__":
    unittest.main()
