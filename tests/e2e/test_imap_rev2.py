"""IMAP4rev2 over the wire, every answer read by a reader that knows nothing of IMAP4rev1."""
import unittest

from harness import letter
from imap_wire import Wire
from wire_case import WireCase, one


class Rev2(WireCase):
    def setUp(self):
        super().setUp()
        self.wire.enable_rev2()

    def test_select(self):
        self.wire.ok("CREATE rev2")
        self.wire.append("rev2", letter(number=1))
        answers = self.wire.ok("SELECT rev2")
        self.assertEqual(one(answers, b"EXISTS")[2], 1)
        self.assertEqual(one(answers, b"LIST")[2:4], ([b"\\HasNoChildren"], b"rev2"))
        codes = [a[2][0] for a in answers if a[1] == b"OK" and a[2]]
        self.assertTrue({b"PERMANENTFLAGS", b"UIDVALIDITY", b"UIDNEXT", b"READ-WRITE"} <= set(codes))
        self.assertIn(b"CLOSED", [a[2][0] for a in self.wire.ok("EXAMINE INBOX") if a[1] == b"OK" and a[2]])

    def test_news_and_search(self):
        self.wire.ok("CREATE news")
        self.wire.ok("SELECT news")
        other = Wire(self.mail, "anna")
        try:
            for number in range(3):
                other.append("news", letter(number=number))
            self.assertEqual(one(self.wire.ok("NOOP"), b"EXISTS")[2], 3)
            other.ok("SELECT news")
            other.ok("STORE 2 +FLAGS (\\Deleted)")
            changed = one(self.wire.ok("NOOP"), b"FETCH")
            self.assertEqual(dict(changed[3])[b"UID"], 2)  # news of a message names it by UID too
            other.ok("EXPUNGE")
            self.assertEqual(one(self.wire.ok("NOOP"), b"EXPUNGE")[2], 2)
        finally:
            other.close()
        self.assertEqual(one(self.wire.ok("UID SEARCH ALL"), b"ESEARCH")[2][b"ALL"], b"1,3")
        found = one(self.wire.ok("SEARCH SUBJECT nothing-like-it"), b"ESEARCH")[2]
        self.assertNotIn(b"ALL", found)

    def test_names(self):
        composed, apart = "Entw\u00fcrfe", "Entwu\u0308rfe"
        made = one(self.wire.ok(f'CREATE "{apart}"'), b"LIST")
        self.assertEqual(made[3:], (composed.encode(), [(b"OLDNAME", [apart.encode()])]))
        self.wire.ok(f'SELECT "{apart}"')
        moved = one(self.wire.ok(f'RENAME "{composed}" "\u65e5\u672c & more"'), b"LIST")
        self.assertEqual(moved[3:], ("\u65e5\u672c & more".encode(), [(b"OLDNAME", [composed.encode()])]))
        old = Wire(self.mail, "anna")
        try:
            self.assertIn(b"&ZeVnLA- &- more", [a[3] for a in old.ok('LIST "" *') if a[1] == b"LIST"])
        finally:
            old.close()

    def test_status_and_delete(self):
        self.wire.ok("CREATE level/below")
        status = one(self.wire.ok("STATUS level/below (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE)"), b"STATUS")
        self.assertEqual(status[3][b"DELETED"], 0)
        self.wire.ok("DELETE level")
        self.assertEqual(self.wire.run("DELETE level")[-1][1:3], (b"NO", (b"HASCHILDREN", None)))
        self.assertEqual(self.wire.run("COPY 1 level")[-1][1], b"BAD")  # nothing is selected
        self.wire.ok("SELECT INBOX")

    def test_catenate(self):
        self.wire.ok("CREATE parts")
        self.wire.append("parts", letter(number=1, body="first\r\n"))
        self.wire.ok("SELECT parts")
        url = '"/parts/;UID=1/;SECTION=TEXT"'
        self.wire.ok("APPEND parts CATENATE (TEXT {%d}" % 17, b"Subject: both\r\n\r\n URL " + url.encode() + b")")
        found = self.wire.fetch(2, "(BODY.PEEK[])")[2]
        self.assertEqual(found[b"BODY[]"], b"Subject: both\r\n\r\nfirst\r\n")
        self.wire.ok(f"APPEND parts CATENATE (URL {url})")
        self.assertEqual(self.wire.run('APPEND parts CATENATE (URL "/parts/;UID=9")')[-1][1:3],
                         (b"NO", (b"BADURL", b"/parts/;UID=9")))

    def test_notify(self):
        self.wire.ok("CREATE told")
        self.wire.ok("SELECT INBOX")
        self.wire.ok("NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge)) "
                     "(personal (MessageNew MessageExpunge MailboxName))")
        other = Wire(self.mail, "anna")
        try:
            other.append("told", letter(number=1))
            self.assertEqual(self.wire.read()[1:3], (b"STATUS", b"told"))
            other.ok("CREATE made")
            self.assertEqual(self.wire.read()[3], b"made")
            other.append("INBOX", letter(number=1))
            exists, fetch = self.wire.read(), self.wire.read()
            self.assertEqual(exists[1], b"EXISTS")
            self.assertEqual(fetch[1:3], (b"FETCH", exists[2]))
        finally:
            other.close()
        self.assertEqual(self.wire.run("NOTIFY SET (personal (AnnotationChange))")[-1][2][0], b"BADEVENT")
        self.wire.ok("NOTIFY NONE")


if __name__ == "__main__":
    unittest.main()
