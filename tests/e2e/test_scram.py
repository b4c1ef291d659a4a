"""SCRAM-SHA-256 logins inside TLS, by a client of 40 lines: IMAP, POP3 and submission."""
import base64
import hashlib
import hmac
import imaplib
import json
import poplib
import secrets
import smtplib
import unittest

from harness import DEADLINE, DOMAIN, Instance


def digest(key, text):
    return hmac.digest(key, text, "sha256")


class Scram:
    """RFC 5802, RFC 7677: answers challenges; `verified` when the server has proved that it knows the verifier."""

    def __init__(self, login, password):
        self.password = password
        self.first = f"n={login},r={secrets.token_urlsafe(18)}".encode()
        self.verified = False
        self.steps = iter((self.begin, self.prove, self.verify))

    def __call__(self, challenge=None):
        return next(self.steps)(challenge or b"")

    def begin(self, challenge):
        return b"n,," + self.first

    def prove(self, challenge):
        told = dict(item.split("=", 1) for item in challenge.decode().split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(told["s"]), int(told["i"]))
        key = digest(salted, b"Client Key")
        final = f"c=biws,r={told['r']}".encode()
        message = self.first + b"," + challenge + b"," + final
        proof = bytes(a ^ b for a, b in zip(key, digest(hashlib.sha256(key).digest(), message)))
        self.expected = b"v=" + base64.b64encode(digest(digest(salted, b"Server Key"), message))
        return final + b",p=" + base64.b64encode(proof)

    def verify(self, challenge):
        self.verified = challenge == self.expected
        return b""


class ScramLogins(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def client(self, name="anna", password=None):
        return Scram(f"{name}@{DOMAIN}", self.mail.passwords[name] if password is None else password)

    def imap(self):
        return imaplib.IMAP4_SSL("localhost", self.mail.ports["imaps"], ssl_context=self.mail.tls(), timeout=DEADLINE)

    def test_imap(self):
        with self.imap() as imap:
            # TLS 1.3 has an exporter value, so that the binding mechanism is offered first.
            offered = [word for word in imap.capabilities if word.startswith("AUTH=")]
            self.assertEqual(offered, ["AUTH=SCRAM-SHA-256-PLUS", "AUTH=SCRAM-SHA-256", "AUTH=PLAIN", "AUTH=LOGIN"])
            for wrong in (self.client(password="wrong"), Scram(f"nobody@{DOMAIN}", "wrong")):
                with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED"):
                    imap.authenticate("SCRAM-SHA-256", wrong)
            right = self.client()
            imap.authenticate("SCRAM-SHA-256", right)
            self.assertTrue(right.verified)
            self.assertEqual(imap.select()[0], "OK")

    def test_pop3(self):
        pop3 = poplib.POP3_SSL("localhost", self.mail.ports["pop3s"], context=self.mail.tls(), timeout=DEADLINE)
        self.assertIn("SCRAM-SHA-256", pop3.capa()["SASL"])
        right = self.client()
        pop3._putline(b"AUTH SCRAM-SHA-256")
        while (line := pop3._getline()[0]).startswith(b"+ "):
            pop3._putline(base64.b64encode(right(base64.b64decode(line[2:]))))
        self.assertTrue(line.startswith(b"+OK"), line)
        self.assertTrue(right.verified)
        self.assertEqual(pop3.stat()[0], 0)
        pop3.quit()

    def test_submission(self):
        with smtplib.SMTP_SSL("localhost", self.mail.ports["submissions"], context=self.mail.tls(), timeout=DEADLINE) as smtp:
            smtp.ehlo()
            self.assertIn("SCRAM-SHA-256", smtp.esmtp_features["auth"].split())
            right = self.client()
            code, challenge = smtp.docmd("AUTH", "SCRAM-SHA-256 " + base64.b64encode(right()).decode())
            while code == 334:
                code, challenge = smtp.docmd(base64.b64encode(right(base64.b64decode(challenge))).decode())
            self.assertEqual(code, 235)
            self.assertTrue(right.verified)
            smtp.sendmail(f"anna@{DOMAIN}", f"ben@{DOMAIN}", b"Subject: by SCRAM\r\n\r\nHello\r\n")
        self.assertIn(b"Subject: by SCRAM", self.mail.wait_for_messages(1, "ben")[0])

    def test_a_new_password(self):
        old = self.mail.passwords["capture"]
        self.mail.command("user", "passwd", f"capture@{DOMAIN}", "--password-stdin", input="another one\n")
        with self.imap() as imap:
            with self.assertRaises(imaplib.IMAP4.error):
                imap.authenticate("SCRAM-SHA-256", self.client("capture", old))
            imap.authenticate("SCRAM-SHA-256", self.client("capture", "another one"))
        listed = json.loads(self.mail.command("user", "list", "--json").stdout)
        self.assertTrue(all(account["scram"] for account in listed), listed)


if __name__ == "__main__":
    unittest.main()
