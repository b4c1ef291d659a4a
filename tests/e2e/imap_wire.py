"""A strict reader of what an IMAP server sends: a client on a bare TLS socket and the response grammar of RFC 9051 9 (with
RECENT, UNSEEN, SEARCH and LSUB of RFC 3501 9; Rev2Reader without them). What the grammar does not permit raises Wrong; nothing is repaired or skipped.
"""
import re
import socket
import unicodedata

from harness import DEADLINE, DOMAIN

ATOM = rb"[^(){ %*\"\\\]\x00-\x1f\x7f-\xff]+"
FLAG = re.compile(rb"\\?" + ATOM)
ASTRING = re.compile(rb"[^(){ %*\"\\\x00-\x1f\x7f-\xff]+")
MONTH = rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
DATE_TIME = re.compile(rb"\"( [1-9]|[0-3][0-9])-" + MONTH + rb"-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\"")
SECTION = re.compile(rb"BODY\[([1-9][0-9]*(\.[1-9][0-9]*)*)?(?P<dot>\.)?(?P<text>HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)?")
TEXT = re.compile(rb"[^\x00\r\n\x80-\xff]+")  # resp-text of IMAP4rev1: 7 bits
STATUS_ITEMS = (b"MESSAGES", b"RECENT", b"UIDNEXT", b"UIDVALIDITY", b"UNSEEN", b"DELETED", b"SIZE", b"APPENDLIMIT", b"HIGHESTMODSEQ",
                b"MAILBOXID", b"DELETED-STORAGE")
PLAIN_CODES = (b"ALERT PARSE READ-ONLY READ-WRITE TRYCREATE UIDNOTSTICKY UNAVAILABLE AUTHENTICATIONFAILED AUTHORIZATIONFAILED "
               b"EXPIRED PRIVACYREQUIRED CONTACTADMIN NOPERM INUSE UIDREQUIRED EXPUNGEISSUED CORRUPTION SERVERBUG CLIENTBUG CANNOT LIMIT NOTIFICATIONOVERFLOW "
               b"OVERQUOTA ALREADYEXISTS NONEXISTENT HASCHILDREN NOTSAVED UNKNOWN-CTE CLOSED TOOBIG USEATTR BADCHARSET COMPRESSIONACTIVE").split()


class Wrong(Exception):
    pass


