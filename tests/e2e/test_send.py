"""Submission ends durably in the queue and is handed over: to the capture mailbox, a smarthost by SMTP, a mail API."""
import json
import os
import smtplib
import subprocess
import unittest

import smarthost
from harness import DEADLINE, DOMAIN, Failed, Instance, letter, without_trace

SINK = "smtp://127.0.0.1:{port}"


def own(subject, number=0, body="A short text.\r\n", to="friend@far.example"):
    return letter(subject, body, sender=f"anna@{DOMAIN}", to=to, number=number)


class Capture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def captured(self, subject):
        """Waits until a captured message with this subject is there."""
        count = 0
        while True:
            messages = self.mail.wait_for_messages(count + 1, "capture")
            for message in messages:
                if b"Subject: " + subject.encode() in message:
                    return message
            count = len(messages)

    def test_a_submission_is_captured_with_its_envelope(self):
        self.assertEqual(self.mail.submit(own("captured", 1), ["friend@far.example", "second@far.example"]), {})
        message = self.captured("captured")
        self.assertIn(f"X-Hearthmail-Envelope-From: <anna@{DOMAIN}>".lower().encode(), message.lower())
        self.assertIn(b"friend@far.example", message)
        self.assertIn(b"second@far.example", message)

    def test_our_own_domain_never_leaves(self):
        self.mail.submit(own("to ben", 2, to=f"ben@{DOMAIN}"), [f"ben@{DOMAIN}"])
        self.assertTrue(any(b"Subject: to ben" in m for m in self.mail.wait_for_messages(1, "ben")))

    def test_the_sender_must_be_an_address_of_the_account(self):
        with smtplib.SMTP_SSL("localhost", self.mail.ports["submissions"], context=self.mail.tls(), timeout=DEADLINE) as client:
            client.login(f"anna@{DOMAIN}", self.mail.passwords["anna"])
            code, text = client.docmd(f"MAIL FROM:<ben@{DOMAIN}>")
            if code == 250:
                code, text = client.docmd("RCPT TO:<friend@far.example>")
            self.assertIn(code, (550, 553), text)
            self.assertIn(b"hearthmail alias", text)
            client.rset()
            self.assertEqual(client.docmd(f"MAIL FROM:<anna+shop@{DOMAIN}>")[0], 250)

    def test_no_authentication_outside_tls_and_none_without_password(self):
        with smtplib.SMTP("localhost", self.mail.ports["submission"], timeout=DEADLINE) as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            self.assertEqual(client.docmd(f"MAIL FROM:<anna@{DOMAIN}>")[0], 530)
            client.starttls(context=self.mail.tls())
            client.ehlo()
            self.assertTrue(client.has_extn("auth"))
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                client.login(f"anna@{DOMAIN}", "wrong")

    def test_bcc_goes_and_date_and_message_id_come(self):
        self.mail.submit(f"From: <anna@{DOMAIN}>\r\nTo: <friend@far.example>\r\nBcc: <hidden@far.example>\r\nSubject: bcc\r\n\r\nx\r\n".encode(),
                         ["friend@far.example", "hidden@far.example"])
        header = self.captured("bcc").split(b"\r\n\r\n")[0]
        self.assertNotIn(b"\nBcc:", header)
        self.assertIn(b"\nDate:", header)
        self.assertIn(b"\nMessage-ID:", header)

    def test_msmtp_submits(self):
        config = self.mail.root / "msmtprc"
        config.write_text(f"account default\nhost localhost\nport {self.mail.ports['submission']}\ntls on\ntls_starttls on\n"
                          f"tls_trust_file {self.mail.ca}\nauth on\nuser anna@{DOMAIN}\npassword {self.mail.passwords['anna']}\n"
                          f"from anna@{DOMAIN}\n")
        config.chmod(0o600)
        done = subprocess.run(["msmtp", "-C", config, "friend@far.example"], input=own("by msmtp", 3), capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.captured("by msmtp")

    def test_swaks_submits_with_auth_and_pipelining(self):
        for tls in ("--tls", "--tls-on-connect"):
            port = self.mail.ports["submission" if tls == "--tls" else "submissions"]
            done = subprocess.run(["swaks", "--server", f"localhost:{port}", tls, "--auth", "PLAIN", "--auth-user", f"anna@{DOMAIN}",
                                   "--auth-password", self.mail.passwords["anna"], "--from", f"anna@{DOMAIN}", "--to",
                                   "friend@far.example", "--header", f"Subject: swaks {tls}", "--pipeline"], capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.captured(f"swaks {tls}")


class Smarthost(unittest.TestCase):
    """Our own scripted smarthost: it records what it accepted and refuses where it is told to."""

    def setUp(self):
        self.sink = smarthost.Smarthost().start()
        self.mail = Instance(self.routes("main")).__enter__()

    def tearDown(self):
        self.mail.__exit__(None, None, None)
        self.sink.stop()

    def routes(self, *names):
        environment = {"HEARTHMAIL_RELAY_ROUTES": " ".join(names)}
        for name in names:
            environment.update({
                f"HEARTHMAIL_RELAY_{name.upper()}_URL": f"smtps://localhost:{self.sink.port}",
                f"HEARTHMAIL_RELAY_{name.upper()}_USER": "user", f"HEARTHMAIL_RELAY_{name.upper()}_PASSWORD": smarthost.PASSWORD,
                f"HEARTHMAIL_RELAY_{name.upper()}_CA_FILE": self.sink.ca,
            })
        return environment

    def test_a_message_reaches_the_smarthost_byte_exact_with_its_envelope(self):
        message = own("relayed", 10, body="Line\r\n.dot\r\n..two dots\r\n")
        self.mail.submit(message, ["a@far.example", "b@far.example"])
        accepted = self.sink.wait(1)[0]
        self.assertEqual(accepted.sender, f"anna@{DOMAIN}")
        self.assertEqual(sorted(accepted.recipients), ["a@far.example", "b@far.example"])
        self.assertTrue(accepted.octets.endswith(message), accepted.octets)
        self.assertTrue(accepted.tls and accepted.authenticated)

    def test_a_refused_recipient_bounces_to_the_sender_and_the_other_one_arrives(self):
        self.sink.refuse["RCPT TO:<bad@far.example>"] = "550 5.1.1 no such user here"
        self.mail.submit(own("half", 11), ["good@far.example", "bad@far.example"])
        self.assertEqual(self.sink.wait(1)[0].recipients, ["good@far.example"])
        report = self.mail.wait_for_messages(1)[0]
        self.assertIn(b"multipart/report", report)
        self.assertIn(b"Final-Recipient: rfc822; bad@far.example", report)
        self.assertIn(b"Status: 5.1.1", report)
        self.assertIn(b"no such user here", report)
        self.assertNotIn(b"Final-Recipient: rfc822; good@far.example", report)

    def test_a_wrong_password_pauses_the_route_and_bounces_nothing(self):
        self.sink.refuse["AUTH"] = "535 5.7.8 bad credentials"
        self.mail.submit(own("kept", 12), ["a@far.example"])
        route = self.wait_for_pause()
        self.assertIn("535", json.dumps(route))
        self.assertEqual(len(self.mail.queue()), 1)
        self.assertEqual(self.mail.wait_for_messages(0), [])
        self.sink.refuse.clear()
        self.mail.command("route", "resume", "main")
        self.assertEqual(self.sink.wait(1)[0].recipients, ["a@far.example"])

    def wait_for_pause(self):
        self.sink.wait_refused(1)
        for _ in range(200):
            for route in json.loads(self.mail.command("route", "list", "--json").stdout):
                if route.get("paused") or route.get("reason"):
                    return route
        raise Failed("the route was not paused")

    def test_a_temporary_refusal_is_tried_again(self):
        self.sink.refuse["RCPT TO:<slow@far.example>"] = "451 4.7.1 greylisted"
        self.mail.submit(own("later", 13), ["slow@far.example"])
        self.sink.wait_refused(1)
        self.sink.refuse.clear()
        entry = self.wait_for_reply("greylisted")
        self.mail.command("queue", "retry", str(entry["id"]))
        self.assertEqual(self.sink.wait(1)[0].recipients, ["slow@far.example"])

    def wait_for_reply(self, text):
        for _ in range(200):
            for entry in self.mail.queue():
                if text in json.dumps(entry) and "in flight" not in json.dumps(entry).lower().replace("-", " ").replace("_", " "):
                    return entry
        raise Failed(f"no queue entry says {text}")

    def test_content_refused_at_the_end_bounces(self):
        self.sink.refuse["."] = "554 5.6.0 we do not like this content"
        self.mail.submit(own("content", 14), ["a@far.example"])
        report = self.mail.wait_for_messages(1)[0]
        self.assertIn(b"Status: 5.6.0", report)
        self.assertIn(b"we do not like this content", report)

    def test_dsn_parameters_are_handed_on(self):
        self.mail.submit(own("dsn", 15), ["a@far.example"], options=["RET=HDRS", "ENVID=abc+2B1"], rcpt_options=["NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;orig@far.example"])
        accepted = self.sink.wait(1)[0]
        self.assertIn("RET=HDRS", accepted.mail_options)
        self.assertIn("ENVID=abc+2B1", accepted.mail_options)
        self.assertIn("ORCPT=rfc822;orig@far.example", accepted.rcpt_options)

    def test_the_queue_command_tells_holds_and_deletes(self):
        self.mail.command("route", "pause", "main")
        self.mail.submit(own("held", 16), ["a@far.example"])
        entry = self.mail.queue()[0]
        shown = self.mail.command("queue", "show", str(entry["id"])).stdout
        self.assertIn("a@far.example", shown)
        self.mail.command("queue", "hold", str(entry["id"]))
        self.assertIn("held", json.dumps(self.mail.queue()).lower())
        self.mail.command("queue", "delete", str(entry["id"]))
        self.assertEqual(self.mail.queue(), [])
        self.assertEqual(self.sink.accepted, [])


class Untrusted(unittest.TestCase):
    def test_a_certificate_that_is_not_trusted_pauses_the_route(self):
        sink = smarthost.Smarthost().start()
        try:
            environment = {"HEARTHMAIL_RELAY_ROUTES": "main", "HEARTHMAIL_RELAY_MAIN_URL": f"smtps://localhost:{sink.port}",
                           "HEARTHMAIL_RELAY_MAIN_USER": "user", "HEARTHMAIL_RELAY_MAIN_PASSWORD": smarthost.PASSWORD}
            with Instance(environment) as mail:
                mail.submit(own("tls", 20), ["a@far.example"])
                for _ in range(400):
                    routes = mail.command("route", "list", "--json").stdout
                    if "certificate" in routes or "self-signed" in routes:
                        break
                self.assertIn("certificate", routes)
                self.assertEqual(len(mail.queue()), 1)
            self.assertEqual(sink.accepted, [])
        finally:
            sink.stop()


class Failover(unittest.TestCase):
    def test_a_paused_route_passes_the_mail_to_the_next_one(self):
        broken, good = smarthost.Smarthost().start(), smarthost.Smarthost().start()
        broken.refuse["AUTH"] = "535 5.7.8 bad credentials"
        environment = {"HEARTHMAIL_RELAY_ROUTES": "first second"}
        for name, sink in (("FIRST", broken), ("SECOND", good)):
            environment.update({f"HEARTHMAIL_RELAY_{name}_URL": f"smtps://localhost:{sink.port}", f"HEARTHMAIL_RELAY_{name}_USER": "user",
                                f"HEARTHMAIL_RELAY_{name}_PASSWORD": smarthost.PASSWORD, f"HEARTHMAIL_RELAY_{name}_CA_FILE": sink.ca})
        try:
            with Instance(environment) as mail:
                mail.submit(own("failover", 21), ["a@far.example"])
                self.assertEqual(good.wait(1)[0].recipients, ["a@far.example"])
                self.assertEqual(broken.accepted, [])
        finally:
            broken.stop()
            good.stop()


class PostfixSink(unittest.TestCase):
    """Postfix's smtp-sink as the smarthost, refusing at each stage (plaintext, so to loopback only)."""

    def run_sink(self, port, *options):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
        return subprocess.Popen(["/usr/sbin/smtp-sink", *user, *options, f"127.0.0.1:{port}", "100"])

    def relay_through(self, *options):
        port = smarthost.free_port()
        sink = self.run_sink(port, *options)
        mail = Instance({"HEARTHMAIL_RELAY_ROUTES": "sink", "HEARTHMAIL_RELAY_SINK_URL": SINK.format(port=port), "HEARTHMAIL_RELAY_SINK_TLS": "none"})
        return sink, mail

    def test_it_accepts(self):
        sink, mail = self.relay_through()
        try:
            with mail:
                mail.submit(own("sink", 30), ["a@far.example"])
                smarthost.wait_until(lambda: mail.queue() == [], "the queue is empty")
        finally:
            sink.terminate()
            sink.wait()

    def test_refusals_at_each_stage(self):
        # -r: 4xx, -f: 5xx for the named commands. Only RCPT and the end of DATA speak about the message.
        for stage, hard, bounced in (("RCPT", True, True), ("RCPT", False, False), (".", True, True), (".", False, False), ("CONNECT", True, False),
                                     ("MAIL", False, False)):
            with self.subTest(stage=stage, hard=hard):
                sink, mail = self.relay_through("-f" if hard else "-r", stage)
                try:
                    with mail:
                        mail.submit(own("refused", 31), ["a@far.example"])
                        if bounced:
                            self.assertIn(b"multipart/report", mail.wait_for_messages(1)[0])
                        else:
                            smarthost.wait_until(lambda: attempted(mail), "an attempt was made")
                            self.assertEqual(mail.wait_for_messages(0), [])
                            self.assertEqual(len(mail.queue()), 1)
                finally:
                    sink.terminate()
                    sink.wait()


def attempted(mail):
    routes = json.loads(mail.command("route", "list", "--json").stdout)
    return any(route.get("reason") for route in routes) or any(r.get("reply") for e in mail.queue() for r in e["recipients"])


if __name__ == "__main__":
    unittest.main()
