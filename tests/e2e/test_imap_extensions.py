"""Extensions over the wire, every answer read by the strict reader: identifiers, previews, REPLACE, UIDONLY, UTF8=ACCEPT."""
import unittest

from harness import DOMAIN, letter
from imap_wire import Wire
from wire_case import WireCase, one


class Extensions(WireCase):
    def test_identifiers(self):
        made = self.wire.ok("CREATE objects")[-1][2]
        self.assertEqual(made[0], b"MAILBOXID")
        status = one(self.wire.ok("STATUS objects (MAILBOXID SIZE DELETED)"), b"STATUS")
        self.assertEqual(status[3][b"MAILBOXID"], [made[1]])
        octets = letter(body="Dear Anna,\r\nthis is it.\r\n")
        self.wire.append("objects", octets)
        self.assertIn((b"MAILBOXID", made[1]), [a[2] for a in self.wire.ok("SELECT objects") if a[1] == b"OK"])
        found = self.wire.fetch(1, "(EMAILID THREADID SAVEDATE PREVIEW)")[1]
        self.assertIsNone(found[b"THREADID"])
        self.assertEqual(found[b"PREVIEW"], b"Dear Anna, this is it.")
        self.wire.ok("COPY 1 Trash")
        self.wire.ok("SELECT Trash")
        self.assertEqual(self.wire.fetch("*", "(EMAILID)").popitem()[1][b"EMAILID"], found[b"EMAILID"])
        self.assertEqual(one(self.wire.ok("STATUS objects (SIZE)"), b"STATUS")[3][b"SIZE"], len(octets))

    def test_metadata(self):
        self.wire.ok("CREATE noted")
        value = "two\r\nlines".encode()
        self.wire.ok(f"SETMETADATA noted (/private/comment {{{len(value)}}}", value + b' /shared/vendor/x "y")')
        found = one(self.wire.ok("GETMETADATA (DEPTH infinity) noted (/private /shared)"), b"METADATA")
        self.assertEqual(found[2:], (b"noted", {b"/private/comment": value, b"/shared/vendor/x": b"y"}))
        self.wire.ok("RENAME noted kept")
        answers = self.wire.ok("LIST \"\" kept RETURN (METADATA (/shared/vendor/x /private/none))")
        self.assertEqual(one(answers, b"METADATA")[2:], (b"kept", {b"/shared/vendor/x": b"y", b"/private/none": None}))
        self.assertEqual(self.wire.ok("GETMETADATA (MAXSIZE 3) kept /private/comment")[-1][2], (b"METADATA", b"LONGENTRIES 10"))
        server = one(self.wire.ok('GETMETADATA "" /shared/admin'), b"METADATA")
        self.assertTrue(server[3][b"/shared/admin"].startswith(b"mailto:postmaster@"))
        # Another account has its own private entries, and the server's of nobody else.
        self.wire.ok('SETMETADATA "" (/private/comment "anna")')
        other = Wire(self.mail, "ben")
        self.assertEqual(one(other.ok('GETMETADATA "" /private/comment'), b"METADATA")[3], {b"/private/comment": None})
        other.close()

    def test_quota_without_limits(self):
        self.assertEqual(one(self.wire.ok("GETQUOTAROOT INBOX"), b"QUOTAROOT")[2:], (b"INBOX", []))
        self.mail.command("user", "quota", self.wire_user(), "--storage", "1G")
        try:
            answers = self.wire.ok("GETQUOTAROOT INBOX")
            self.assertEqual(one(answers, b"QUOTAROOT")[3], [b""])
            self.assertEqual(one(answers, b"QUOTA")[3][b"STORAGE"][1], 1024 * 1024)
            self.wire.ok("STATUS INBOX (DELETED DELETED-STORAGE)")
        finally:
            self.mail.command("user", "quota", self.wire_user(), "--none")

    @staticmethod
    def wire_user():
        return f"anna@{DOMAIN}"

    def test_replace(self):
        self.wire.ok("CREATE drafts")
        self.wire.append("drafts", letter(number=1), "(\\Draft) ")
        self.wire.ok("SELECT drafts")
        new = letter(number=2)
        answers = self.wire.ok(f"UID REPLACE 1 drafts (\\Draft) {{{len(new)}}}", new)
        words = [a[1] if a[1] != b"OK" else a[2][0] for a in answers if a[0] == b"*"]
        self.assertLess(words.index(b"APPENDUID"), words.index(b"EXPUNGE"))
        self.assertEqual(one(self.wire.ok("UID SEARCH ALL"), b"SEARCH")[2], [2])

    def test_uid_only(self):
        self.wire.ok("CREATE uidonly")
        for number in range(3):
            self.wire.append("uidonly", letter(number=number))
        self.wire.ok("ENABLE UIDONLY")
        self.wire.ok("SELECT uidonly")
        self.assertEqual(self.wire.run("FETCH 1 (FLAGS)")[-1][1:3], (b"BAD", (b"UIDREQUIRED", None)))
        self.wire.ok("UID STORE 2 +FLAGS (\\Deleted)")
        self.assertIn((b"*", b"VANISHED", False, b"2"), self.wire.ok("EXPUNGE"))
        fetched = [a for a in self.wire.ok("UID FETCH 1:* (FLAGS BODY.PEEK[])") if a[1] == b"UIDFETCH"]
        self.assertEqual([a[2] for a in fetched], [1, 3])

    def test_names_in_utf8(self):
        self.wire.ok("ENABLE UTF8=ACCEPT")
        self.wire.ok('CREATE "Entwürfe & Co"'.encode())
        self.wire.ok('SELECT "Entwürfe & Co"'.encode())
        text = "Subject: Grüße\r\n\r\nHallo\r\n".encode()
        self.wire.ok(b'APPEND "Entw\xc3\xbcrfe & Co" UTF8 (~{%d}' % len(text), text + b")")
        self.assertEqual(one(self.wire.ok('SEARCH SUBJECT "grüße"'.encode()), b"SEARCH")[2], [1])
        other = Wire(self.mail, "anna")
        listed = [a[3] for a in other.ok("LIST \"\" Entw*") if a[1] == b"LIST"]
        self.assertEqual(listed, [b"Entw&APw-rfe &- Co"])
        other.close()


if __name__ == "__main__":
    unittest.main()