class Reader:
    """One response, octet by octet. Every method is a rule of the grammar."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def wrong(self, what):
        raise Wrong(f"expected {what} at octet {self.at} of {self.octets[max(0, self.at - 200):self.at + 60]!r}")

    def take(self, text):
        if not self.octets.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def expect(self, text):
        if not self.take(text):
            self.wrong(repr(text))

    def match(self, pattern, what):
        found = pattern.match(self.octets, self.at)
        if found is None:
            self.wrong(what)
        self.at = found.end()
        return found[0]

    def peek(self):
        return self.octets[self.at:self.at + 1]

    def number(self, least=0, most=2 ** 32 - 1):
        value = int(self.match(re.compile(rb"0|[1-9][0-9]*"), "a number"))
        if not least <= value <= most:
            self.wrong(f"{least} to {most}")
        return value

    def string(self):
        if self.peek() == b"{":
            size = int(self.match(re.compile(rb"\{[0-9]+\}\r\n"), "a literal")[1:-3])
            if self.at + size > len(self.octets):
                self.wrong("a whole literal")
            value = self.octets[self.at:self.at + size]
            self.at += size
            if b"\0" in value:
                self.wrong("CHAR8")
            return value
        value = self.match(re.compile(rb'"([^"\\\r\n\x00\x80-\xff]|\\["\\])*"'), "a quoted string")
        return re.sub(rb'\\(["\\])', rb"\1", value[1:-1])

    def nstring(self):
        return None if self.take(b"NIL") else self.string()

    def astring(self):
        return self.string() if self.peek() in (b'"', b"{") else self.match(ASTRING, "an astring")

    rev2 = False

    def mailbox(self):
        """Modified UTF-7, RFC 3501 5.1.3."""
        name = self.astring()
        for run in re.findall(rb"&([^-]*)-", name):
            if re.fullmatch(rb"[A-Za-z0-9+,]*", run) is None or len(run) % 4 == 1:
                self.wrong("modified UTF-7")
        if re.search(rb"[^\x20-\x7e]|&[^-]*$", name):
            self.wrong("modified UTF-7")
        return name

    def listed(self, item, between=b" ", empty=True):
        """ "(" [item *(SP item)] ")" """
        self.expect(b"(")
        found = []
        if empty and self.take(b")"):
            return found
        while True:
            found.append(item())
            if self.take(b")"):
                return found
            self.expect(between)

    def flag(self):
        flag = self.match(FLAG, "a flag")
        if self.rev2 and flag.lower() == b"\\recent":
            self.wrong("a flag of IMAP4rev2")
        return flag

    def uid_set(self):
        return self.match(re.compile(rb"[1-9][0-9]*(:[1-9][0-9]*)?(,[1-9][0-9]*(:[1-9][0-9]*)?)*"), "a uid-set")

    # ---- ENVELOPE and BODY

    def address(self):
        self.expect(b"(")
        fields = [self.nstring()]
        for _ in range(3):
            self.expect(b" ")
            fields.append(self.nstring())
        self.expect(b")")
        return fields

    def addresses(self):
        """NIL or "(" 1*address ")": no space between, RFC 9051 9 env-from."""
        return None if self.take(b"NIL") else self.listed(self.address, b"", empty=False)

    def envelope(self):
        self.expect(b"(")
        fields = [self.nstring()]
        self.expect(b" ")
        fields.append(self.nstring())
        for _ in range(6):
            self.expect(b" ")
            fields.append(self.addresses())
        for _ in range(2):
            self.expect(b" ")
            fields.append(self.nstring())
        self.expect(b")")
        return fields

    def pairs(self):
        """body-fld-param"""
        def pair():
            name = self.string()
            self.expect(b" ")
            return name.lower(), self.string()
        return None if self.take(b"NIL") else dict(self.listed(pair, empty=False))

    def extension(self, multipart, part):
        """body-ext-1part, body-ext-mpart: BODYSTRUCTURE has all four."""
        self.expect(b" ")
        part["md5"] = self.pairs() if multipart else self.nstring()
        if multipart:
            part["parameters"] = part.pop("md5")
        self.expect(b" ")
        part["disposition"] = None
        if not self.take(b"NIL"):
            self.expect(b"(")
            kind = self.string()
            self.expect(b" ")
            part["disposition"] = kind, self.pairs()
            self.expect(b")")
        self.expect(b" ")
        if not self.take(b"NIL"):
            part["language"] = self.listed(self.string, empty=False) if self.peek() == b"(" else [self.string()]
        self.expect(b" ")
        part["location"] = self.nstring()

    def body(self, extended, depth=0):
        self.expect(b"(")
        part = {"children": []}
        if self.peek() == b"(":
            while self.peek() == b"(":
                part["children"].append(self.body(extended, depth + 1))
            self.expect(b" ")
            part["type"], part["subtype"] = b"multipart", self.string().lower()
        else:
            part["type"] = self.string().lower()
            self.expect(b" ")
            part["subtype"] = self.string().lower()
            self.expect(b" ")
            part["parameters"] = self.pairs()
            for name in ("id", "description"):
                self.expect(b" ")
                part[name] = self.nstring()
            self.expect(b" ")
            part["encoding"] = self.string()
            self.expect(b" ")
            part["octets"] = self.number()
            if (part["type"], part["subtype"]) == (b"message", b"rfc822"):
                self.expect(b" ")
                part["envelope"] = self.envelope()
                self.expect(b" ")
                part["children"] = [self.body(extended, depth + 1)]
            if part["type"] == b"text" or "envelope" in part:
                self.expect(b" ")
                part["lines"] = self.number()
        if extended:
            self.extension(part["type"] == b"multipart", part)
        self.expect(b")")
        return part

    # ---- responses

    def section(self):
        found = SECTION.match(self.octets, self.at)
        if found is None or bool(found["dot"]) != bool(found[1] and found["text"]):
            self.wrong("a section")
        self.at = found.end()
        if found["text"] in (b"HEADER.FIELDS", b"HEADER.FIELDS.NOT"):
            self.expect(b" ")
            self.listed(self.astring, empty=False)
        self.expect(b"]")
        name = self.octets[found.start():self.at]
        if self.take(b"<"):
            name += b"<%d>" % self.number()
            self.expect(b">")
        return name

    def object_id(self):
        """objectid, RFC 8474 7."""
        return self.match(re.compile(rb"[A-Za-z0-9_-]{1,255}"), "an object identifier")

    def modseq(self):
        """"(" mod-sequence-value ")", RFC 7162 7."""
        self.expect(b"(")
        value = self.number(1, 2 ** 63 - 1)
        self.expect(b")")
        return value

    def fetch_item(self):
        for name, rule in ((b"FLAGS", lambda: self.listed(self.flag)), (b"UID", lambda: self.number(1)),
                           (b"INTERNALDATE", lambda: self.match(DATE_TIME, "a date-time")),
                           (b"RFC822.SIZE", self.number), (b"ENVELOPE", self.envelope),
                           (b"BODYSTRUCTURE", lambda: self.body(True)), (b"BODY", lambda: self.body(False)),
                           (b"RFC822.HEADER", self.nstring), (b"RFC822.TEXT", self.nstring), (b"RFC822", self.nstring),
                           (b"MODSEQ", self.modseq), (b"EMAILID", lambda: self.listed(self.object_id, empty=False)),
                           (b"THREADID", lambda: None if self.take(b"NIL") else self.listed(self.object_id, empty=False)),
                           (b"SAVEDATE", lambda: None if self.take(b"NIL") else self.match(DATE_TIME, "a date-time")),
                           (b"PREVIEW", self.nstring)):
            if self.take(name + b" "):
                return name, rule()
        if self.take(b"BINARY"):
            return self.binary()
        name = self.section()
        self.expect(b" ")
        return name, self.nstring()

    def binary(self):
        """BINARY[1]<0> ~{5}, BINARY.SIZE[1] 5: RFC 3516 7. A literal8 may hold NUL."""
        name = b"BINARY" + self.match(re.compile(rb"(\.SIZE)?\[([1-9][0-9]*(\.[1-9][0-9]*)*)?\](<[0-9]+>)?"), "a binary section")
        self.expect(b" ")
        if name.startswith(b"BINARY.SIZE"):
            return name, self.number()
        if not self.octets.startswith(b"~{", self.at):
            return name, self.nstring()
        size = int(self.match(re.compile(rb"~\{[0-9]+\}\r\n"), "a literal8")[2:-3])
        self.at += size
        return name, self.octets[self.at - size:self.at]

    def code(self):
        word = self.match(re.compile(ATOM), "a response code")
        if word in (b"CAPABILITY", b"PERMANENTFLAGS", b"UIDNEXT", b"UIDVALIDITY", b"UNSEEN", b"APPENDUID", b"COPYUID",
                    b"HIGHESTMODSEQ", b"MODIFIED", b"MAILBOXID", b"INPROGRESS", b"METADATA", b"MESSAGELIMIT"):
            self.expect(b" ")
        if word == b"CAPABILITY":
            value = self.match(re.compile(ATOM + rb"( " + ATOM + rb")*"), "capabilities").split()
        elif word == b"PERMANENTFLAGS":
            value = self.listed(lambda: b"\\*" if self.take(b"\\*") else self.flag())
        elif word in (b"UIDNEXT", b"UIDVALIDITY", b"UNSEEN"):
            if self.rev2 and word == b"UNSEEN":
                self.wrong("no UNSEEN in IMAP4rev2")
            value = self.number(1)
        elif word == b"HIGHESTMODSEQ":
            value = self.number(1, 2 ** 63 - 1)
        elif word == b"MAILBOXID":
            self.expect(b"(")
            value = self.object_id()
            self.expect(b")")
        elif word == b"INPROGRESS":
            value = self.match(re.compile(rb'\("[^"]*" (NIL|[0-9]+) (NIL|[1-9][0-9]*)\)'), "progress")
        elif word == b"BADURL":
            self.expect(b' "')
            value = self.match(re.compile(rb'[^]"\\\r\n\x00\x80-\xff]+'), "an address")
            self.expect(b'"')
        elif word == b"BADEVENT":
            self.expect(b" ")
            value = self.listed(self.flag, empty=False)
        elif word == b"METADATA":  # RFC 5464 5
            value = self.match(re.compile(rb"(LONGENTRIES|MAXSIZE) [0-9]+|TOOMANY|NOPRIVATE"), "a METADATA code")
        elif word == b"MODIFIED":
            value = self.uid_set()
        elif word == b"MESSAGELIMIT":  # RFC 9738 5
            value = (self.number(1), self.number(1) if self.take(b" ") else None)
        elif word in (b"APPENDUID", b"COPYUID"):
            value = [self.number(1)]
            for _ in range(1 if word == b"APPENDUID" else 2):
                self.expect(b" ")
                value.append(self.uid_set())
        elif word == b"BADCHARSET":
            value = []
            if self.take(b" "):
                value = self.listed(self.astring, empty=False)
        elif word in PLAIN_CODES:
            value = None
        else:
            self.wrong("a response code that is known")
        self.expect(b"]")
        return word, value

    def condition(self, word):
        code = None
        if self.take(b"["):
            code = self.code()
            self.expect(b" ")
        return word, code, self.match(TEXT, "text")

    def listed_mailbox(self):
        flags = self.listed(self.flag)
        self.expect(b" ")
        if not self.take(b"NIL"):
            self.match(re.compile(rb'"([^"\\\r\n]|\\["\\])"'), "a delimiter")
        self.expect(b" ")
        name = self.mailbox()
        extended = []
        if self.take(b" "):
            def item():
                tag = self.astring()
                self.expect(b" ")
                return tag, self.listed(self.mailbox if tag == b"OLDNAME" else self.astring, empty=False)
            extended = self.listed(item)
        return flags, name, extended

    def esearch(self):
        """RFC 4731 3.1: each item once, a count or a set."""
        found = {}
        if self.take(b" (TAG "):
            found["tag"] = self.string()
            self.expect(b")")
        found["uid"] = self.take(b" UID")
        while self.take(b" "):
            name = self.match(re.compile(rb"MIN|MAX|COUNT|ALL|MODSEQ|PARTIAL"), "an ESEARCH item")
            if name in found:
                self.wrong("each item once")
            self.expect(b" ")
            if name == b"PARTIAL":  # RFC 9394 3.1
                self.expect(b"(")
                span = self.match(re.compile(rb"-?[1-9][0-9]*:-?[1-9][0-9]*"), "a range")
                self.expect(b" ")
                found[name] = span, None if self.take(b"NIL") else self.uid_set()
                self.expect(b")")
                continue
            most = 2 ** 63 - 1 if name == b"MODSEQ" else 2 ** 32 - 1
            found[name] = self.uid_set() if name == b"ALL" else self.number(0 if name == b"COUNT" else 1, most)
        return found

    def thread(self):
        """thread-list, RFC 5256 5: numbers of a chain, then nothing or at least two branches."""
        self.expect(b"(")
        found = []
        if self.peek() != b"(":
            found.append(self.number(1))
            while self.take(b" "):
                if self.peek() == b"(":
                    break
                found.append(self.number(1))
        branches = []
        while self.peek() == b"(":
            branches.append(self.thread())
        if len(branches) == 1 or not found + branches:
            self.wrong("no branch or two")
        self.expect(b")")
        return found + branches

    def status(self):
        name = self.mailbox()
        self.expect(b" ")

        def item():
            word = self.match(re.compile(b"|".join(sorted(STATUS_ITEMS, key=len, reverse=True))), "a STATUS item")
            self.expect(b" ")
            if word == b"MAILBOXID":
                return word, self.listed(self.object_id, empty=False)
            return word, self.number(0, 2 ** 63 - 1)
        return name, dict(self.listed(item))

    def identity(self):
        def pair():
            name = self.string()
            self.expect(b" ")
            return name, self.nstring()
        return None if self.take(b"NIL") else dict(self.listed(pair, empty=False))

    def space(self):
        """One namespace of NAMESPACE, RFC 9051 9."""
        def one():
            self.expect(b"(")
            prefix = self.string()
            self.expect(b" ")
            self.string()
            self.expect(b")")
            return prefix
        return None if self.take(b"NIL") else self.listed(one, b"", empty=False)

    def untagged(self):
        found = re.compile(rb"([0-9]+) (EXISTS|RECENT|EXPUNGE|FETCH|UIDFETCH)").match(self.octets, self.at)
        if found:
            if self.rev2 and found[2] == b"RECENT":
                self.wrong("no RECENT in IMAP4rev2")
            number = self.number(0 if found[2] in (b"EXISTS", b"RECENT") else 1)
            self.at = found.end()
            if found[2] not in (b"FETCH", b"UIDFETCH"):
                return found[2], number
            self.expect(b" ")
            return found[2], number, self.listed(self.fetch_item, empty=False)
        word = self.match(re.compile(rb"[A-Z]+"), "a response")
        if word in (b"SEARCH", b"SORT"):
            if self.rev2 and word == b"SEARCH":
                self.wrong("no SEARCH in IMAP4rev2")
            numbers = []
            while self.take(b" "):
                if self.take(b"(MODSEQ "):  # RFC 7162 7: once, at the end
                    numbers.append((b"MODSEQ", self.number(1, 2 ** 63 - 1)))
                    self.expect(b")")
                    break
                numbers.append(self.number(1))
            return word, numbers
        if word == b"THREAD":
            threads = []
            if self.take(b" "):
                while not threads or self.peek() == b"(":
                    threads.append(self.thread())
            return word, threads
        if word == b"VANISHED":
            earlier = self.take(b" (EARLIER)")
            self.expect(b" ")
            return word, earlier, self.uid_set()
        if word == b"ESEARCH":
            return word, self.esearch()
        if word == b"ENABLED":
            return word, [item for item in self.match(re.compile(rb"( " + ATOM + rb")*"), "capabilities").split()]
        self.expect(b" ")
        if word in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"):
            return self.condition(word)
        if word == b"CAPABILITY":
            return word, self.match(re.compile(ATOM + rb"( " + ATOM + rb")*"), "capabilities").split()
        if word == b"FLAGS":
            return word, self.listed(self.flag)
        if word in (b"LIST", b"LSUB"):
            return word, *self.listed_mailbox()
        if word == b"STATUS":
            return word, *self.status()
        if word == b"QUOTA":  # RFC 9208 7: at least one resource
            def resource():
                name = self.match(re.compile(ATOM), "a resource")
                self.expect(b" ")
                used = self.number(0, 2 ** 63 - 1)
                self.expect(b" ")
                return name, (used, self.number(0, 2 ** 63 - 1))
            root = self.astring()
            self.expect(b" ")
            return word, root, dict(self.listed(resource, empty=False))
        if word == b"QUOTAROOT":
            name, roots = self.mailbox(), []
            while self.take(b" "):
                roots.append(self.astring())
            return word, name, roots
        if word == b"METADATA":  # RFC 5464 5
            def entry():
                name = self.astring()
                self.expect(b" ")
                return name, self.nstring()
            name = self.mailbox()
            self.expect(b" ")
            return word, name, dict(self.listed(entry, empty=False))
        if word == b"ID":
            return word, self.identity()
        if word == b"NAMESPACE":
            spaces = [self.space()]
            for _ in range(2):
                self.expect(b" ")
                spaces.append(self.space())
            return word, spaces
        return self.wrong("a response that is known")

    def response(self):
        """(tag, ...): "*", "+" or the command's tag first."""
        if self.take(b"+ "):
            found = b"+", self.octets[self.at:-2]
            self.at = len(self.octets) - 2
        elif self.take(b"* "):
            found = b"*", *self.untagged()
        else:
            tag = self.match(re.compile(rb"[A-Za-z0-9._:-]+"), "a tag")
            self.expect(b" ")
            word = self.match(re.compile(rb"OK|NO|BAD"), "OK, NO or BAD")
            self.expect(b" ")
            found = tag, *self.condition(word)
        self.expect(b"\r\n")
        if self.at != len(self.octets):
            self.wrong("the end")
        return found


