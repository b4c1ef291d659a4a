"""kill -9 of each daemon under load: every message that was acknowledged is there once, with its octets."""
import random
import smtplib
import threading
import unittest

import smarthost
from harness import DAEMONS, DEADLINE, DOMAIN, Instance, letter, without_trace

ROUNDS = 4      # kills of each daemon
SENDERS = 3     # threads for each way in


class Ledger:
    """What was attempted and what was acknowledged; kept outside the data directory."""

    def __init__(self):
        self.lock = threading.Lock()
        self.next = 0
        self.acknowledged = {}

    def message(self, way):
        with self.lock:
            self.next += 1
            number = self.next
        body = "".join(random.Random(number).choices("abcdefghij ", k=random.Random(number).randrange(10, 20000)))
        lines = "\r\n".join(body[i:i + 70] for i in range(0, len(body), 70))
        return number, f"{way} {number}", lines + "\r\n"

    def ack(self, subject, octets):
        with self.lock:
            self.acknowledged[subject] = octets


class Crash(unittest.TestCase):
    def load_port25(self, mail, ledger, stop):
        while not stop.is_set():
            number, subject, body = ledger.message("in")
            octets = letter(subject, body, number=number)
            try:
                with smtplib.SMTP("127.0.0.1", mail.ports["smtp"], timeout=DEADLINE) as client:
                    client.ehlo("load.example")
                    for _ in range(5):
                        client.sendmail("load@elsewhere.example", [f"anna@{DOMAIN}"], octets)
                        ledger.ack(subject, octets)
                        number, subject, body = ledger.message("in")
                        octets = letter(subject, body, number=number)
            except (OSError, smtplib.SMTPException):
                continue  # not acknowledged: the sender still owns it

    def load_submission(self, mail, ledger, stop):
        while not stop.is_set():
            number, subject, body = ledger.message("out")
            octets = letter(subject, body, sender=f"ben@{DOMAIN}", to="friend@far.example", number=number)
            try:
                if mail.submit(octets, ["friend@far.example"], "ben") == {}:
                    ledger.ack(subject, octets)
            except (OSError, smtplib.SMTPException):
                continue

    @staticmethod
    def subjects(messages):
        found = {}
        for octets in messages:
            subject = octets.split(b"\r\nSubject: ", 1)[1].split(b"\r\n", 1)[0].decode()
            found.setdefault(subject, []).append(octets)
        return found

    def test_nothing_acknowledged_is_lost_when_each_daemon_is_killed(self):
        sink = smarthost.Smarthost().start()
        environment = {"HEARTHMAIL_RELAY_ROUTES": "main", "HEARTHMAIL_RELAY_MAIN_URL": f"smtps://localhost:{sink.port}",
                       "HEARTHMAIL_RELAY_MAIN_USER": "user", "HEARTHMAIL_RELAY_MAIN_PASSWORD": smarthost.PASSWORD,
                       "HEARTHMAIL_RELAY_MAIN_CA_FILE": sink.ca, "HEARTHMAIL_QUEUE_IN_DOUBT_HOLD": "1s", "HEARTHMAIL_LOG_LEVEL": "warning"}
        try:
            with Instance(environment) as mail:
                ledger, stop = Ledger(), threading.Event()
                threads = [threading.Thread(target=load, args=(mail, ledger, stop)) for load in (self.load_port25, self.load_submission) for _ in range(SENDERS)]
                for thread in threads:
                    thread.start()
                try:
                    for _ in range(ROUNDS):
                        for daemon in DAEMONS:
                            reached = len(ledger.acknowledged) + 10  # each kill comes amid fresh work
                            smarthost.wait_until(lambda: len(ledger.acknowledged) >= reached, "more was acknowledged")
                            mail.kill(daemon)
                finally:
                    stop.set()
                    for thread in threads:
                        thread.join()
                self.check(mail, sink, ledger)
        finally:
            sink.stop()

    def check(self, mail, sink, ledger):
        smarthost.wait_until(lambda: mail.queue() == [], "the queue is empty")
        inbox = self.subjects(mail.wait_for_messages(0))
        handed = self.subjects([accepted.octets for accepted in sink.accepted])
        incoming = {s: o for s, o in ledger.acknowledged.items() if s.startswith("in")}
        outgoing = {s: o for s, o in ledger.acknowledged.items() if s.startswith("out")}
        self.assertGreater(len(incoming), 20)
        self.assertGreater(len(outgoing), 20)
        for subject, octets in incoming.items():
            self.assertEqual([without_trace(m) for m in inbox.get(subject, [])], [octets], subject)
        doubled = 0
        for subject, octets in outgoing.items():
            copies = handed.get(subject, [])
            self.assertTrue(copies, f"{subject} was acknowledged and never handed over")
            self.assertTrue(all(copy.endswith(octets) for copy in copies), subject)
            doubled += len(copies) - 1
        # Only what was between the smarthost's 250 and our commit at a kill of the relay may come twice: at most the
        # relay's connections at each kill.
        self.assertLessEqual(doubled, ROUNDS * 4)
        print(f"    acked {len(incoming)} in and {len(outgoing)} out over {3 * ROUNDS} kills, doubled at the smarthost {doubled}")


if __name__ == "__main__":
    unittest.main()
