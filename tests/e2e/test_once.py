"""What the relay hands to our own receiver is in the mailbox once, also when one of them dies around the answer: the mail of one
user to another, and the report about a mail that could not be delivered."""
import pathlib
import sys
import time
import unittest

import smarthost
from harness import DEADLINE, DOMAIN, PROGRAMS, Failed, letter

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import no_hooks  # noqa: E402
from server import Server, wait_gone  # noqa: E402

RECEIVER, RELAY = "hearthmail-receiver", "hearthmail-relay"
# Where the message is in the mailbox and the queue does not know it: who dies, and at which point.
DEATHS = ((RECEIVER, "after-commit"), (RECEIVER, "lmtp-before-reply"), (RECEIVER, "lmtp-after-reply"), (RELAY, "after-lmtp-250"),
          (RELAY, "before-queue-delete"))


@unittest.skipIf(no_hooks.without(PROGRAMS), "needs programs with crash hooks (presets asan, crash)")
class Once(unittest.TestCase):
    def setUp(self):
        self.sink = smarthost.Smarthost().start()
        self.addCleanup(self.sink.stop)
        self.environment = {"HEARTHMAIL_RELAY_ROUTES": "main", "HEARTHMAIL_RELAY_MAIN_URL": f"smtps://localhost:{self.sink.port}",
                            "HEARTHMAIL_RELAY_MAIN_USER": "user", "HEARTHMAIL_RELAY_MAIN_PASSWORD": smarthost.PASSWORD,
                            "HEARTHMAIL_RELAY_MAIN_CA_FILE": self.sink.ca, "HEARTHMAIL_QUEUE_IN_DOUBT_HOLD": "1s"}

    def empty(self, mail):
        """Waits until the queue is empty; what waits for a moment is tried at once."""
        ends = time.monotonic() + DEADLINE
        while entries := mail.queue():
            if time.monotonic() > ends:
                raise Failed(f"the queue does not run empty: {entries}")
            mail.command("queue", "retry", *(str(entry["id"]) for entry in entries), check=False)
            time.sleep(0.05)

    def die(self, mail, program, point, act):
        pid = mail.running(program)
        mail.arm(program, point, 1)
        act()
        self.assertTrue(wait_gone(pid, DEADLINE), f"{program} did not come to {point}")
        mail.disarm(program)
        mail.running(program, after=pid)
        self.empty(mail)

    def test_a_mail_between_our_users_is_there_once_whoever_dies(self):
        with Server(self.environment, ("anna", "ben")) as mail:
            for number, (program, point) in enumerate(DEATHS, 1):
                with self.subTest(program=program, point=point):
                    octets = letter(f"number {number}", sender=f"ben@{DOMAIN}", number=number)
                    self.die(mail, program, point, lambda octets=octets: mail.submit(octets, [f"anna@{DOMAIN}"], "ben"))
                    found = mail.wait_for_messages(number)
                    self.assertEqual(len(found), number)
            self.assertEqual(sum(b"Subject: number " in one for one in found), len(DEATHS))

    def test_a_report_is_there_once_whoever_dies(self):
        self.sink.refuse["RCPT TO:<bad@far.example>"] = "550 5.1.1 no such user here"
        with Server(self.environment, ("anna", "ben")) as mail:
            deaths = (*DEATHS, (RELAY, "before-dsn-enqueue"), (RELAY, "dsn-enqueued"))
            for number, (program, point) in enumerate(deaths, 1):
                with self.subTest(program=program, point=point):
                    octets = letter(f"number {number}", sender=f"ben@{DOMAIN}", to="bad@far.example", number=number)
                    self.die(mail, program, point, lambda octets=octets: mail.submit(octets, ["bad@far.example"], "ben"))
                    found = mail.wait_for_messages(number, "ben")
                    self.assertEqual(len(found), number)
            self.assertTrue(all(b"Final-Recipient: rfc822; bad@far.example" in one for one in found))


if __name__ == "__main__":
    unittest.main()