class Rev2Reader(Reader):
    """What RFC 9051 alone permits, after ENABLE IMAP4rev2: UTF-8 in quoted strings and names, nothing of RFC 3501."""
    rev2 = True

    def quoted(self):
        value = self.match(re.compile(rb'"([^"\\\r\n\x00]|\\["\\])*"'), "a quoted string")
        value.decode("utf-8")
        return re.sub(rb'\\(["\\])', rb"\1", value[1:-1])

    def string(self):
        return super().string() if self.peek() == b"{" else self.quoted()

    def mailbox(self):
        """Net-Unicode, RFC 9051 5.1."""
        name = self.astring().decode("utf-8")
        if unicodedata.normalize("NFC", name) != name and not self.octets[:self.at].count(b"OLDNAME"):
            self.wrong("a name in NFC")
        return name.encode()


class Wire:
    """A client that reads every answer with Reader, after enable_rev2() with Rev2Reader."""

    def __init__(self, mail, name=None, port="imaps", greet=True):
        self.sock = socket.create_connection(("127.0.0.1", mail.ports[port]), DEADLINE)
        if port == "imaps":
            self.sock = mail.tls().wrap_socket(self.sock, server_hostname="localhost")
        self.file = self.sock.makefile("rb")
        self.count = 0
        self.reader = Reader
        self.greeting = self.read() if greet else None
        if name is not None:
            answer = self.run(f'LOGIN "{name}@{DOMAIN}" "{mail.passwords[name]}"')
            if answer[-1][1] != b"OK":
                raise Wrong(answer)

    def enable_rev2(self):
        answers = self.run("ENABLE IMAP4rev2")
        if answers[0][1:] != (b"ENABLED", [b"IMAP4rev2"]):
            raise Wrong(answers)
        self.reader = Rev2Reader

    def send(self, octets):
        self.sock.sendall(octets if isinstance(octets, bytes) else octets.encode())

    def read_raw(self):
        octets = b""
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise Wrong(f"the connection ended after {(octets + line)[-200:]!r}")
            octets += line
            found = re.search(rb"\{([0-9]+)\}\r\n$", line)
            if found is None:
                return octets
            octets += self.file.read(int(found[1]))

    def read(self):
        return self.reader(self.read_raw()).response()

    def until(self, tag):
        """All responses up to the tagged one."""
        found = [self.read()]
        while found[-1][0] != tag:
            found.append(self.read())
        return found

    def run(self, command, *literals):
        """One command; `literals` are sent where it is asked for them ("+ ..."), each with the rest of its line."""
        self.count += 1
        tag = b"t%d" % self.count
        self.send(tag + b" " + (command if isinstance(command, bytes) else command.encode()) + b"\r\n")
        found = []
        for literal in literals:
            found.append(self.read())
            while found[-1][0] == b"*":
                found.append(self.read())
            if found[-1][0] != b"+":
                return found
            self.send(literal + b"\r\n")
        return found + self.until(tag)

    def ok(self, command, *literals):
        answer = self.run(command, *literals)
        if answer[-1][1] != b"OK":
            raise Wrong(f"{command!r}: {answer[-1]}")
        return answer

    def fetch(self, numbers, items):
        """{number: {item: value}} of one FETCH."""
        found = {}
        for response in self.ok(f"FETCH {numbers} {items}"):
            if response[1] == b"FETCH":
                found.setdefault(response[2], {}).update(response[3])
        return found

    def flags(self, uid):
        """The newest that was said of them."""
        found = []
        for response in self.ok(f"UID FETCH {uid} (FLAGS)"):
            items = dict(response[3]) if response[1] == b"FETCH" else {}
            if items.get(b"UID") == uid:
                found = items.get(b"FLAGS", found)
        return found

    def append(self, mailbox, octets, flags=""):
        return self.ok(f"APPEND {mailbox} {flags}{{{len(octets)}}}", octets)

    def close(self):
        answer = self.ok("LOGOUT")
        self.file.close()
        self.sock.close()
        return answer
