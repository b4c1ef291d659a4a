"""The same SEARCH, SORT and THREAD commands to Debian's Dovecot and to us, over the same messages: equal answers, but for the
differences that tests/e2e/README.md explains one by one.
"""
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import DOMAIN, Failed, Instance
from imap_wire import Wire
from test_receive import corpus

DOVECOT = pathlib.Path("/usr/lib/dovecot/imap")
CONFIG = """
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
mail_location = maildir:{root}/mail
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {uid}
mail_gid = {gid}
stats_writer_socket_path =
namespace {{
  inbox = yes
  separator = /
}}
"""

# Threads and sort keys that the corpus has not: (subject, id, references, day, from, to).
LETTERS = [
    ("Plan", "p1", "", 1, "Zoe <bob@x.example>", "c@x.example"),
    ("Re: Plan", "p2", "<p1@x>", 2, "ann@x.example", "B@x.example"),
    ("Re: [team] Plan", "p3", "<p1@x> <p2@x>", 3, "=?utf-8?q?=C3=84nne?= <carl@x.example>", "a@x.example"),
    ("Re: Plan (fwd)", "p4", "<p1@x>", 2, "\"Dora D.\" <dora@x.example>", "friends: d@x.example;"),
    ("plan", "p5", "", 9, "eve@x.example", "e@x.example"),
    ("Lost parent", "l1", "<gone@x>", 5, "f@x.example", "f@x.example"),
    ("Other words", "l2", "<gone@x>", 4, "g@x.example", "g@x.example"),
    ("[list] [two] Report", "r1", "", 6, "h@x.example", "h@x.example"),
    ("[Fwd: Re: Report]", "r2", "", 7, "i@x.example", "i@x.example"),
    ("Re: Loop", "o1", "<o2@x>", 8, "j@x.example", "j@x.example"),
    ("Re: Loop", "o2", "<o1@x>", 8, "k@x.example", "k@x.example"),
    ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?q?M=FCnchen?=", "u1", "", 10, "l@x.example", "l@x.example"),
    ("Re: =?utf-8?q?GR=C3=9C=C3=9FE?= aus =?utf-8?q?m=C3=BCnchen?=", "u2", "", 11, "m@x.example", "m@x.example"),
]

