"""A full disk: mail is refused for now, nothing that was acknowledged is lost, and it goes on when there is room again."""
import base64
import imaplib
import os
import shutil
import smtplib
import subprocess
import time
import unittest

import smarthost
from harness import DAEMONS, DEADLINE, DOMAIN, Instance, letter, without_trace

MEGABYTE = 1024 * 1024
DISK = 192  # MiB; the programs keep a twentieth in reserve
FAR = "friend@far.example"


class SmallDisk(Instance):
    """An instance whose data directory is a file system of its own."""

    def __enter__(self):
        self.data.mkdir(parents=True, mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=0700", "hearthmail-test", self.data],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            shutil.rmtree(self.root)
            raise unittest.SkipTest("a small file system cannot be mounted here: " + mounted.stderr.strip())
        run = self.root / "run"  # as under systemd: sockets and ready files are not on the disk of the mail
        run.mkdir(mode=0o700)
        (self.data / "run").symlink_to(run)
        return super().__enter__()

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            if subprocess.run(["umount", self.data], capture_output=True).returncode != 0:
                subprocess.run(["umount", "-l", self.data], check=False)
            shutil.rmtree(self.root, ignore_errors=True)

    def fill(self, leave):
        """Leaves about `leave` octets free."""
        disk = os.statvfs(self.data)
        octets = disk.f_bavail * disk.f_frsize - leave
        with open(self.data / "filler", "ab", buffering=0) as filler:
            try:
                while octets > 0:
                    octets -= filler.write(b"\0" * min(octets, MEGABYTE))
            except OSError:
                pass  # full to the last block

    def empty(self):
        (self.data / "filler").unlink()

    def pids(self):
        return [self.pid(daemon) for daemon in DAEMONS]


class DiskFull(unittest.TestCase):
    def refused(self, send, *arguments):
        """`send` must fail for now: 4xx, or a connection that breaks; never 2xx or 5xx."""
        try:
            send(*arguments)
        except smtplib.SMTPResponseException as answer:
            self.assertEqual(answer.smtp_code // 100, 4, answer)
            return answer.smtp_code
        except (OSError, smtplib.SMTPServerDisconnected):
            return 0
        self.fail("mail was accepted on a full disk")

    def deliver(self, mail, number, size=100):
        octets = letter(f"in {number}", "0123456789abcdef " * (size // 17) + "\r\n", number=number)
        mail.deliver(octets)
        self.acknowledged.append(octets)

    def submit(self, mail, number):
        octets = letter(f"out {number}", sender=f"ben@{DOMAIN}", to=FAR, number=number)
        mail.submit(octets, [FAR], "ben")
        self.submitted += 1

    def test_mail_waits_while_the_disk_is_full_and_nothing_acknowledged_is_lost(self):
        self.acknowledged, self.submitted = [], 0
        with SmallDisk() as mail:
            for number in range(5):
                self.deliver(mail, number)
                self.submit(mail, number)
            self.in_the_reserve(mail)
            self.to_the_last_octet(mail)
            mail.empty()
            self.again(mail)

    def in_the_reserve(self, mail):
        """Nearly full: strangers and users are asked to wait; everything else goes on, and no daemon ends."""
        running = mail.pids()
        mail.fill(leave=7 * MEGABYTE)
        self.assertEqual(self.refused(self.deliver, mail, 100), 452)
        self.assertEqual(self.refused(self.deliver, mail, 101, 2 * MEGABYTE), 452)
        self.assertEqual(self.refused(self.submit, mail, 102), 452)
        client = mail.imap()
        client.select("INBOX")
        self.assertEqual(client.store("1", "+FLAGS", r"(\Deleted \Seen)")[0], "OK")
        self.assertEqual(client.expunge()[0], "OK")
        self.acknowledged.pop(0)
        client.logout()
        mail.wait_for_messages(self.submitted, "capture")
        self.assertEqual(mail.queue(), [])
        self.assertEqual(mail.pids(), running)

    def to_the_last_octet(self, mail):
        """Full: a commit may be refused; no daemon ends."""
        running = mail.pids()
        mail.fill(leave=0)
        self.refused(self.deliver, mail, 200)
        self.refused(self.submit, mail, 201)
        changed = "NO"
        try:
            client = mail.imap()
            client.select("INBOX")
            changed = client.store("1", "+FLAGS", r"(\Flagged)")[0]
            client.logout()
        except (OSError, imaplib.IMAP4.error):
            pass  # the receiver has ended, or says that it cannot
        self.flagged = changed == "OK"
        appended = "NO"
        try:
            client = mail.imap()
            body = base64.encodebytes(os.urandom(90_000)).replace(b"\n", b"\r\n")
            appended = client.append("Sent", None, None, letter("kept", "") + body)[0]
        except (OSError, imaplib.IMAP4.error):
            pass
        self.assertNotEqual(appended, "OK", "a message was kept on a full disk")
        self.assertIsNone(mail.process.poll(), "`hearthmail up` ended")
        self.assertEqual(mail.pids(), running)

    def again(self, mail):
        ends = time.monotonic() + DEADLINE
        sent = False
        while not sent:
            self.assertLess(time.monotonic(), ends, "no mail is taken after the disk has room again")
            try:
                mail.wait_ready(0)  # reads the ports anew: the receiver may have been started again
                self.deliver(mail, 300, 2 * MEGABYTE)
                self.submit(mail, 301)
                sent = True
            except (OSError, ValueError, KeyError, smtplib.SMTPException):
                time.sleep(0.2)
        smarthost.wait_until(lambda: mail.queue() == [], "the queue is empty")
        inbox = [without_trace(octets) for octets in mail.wait_for_messages(len(self.acknowledged))]
        self.assertEqual(sorted(inbox), sorted(self.acknowledged))
        self.assertEqual(len(mail.wait_for_messages(self.submitted, "capture")), self.submitted)
        if self.flagged:
            client = mail.imap()
            client.select("INBOX")
            self.assertIn(b"Flagged", client.fetch("1", "(FLAGS)")[1][0])
            client.logout()


if __name__ == "__main__":
    unittest.main()
