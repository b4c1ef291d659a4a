"""Everything that IMAP answers for the corpus, read by a strict parser and compared with the octets that went in."""
import email
import email.policy
import re
import unittest

from harness import Instance
from imap_wire import Wire
from test_receive import corpus


def numbered(part, path=()):
    """(path, part) of everything that has a part number, from BODYSTRUCTURE (RFC 9051 6.4.5.1)."""
    if part["type"] == b"multipart":
        for number, child in enumerate(part["children"], 1):
            yield from numbered_child(child, (*path, number))
    else:
        yield from numbered_child(part, (*path, 1))


def numbered_child(part, path):
    yield path, part
    if part["type"] == b"multipart" or "envelope" in part:
        inner = part if part["type"] == b"multipart" else part["children"][0]
        yield from numbered(inner, path)


def dotted(path):
    return ".".join(map(str, path))


def split_header(octets):
    """(header with its blank line, text) of a message or a part."""
    if octets.startswith(b"\r\n"):
        return b"\r\n", octets[2:]
    at = octets.find(b"\r\n\r\n")
    return (octets, b"") if at < 0 else (octets[:at + 4], octets[at + 4:])


def by_email(message, path=()):
    """{path: (encoded payload, is message/rfc822)} as Python's email reads it."""
    found = {}
    if message.get_content_maintype() == "multipart":
        children = [((*path, number), child) for number, child in enumerate(message.get_payload(), 1)]
    else:
        children = [((*path, 1), message)]
    for child_path, child in children:
        if child.get_content_maintype() == "multipart":
            found.update(by_email(child, child_path))
        elif child.get_content_type() == "message/rfc822":
            found.update(by_email(child.get_payload(0), child_path))
        else:
            found[child_path] = child.get_payload()
    return found


