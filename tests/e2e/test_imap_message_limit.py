"""imap.message_limit and imap.save_limit (RFC 9738), over the wire, with the smallest limit that the configuration takes."""
import unittest

from harness import Failed, Instance
from imap_wire import Wire
from wire_case import one

LIMIT = 1000


def uids(found):
    return one(found, b"SEARCH")[2]


class MessageLimit(unittest.TestCase):
    def fill(self, wire, mailbox, count):
        """Several messages in one APPEND."""
        message = b"Subject: %s\r\n\r\nx\r\n" % mailbox.encode()
        literal = b" {%d+}\r\n%s" % (len(message), message)
        return wire.run(b"APPEND " + mailbox.encode() + literal * count)[-1]

    def test_a_limit_for_all(self):
        with Instance({"HEARTHMAIL_IMAP_MESSAGE_LIMIT": str(LIMIT)}) as mail:
            wire = Wire(mail, "anna")
            self.assertIn(b"MESSAGELIMIT=1000", one(wire.ok("CAPABILITY"), b"CAPABILITY")[2])
            self.assertEqual(self.fill(wire, "Sent", LIMIT + 1)[2], (b"MESSAGELIMIT", (LIMIT, None)))
            self.assertEqual(self.fill(wire, "Sent", LIMIT)[2][0], b"APPENDUID")
            self.assertEqual(self.fill(wire, "Sent", 50)[2][0], b"APPENDUID")
            wire.ok("SELECT Sent")
            # A client that knows the limit gets everything, from the newest down.
            seen, upto = [], 2 ** 32 - 1
            while upto:
                answers = wire.ok(f"UID FETCH 1:{upto} (FLAGS)")
                seen += [dict(answer[3])[b"UID"] for answer in answers if answer[1] == b"FETCH"]
                code = answers[-1][2]
                upto = code[1][1] - 1 if code else 0
            self.assertEqual(sorted(seen), list(range(1, LIMIT + 51)))
            answers = wire.ok("UID SEARCH UNDELETED")
            self.assertEqual(uids(answers), list(range(51, LIMIT + 51)))
            self.assertEqual(answers[-1][2], (b"MESSAGELIMIT", (LIMIT, 51)))
            self.assertEqual(uids(wire.ok("UID SEARCH UIDBEFORE 51 UNDELETED")), list(range(1, 51)))
            self.assertEqual(wire.run("UID COPY 1:* Archive")[-1][1:3], (b"NO", (b"MESSAGELIMIT", (LIMIT, 51))))
            self.assertEqual(wire.ok("UID MOVE 1:* Archive")[-1][2], (b"MESSAGELIMIT", (LIMIT, 51)))
            self.assertEqual(wire.ok("UID MOVE 1:* Archive")[-1][2], None)
            self.assertEqual(one(wire.ok("STATUS Archive (MESSAGES)"), b"STATUS")[3], {b"MESSAGES": LIMIT + 50})
            wire.close()

    def test_a_limit_for_saving(self):
        with Instance({"HEARTHMAIL_IMAP_SAVE_LIMIT": str(LIMIT)}) as mail:
            wire = Wire(mail, "anna")
            self.assertIn(b"SAVELIMIT=1000", one(wire.ok("CAPABILITY"), b"CAPABILITY")[2])
            self.fill(wire, "Sent", LIMIT)
            self.fill(wire, "Sent", 1)
            wire.ok("SELECT Sent")
            self.assertEqual(wire.run("COPY 1:* Archive")[-1][2], (b"MESSAGELIMIT", (LIMIT, 2)))
            self.assertEqual(len(uids(wire.ok("UID SEARCH ALL"))), LIMIT + 1)
            wire.close()

    def test_a_limit_that_is_too_small(self):
        with self.assertRaisesRegex(Failed, "imap.message_limit: must be 0 .no limit. or at least 1000"):
            Instance({"HEARTHMAIL_IMAP_MESSAGE_LIMIT": "500"}).__enter__()


if __name__ == "__main__":
    unittest.main()
