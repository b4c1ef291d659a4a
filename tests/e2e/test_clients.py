"""Mail programs that people use, driven against a running instance."""
import imaplib
import os
import re
import subprocess
import unittest

import mbsync
from harness import DEADLINE, DOMAIN, Instance, letter, wait_for_exists
from imap_wire import Wire
from terminal import Terminal


# How many mbsync gets; HEARTHMAIL_SYNC_MESSAGES=10000 is the large dose (minutes, with an optimised build).
MESSAGES = int(os.environ.get("HEARTHMAIL_SYNC_MESSAGES", "500"))


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(accounts=("anna", "ben", "capture", "sync", "mutt")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    # ---- mbsync

    def mbsync_config(self, store):
        return mbsync.write_config(self.mail, "sync", store, "*", "Both", "PipelineDepth 50\n")

    def mbsync(self, config):
        done = subprocess.run(["mbsync", "-c", config, "-a"], capture_output=True, text=True, timeout=4 * DEADLINE + MESSAGES / 10, env={"HOME": str(self.mail.root), "PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @staticmethod
    def maildir(folder):
        """flags and octets (line ends as CRLF, without mbsync's own field) of every message, by subject."""
        found = {}
        for path in [*folder.glob("cur/*"), *folder.glob("new/*")]:
            octets = re.sub(rb"^X-TUID: .*\n", b"", path.read_bytes(), flags=re.M).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            subject = re.search(rb"^Subject: (.*)\r$", octets, re.M)[1].decode()
            found[subject] = (path.name.rpartition(":2,")[2] if ":2," in path.name else "", octets)
        return found

    @staticmethod
    def set_flags(folder, subject, flags):
        path = next(path for path in [*folder.glob("cur/*"), *folder.glob("new/*")] if f"Subject: {subject}\n".encode() in path.read_bytes())
        path.rename(folder / "cur" / (path.name.partition(":2,")[0] + ":2," + flags))

    def test_mbsync_syncs_both_ways(self):
        wire = Wire(self.mail, "sync")
        for number in range(MESSAGES):
            octets = letter(f"message {number}", f"Text {number}\r\n" * (number % 40 + 1), number=number)
            wire.send(b"a APPEND INBOX %s{%d+}\r\n%s\r\n" % (b"(\\Seen) " if number % 3 == 0 else b"", len(octets), octets))
        for _ in range(MESSAGES):
            self.assertEqual(wire.until(b"a")[-1][1], b"OK")
        store = self.mail.root / "maildir"
        store.mkdir()
        config = self.mbsync_config(store)
        self.mbsync(config)
        near = self.maildir(store / "INBOX")
        self.assertEqual(len(near), MESSAGES)
        self.assertEqual(sum("S" in flags for flags, _ in near.values()), (MESSAGES + 2) // 3)
        before = self.state(wire), self.names(store)
        self.mbsync(config)
        self.assertEqual((self.state(wire), self.names(store)), before)  # nothing to do, nothing done

        # Changes on both sides: two new ones near, flags near and far, a deletion on each side.
        for number in (MESSAGES + 400, MESSAGES + 401):
            (store / "INBOX" / "new" / f"1700000000.{number}.near").write_bytes(letter(f"near {number}", number=number).replace(b"\r\n", b"\n"))
        self.set_flags(store / "INBOX", "message 1", "FS")
        self.set_flags(store / "INBOX", "message 3", "ST")
        wire.ok("SELECT INBOX")
        wire.ok(f"UID STORE {MESSAGES} +FLAGS (\\Deleted)")
        wire.ok("EXPUNGE")
        wire.ok(f"UID STORE {MESSAGES - 1} +FLAGS (\\Answered)")

        self.mbsync(config)
        near = self.maildir(store / "INBOX")
        wire.ok("NOOP")
        far = {re.search(rb"^Subject: (.*)\r$", octets, re.M)[1].decode(): re.sub(rb"^X-TUID: .*\r\n", b"", octets, flags=re.M)
               for octets in (found[b"BODY[]"] for found in wire.fetch("1:*", "(BODY.PEEK[])").values())}
        self.assertEqual({subject: octets for subject, (_, octets) in near.items()} == far, True)
        self.assertEqual(len(far), MESSAGES)
        self.assertIn(f"near {MESSAGES + 400}", far)
        self.assertNotIn("message 3", far)
        self.assertNotIn(f"message {MESSAGES - 1}", far)
        self.assertIn("R", near[f"message {MESSAGES - 2}"][0])
        self.assertEqual(len(wire.ok("SEARCH FLAGGED")[0][2]), 1)
        before = self.state(wire), self.names(store)
        self.mbsync(config)
        self.assertEqual((self.state(wire), self.names(store)), before)
        wire.close()

    @staticmethod
    def state(wire):
        return next(found[3] for found in wire.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)") if found[1] == b"STATUS")

    @staticmethod
    def names(store):
        return sorted(str(path) for path in store.glob("**/*") if path.is_file() and not path.name.startswith("."))

    # ---- neomutt

    def test_neomutt_reads_headers(self):
        for number, subject in enumerate(("first letter", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "third letter")):
            self.mail.deliver(letter(subject, number=number), to=("mutt",))
        self.mail.wait_for_messages(3, "mutt")
        config = self.mail.root / "neomuttrc"
        out = self.mail.root / "mutt.out"
        config.write_text(f"""set folder = "imaps://localhost:{self.mail.ports['imaps']}/"
set imap_user = "mutt@{DOMAIN}"
set imap_pass = "{self.mail.passwords['mutt']}"
set spool_file = "+INBOX"
set certificate_file = "{self.mail.ca}"
set ssl_ca_certificates_file = "{self.mail.ca}"
set ssl_force_tls = yes
set ssl_verify_host = yes
set header_cache = "{self.mail.root}/hcache"
set charset = "utf-8"
set sleep_time = 0
set quit = yes
set mail_check = 0
set index_format = "%s"
set pipe_decode = yes
set wait_key = no
push "<tag-pattern>~A<enter><tag-prefix><pipe-message>cat >>{out}<enter><quit>"
""")
        screen = Terminal(["neomutt", "-F", str(config)], self.mail.root).finish()
        self.assertTrue(out.exists(), screen[-3000:])
        text = out.read_text()
        for subject in ("first letter", "Grüße", "third letter"):
            self.assertIn(f"Subject: {subject}", text)

    # ---- imaplib

    def test_special_uses_and_namespace(self):
        client = self.mail.imap("ben")
        _, listed = client.list()
        names = b"\n".join(listed)
        for use in (rb"\Drafts", rb"\Sent", rb"\Junk", rb"\Trash", rb"\Archive"):
            self.assertIn(use, names)
        self.assertEqual(client.namespace()[0], "OK")
        client.logout()

    def test_append_fetch_store_copy_move_expunge(self):
        client = self.mail.imap("ben")
        client.create("Work/2026")
        for number in range(5):
            self.assertEqual(client.append("Work/2026", r"(\Flagged todo)", '"01-Nov-2026 12:00:00 +0100"', letter(f"n{number}", number=number))[0], "OK")
        _, found = client.select("Work/2026")
        self.assertEqual(found, [b"5"])
        _, data = client.fetch("1", "(FLAGS INTERNALDATE RFC822.SIZE UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        self.assertIn(b'" 1-Nov-2026 12:00:00 +0100"', data[0][0])  # date-day-fixed, RFC 9051 9
        self.assertIn(b"todo", data[0][0])
        self.assertEqual(data[0][1], b"Subject: n0\r\n\r\n")
        self.assertEqual(client.store("2", "+FLAGS", r"(\Deleted)")[0], "OK")
        self.assertEqual(client.copy("1:3", "Archive")[0], "OK")
        self.assertEqual(client.uid("MOVE", "5", "Trash")[0], "OK")
        _, gone = client.expunge()
        self.assertEqual(gone, [b"5", b"2"])  # the MOVE reported 5
        _, found = client.uid("SEARCH", "ALL")
        self.assertEqual(found, [b"1 3 4"])
        self.assertEqual(client.select("Archive")[1], [b"3"])
        self.assertEqual(client.select("Trash")[1], [b"1"])
        self.assertEqual(client.status("Work/2026", "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)")[0], "OK")
        client.select("INBOX")
        self.assertEqual(client.rename("Work", "Office")[0], "OK")
        self.assertEqual(client.select("Office/2026")[1], [b"3"])
        client.close()
        self.assertEqual(client.delete("Office/2026")[0], "OK")
        client.logout()

    def test_idle_shows_a_delivery_at_once(self):
        client = self.mail.imap("anna")
        _, found = client.select("INBOX")
        before = int(found[0])
        self.mail.deliver(letter("while idle"))
        self.assertGreaterEqual(max(wait_for_exists(client, DEADLINE), before + 1), before + 1)
        other = self.mail.imap("anna")
        other.select("INBOX")
        tag = client._new_tag()
        client.send(tag + b" IDLE\r\n")
        while not client.readline().startswith(b"+"):
            pass
        other.store("1", "+FLAGS", "shown")
        self.assertIn(b"shown", client.readline() + client.readline())
        client.send(b"DONE\r\n")
        while not client.readline().startswith(tag):
            pass
        client.logout()
        other.logout()

    def test_login_needs_tls(self):
        client = imaplib.IMAP4("127.0.0.1", self.mail.ports["imap"], timeout=DEADLINE)
        self.assertIn("LOGINDISABLED", client.capabilities)
        with self.assertRaises(imaplib.IMAP4.error):
            client.login(f"anna@{DOMAIN}", self.mail.passwords["anna"])
        client.starttls(self.mail.tls())
        client.login(f"anna@{DOMAIN}", self.mail.passwords["anna"])
        client.logout()

    def test_pop3_deletes_at_quit_only(self):
        for number in range(3):
            self.mail.deliver(letter(f"pop {number}", number=number), to=("capture",))
        self.mail.wait_for_messages(3, "capture")
        first = self.mail.pop3("capture")
        count, _ = first.stat()
        uids = first.uidl()[1]
        first.dele(1)
        first.rset()
        first.dele(2)
        first.close()  # no QUIT
        second = self.mail.pop3("capture")
        self.assertEqual(second.stat()[0], count)
        self.assertEqual(second.uidl()[1], uids)
        second.dele(2)
        self.assertIn(b"Subject", b"\n".join(second.top(1, 0)[1]))
        second.quit()
        third = self.mail.pop3("capture")
        self.assertEqual(third.stat()[0], count - 1)
        third.quit()


if __name__ == "__main__":
    unittest.main()
