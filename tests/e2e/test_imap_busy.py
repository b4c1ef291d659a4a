"""One client searches the texts of much mail; another one's NOOP must not notice (250 ms at p99 is the aim)."""
import os
import threading
import time
import unittest

from harness import DEADLINE, Instance

OCTETS = 4 * 1024 * 1024  # of each message, decoded
# How much one command searches. HEARTHMAIL_BUSY_MIB=1024 with an optimised build is the full dose, held to the aim.
MIB = int(os.environ.get("HEARTHMAIL_BUSY_MIB", "96"))
MESSAGES = MIB * 1024 * 1024 // OCTETS
FULL = 1024  # MiB
LEAST = 60 if MIB < FULL else 1000  # NOOPs that are measured
AIM = 0.250  # seconds at p99 on a quiet machine
WORST = 2.0 if MIB < FULL else AIM  # what fails the test: small doses run sanitized on busy machines


class Busy(unittest.TestCase):
    def test_noop_while_a_neighbour_searches(self):
        with Instance() as mail:
            searcher = mail.imap("anna")
            line = b"The quick brown fox jumps over the lazy dog, again and again, until it is dark.\r\n"
            for number in range(MESSAGES):
                text = (b"%d " % number + line) * (OCTETS // (len(line) + 3))
                searcher.append("INBOX", None, None, b"Subject: large\r\nContent-Type: text/plain\r\n\r\n" + text)
            searcher.select("INBOX")
            neighbour = mail.imap("ben")
            neighbour.select("INBOX")
            searching = threading.Event()
            failed = []

            def search():
                try:
                    while not searching.is_set():
                        kind, found = searcher.search(None, "TEXT", '"no such words anywhere"')
                        self.assertEqual((kind, found), ("OK", [b""]))
                except Exception as problem:  # told to the main thread
                    failed.append(problem)

            thread = threading.Thread(target=search)
            thread.start()
            took = []
            ends = time.monotonic() + DEADLINE * max(1, MIB // 256)
            while len(took) < LEAST and time.monotonic() < ends:
                began = time.monotonic()
                neighbour.noop()
                took.append(time.monotonic() - began)
            searching.set()
            thread.join(DEADLINE * max(1, MIB // 256))
            self.assertEqual(failed, [])
            took.sort()
            middle, high = took[len(took) // 2], took[int(len(took) * 0.99)]
            print(f"\n    {len(took)} NOOPs beside a search of {MESSAGES * OCTETS >> 20} MiB: median {middle * 1000:.1f} ms, "
                  f"p99 {high * 1000:.1f} ms (aim {AIM * 1000:.0f} ms)")
            self.assertGreaterEqual(len(took), LEAST)
            self.assertLess(high, WORST)
            neighbour.logout()
            searcher.logout()


if __name__ == "__main__":
    unittest.main()
