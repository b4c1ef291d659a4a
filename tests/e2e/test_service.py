"""What holds for the running service as a whole: big messages, a new certificate, the log, a restart."""
import json
import pathlib
import random
import shutil
import smtplib
import socket
import ssl
import unittest

import smarthost
from harness import DEADLINE, DOMAIN, Instance, letter, without_trace

MEBI = 1024 * 1024


def big_letter(octets, sender="stranger@elsewhere.example", number=0):
    """Text lines that do not compress well, with dots at line starts."""
    source = random.Random(number)
    lines = [("." if i % 50 == 0 else "") + source.randbytes(35).hex() for i in range(octets // 72)]
    return letter("big", "\r\n".join(lines) + "\r\n", sender=sender, number=number)


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def test_a_message_of_20_mebioctets_goes_the_whole_route(self):
        octets = big_letter(20 * MEBI)
        self.mail.deliver(octets, to=("ben",))
        self.assertTrue(any(without_trace(m) == octets for m in self.mail.wait_for_messages(1, "ben")))
        own = big_letter(20 * MEBI, sender=f"anna@{DOMAIN}", number=1)
        self.mail.submit(own, ["friend@far.example"])
        self.assertTrue(any(m.endswith(own) for m in self.mail.wait_for_messages(1, "capture")))

    def test_a_message_over_the_limit_is_refused_at_mail_and_after_data(self):
        with smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"], timeout=DEADLINE) as client:
            client.ehlo("client.elsewhere.example")
            self.assertEqual(client.esmtp_features["size"], str(50 * MEBI))
            self.assertEqual(client.docmd(f"MAIL FROM:<x@elsewhere.example> SIZE={50 * MEBI + 1}")[0], 552)
            client.docmd("MAIL FROM:<x@elsewhere.example>")
            client.docmd(f"RCPT TO:<anna@{DOMAIN}>")
            code, text = client.data(b"Subject: too big\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (50 * MEBI // 72))
            self.assertEqual(code, 552, text)
            self.assertEqual(client.docmd("NOOP")[0], 250)

    def peer_certificate(self, service):
        with socket.create_connection(("127.0.0.1", self.mail.ports[service]), DEADLINE) as plain:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain) as secure:
                return secure.getpeercert(binary_form=True)

    def test_a_new_certificate_is_used_and_running_sessions_go_on(self):
        old = self.peer_certificate("imaps")
        session = self.mail.imap("anna")
        session.select("INBOX")
        folder = self.mail.root / "new-certificate"
        folder.mkdir()
        certificate, key = smarthost.make_certificate(folder)
        saved = {path: pathlib.Path(path).read_bytes() for path in (self.mail.ca, str(self.mail.data / "tls" / "key.pem"))}
        shutil.copy(key, self.mail.data / "tls" / "key.pem")
        shutil.copy(certificate, self.mail.ca)
        for service in ("imaps", "pop3s", "submissions"):
            smarthost.wait_until(lambda: self.peer_certificate(service) != old, f"{service} shows the new certificate")
        self.assertEqual(session.noop()[0], "OK")
        session.logout()
        new = self.peer_certificate("imaps")
        pathlib.Path(self.mail.ca).write_text("not a certificate")  # a broken file: the pair in use stays
        self.assertEqual(self.peer_certificate("imaps"), new)
        for path, octets in saved.items():
            pathlib.Path(path).write_bytes(octets)
        for service in ("imaps", "pop3s", "submissions"):
            smarthost.wait_until(lambda: self.peer_certificate(service) == old, f"{service} shows the first certificate again")

    def test_a_restart_keeps_everything(self):
        self.mail.deliver(letter("before the restart"), to=("anna",))
        before = self.mail.wait_for_messages(1)
        client = self.mail.imap()
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Flagged kept)")
        uids = client.response("UIDVALIDITY"), client.uid("SEARCH", "ALL")
        client.logout()
        self.mail.stop()
        self.mail.start()
        self.assertEqual(self.mail.wait_for_messages(1), before)
        client = self.mail.imap()
        client.select("INBOX")
        self.assertEqual((client.response("UIDVALIDITY"), client.uid("SEARCH", "ALL")), uids)
        self.assertIn(b"kept", client.fetch("1", "FLAGS")[1][0])
        client.logout()

    def test_the_log_is_json_lines_and_tells_no_password_and_no_body(self):
        self.mail.submit(letter("logged", "A sentence nobody may log.\r\n", sender=f"anna@{DOMAIN}"), ["friend@far.example"])
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            with smtplib.SMTP_SSL("localhost", self.mail.ports["submissions"], context=self.mail.tls(), timeout=DEADLINE) as client:
                client.login(f"anna@{DOMAIN}", "a mistyped password")
        text = self.mail.log.read_text()
        events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        self.assertGreater(len(events), 10)
        self.assertTrue(all({"time", "level", "program", "event"} <= event.keys() for event in events))
        for secret in ("A sentence nobody may log", "a mistyped password", *self.mail.passwords.values()):
            self.assertNotIn(secret, text)

    def test_a_flood_of_connections_from_one_address_is_limited(self):
        peers = []
        try:
            greetings = []
            for _ in range(60):
                peer = socket.create_connection(("127.0.0.1", self.mail.ports["smtp"]), DEADLINE)
                peers.append(peer)
                greetings.append(peer.recv(512)[:3])
            self.assertEqual(greetings.count(b"220"), 50)
            self.assertEqual(greetings.count(b"421"), 10)
        finally:
            for peer in peers:
                peer.close()


if __name__ == "__main__":
    unittest.main()