COMMANDS = [
    "SEARCH ALL", "SEARCH SEEN", "SEARCH UNSEEN FLAGGED", "SEARCH OR SEEN FLAGGED", "SEARCH NOT (SEEN)", "SEARCH 2:4,*",
    "SEARCH UID 3:5", "SEARCH LARGER 2000", "SEARCH SMALLER 300", "SEARCH BEFORE 12-Oct-2026", "SEARCH ON 12-Oct-2026",
    "SEARCH SINCE 20-Oct-2026", "SEARCH SENTBEFORE 5-Jan-2020", "SEARCH SENTON 5-Jan-2020", "SEARCH SENTSINCE 9-Jan-2020",
    "SEARCH SUBJECT plan", "SEARCH SUBJECT re", "SEARCH FROM bob", "SEARCH FROM zoe", "SEARCH TO friends", "SEARCH CC \"\"",
    "SEARCH BCC \"\"", "SEARCH HEADER X-Mailer \"\"", "SEARCH HEADER Message-ID p1", "SEARCH HEADER Subject plan",
    "SEARCH BODY hello", "SEARCH TEXT hello", "SEARCH TEXT boundary", "SEARCH BODY the", "SEARCH TEXT x.example",
    "SEARCH CHARSET UTF-8 SUBJECT \"gr\u00fc\"", "SEARCH CHARSET UTF-8 SUBJECT \"M\u00dcNCHEN\"", "SEARCH CHARSET UTF-8 SUBJECT \"munchen\"", "SEARCH CHARSET UTF-8 FROM \"\u00e4nne\"",
    "SEARCH CHARSET UTF-8 TEXT \"\u00fc\"", "SEARCH CHARSET UTF-8 BODY \"\u00e9\"", "SEARCH CHARSET UTF-8 BODY \"\u20ac\"",
    "SEARCH CHARSET US-ASCII SUBJECT plan", "SEARCH CHARSET X-NONE SUBJECT plan",
    "SEARCH RETURN (MIN MAX COUNT) UNSEEN", "SEARCH RETURN () FLAGGED", "UID SEARCH RETURN (ALL COUNT) SUBJECT plan",
    "SEARCH RETURN (COUNT) SUBJECT nothing-like-this", "SEARCH RETURN (SAVE) SUBJECT plan", "SEARCH $", "FETCH $ (UID)",
    "SEARCH RETURN (SAVE MIN) ALL", "SEARCH $", "SEARCH OLDER 1", "SEARCH YOUNGER 1",
    "SORT (ARRIVAL) UTF-8 ALL", "SORT (REVERSE ARRIVAL) UTF-8 ALL", "SORT (DATE) UTF-8 ALL", "SORT (REVERSE DATE) UTF-8 ALL",
    "SORT (SIZE) UTF-8 ALL", "SORT (SUBJECT) UTF-8 ALL", "SORT (REVERSE SUBJECT DATE) UTF-8 ALL", "SORT (FROM) UTF-8 ALL",
    "SORT (TO) UTF-8 ALL", "SORT (CC) UTF-8 ALL", "SORT (DISPLAYFROM) UTF-8 ALL", "SORT (DISPLAYTO) UTF-8 ALL",
    "UID SORT (SUBJECT REVERSE DATE) US-ASCII SUBJECT plan", "SORT RETURN (COUNT MIN MAX) (DATE) UTF-8 ALL",
    "SORT RETURN (ALL) (REVERSE DATE) UTF-8 SUBJECT re", "SORT (DATE) X-NONE ALL", "SORT (FROB) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL", "UID THREAD REFERENCES UTF-8 SUBJECT plan",
    "THREAD REFERENCES UTF-8 SUBJECT nothing-like-this", "THREAD FROB UTF-8 ALL",
]

# Every command whose answers differ; README.md says why.
EXPLAINED = {
    "SEARCH SENTBEFORE 5-Jan-2020",
    "SEARCH SENTSINCE 9-Jan-2020", "SEARCH BODY hello", "SEARCH BODY the", "SEARCH CHARSET UTF-8 SUBJECT \"gr\u00fc\"",
    "SEARCH CHARSET UTF-8 TEXT \"\u00fc\"", "SEARCH CHARSET UTF-8 BODY \"\u00e9\"", "SORT (DATE) UTF-8 ALL",
    "SORT (REVERSE DATE) UTF-8 ALL", "SORT (SUBJECT) UTF-8 ALL", "SORT (REVERSE SUBJECT DATE) UTF-8 ALL", "SORT (CC) UTF-8 ALL",
    "SORT (DISPLAYFROM) UTF-8 ALL", "SORT RETURN (COUNT MIN MAX) (DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL",
    "THREAD ORDEREDSUBJECT UTF-8 ALL",
}


def letters():
    for subject, number, references, day, sender, to in LETTERS:
        references = f"References: {references}\r\n" if references else ""
        yield (f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {day} Jan 2020 12:00:00 +0000\r\nMessage-ID: <{number}@x>\r\n"
               f"{references}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello {number}\r\n").encode()


class Dovecot:
    """An imap process of Dovecot on a pipe: logged in already, no port, nothing shared with the machine's own."""

    def __init__(self):
        user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())  # it refuses to serve root
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hm-dovecot-", dir="/tmp"))
        (self.root / "conf").write_text(CONFIG.format(root=self.root, uid=user.pw_uid, gid=user.pw_gid))
        for path in (self.root / "run", self.root / "mail"):
            path.mkdir()
            os.chown(path, user.pw_uid, user.pw_gid)
        os.chown(self.root, user.pw_uid, user.pw_gid)
        self.process = subprocess.Popen([DOVECOT, "-c", self.root / "conf"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env={"USER": "anna", "HOME": str(self.root), "PATH": os.environ["PATH"]})
        if not self.process.stdout.readline().startswith(b"* PREAUTH"):
            raise Failed("Dovecot's imap did not start")

    def run(self, tag, octets):
        self.process.stdin.write(octets)
        self.process.stdin.flush()
        return read_answer(self.process.stdout, tag)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)


