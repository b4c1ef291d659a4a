"""SCRAM-SHA-256 logins inside TLS: a client of 40 lines on IMAP, POP3 and submission; gsasl (bound to the channel), msmtp, mbsync."""
import base64
import hashlib
import hmac
import imaplib
import json
import poplib
import secrets
import re
import smtplib
import subprocess
import unittest

from harness import DEADLINE, DOMAIN, Instance

ACCEPTED = r"(?m)^235 |^\. OK \[CAPABILITY"  # submission, IMAP


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
            smtp.sendmail(f"anna@{DOMAIN}", f"ben@{DOMAIN}", f"From: anna@{DOMAIN}\r\nSubject: by SCRAM\r\n\r\nHello\r\n")
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

    def first_answer(self, login, protocol):
        """What the server says to the first message of that login: salt and iterations."""
        if protocol == "imap":
            asked = []
            with self.imap() as imap, self.assertRaises(imaplib.IMAP4.error):
                imap.authenticate("SCRAM-SHA-256", lambda challenge: asked.append(challenge) or Scram(login, "x")() if len(asked) < 2 else None)
            answer = asked[1]
        else:
            with smtplib.SMTP_SSL("localhost", self.mail.ports["submissions"], context=self.mail.tls(), timeout=DEADLINE) as smtp:
                smtp.ehlo()
                code, challenge = smtp.docmd("AUTH", "SCRAM-SHA-256 " + base64.b64encode(Scram(login, "x")()).decode())
                self.assertEqual(code, 334)
                smtp.docmd("*")
            answer = base64.b64decode(challenge)
        return answer.partition(b",s=")[2]

    def test_an_unknown_login_looks_like_a_known_one(self):
        names = [f"anna@{DOMAIN}", f"nobody@{DOMAIN}", f"Nobody@{DOMAIN.upper()}", "nobody@nowhere.example"]
        first = [self.first_answer(name, "imap") for name in names]
        self.assertEqual(first[1], first[2])
        self.assertEqual(len(set(first)), 3)
        self.assertEqual({len(answer) for answer in first}, {len(first[0])})
        # The same from another program, and after a restart.
        self.assertEqual([self.first_answer(name, "submission") for name in names], first)
        self.mail.stop()
        self.mail.start()
        self.assertEqual([self.first_answer(name, "imap") for name in names], first)

    # ---- programs that people use

    def gsasl(self, protocol, port, mechanism, *options, password=None):
        return subprocess.run(["gsasl", f"--{protocol}", "--connect", f"localhost:{port}", "--starttls", f"--x509-ca-file={self.mail.ca}",
                               f"--mechanism={mechanism}", f"--authentication-id=anna@{DOMAIN}",
                               f"--password={password or self.mail.passwords['anna']}", "--verbose", *options],
                              input="", capture_output=True, text=True, timeout=DEADLINE)

    def test_gsasl_bound_to_the_channel(self):
        for protocol, port in (("imap", "imap"), ("smtp", "submission")):
            for mechanism in ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"):
                with self.subTest(protocol=protocol, mechanism=mechanism):
                    options = () if mechanism.endswith("PLUS") else ("--no-cb",)
                    done = self.gsasl(protocol, self.mail.ports[port], mechanism, *options)
                    said = done.stdout + done.stderr
                    self.assertEqual(done.returncode, 0, said)
                    self.assertRegex(said, ACCEPTED)
                    wrong = self.gsasl(protocol, self.mail.ports[port], mechanism, *options, password="wrong")
                    self.assertNotRegex(wrong.stdout + wrong.stderr, ACCEPTED)

    def test_msmtp(self):
        config = self.mail.root / "msmtprc-scram"
        config.write_text(f"account default\nhost localhost\nport {self.mail.ports['submission']}\ntls on\ntls_starttls on\n"
                          f"tls_trust_file {self.mail.ca}\nauth scram-sha-256\nuser anna@{DOMAIN}\npassword {self.mail.passwords['anna']}\n"
                          f"from anna@{DOMAIN}\n")
        config.chmod(0o600)
        letter = f"From: anna@{DOMAIN}\nSubject: msmtp by SCRAM\n\nHello\n".encode()
        done = subprocess.run(["msmtp", "--debug", "-C", config, f"capture@{DOMAIN}"], input=letter, capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"AUTH SCRAM-SHA-256", done.stdout)

    def test_mbsync(self):
        config = self.mail.root / "mbsyncrc-scram"
        near = self.mail.root / "scram-maildir"
        near.mkdir()
        config.write_text(f"IMAPAccount far\nHost localhost\nPort {self.mail.ports['imaps']}\nUser anna@{DOMAIN}\n"
                          f"Pass {self.mail.passwords['anna']}\nSSLType IMAPS\nCertificateFile {self.mail.ca}\nAuthMechs SCRAM-SHA-256\n\n"
                          f"IMAPStore far\nAccount far\n\nMaildirStore near\nPath {near}/\nInbox {near}/INBOX\n\n"
                          "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Both\nSyncState *\n")
        done = subprocess.run(["mbsync", "-D", "-c", config, "-a"], capture_output=True, text=True, timeout=4 * DEADLINE,
                              env={"HOME": str(self.mail.root), "PATH": "/usr/bin:/bin"})
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said[-2000:])
        self.assertTrue(re.search("AUTHENTICATE SCRAM-SHA-256", said), said[-2000:])


if __name__ == "__main__":
    unittest.main()
