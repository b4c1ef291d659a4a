"""Where servers go wrong: literals that nobody asked for, huge sets, deep pipelines, clients that do not read."""
import threading
import time
import unittest

from harness import Instance, letter
from imap_wire import Wire
from test_imap_compress import MIB, resident

LITERAL = 100_000  # octets, as LITERAL+ clients send them; we offer LITERAL- (4,096)
RANGES = 10_000  # in one sequence set, the most that is taken
PIPELINE = 2_000  # commands sent without waiting
LARGE = 24  # messages of 1 MiB that a client asks for and does not read
GROWTH = 400 * MIB  # of the receiver meanwhile at most: 4 x 24 MiB are asked for, 64 KiB steps are held


class Edges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def test_a_literal_of_100_kb_that_nobody_asked_for(self):
        """Refused, and not one of its octets runs as a command. RFC 7888 4."""
        poison = (b"x LOGOUT\r\ny DELETE Archive\r\nz APPEND INBOX {3+}\r\n" * (LITERAL // 40))[:LITERAL - 2] + b"\r\n"
        wire = Wire(self.mail, "anna")
        for command in (b"CREATE {%d+}", b"SEARCH SUBJECT {%d+}", b"APPEND INBOX {%d+}", b"APPEND INBOX (\\Seen) {%d+}", b"APPEND INBOX ~{%d+}",
                        b"SELECT {%d+}", b"ID (\"name\" {%d+}", b"NONSENSE {%d+}", b"STATUS INBOX {%d+}", b"UID FETCH 1 {%d+}"):
            with self.subTest(command):
                wire.send(b"a " + command % len(poison) + b"\r\n" + poison + b" more {5+}\r\nx NOO\r\nb NOOP\r\n")
                answers = wire.until(b"a")
                self.assertIn(answers[-1][1], (b"NO", b"BAD"))
                self.assertEqual([answer[0] for answer in wire.until(b"b")], [b"b"])
        self.assertEqual(len([1 for answer in wire.ok("LIST \"\" Archive") if answer[1] == b"LIST"]), 1)
        wire.close()
        stranger = Wire(self.mail)
        stranger.send(b"a LOGIN {%d+}\r\n" % len(poison) + poison + b" x\r\nb NOOP\r\n")
        self.assertEqual(stranger.until(b"a")[-1][1], b"BAD")
        self.assertEqual(stranger.until(b"b")[-1][1], b"OK")
        stranger.close()

    def test_a_literal_too_absurd_to_swallow_ends_the_session(self):
        wire = Wire(self.mail, "anna")
        wire.send(b"a CREATE {%d+}\r\n" % (64 * MIB) + b"x DELETE Archive\r\n" * 10)
        self.assertEqual(wire.until(b"*")[-1][1], b"BYE")
        self.assertEqual(wire.file.read(1), b"")

    def test_a_synchronising_literal_of_100_kb_is_taken(self):
        wire = Wire(self.mail, "anna")
        wire.ok("SELECT INBOX")
        self.assertIn((b"*", b"SEARCH", []), wire.ok(b"SEARCH SUBJECT {%d}" % LITERAL, b"a" * LITERAL))
        wire.close()

    def test_sets_of_10_000_ranges(self):
        wire = Wire(self.mail, "ben")
        wire.ok("CREATE sets")
        for number in range(40):
            wire.append("sets", letter(f"set {number}", number=number))
        wire.ok("SELECT sets")
        odd = ",".join(str(number) for number in range(1, 2 * RANGES, 2))
        found = [answer[2] for answer in wire.ok(f"UID FETCH {odd} (UID)") if answer[1] == b"FETCH"]
        self.assertEqual(found, list(range(1, 41, 2)))
        self.assertEqual(wire.ok(f"UID SEARCH UID {odd}")[0][2], list(range(1, 41, 2)))
        wire.ok(f"UID STORE {odd} +FLAGS.SILENT (\\Flagged)")
        self.assertEqual(len(wire.ok("SEARCH FLAGGED")[0][2]), 20)
        backwards = ",".join(f"{number}:{number - 1}" for number in range(3000, 1, -1))  # overlapping, unordered
        self.assertEqual(len(wire.ok(f"UID SEARCH UID {backwards}")[0][2]), 40)
        self.assertEqual(wire.run(f"UID FETCH {odd},{2 * RANGES + 1} (UID)")[-1][1], b"BAD")
        self.assertEqual(wire.run(f"UID COPY {odd} Archive")[-1][1], b"OK")
        wire.close()

    def test_a_deep_pipeline(self):
        """Every command is answered once, in order."""
        wire = Wire(self.mail, "anna")
        wire.append("INBOX", letter("deep"))
        wire.ok("SELECT INBOX")
        kinds = ("NOOP", "FETCH 1 (UID FLAGS)", "UID SEARCH ALL", "STATUS Sent (MESSAGES)", "STORE 1 +FLAGS.SILENT (\\Seen)", "LIST \"\" INBOX", "NAMESPACE",
                 "FETCH 1 (BODY.PEEK[])", "IDLE\r\nDONE")
        commands = "".join(f"p{number} {kinds[number % len(kinds)]}\r\n" for number in range(PIPELINE))
        sender = threading.Thread(target=wire.send, args=(commands,))
        sender.start()
        for number in range(PIPELINE):
            answers = wire.until(b"p%d" % number)
            self.assertEqual(answers[-1][1], b"OK")
            self.assertTrue(all(answer[0] in (b"*", b"+") for answer in answers[:-1]), answers)
        sender.join()
        wire.close()

    def test_a_client_that_stops_reading(self):
        """It costs the server neither memory nor its neighbours' time, and finds every octet when it reads again."""
        reader, neighbour = Wire(self.mail, "anna"), Wire(self.mail, "anna")
        neighbour.ok("CREATE slow")
        octets = [letter(f"slow {number}", f"{number:060d}\r\n" * (MIB // 62), number=number) for number in range(LARGE)]
        for message in octets:
            neighbour.append("slow", message)
        for wire in (reader, neighbour):
            wire.ok("SELECT slow")
        pid = self.mail.pid("hearthmail-receiver")
        before = most = resident(pid)
        reader.send("".join(f"f{number} FETCH 1:* (UID BODY.PEEK[])\r\n" for number in range(4)) + "g UID FETCH 1:* (FLAGS)\r\n")
        longest = 0.0
        for number in range(1, LARGE + 1):
            began = time.monotonic()
            neighbour.ok(f"UID STORE {number} +FLAGS.SILENT (\\Answered)")
            neighbour.ok("NOOP")
            longest = max(longest, time.monotonic() - began)
            most = max(most, resident(pid))
        neighbour.ok("UID STORE 3 +FLAGS.SILENT (\\Deleted)")
        neighbour.ok("EXPUNGE")
        for number in range(4):
            got = {dict(answer[3])[b"UID"]: dict(answer[3]).get(b"BODY[]") for answer in reader.until(b"f%d" % number)
                   if answer[1] == b"FETCH" and b"BODY[]" in dict(answer[3])}
            self.assertTrue(all(octets[uid - 1] == text for uid, text in got.items()))
            self.assertTrue(set(range(1, LARGE + 1)) - {3} <= set(got))
        answers = reader.until(b"g")
        self.assertEqual(answers[-1][1], b"OK")
        self.assertIn((b"*", b"EXPUNGE", 3), answers + reader.ok("NOOP"))
        self.assertLess(most - before, GROWTH)
        self.assertLess(longest, 4.0)
        print(f"\n    it grew by {(most - before) / MIB:.0f} MiB; STORE and NOOP of a neighbour took {longest * 1000:.0f} ms at most")
        reader.close()
        neighbour.close()


if __name__ == "__main__":
    unittest.main()
