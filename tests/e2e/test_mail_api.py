"""HTTPS routes: SES v2 raw content and Mailgun's messages.mime, over verified TLS, answers classified."""
import json
import unittest

import mail_api
import smarthost
from harness import DOMAIN, Instance, letter


def own(subject, number, body="Line\r\n.dot\r\n"):
    return letter(subject, body, sender=f"anna@{DOMAIN}", to="a@far.example", number=number)


class Api:
    """The same tests for both providers; `environment` tells how the route is set."""

    def setUp(self):
        self.api = mail_api.MailApi().start()
        self.mail = Instance(self.environment()).__enter__()

    def tearDown(self):
        self.mail.__exit__(None, None, None)
        self.api.stop()

    def common(self):
        return {"HEARTHMAIL_RELAY_ROUTES": "api", "HEARTHMAIL_RELAY_API_ENDPOINT": f"https://localhost:{self.api.port}",
                "HEARTHMAIL_RELAY_API_CA_FILE": self.api.ca}

    def routes(self):
        return self.mail.command("route", "list", "--json").stdout

    def pause_reason(self):
        smarthost.wait_until(lambda: any(route.get("reason") for route in json.loads(self.routes())), "the route is paused")
        return self.routes()

    def test_a_message_is_handed_over_byte_exact_with_its_envelope(self):
        message = own("by api", 1)
        self.mail.submit(message, ["a@far.example", "hidden@far.example"])
        accepted = self.api.wait(1)[0]
        self.assertEqual(sorted(accepted.recipients), ["a@far.example", "hidden@far.example"])
        self.assertTrue(accepted.octets.endswith(message), accepted.octets)
        smarthost.wait_until(lambda: self.mail.queue() == [], "the queue is empty")

    def test_a_rejected_key_pauses_the_route_and_bounces_nothing(self):
        self.api.answer = (403, {}, json.dumps({"message": "The security token included in the request is invalid."}))
        self.mail.submit(own("kept", 2), ["a@far.example"])
        reason = self.pause_reason()
        self.assertNotIn(mail_api.SECRET_KEY, reason)
        self.assertNotIn(mail_api.MAILGUN_KEY, reason)
        self.assertEqual(len(self.mail.queue()), 1)
        self.assertEqual(self.mail.wait_for_messages(0), [])
        self.api.answer = None
        self.mail.command("route", "resume", "api")
        self.api.wait(1)

    def test_throttling_waits(self):
        self.api.answer = (429, {"Retry-After": "600"}, json.dumps({"message": "Too many requests"}))
        self.mail.submit(own("slow down", 3), ["a@far.example"])
        self.api.wait_requests(1)
        self.pause_reason()
        self.assertEqual(len(self.mail.queue()), 1)
        self.assertEqual(self.mail.wait_for_messages(0), [])

    def test_success_without_an_id_is_in_doubt(self):
        self.api.answer = (200, {}, "Magnificent API")
        self.mail.submit(own("doubt", 4), ["a@far.example"])
        smarthost.wait_until(lambda: "doubt" in json.dumps(self.mail.queue()[0]["recipients"]).lower(), "the recipient is in doubt")

    def test_no_secret_is_ever_logged(self):
        self.mail.submit(own("quiet", 5), ["a@far.example"])
        self.api.wait(1)
        log = self.mail.log.read_text()
        self.assertNotIn(mail_api.SECRET_KEY, log)
        self.assertNotIn(mail_api.MAILGUN_KEY, log)


class Ses(Api, unittest.TestCase):
    def environment(self):
        return {**self.common(), "HEARTHMAIL_RELAY_API_URL": "ses+https://eu-west-1", "HEARTHMAIL_RELAY_API_USER": mail_api.ACCESS_KEY,
                "HEARTHMAIL_RELAY_API_PASSWORD": mail_api.SECRET_KEY}

    def test_content_refused_by_ses_bounces(self):
        self.api.answer = (400, {"x-amzn-ErrorType": "MessageRejected"}, json.dumps({"message": "Email contains a virus"}))
        self.mail.submit(own("virus", 6), ["a@far.example"])
        self.assertIn(b"multipart/report", self.mail.wait_for_messages(1)[0])


class Mailgun(Api, unittest.TestCase):
    def environment(self):
        return {**self.common(), "HEARTHMAIL_RELAY_API_URL": "mailgun+https://api.mailgun.net/mg.example.test",
                "HEARTHMAIL_RELAY_API_PASSWORD": mail_api.MAILGUN_KEY}


if __name__ == "__main__":
    unittest.main()