class Ours:
    def __init__(self, mail):
        self.wire = Wire(mail, "anna")

    def run(self, tag, octets):
        self.wire.send(octets)
        return read_answer(self.wire.file, tag)


def read_answer(file, tag):
    lines = []
    while True:
        line = file.readline()
        if not line:
            raise Failed(f"the connection ended after {lines[-3:]}")
        if line.startswith(b"+"):
            continue
        lines.append(line.rstrip(b"\r\n").decode("latin-1"))
        if line.startswith(tag + b" "):
            return lines


def normal(lines):
    """Untagged answers and the tagged word: texts for people, and news of the mailbox, say nothing about a search."""
    kept = [line for line in lines[:-1] if re.match(r"\* (SEARCH|ESEARCH|SORT|THREAD|[0-9]+ FETCH)\b", line)]
    kept = [re.sub(r'\(TAG "?[^")]*"?\)', "(TAG)", line).rstrip() for line in kept]
    code = re.search(r"^\S+ (OK|NO|BAD)( \[[A-Z]+)?", lines[-1])
    word = code[1] + (" [BADCHARSET" if code[2] == " [BADCHARSET" else "")
    return kept + [word]


@unittest.skipUnless(DOVECOT.exists(), "dovecot-imapd is not installed")
class Differential(unittest.TestCase):
    def test_search_sort_thread(self):
        dovecot = Dovecot()
        self.addCleanup(dovecot.close)
        with Instance() as mail:
            folder = mail.root / "corpus"
            folder.mkdir()
            messages = [octets for _, octets in corpus(folder)] + list(letters())
            servers = [dovecot, Ours(mail)]
            for server in servers:
                self.fill(server, messages)
            differing = {}
            for number, command in enumerate(COMMANDS):
                tag = b"s%d" % number
                octets = tag + b" " + self.literal(command) + b"\r\n"
                theirs, ours = (normal(server.run(tag, octets)) for server in servers)
                if theirs != ours:
                    differing[command] = (theirs, ours)
            for command, (theirs, ours) in differing.items():
                if command not in EXPLAINED:
                    print(f"\n{command}\n  dovecot {theirs}\n  ours    {ours}")
            self.assertEqual(sorted(differing), sorted(EXPLAINED))
            readme = (pathlib.Path(__file__).parent / "README.md").read_text()
            for command in EXPLAINED:
                self.assertIn(f"`{command}`", readme)
            print(f"\n    {len(COMMANDS)} commands over {len(messages)} messages, {len(differing)} explained differences")

    @staticmethod
    def literal(command):
        """8-bit strings as literals: what IMAP4rev1 permits."""
        octets = command.encode()
        return re.sub(rb'"([^"]*[\x80-\xff][^"]*)"', lambda found: b"{%d+}\r\n%s" % (len(found[1]), found[1]), octets)

    def fill(self, server, messages):
        for number, octets in enumerate(messages, 1):
            flags = " ".join(flag for flag, every in (("\\Seen", 2), ("\\Flagged", 3)) if number % every == 0)
            day = 1 + number % 28
            head = f'a{number} APPEND INBOX ({flags}) "{day:2d}-Oct-2026 12:00:00 +0000" {{{len(octets)}'.encode()
            if isinstance(server, Ours) and len(octets) > 4096:
                server.wire.send(head + b"}\r\n")
                server.wire.file.readline()
                lines = server.run(b"a%d" % number, octets + b"\r\n")
            else:
                lines = server.run(b"a%d" % number, head + b"+}\r\n" + octets + b"\r\n")
            self.assertIn(" OK ", lines[-1])
        self.assertIn(" OK ", server.run(b"sel", b"sel SELECT INBOX\r\n")[-1])


if __name__ == "__main__":
    unittest.main()