class Strict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()
        folder = cls.mail.root / "corpus"
        folder.mkdir()
        cls.messages = corpus(folder)
        cls.wire = Wire(cls.mail, "anna")
        cls.wire.ok("CREATE corpus")
        for _, octets in cls.messages:
            cls.wire.append("corpus", octets)
        cls.wire.ok("SELECT corpus")

    @classmethod
    def tearDownClass(cls):
        cls.wire.close()
        cls.mail.__exit__(None, None, None)

    def structure(self, number):
        return self.wire.fetch(number, "(BODYSTRUCTURE)")[number][b"BODYSTRUCTURE"]

    def each(self, check):
        """Runs `check(number, octets)` on every message; one that fails does not hide the next."""
        for number, (name, octets) in enumerate(self.messages, 1):
            with self.subTest(name):
                check(number, octets)

    def test_attributes_of_every_message(self):
        found = self.wire.fetch("1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE)")
        self.assertEqual(sorted(found), list(range(1, len(self.messages) + 1)))

        def check(number, octets):
            self.assertEqual(found[number][b"RFC822.SIZE"], len(octets))
            self.assertEqual(found[number][b"FLAGS"], [b"\\Recent"])
            self.assertEqual([part["type"] for _, part in numbered(found[number][b"BODY"])],
                             [part["type"] for _, part in numbered(found[number][b"BODYSTRUCTURE"])])
        self.each(check)

    def test_whole_message_header_and_text(self):
        def check(number, octets):
            got = self.wire.fetch(number, "(BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822.HEADER)")[number]
            self.assertEqual(got[b"BODY[]"], octets)
            self.assertEqual(got[b"BODY[HEADER]"] + got[b"BODY[TEXT]"], octets)
            self.assertEqual(got[b"RFC822.HEADER"], got[b"BODY[HEADER]"])
            header, text = split_header(octets)
            if re.fullmatch(rb"([!-9;-~]+:.*\r\n([ \t].*\r\n)*)*(\r\n)?", header):
                self.assertEqual((got[b"BODY[HEADER]"], got[b"BODY[TEXT]"]), (header, text))
        self.each(check)

    def test_every_part_of_every_message(self):
        def check(number, octets):
            parts = list(numbered(self.structure(number)))[:200]
            for begin in range(0, len(parts), 50):
                some = parts[begin:begin + 50]
                items = [f"BODY.PEEK[{dotted(path)}{text}]" for path, part in some
                         for text in ("", ".MIME", *((".HEADER", ".TEXT") if "envelope" in part else ()))]
                got = self.wire.fetch(number, f"({' '.join(items)})")[number]
                for path, part in some:
                    self.check_part(octets, got, dotted(path).encode(), part)
        self.each(check)

    def check_part(self, octets, got, where, part):
        body, mime = got[b"BODY[%s]" % where], got[b"BODY[%s.MIME]" % where]
        self.assertIn(body, octets)
        self.assertIn(mime, octets)
        if part["type"] == b"multipart":
            return
        self.assertEqual(part["octets"], len(body))
        self.assertEqual(part.get("lines", body.count(b"\n")), body.count(b"\n"))
        header = got.get(b"BODY[%s.HEADER]" % where)
        if header is not None:
            self.assertEqual(header + got[b"BODY[%s.TEXT]" % where], body)

    def test_parts_are_those_of_pythons_email(self):
        compared = []

        def check(number, octets):
            message = email.message_from_bytes(octets, policy=email.policy.compat32)
            parts = list(message.walk())
            if any(part.defects for part in parts) or len(parts) > 30 or not octets.isascii() or message.get_boundary() == "":
                return
            expected = {path: payload for path, payload in by_email(message).items() if isinstance(payload, str)}
            if not expected:
                return
            got = self.wire.fetch(number, "(" + " ".join(f"BODY.PEEK[{dotted(path)}]" for path in expected) + ")")[number]
            for path, payload in expected.items():
                self.assertEqual(got[b"BODY[%s]" % dotted(path).encode()], payload.encode(), path)
                compared.append(path)
        self.each(check)
        self.assertGreater(len(compared), 60)

    def test_partials(self):
        def check(number, octets):
            size = len(octets)
            got = self.wire.fetch(number, f"(BODY.PEEK[]<0.1> BODY.PEEK[]<{size - 1}.10> BODY.PEEK[]<{size}.1> "
                                          f"BODY.PEEK[]<{size + 7}.4294967295> BODY.PEEK[TEXT]<3.5>)")[number]
            self.assertEqual(got[b"BODY[]<0>"], octets[:1])
            self.assertEqual(got[b"BODY[]<%d>" % (size - 1)], octets[-1:])
            self.assertEqual(got[b"BODY[]<%d>" % size], b"")
            self.assertEqual(got[b"BODY[]<%d>" % (size + 7)], b"")
        self.each(check)

    def test_header_fields(self):
        def check(number, octets):
            got = self.wire.fetch(number, '(BODY.PEEK[HEADER.FIELDS (Subject "From" X-None)] '
                                          'BODY.PEEK[HEADER.FIELDS.NOT (Subject)] BODY.PEEK[HEADER])')[number]
            chosen, others, header = got.values()
            self.assertTrue(chosen.endswith(b"\r\n") and others.endswith(b"\r\n"))
            subjects = rb"(?im)^subject[ \t]*:.*(?:\r\n|$)(?:[ \t].*\r\n)*"
            self.assertEqual(len(re.findall(subjects, chosen)), len(re.findall(subjects, header)))
            self.assertEqual(re.findall(subjects, others), [])
        self.each(check)
        got = self.wire.fetch(12, "(BODY.PEEK[HEADER.FIELDS (X-None)])")[12]
        self.assertEqual(list(got.values()), [b"\r\n"])

    def test_parts_that_are_not_there(self):
        got = self.wire.fetch(12, "(BODY.PEEK[9] BODY.PEEK[1.9.MIME] BODY.PEEK[1.HEADER] BODY.PEEK[2.TEXT]<3.4>)")[12]
        self.assertEqual(set(got.values()) - {None, b""}, set())

    def test_search_by_size_finds_every_message(self):
        def check(number, octets):
            found = self.wire.ok(f"SEARCH LARGER {len(octets) - 1} SMALLER {len(octets) + 1}")[0]
            self.assertIn(number, found[2])
        self.each(check)


if __name__ == "__main__":
    unittest.main()
