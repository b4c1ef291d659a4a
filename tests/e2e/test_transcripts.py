"""What mail programs say, replayed: tests/e2e/clients/*.txt, written from their sources, manuals and vendors' notes. Every account
has the same six letters in INBOX.
"""
import pathlib
import unittest

from harness import Instance, letter
from imap_wire import Wire
from transcript import Transcript

FOLDER = pathlib.Path(__file__).parent / "clients"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
LARGE = 100_000  # octets of text that many clients read in pieces


def parts():
    return (b"From: Ben <ben@elsewhere.example>\r\nTo: anna@example.test\r\nSubject: with a part\r\nDate: Mon, 23 Nov 2026 11:00:00 +0000\r\n"
            b"Message-ID: <part@elsewhere.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n"
            b"--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
            b"--b1\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: attachment; filename=\"a.bin\"\r\n\r\nAAECAwQFBgc=\r\n--b1--\r\n")


def mail_of(number, subject, text, more=""):
    return (f"From: Ann <ann@elsewhere.example>\r\nTo: anna@example.test\r\nSubject: {subject}\r\n"
            f"Date: Mon, 23 Nov 2026 1{number}:00:00 +0000\r\nMessage-ID: <m{number}@elsewhere.example>\r\n{more}\r\n{text}").encode()


LETTERS = {
    "first": mail_of(1, "first letter", "Hello.\r\n"),
    "parts": parts(),
    "coded": mail_of(3, "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Coded.\r\n"),
    "reply": mail_of(4, "Re: first letter", "And back.\r\n", "In-Reply-To: <m1@elsewhere.example>\r\nReferences: <m1@elsewhere.example>\r\n"),
    "flagged": mail_of(5, "look", "At this.\r\n"),
    "large": mail_of(6, "large", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n" * (LARGE // 62)),
    "sent": letter("sent by me", "Dear Ben.\r\n", number=71),
    "draft": letter("half written", "Dear\r\n", number=72),
    "new": letter("just come", "News.\r\n", number=73),
}
FLAGS = {"first": "(\\Seen) ", "flagged": "(\\Flagged $Forwarded) "}


class Transcripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(accounts=(*NAMES, "capture")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def test_what_mail_programs_say(self):
        self.assertGreaterEqual(len(NAMES), 9)
        checked = 0
        for name in NAMES:
            with self.subTest(name):
                checked += self.replay(name)
        print(f"\n    {len(NAMES)} programs, {checked} responses")

    def replay(self, name):
        wire = Wire(self.mail, name)
        for day, key in enumerate(("first", "parts", "coded", "reply", "flagged", "large"), 1):
            wire.append("INBOX", LETTERS[key], f'{FLAGS.get(key, "")}"{day:2d}-Nov-2026 12:00:00 +0000" ')
        wire.close()
        return Transcript(self.mail, name, (FOLDER / f"{name}.txt").read_text(), LETTERS).play()


if __name__ == "__main__":
    unittest.main()
