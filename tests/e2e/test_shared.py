"""Shared mailboxes (ACL, RFC 4314) between two users of the real programs: `hearthmail share`, imaplib, curl, mbsync, IDLE."""
import json
import subprocess
import unittest

import mbsync
from harness import DEADLINE, DOMAIN, Instance, fetch_all, letter, wait_for_exists

ANNA, BEN = f"anna@{DOMAIN}", f"ben@{DOMAIN}"


class Shared(unittest.TestCase):
    def setUp(self):
        self.mail = Instance()
        self.mail.__enter__()
        self.addCleanup(self.mail.__exit__, None, None, None)
        anna = self.mail.imap("anna")
        self.assertEqual(anna.create("Plans")[0], "OK")
        for number in range(3):
            self.assertEqual(anna.append("Plans", "", None, letter(f"plan {number}", number=number))[0], "OK")
        anna.logout()
        self.mail.imap("ben").logout()  # his mailboxes are made
        self.plans = f"Shared/{ANNA}/Plans"

    def names(self, client, command="list"):
        found = getattr(client, command)(chr(34) * 2, "*")[1]
        return [line.decode().rpartition(' "/" ')[2].strip('"') for line in found if line]

    def share(self, *words):
        return self.mail.command("share", ANNA, "Plans", "--with", BEN, *words).stdout

    def test_command_shares_and_takes_back(self):
        ben = self.mail.imap("ben")
        self.assertNotIn(self.plans, self.names(ben))
        said = self.share()
        self.assertIn(f"{BEN} may read {self.plans}", said)
        self.assertIn(self.plans, self.names(ben))
        self.assertIn(self.plans, self.names(ben, "lsub"))
        self.assertEqual(ben.myrights(self.plans)[1][0].decode(), f"{self.plans} lr")
        self.assertEqual(json.loads(self.mail.command("share", "--list", "--json").stdout),
                         [{"owner": ANNA, "mailbox": "Plans", "with": BEN, "rights": "lr", "denied": "", "shown": self.plans}])
        with self.assertRaises(ben.readonly):
            ben.select(self.plans)
        self.share("--rights", "lrs")
        self.assertEqual(ben.select(self.plans)[0], "OK")
        self.assertEqual(len(fetch_all(ben)), 3)
        self.assertEqual(ben.store("1", "+FLAGS", r"(\Flagged)")[0], "NO")
        self.share("--rights", "write")
        self.assertIn("write", self.mail.command("share", "--list").stdout)
        self.assertEqual(ben.store("1", "+FLAGS", r"(\Flagged)")[0], "OK")  # at the next command
        said = self.share("--remove")
        self.assertIn("any more", said)
        with self.assertRaises(ben.abort):  # BYE
            ben.noop()
            ben.noop()
        ben = self.mail.imap("ben")
        self.assertNotIn(self.plans, self.names(ben))
        self.assertNotIn(self.plans, self.names(ben, "lsub"))
        self.assertEqual(ben.select(self.plans)[0], "NO")
        ben.logout()
        self.assertIn("nothing is shared", self.mail.command("share", "--list").stdout)

    def test_command_explains_what_is_wrong(self):
        wrong = {("share", ANNA, "Plan", "--with", BEN): "did you mean Plans?", ("share", ANNA, "Plans", "--with", ANNA): "is the owner",
                 ("share", ANNA, "Plans", "--with", f"zoe@{DOMAIN}"): "no account", ("share", f"zoe@{DOMAIN}", "Plans", "--with", BEN): "no account",
                 ("share", ANNA, "Plans", "--with", BEN, "--rights", "lrZ"): "Upper-case",
                 ("share", ANNA, "Plans", "--with", BEN, "--remove"): "has no rights", ("share", ANNA): "--with"}
        for words, text in wrong.items():
            done = self.mail.command(*words, check=False)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn(text, done.stderr, words)
        self.assertIn("lrswipkxte", self.mail.command("share", "--help").stdout)

    def test_owner_shares_by_imap_and_both_see_changes(self):
        anna, ben = self.mail.imap("anna"), self.mail.imap("ben")
        self.assertEqual(anna.setacl("Plans", BEN, "lrswite")[0], "OK")
        self.assertIn(f"{BEN} lrswited", anna.getacl("Plans")[1][0].decode())
        ben.select(self.plans)
        self.assertEqual(anna.append("Plans", "", None, letter("plan 3", number=3))[0], "OK")
        self.assertEqual(wait_for_exists(ben, DEADLINE), 4)  # IDLE
        self.assertEqual(ben.append(self.plans, r"(\Flagged)", None, letter("from ben", number=9))[0], "OK")
        anna.select("Plans")
        self.assertEqual(anna.search(None, "FLAGGED")[1], [b"5"])
        ben.noop()
        self.assertEqual(ben.uid("MOVE", "1", "INBOX")[0], "OK")
        anna.noop()
        self.assertEqual(anna.search(None, "ALL")[1], [b"1 2 3 4"])
        self.assertEqual(ben.store("1", "+FLAGS", r"(\Deleted)")[0], "OK")
        self.assertEqual(ben.expunge()[1][-1], b"1")
        self.assertEqual(ben.create(self.plans + "/Sub")[0], "NO")
        self.assertEqual(ben.getacl(self.plans)[0], "NO")
        anna.logout()
        ben.logout()

    def test_curl_reads_a_shared_mailbox(self):
        self.share()
        url = f"imaps://localhost:{self.mail.ports['imaps']}/Shared%2F{ANNA.replace('@', '%40')}%2FPlans;UID=2"
        done = subprocess.run(["curl", "--silent", "--show-error", "--cacert", self.mail.ca, "--user", f"{BEN}:{self.mail.passwords['ben']}", url],
                              capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"Subject: plan 1", done.stdout)

    def test_mbsync_syncs_a_shared_mailbox_both_ways(self):
        self.share("--rights", "write")
        store = self.mail.root / "maildir"
        store.mkdir()
        config = mbsync.write_config(self.mail, "ben", store, '"Shared/*"', "Near")
        self.mbsync(config)
        near = store / "Shared" / ANNA / "Plans"
        self.assertEqual(len(self.messages(near)), 3)
        (near / "new" / "1700000000.1.near").write_bytes(letter("from near", number=7).replace(b"\r\n", b"\n"))
        path = next(path for path in self.messages(near) if b"Subject: plan 0" in path.read_bytes())
        path.rename(near / "cur" / (path.name.partition(":2,")[0] + ":2,T"))
        self.mbsync(config)
        anna = self.mail.imap("anna")
        anna.select("Plans")
        text = b"".join(fetch_all(anna))
        self.assertIn(b"Subject: from near", text)
        self.assertNotIn(b"Subject: plan 0", text)
        self.assertEqual(len(self.messages(near)), 3)
        anna.logout()

    @staticmethod
    def messages(folder):
        return [*folder.glob("cur/*"), *folder.glob("new/*")]

    def mbsync(self, config):
        done = subprocess.run(["mbsync", "-c", config, "-a"], capture_output=True, text=True, timeout=4 * DEADLINE,
                              env={"HOME": str(self.mail.root), "PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_removed_account_is_in_no_list_and_the_store_is_in_order(self):
        self.share("--rights", "full")
        self.mail.command("share", ANNA, "Plans", "--with", "anyone", "--rights", "lr")
        self.mail.command("user", "remove", BEN)
        rows = json.loads(self.mail.command("share", "--list", "--json").stdout)
        self.assertEqual([row["with"] for row in rows], ["anyone"])
        done = self.mail.command("check", check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        capture = self.mail.imap("capture")
        self.assertIn(self.plans, self.names(capture))
        capture.logout()


if __name__ == "__main__":
    unittest.main()
