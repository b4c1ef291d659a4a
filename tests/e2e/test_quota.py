"""Limits set by `hearthmail user quota`: strangers wait, IMAP refuses, our own accepted mail waits in the queue and is never lost."""
import imaplib
import json
import smtplib
import time
import unittest

from harness import DEADLINE, DOMAIN, Instance, letter


class Quotas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def limit(self, *words):
        return json.loads(self.mail.command("user", "quota", f"ben@{DOMAIN}", "--json", *words).stdout)

    def wait(self, what, condition):
        ends = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), ends, what)
            time.sleep(0.05)

    def refused_at_rcpt(self, options=()):
        with smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"], timeout=DEADLINE) as client:
            client.ehlo("client.elsewhere.example")
            client.mail("stranger@elsewhere.example", options)
            return client.rcpt(f"ben@{DOMAIN}")

    def test_a_full_mailbox(self):
        self.assertEqual(self.limit()["limits"], {"storage": None, "messages": None})
        self.mail.deliver(letter("one"), to=("ben",))
        said = self.limit("--messages", "2", "--storage", "100K")
        self.assertEqual(said["limits"], {"storage": 102400, "messages": 2})
        self.assertEqual(said["used"]["messages"], 1)
        listed = {account["address"]: account["quota"] for account in json.loads(self.mail.command("user", "list", "--json").stdout)}
        self.assertEqual(listed[f"ben@{DOMAIN}"], said["limits"])

        # By SIZE, then by count; at once in the running programs.
        code, text = self.refused_at_rcpt(["SIZE=200000"])
        self.assertEqual((code, text[:5]), (452, b"4.2.2"))
        self.mail.deliver(letter("two"), to=("ben",))
        self.assertEqual(self.refused_at_rcpt()[0], 452)
        self.assertIn("It is full", self.mail.command("user", "quota", f"ben@{DOMAIN}").stdout)

        imap = self.mail.imap("ben")
        root, quota = imap.getquotaroot("INBOX")[1]
        self.assertEqual(root, [b'INBOX ""'])
        used = self.limit()["used"]["storage"]
        self.assertEqual(quota, [f'"" (STORAGE {-(-used // 1024)} 100 MESSAGE 2 2)'.encode()])
        status, why = imap.append("INBOX", None, None, letter("three"))
        self.assertEqual((status, why[0][:11]), ("NO", b"[OVERQUOTA]"))
        imap.select("INBOX")
        self.assertIn(b"[OVERQUOTA]", imap.copy("1", "Archive")[1][0])
        self.assertEqual(imap.uid("MOVE", "1", "Archive")[0], "OK")

        # Accepted by submission: it waits in the queue until there is room.
        self.mail.submit(letter("four", sender=f"anna@{DOMAIN}", to=f"ben@{DOMAIN}"), [f"ben@{DOMAIN}"])
        self.wait("the relay was not refused", lambda: any("4.2.2" in json.dumps(entry) or "452" in json.dumps(entry) for entry in self.mail.queue()))
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "\\Deleted")
        self.assertIn(b"DELETED-STORAGE", imap.status("INBOX", "(DELETED DELETED-STORAGE)")[1][0])
        imap.expunge()
        self.mail.command("queue", "retry", "--all")
        self.assertIn(b"Subject: four", self.mail.wait_for_messages(1, "ben")[0])
        self.wait("the queue is not empty", lambda: not self.mail.queue())

        self.assertEqual(self.limit("--none")["limits"], {"storage": None, "messages": None})
        self.assertEqual(imap.append("INBOX", None, None, letter("five"))[0], "OK")
        self.assertEqual(imap.getquotaroot("INBOX")[1][0], [b"INBOX"])
        with self.assertRaisesRegex(imaplib.IMAP4.error, "NOPERM"):
            status, why = imap.setquota('""', "(STORAGE 1)")
            raise imaplib.IMAP4.error(f"{status} {why}")
        imap.logout()
        self.assertEqual(self.mail.command("check").returncode, 0)

    def test_what_is_no_limit_is_refused(self):
        for words in (("--storage", "much"), ("--messages", "-1"), ("--none", "--messages", "3")):
            self.assertNotEqual(self.mail.command("user", "quota", f"anna@{DOMAIN}", *words, check=False).returncode, 0)
        self.assertNotEqual(self.mail.command("user", "quota", f"nobody@{DOMAIN}", check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
