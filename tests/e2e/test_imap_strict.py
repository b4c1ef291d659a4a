"""Everything that IMAP answers for the corpus, read by a strict parser and compared with the octets that went in."""
import email
import email.policy
import re
import unittest

from harness import Instance, letter
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


class Dialogs(unittest.TestCase):
    """Every kind of response, and what two sessions see of each other."""

    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(accounts=("anna", "ben", "capture")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def test_capabilities_in_every_state(self):
        clear = Wire(self.mail, port="imap")
        self.assertEqual(clear.greeting[2][0], b"CAPABILITY")
        offered = clear.ok("CAPABILITY")[0][2]
        self.assertEqual(offered, clear.greeting[2][1])
        self.assertTrue({b"IMAP4rev1", b"STARTTLS", b"LOGINDISABLED"} <= set(offered))
        self.assertFalse([item for item in offered if item.startswith(b"AUTH=")])
        for command in ("LOGIN a b", "AUTHENTICATE PLAIN"):
            self.assertEqual(clear.run(command)[-1][1:3], (b"NO", (b"PRIVACYREQUIRED", None)))
        self.assertEqual(clear.run("SELECT INBOX")[-1][1], b"BAD")
        clear.close()
        inside = Wire(self.mail)
        offered = set(inside.ok("CAPABILITY")[0][2])
        self.assertFalse(offered & {b"STARTTLS", b"LOGINDISABLED"})
        self.assertTrue({b"AUTH=PLAIN", b"AUTH=LOGIN", b"SASL-IR"} <= offered)
        self.assertEqual(inside.run("AUTHENTICATE PLAIN", b"*")[-1][1], b"BAD")
        self.assertEqual(inside.run("STARTTLS")[-1][1], b"BAD")
        user = b"ben@example.test"
        password = self.mail.passwords["ben"].encode()
        answer = inside.run(b"LOGIN {%d}" % len(user), user + b" {%d}" % len(password), password)
        self.assertEqual(answer[-1][1], b"OK")
        self.assertEqual(answer[-1][2][1], inside.ok("CAPABILITY")[0][2])
        inside.close()

    def test_names_are_listed_as_they_were_given(self):
        wire = Wire(self.mail, "ben")
        names = ["plain", '"with space"', r'"a \"quote\" and \\"', '"a&-b"', "&AOQ-/&2D3eAA-", "INBOX/below", '"star*and%"']
        for name in names:
            wire.ok(f"CREATE {name}")
            wire.ok(f"SUBSCRIBE {name}")
            wire.ok(f"STATUS {name} (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE APPENDLIMIT)")
        for command in ('LIST "" *', 'LIST "" ""', 'LIST "&AOQ-/" %', 'LIST (SUBSCRIBED RECURSIVEMATCH) "" %', 'LSUB "" %',
                        'LIST "" (INBOX %/%) RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES SIZE))',
                        'LIST (SPECIAL-USE) "" * RETURN (SUBSCRIBED)', "NAMESPACE", 'ID ("name" NIL)', "ENABLE CONDSTORE"):
            self.assertGreater(len(wire.ok(command)), 1, command)
        listed = {response[3] for response in wire.ok('LIST "" *')[:-1]}
        self.assertTrue({b"plain", b"with space", b'a "quote" and \\', b"a&-b", b"&AOQ-/&2D3eAA-",
                         b"INBOX/below", b"star*and%"} <= listed, listed)
        self.assertEqual([response[3] for response in wire.ok('LIST "" inbox/%')[:-1]], [b"INBOX/below"])
        for name in ("&AGE-", '"a&b"', "&2D3-"):
            self.assertEqual(wire.run(f"CREATE {name}")[-1][1], b"BAD")
        wire.send('q CREATE \xe4\r\n'.encode())
        self.assertEqual(wire.until(b"q")[-1][1], b"BAD")  # and the text that quotes it has 7 bits
        wire.close()

    def test_two_sessions_on_one_mailbox(self):
        one, two = Wire(self.mail, "anna"), Wire(self.mail, "anna")
        one.ok("CREATE both")
        for number in range(5):
            one.append("both", letter(f"m{number}", number=number))
        one.ok("SELECT both")
        two.ok("SELECT both")
        two.ok("UID STORE 2 +FLAGS.SILENT (\\Deleted gone)")
        self.assertEqual(two.ok("EXPUNGE")[0], (b"*", b"EXPUNGE", 2))
        for command in ("FETCH 1 FLAGS", "STORE 3 +FLAGS (kept)", "SEARCH ALL", "FETCH 2 UID"):
            self.assertNotIn(b"EXPUNGE", [response[1] for response in one.run(command)])
        self.assertIn((b"*", b"EXPUNGE", 2), one.ok("UID SEARCH ALL"))
        self.assertIn(b"kept", [flag for response in two.ok("NOOP") if response[1] == b"FETCH"
                                for flag in dict(response[3])[b"FLAGS"]])
        one.send("i IDLE\r\n")
        self.assertEqual(one.read()[0], b"+")
        two.ok("MOVE 1 Archive")
        self.assertEqual(one.read(), (b"*", b"EXPUNGE", 1))
        two.append("both", letter("new"))
        self.assertEqual([one.read()[1], one.read()[1]], [b"EXISTS", b"RECENT"])
        one.send("DONE\r\n")
        self.assertEqual(one.until(b"i")[-1][1], b"OK")
        two.ok("EXAMINE both")
        for command in ("STORE 1 FLAGS ()", "EXPUNGE", "MOVE 1 Archive"):
            self.assertEqual(two.run(command)[-1][1], b"NO")
        two.ok("DELETE both")
        one.send("z NOOP\r\n")
        self.assertEqual(one.read()[1], b"BYE")
        two.close()

    def test_append_keeps_its_place(self):
        wire = Wire(self.mail, "anna")
        octets = b"Subject: x\r\n\r\nq LOGOUT\r\n"
        for head in (b"nowhere ", b"INBOX (\\Nonsense) ", b"INBOX () %", b'INBOX "nonsense" '):
            wire.send(b"a APPEND " + head + b"{%d+}\r\n" % len(octets) + octets + b"\r\nb NOOP\r\n")
            self.assertIn(wire.until(b"a")[-1][1], (b"NO", b"BAD"))
            self.assertEqual(wire.until(b"b")[-1][1], b"OK")
        self.assertEqual(wire.run("APPEND nowhere {5}")[-1][1:3], (b"NO", (b"TRYCREATE", None)))
        wire.send(b"a APPEND INBOX {3+}\r\none (\\Seen) {3+}\r\ntwo {0+}\r\n\r\nb STATUS INBOX (MESSAGES)\r\n")
        self.assertEqual(wire.until(b"a")[-1][1], b"NO")
        self.assertEqual(wire.until(b"b")[0][3], {b"MESSAGES": 0})
        wire.close()


if __name__ == "__main__":
    unittest.main()
