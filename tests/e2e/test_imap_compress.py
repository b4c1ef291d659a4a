"""COMPRESS=DEFLATE (RFC 4978) and BINARY (RFC 3516) with real octets, and what a compressing client must not be able to do."""
import base64
import os
import time
import unittest
import zlib

import deflate
from harness import Instance
from imap_wire import Wire, Wrong
from test_receive import corpus

MIB = 1 << 20
BOMB = 1024  # MiB of one line that come out of about 1 MiB
GROWTH = 400 * MIB  # of the receiver's memory at most meanwhile; the address sanitizer keeps 256 MiB of what was freed
PATIENCE = 2.0  # seconds a neighbour's NOOP may take beside it; sanitized programs on a busy machine


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def block(octets):
    """Raw deflate of `octets` that may be sent any number of times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(octets) + packer.flush(zlib.Z_FULL_FLUSH)


class Compress(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()
        folder = cls.mail.root / "corpus"
        folder.mkdir()
        cls.messages = [octets for _, octets in corpus(folder)]
        wire = Wire(cls.mail, "anna")
        for octets in cls.messages:
            wire.append("INBOX", octets)
        wire.close()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def compressed(self, name="anna"):
        wire = Wire(self.mail, name)
        self.assertIn(b"COMPRESS=DEFLATE", wire.ok("CAPABILITY")[0][2])
        wire.ok("COMPRESS DEFLATE")
        deflate.compress(wire)
        return wire

    def test_the_corpus_comes_back_through_it(self):
        wire = self.compressed()
        self.assertNotIn(b"COMPRESS=DEFLATE", wire.ok("CAPABILITY")[0][2])
        wire.ok("SELECT INBOX")
        found = wire.fetch("1:*", "(BODY.PEEK[])")
        self.assertEqual([found[number][b"BODY[]"] for number in sorted(found)], self.messages)
        pipe = wire.sock
        self.assertLess(pipe.packed_in, pipe.plain_in)
        self.assertEqual(wire.run("COMPRESS DEFLATE")[-1][1:3], (b"NO", (b"COMPRESSIONACTIVE", None)))
        for octets in sorted(self.messages, key=len)[-3:]:
            wire.append("Archive", octets)
        wire.ok("SELECT Archive")
        kept = [found[b"BODY[]"] for found in wire.fetch("1:*", "(BODY.PEEK[])").values()]
        self.assertEqual(kept, sorted(self.messages, key=len)[-3:])
        print(f"\n    {pipe.plain_in} octets came in {pipe.packed_in}")
        wire.close()

    def test_every_answer_is_flushed_and_any_split_is_taken(self):
        """An answer needs no further octet of the client, and commands may come in pieces of one octet."""
        wire = self.compressed()
        packed = wire.sock.packer.compress(b"s SELECT INBOX\r\ni IDLE\r\n") + wire.sock.packer.flush(zlib.Z_SYNC_FLUSH)
        plain = wire.sock.sock
        for octet in packed:
            plain.sendall(bytes([octet]))
        self.assertEqual(wire.until(b"s")[-1][1], b"OK")
        self.assertEqual(wire.read()[0], b"+")
        other = Wire(self.mail, "anna")
        other.append("INBOX", b"Subject: idle\r\n\r\n.\r\n")
        self.assertEqual(wire.read()[1], b"EXISTS")
        wire.send("DONE\r\n")
        wire.until(b"i")
        other.ok("SELECT INBOX")
        other.ok("STORE * +FLAGS (\\Deleted)")
        other.ok("EXPUNGE")
        other.close()
        wire.close()

    def rest(self, wire):
        """The words of what comes before the server closes; a server that does not is a TimeoutError."""
        words = []
        while True:
            try:
                words.append(wire.read()[1])
            except (Wrong, ConnectionError, zlib.error):
                return words

    def test_what_is_no_deflate_ends_the_session_and_nothing_else(self):
        wire = self.compressed()
        neighbour = Wire(self.mail, "ben")
        wire.sock.sock.sendall(b"\xff" * 1000 + b"x LOGOUT\r\n")
        self.rest(wire)
        neighbour.ok("NOOP")
        neighbour.close()

    def test_a_bomb_of_one_line(self):
        """A line of 1 GiB: refused, and it is never held."""
        wire = self.compressed()
        pid = self.mail.pid("hearthmail-receiver")
        before, most = resident(pid), 0
        neighbour = Wire(self.mail, "ben")
        line, longest = block(b"a" * MIB), 0.0
        sent = 0
        try:
            for sent in range(BOMB):
                wire.sock.sock.sendall(line)
                if sent % 64 == 0:
                    began = time.monotonic()
                    neighbour.ok("NOOP")
                    longest = max(longest, time.monotonic() - began)
                most = max(most, resident(pid))
        except OSError:
            pass  # it has closed
        self.assertIn(b"BYE", self.rest(wire))
        self.assertLess(most - before, GROWTH)
        self.assertLess(longest, PATIENCE)
        print(f"\n    {sent} MiB were sent before it closed; it grew by {(most - before) / MIB:.0f} MiB; a neighbour's NOOP took {longest * 1000:.0f} ms at most")
        neighbour.close()

    def test_many_commands_out_of_few_octets(self):
        """65,536 commands in 1 KiB or so, answers not read: neighbours are served, and reading finds every answer."""
        wire = self.compressed()
        count = 65536
        pid = self.mail.pid("hearthmail-receiver")
        before, most, longest = resident(pid), 0, 0.0
        wire.sock.sock.sendall(block(b"a NOOP\r\n" * count))
        neighbour = Wire(self.mail, "ben")
        for _ in range(40):
            began = time.monotonic()
            neighbour.ok("NOOP")
            longest = max(longest, time.monotonic() - began)
            most = max(most, resident(pid))
        for _ in range(count):
            self.assertTrue(wire.file.readline().startswith(b"a OK"))
        self.assertLess(most - before, GROWTH)
        self.assertLess(longest, PATIENCE)
        wire.ok("LOGOUT")
        neighbour.close()


class Binary(unittest.TestCase):
    OCTETS = bytes(range(256)) * 40

    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def message(self, encoding, payload):
        return (b"Subject: binary\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
                b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe=\r\n!\r\n"
                b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + payload + b"\r\n--b--\r\n")

    def test_parts_are_decoded(self):
        wire = Wire(self.mail, "anna")
        wire.append("INBOX", self.message(b"base64", base64.encodebytes(self.OCTETS).replace(b"\n", b"\r\n").rstrip()))
        wire.append("INBOX", self.message(b"x-secret", b"abc"))
        wire.ok("SELECT INBOX")
        got = wire.fetch(1, "(BINARY.SIZE[1] BINARY.SIZE[2] BINARY.PEEK[1] BINARY.PEEK[2] BINARY.PEEK[2]<256.512> BINARY.PEEK[2]<99999.5>)")[1]
        self.assertEqual(got[b"BINARY[1]"], "Grüße!".encode())
        self.assertEqual(got[b"BINARY[2]"], self.OCTETS)
        self.assertEqual(got[b"BINARY[2]<256>"], self.OCTETS[256:768])
        self.assertEqual(got[b"BINARY[2]<99999>"], b"")
        self.assertEqual((got[b"BINARY.SIZE[1]"], got[b"BINARY.SIZE[2]"]), (len("Grüße!".encode()), len(self.OCTETS)))
        self.assertEqual(wire.fetch(1, "(FLAGS)")[1][b"FLAGS"], [b"\\Recent"])
        self.assertIn(b"\\Seen", wire.fetch(1, "(BINARY[1] FLAGS)")[1][b"FLAGS"])
        self.assertEqual(wire.run("FETCH 2 (BINARY.PEEK[2])")[-1][1:3], (b"NO", (b"UNKNOWN-CTE", None)))
        wire.close()

    def test_octets_go_in_and_come_out(self):
        """APPEND of a literal8 with NUL in it, plain and through COMPRESS."""
        wire = Wire(self.mail, "ben")
        message = self.message(b"binary", self.OCTETS)
        for number in (1, 2):
            wire.ok(b"APPEND Archive ~{%d}" % len(message), message)
            wire.ok("SELECT Archive")
            got = wire.fetch("*", "(BINARY.PEEK[2] BINARY.SIZE[2] BODY.PEEK[] UID)").popitem()[1]
            self.assertEqual(got[b"BINARY[2]"], self.OCTETS)
            self.assertEqual(got[b"BINARY.SIZE[2]"], len(self.OCTETS))
            self.assertNotIn(b"\0", got[b"BODY[]"])
            self.assertEqual(got[b"UID"], number)
            if number == 1:
                wire.ok("COMPRESS DEFLATE")
                deflate.compress(wire)
        self.assertEqual(wire.run(b"APPEND Archive {%d}" % len(message), message)[-1][1], b"NO")  # a plain literal holds no NUL
        wire.ok("LOGOUT")


if __name__ == "__main__":
    unittest.main()
