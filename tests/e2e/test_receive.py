"""A stranger's delivery on port 25 ends in the store and is read over IMAP and POP3 with the same octets."""
import smtplib
import socket
import subprocess
import unittest

from harness import DEADLINE, DOMAIN, PROGRAMS, Instance, letter, without_trace


def corpus(folder):
    """The corpus as (name, octets), made by the project's own writer."""
    subprocess.run([PROGRAMS / "corpus-writer", folder], check=True, timeout=DEADLINE, capture_output=True)
    return [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


def send_raw(client, message, to, sender="<stranger@elsewhere.example>"):
    """DATA with exactly these octets (smtplib's own sendmail would repair line ends)."""
    for line in (f"MAIL FROM:{sender} BODY=8BITMIME", f"RCPT TO:<{to}>"):
        code, text = client.docmd(line)
        assert code == 250, (code, text)
    code, text = client.docmd("DATA")
    assert code == 354, (code, text)
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in message.split(b"\r\n"))
    client.send(stuffed + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    return client.getreply()


class Receive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(accounts=("anna", "ben", "capture", "cora", "dora", "load")).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def deliver_corpus(self, name):
        folder = self.mail.root / f"corpus-{name}"
        folder.mkdir()
        messages = corpus(folder)
        self.assertGreaterEqual(len(messages), 60)
        with smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"], timeout=DEADLINE) as client:
            client.ehlo("client.elsewhere.example")
            for title, octets in messages:
                code, text = send_raw(client, octets, f"{name}@{DOMAIN}")
                self.assertEqual(code, 250, (title, text))
        return [(title, octets if octets.endswith(b"\r\n") else octets + b"\r\n") for title, octets in messages]

    def test_what_goes_in_by_smtp_comes_out_of_imap_and_pop3_with_the_same_octets(self):
        sent = self.deliver_corpus("cora")
        by_imap = self.mail.wait_for_messages(len(sent), "cora")
        self.assertEqual(len(by_imap), len(sent))
        for (title, was), now in zip(sent, by_imap):
            self.assertEqual(without_trace(now), was, title)
        pop = self.mail.pop3("cora")
        for number, ((title, _), stored) in enumerate(zip(sent, by_imap), 1):
            _, lines, _ = pop.retr(number)
            self.assertEqual(b"\r\n".join(lines) + b"\r\n", stored, title)
        pop.quit()

    def test_every_envelope_and_structure_is_served_for_the_corpus(self):
        sent = self.deliver_corpus("dora")
        self.mail.wait_for_messages(len(sent), "dora")
        client = self.mail.imap("dora")
        client.select("INBOX", readonly=True)
        _, answers = client.fetch("1:*", "(UID ENVELOPE BODYSTRUCTURE RFC822.SIZE)")
        text = b"".join(b"".join(a) if isinstance(a, tuple) else a for a in answers)
        self.assertEqual(text.count(b"ENVELOPE ("), len(sent))
        self.assertEqual(text.count(b"BODYSTRUCTURE ("), len(sent))
        client.logout()

    def test_curl_delivers_and_reads_back(self):
        path = self.mail.root / "curl.eml"
        path.write_bytes(letter("by curl", number=1))
        base = ["curl", "-sS", "--max-time", str(DEADLINE)]
        subprocess.run([*base, f"smtp://127.0.0.1:{self.mail.ports['smtp']}", "--mail-from", "stranger@elsewhere.example", "--mail-rcpt",
                        f"anna+curl@{DOMAIN}", "--upload-file", path], check=True)
        user = f"anna@{DOMAIN}:{self.mail.passwords['anna']}"
        found = subprocess.run([*base, "--cacert", self.mail.ca, "-u", user, f"imaps://localhost:{self.mail.ports['imaps']}/INBOX?SUBJECT%20%22by%20curl%22"],
                               check=True, capture_output=True, text=True).stdout
        number = found.split()[-1]
        self.assertTrue(number.isdigit(), found)
        text = subprocess.run([*base, "--cacert", self.mail.ca, "-u", user, f"imaps://localhost:{self.mail.ports['imaps']}/INBOX;UID={number}"],
                              check=True, capture_output=True).stdout
        self.assertIn(b"Subject: by curl\r\n", text)
        listing = subprocess.run([*base, "--cacert", self.mail.ca, "-u", user, f"pop3s://localhost:{self.mail.ports['pop3s']}/"], check=True,
                                 capture_output=True, text=True).stdout
        self.assertGreaterEqual(len(listing.splitlines()), 1)
        starttls = subprocess.run([*base, "--ssl-reqd", "--cacert", self.mail.ca, "-u", user, f"imap://localhost:{self.mail.ports['imap']}/"],
                                  check=True, capture_output=True, text=True).stdout
        self.assertIn("INBOX", starttls)

    def test_nothing_is_relayed_and_unknown_users_are_refused_at_rcpt(self):
        with smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"], timeout=DEADLINE) as client:
            client.ehlo("client.elsewhere.example")
            self.assertEqual(client.docmd("MAIL FROM:<x@elsewhere.example>")[0], 250)
            self.assertEqual(client.docmd("RCPT TO:<somebody@far.example>")[0], 554)
            self.assertEqual(client.docmd(f"RCPT TO:<nobody@{DOMAIN}>")[0], 550)
            self.assertEqual(client.docmd(f"RCPT TO:<postmaster@{DOMAIN}>")[0], 250)
            self.assertEqual(client.docmd("VRFY anna")[0], 252)
            self.assertEqual(client.docmd("AUTH PLAIN AAA=")[0], 502)

    def test_a_smuggled_second_message_is_never_made(self):
        """Bare LF and bare CR around the dot (RFC 5321 §2.3.8): refused after draining to the real end."""
        before = len(self.mail.wait_for_messages(0))
        for end in (b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n"):
            with smtplib.SMTP("127.0.0.1", self.mail.ports["smtp"], timeout=DEADLINE) as client:
                client.ehlo("client.elsewhere.example")
                client.docmd("MAIL FROM:<x@elsewhere.example>")
                client.docmd(f"RCPT TO:<anna@{DOMAIN}>")
                self.assertEqual(client.docmd("DATA")[0], 354)
                inner = f"MAIL FROM:<evil@elsewhere.example>\r\nRCPT TO:<anna@{DOMAIN}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n".encode()
                client.send(b"Subject: outer\r\n\r\nbody" + end + inner + b".\r\n")
                code, text = client.getreply()
                self.assertEqual(code, 550, (end, text))
                self.assertIn(b"5.6.0", text)
                self.assertEqual(client.docmd("NOOP")[0], 250)
        self.assertEqual(len(self.mail.wait_for_messages(0)), before)

    def test_octets_after_starttls_are_not_executed(self):
        with socket.create_connection(("127.0.0.1", self.mail.ports["smtp"]), DEADLINE) as plain:
            plain.recv(4096)
            plain.sendall(b"EHLO x.example\r\n")
            plain.recv(4096)
            plain.sendall(b"STARTTLS\r\nRSET\r\n")
            answer = plain.recv(4096)
            self.assertIn(answer[:3], (b"220", b"501", b"554"), answer)
            if answer.startswith(b"220"):
                self.assertEqual(answer.count(b"\r\n"), 1)
                with self.mail.tls().wrap_socket(plain, server_hostname="localhost") as secure:
                    secure.sendall(b"MAIL FROM:<x@elsewhere.example>\r\n")
                    self.assertTrue(secure.recv(4096).startswith(b"503"))  # EHLO is forgotten; the injected RSET left no reply

    def test_bdat_and_pipelining_by_hand(self):
        message = letter("by bdat", number=2)
        half = len(message) // 2
        with socket.create_connection(("127.0.0.1", self.mail.ports["smtp"]), DEADLINE) as peer:
            reader = peer.makefile("rb")
            reader.readline()
            peer.sendall(b"EHLO x.example\r\nMAIL FROM:<x@elsewhere.example> SIZE=%d\r\nRCPT TO:<anna@%s>\r\n" % (len(message), DOMAIN.encode()) +
                         b"BDAT %d\r\n" % half + message[:half] + b"BDAT %d LAST\r\n" % (len(message) - half) + message[half:] + b"QUIT\r\n")
            replies = [line for line in reader.read().split(b"\r\n") if line and line[3:4] == b" "]
        self.assertEqual([line[:3] for line in replies], [b"250", b"250", b"250", b"250", b"250", b"221"])
        self.assertTrue(any(without_trace(m) == message for m in self.mail.wait_for_messages(1)))

    def test_swaks_over_starttls(self):
        done = subprocess.run(["swaks", "--server", f"127.0.0.1:{self.mail.ports['smtp']}", "--tls", "--tls-ca-path", self.mail.ca, "--to",
                               f"anna@{DOMAIN}", "--from", "swaks@elsewhere.example", "--header", "Subject: by swaks", "--pipeline"],
                              capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_smtp_source_delivers_in_parallel(self):
        before = len(self.mail.wait_for_messages(0, "load"))
        done = subprocess.run(["/usr/sbin/smtp-source", "-c", "-s", "8", "-m", "100", "-l", "4096", "-f", "source@elsewhere.example", "-t",
                               f"load@{DOMAIN}", f"127.0.0.1:{self.mail.ports['smtp']}"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.mail.wait_for_messages(before + 100, "load")), before + 100)

    def test_getting_mail_by_fetchmail(self):
        self.mail.deliver(letter("for fetchmail", number=3), to=("ben",))
        self.mail.wait_for_messages(1, "ben")
        count = len(self.mail.wait_for_messages(1, "ben"))
        control = self.mail.root / "fetchmailrc"
        out = self.mail.root / "fetched"
        control.write_text(f"poll localhost protocol POP3 port {self.mail.ports['pop3s']} user \"ben@{DOMAIN}\" password "
                           f"\"{self.mail.passwords['ben']}\" ssl sslcertfile {self.mail.ca} sslcertck keep fetchall nokeep "
                           f"mda \"/bin/sh -c 'cat >> {out}; echo ----- >> {out}'\"\n")
        control.chmod(0o600)
        done = subprocess.run(["fetchmail", "-f", control, "--pidfile", self.mail.root / "fm.pid", "-i", self.mail.root / "fm.ids", "--nosyslog"],
                              capture_output=True, text=True, timeout=DEADLINE, env={"PATH": "/usr/bin:/bin", "HOME": str(self.mail.root), "USER": "root"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(out.read_bytes().count(b"-----\n"), count)
        self.assertEqual(self.mail.wait_for_messages(0, "ben"), [])


if __name__ == "__main__":
    unittest.main()
