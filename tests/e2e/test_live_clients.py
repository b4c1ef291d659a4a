"""More mail programs against a running instance, each skipped with a word when it is not installed: offlineimap, neomutt with
QRESYNC, aerc, curl, Perl's Mail::IMAPClient and npm's imapflow. (Thunderbird is test_thunderbird.py.)
"""
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import test_transcripts
from harness import DEADLINE, DOMAIN, Instance, until
from imap_wire import Wire
from terminal import Terminal

CLIENTS = pathlib.Path(__file__).parent / "clients"
LETTERS = [test_transcripts.LETTERS[name] for name in ("first", "parts", "coded", "reply", "flagged", "large")]
MODULES = os.environ.get("HEARTHMAIL_NODE_MODULES", "")  # a folder that holds node_modules/imapflow; tests fetch nothing


def need(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(accounts=("offline", "mutt", "aerc", "curl", "perl", "flow", "capture")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def fill(self, name):
        wire = Wire(self.mail, name)
        for day, octets in enumerate(LETTERS, 1):
            wire.append("INBOX", octets, f'"{day:2d}-Nov-2026 12:00:00 +0000" ')
        wire.close()

    def run_program(self, *command, check=True, **options):
        environment = {"HOME": str(self.mail.root), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, timeout=2 * DEADLINE, env=environment, **options)
        if check:
            self.assertEqual(done.returncode, 0, (done.stdout + done.stderr).decode("utf-8", "replace")[-4000:])
        return done.stdout

    # ---- offlineimap

    @need("offlineimap")
    def test_offlineimap_both_ways(self):
        self.fill("offline")
        near = self.mail.root / "offline"
        config = self.mail.root / "offlineimaprc"
        config.write_text(f"""[general]
accounts = one
metadata = {self.mail.root}/offline-state
ui = quiet
[Account one]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {near}
[Repository far]
type = IMAP
remotehost = localhost
remoteport = {self.mail.ports['imaps']}
remoteuser = offline@{DOMAIN}
remotepass = {self.mail.passwords['offline']}
ssl = yes
sslcacertfile = {self.mail.ca}
""")
        def sync():
            self.run_program("offlineimap", "-o", "-c", config)

        def local():
            return {path.read_bytes().replace(b"\r\n", b"\n"): path for path in [*near.glob("INBOX/cur/*"), *near.glob("INBOX/new/*")]}

        sync()
        self.assertEqual(set(local()), {octets.replace(b"\r\n", b"\n") for octets in LETTERS})
        first = local()[LETTERS[0].replace(b"\r\n", b"\n")]
        first.rename(first.parent.parent / "cur" / (first.name.rpartition(":2,")[0] + ":2,FS"))
        gone = local()[LETTERS[1].replace(b"\r\n", b"\n")]
        gone.unlink()
        new = test_transcripts.LETTERS["sent"]
        (near / "INBOX" / "new" / "1700000000.1.near").write_bytes(new.replace(b"\r\n", b"\n"))
        wire = Wire(self.mail, "offline")
        wire.ok("SELECT INBOX")
        wire.ok("UID STORE 3 +FLAGS (\\Answered)")
        wire.ok("UID STORE 4 +FLAGS (\\Deleted)")
        wire.ok("EXPUNGE")
        sync()
        wire.ok("NOOP")
        far = {found[b"BODY[]"]: set(found[b"FLAGS"]) - {b"\\Recent"} for found in wire.fetch("1:*", "(FLAGS BODY.PEEK[])").values()}
        far = {re.sub(rb"X-OfflineIMAP: .*\r\n", b"", octets): flags for octets, flags in far.items()}
        self.assertEqual(set(far), {LETTERS[0], LETTERS[2], LETTERS[4], LETTERS[5], new})
        self.assertEqual(far[LETTERS[0]], {b"\\Flagged", b"\\Seen"})
        self.assertIn("R", local()[LETTERS[2].replace(b"\r\n", b"\n")].name.rpartition(":2,")[2])
        self.assertEqual(len(local()), 5)
        before, kept = self.state(wire), local()
        sync()
        self.assertEqual((self.state(wire), local()), (before, kept))
        wire.close()

    def state(self, wire, mailbox="INBOX"):
        """What a change to the mailbox would change."""
        return next(found[3] for found in wire.ok(f"STATUS {mailbox} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)") if found[1] == b"STATUS")

    # ---- neomutt

    @need("neomutt")
    def test_neomutt_resynchronises_with_its_cache(self):
        self.fill("mutt")
        root = self.mail.root
        config = root / "qresync.rc"
        config.write_text(f"""set folder = "imaps://localhost:{self.mail.ports['imaps']}/"
set imap_user = "mutt@{DOMAIN}"
set imap_pass = "{self.mail.passwords['mutt']}"
set spool_file = "+INBOX"
set ssl_ca_certificates_file = "{self.mail.ca}"
set certificate_file = "{self.mail.ca}"
set header_cache = "{root}/mutt-headers"
set imap_condstore = yes
set imap_qresync = yes
set imap_peek = yes
set sleep_time = 0
set quit = yes
set wait_key = no
set pipe_decode = no
set delete = yes
set confirm_append = no
""")
        (root / "mutt-headers").mkdir()

        def read(out, push):
            log = root / f"{out}.log"
            screen = Terminal(["neomutt", "-F", str(config), "-d", "3", "-l", str(log), "-e", f'push "{push}"'], self.mail.root).finish()
            self.assertTrue(glob.glob(f"{log}*"), screen[-2000:])
            return pathlib.Path(glob.glob(f"{log}*")[0]).read_text(errors="replace"), screen

        save = "<tag-pattern>~A<enter><tag-prefix><pipe-message>cat >>%s<enter><quit>"
        log, screen = read("first", save % (root / "mutt-1"))
        self.assertIn("ENABLE QRESYNC", log)
        self.assertEqual((root / "mutt-1").read_bytes().replace(b"\r\n", b"\n").count(b"Subject: "), len(LETTERS))
        wire = Wire(self.mail, "mutt")
        wire.ok("SELECT INBOX")
        wire.ok("UID STORE 3 +FLAGS (\\Flagged)")
        log, screen = read("second", save % (root / "mutt-2"))
        self.assertRegex(log, r"> a\d+ UID FETCH 1:6 \(FLAGS\) \(CHANGEDSINCE \d+ VANISHED\)")
        self.assertFalse("QRESYNC failed" in log)
        self.assertEqual((root / "mutt-2").read_bytes().count(b"Subject: "), len(LETTERS))
        # One that vanished: neomutt 20220429 counts wrongly then (with Dovecot, too), says so, and reads all flags again.
        wire.ok("UID STORE 2 +FLAGS (\\Deleted)")
        wire.ok("EXPUNGE")
        wire.append("INBOX", test_transcripts.LETTERS["new"])
        log, screen = read("third", save % (root / "mutt-3"))
        self.assertTrue("Handling VANISHED" in log)
        text = (root / "mutt-3").read_bytes()
        self.assertEqual(text.count(b"Subject: "), len(LETTERS))
        self.assertNotIn(b"with a part", text)
        self.assertIn(b"just come", text)
        read("fourth", "<tag-pattern>~F<enter><tag-prefix><save-message>=Archive<enter><tag-pattern>~A<enter><sync-mailbox><quit>")
        self.assertEqual(self.state(wire, "Archive")[b"MESSAGES"], 1)
        self.assertEqual(self.state(wire)[b"MESSAGES"], len(LETTERS) - 1)
        wire.close()

    # ---- aerc

    @need("aerc")
    def test_aerc_shows_moves_and_marks(self):
        self.fill("aerc")
        home = self.mail.root / "aerc-home" / "aerc"
        home.mkdir(parents=True)
        (home / "accounts.conf").write_text(f"""[home]
source = imaps://aerc%40{DOMAIN}:{self.mail.passwords['aerc']}@localhost:{self.mail.ports['imaps']}
from = <aerc@{DOMAIN}>
default = INBOX
""")
        (home / "accounts.conf").chmod(0o600)
        (home / "aerc.conf").write_text("[general]\nunsafe-accounts-conf = true\n[ui]\nthreading-enabled = true\n[filters]\ntext/plain = cat\n[hooks]\n")
        wire = Wire(self.mail, "aerc")
        wire.ok("SELECT INBOX")
        terminal = Terminal(["aerc"], self.mail.root, XDG_CONFIG_HOME=str(home.parent), SSL_CERT_FILE=self.mail.ca)
        terminal.wait_for("first letter", "with a part", "Grüße", "large")
        terminal.type(":select 0\r")
        terminal.type(":view\r")  # the newest
        terminal.wait_for("0123456789abcdef")
        terminal.type(":close\r")
        terminal.type(":read\r")
        until(wire, lambda: b"\\Seen" in wire.flags(6))
        terminal.type(":flag -x Answered\r")
        until(wire, lambda: b"\\Answered" in wire.flags(6))
        terminal.type(":mv Archive\r")
        until(wire, lambda: self.state(wire)[b"MESSAGES"] == len(LETTERS) - 1)
        self.assertEqual(self.state(wire, "Archive")[b"MESSAGES"], 1)
        wire.append("INBOX", test_transcripts.LETTERS["new"])
        terminal.wait_for("just come")  # IDLE
        terminal.type(":quit -f\r")
        terminal.finish()
        wire.close()

    # ---- curl

    @need("curl")
    def test_curl(self):
        self.fill("curl")
        url = f"imaps://localhost:{self.mail.ports['imaps']}"

        def curl(path, *more):
            return self.run_program("curl", "-sS", "--cacert", self.mail.ca, "-u", f"curl@{DOMAIN}:{self.mail.passwords['curl']}", url + path, *more)

        self.assertIn(b"INBOX", curl("/"))
        for uid, octets in enumerate(LETTERS, 1):
            self.assertEqual(curl(f"/INBOX;UID={uid}"), octets)
        self.assertEqual(curl("/INBOX;UID=2;SECTION=1"), b"Gr=C3=BC=C3=9Fe")
        self.assertEqual(curl("/INBOX;MAILINDEX=1"), LETTERS[0])
        self.assertEqual(curl("/INBOX?SUBJECT%20first").split(), [b"*", b"SEARCH", b"1", b"4"])
        new = self.mail.root / "curl-letter"
        new.write_bytes(test_transcripts.LETTERS["sent"])
        curl("/Sent", "-T", str(new))
        self.assertEqual(curl("/Sent;UID=1"), test_transcripts.LETTERS["sent"])
        self.assertIn(b"\\Flagged", curl("/INBOX", "-X", "STORE 1 +FLAGS (\\Flagged)"))
        self.assertIn(b"MESSAGES 6", curl("", "-X", "STATUS INBOX (MESSAGES)"))
        self.run_program("curl", "-sS", "--cacert", self.mail.ca, "--login-options", "AUTH=LOGIN", "--sasl-ir", "-u",
                         f"curl@{DOMAIN}:{self.mail.passwords['curl']}", url + "/INBOX", "-X", "NOOP")
        self.run_program("curl", "-sS", "--ssl-reqd", "--cacert", self.mail.ca, "-u", f"curl@{DOMAIN}:{self.mail.passwords['curl']}",
                         f"imap://localhost:{self.mail.ports['imap']}/INBOX", "-X", "NOOP")

    # ---- Perl

    def test_mail_imapclient(self):
        if subprocess.run(["perl", "-MMail::IMAPClient", "-MIO::Socket::SSL", "-MParse::RecDescent", "-e", "1"], capture_output=True).returncode != 0:
            self.skipTest("Perl's Mail::IMAPClient is not installed")
        self.fill("perl")
        out = self.run_program("perl", CLIENTS / "imapclient.pl", str(self.mail.ports["imaps"]), f"perl@{DOMAIN}", self.mail.passwords["perl"], self.mail.ca)
        seen = dict(line.split(": ", 1) for line in out.decode().splitlines())
        for name, value in {"delimiter": "/", "uids": "1 2 3 4 5 6", "unseen": "1 2 3 4 5 6", "subject 1": "first letter", "parts": "1 2",
                            "type": "multipart mixed", "from": "Ann <ann@elsewhere.example>", "octets": str(len(LETTERS[0])), "found": "7",
                            "flags": "\\Flagged \\Seen", "copied": "1", "moved": "2", "count": "2", "threads": "5", "status": "6",
                            "bye": "yes"}.items():
            self.assertEqual(seen[name], value, name)
        for uid, octets in enumerate(LETTERS, 1):
            self.assertEqual(seen[f"size {uid}"], str(len(octets)))
        by_size = sorted(range(1, 7), key=lambda uid: (-len(LETTERS[uid - 1]), uid))
        self.assertEqual(seen["sorted"], " ".join(map(str, by_size)))
        self.assertTrue({"INBOX", "Sent", "Trash"} <= set(seen["folders"].split()))

    # ---- npm

    @need("node")
    @unittest.skipUnless(MODULES, "HEARTHMAIL_NODE_MODULES names no folder where `npm install imapflow` was run")
    def test_imapflow(self):
        self.fill("flow")
        out = self.run_program("node", CLIENTS / "imapflow.mjs", MODULES, str(self.mail.ports["imaps"]), f"flow@{DOMAIN}", self.mail.passwords["flow"], self.mail.ca)
        seen = json.loads(out)
        commands = "\n".join(seen["commands"])
        for word in ("COMPRESS DEFLATE", "QRESYNC (", "IDLE", "UID MOVE"):
            self.assertIn(word, commands)
        self.assertIn("QRESYNC", seen["enabled"])
        self.assertTrue({("Sent", "\\Sent"), ("Trash", "\\Trash"), ("INBOX", "\\Inbox")} <= {tuple(folder) for folder in seen["folders"]})
        self.assertEqual([message["source"].encode("latin-1") for message in seen["messages"]], LETTERS)
        self.assertEqual([message["size"] for message in seen["messages"]], [len(octets) for octets in LETTERS])
        self.assertEqual(seen["messages"][2]["subject"], "Grüße")
        self.assertEqual(seen["messages"][1]["type"], "multipart/mixed")
        self.assertEqual((seen["found"], seen["part"]), ([2], "0001020304050607"))
        self.assertEqual(seen["resync"], {"vanished": [3], "flags": [2], "exists": 5})
        self.assertEqual(seen["idle"], {"count": 6, "flags": ["\\Answered", "\\Seen"], "gone": True})
        self.assertEqual((seen["copied"], seen["moved"], seen["deleted"]), ([[1, 1]], [[2, 1]], "Work/Post"))


if __name__ == "__main__":
    unittest.main()
