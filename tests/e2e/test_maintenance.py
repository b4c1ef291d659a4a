"""Check, backup and restore, with the real programs: a check beside mail coming in reports nothing, a backup made meanwhile
brings back every message octet for octet, one folder comes back without surprises."""
import json
import re
import shutil
import threading
import unittest

from harness import DEADLINE, DOMAIN, Instance, fetch_all, letter, without_trace

BODY = "0123456789 abcdefghij\r\n" * 40


class Senders:
    """Delivers numbered letters from two threads until stopped; `sent` are the acknowledged ones."""

    def __init__(self, mail, first):
        self.mail, self.sent, self.failed = mail, {}, []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(first + 100_000 * i,)) for i in range(2)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *ignored):
        self.over.set()
        for thread in self.threads:
            thread.join(DEADLINE)

    def run(self, number):
        while not self.over.is_set():
            octets = letter(f"number {number}", f"{number}\r\n" + BODY, number=number)
            try:
                self.mail.deliver(octets)
            except OSError as problem:
                self.failed.append(problem)
                return
            self.sent[number] = octets
            number += 1


def uid_validity(client, mailbox="INBOX"):
    return int(re.search(rb"UIDVALIDITY (\d+)", client.status(mailbox, "(UIDVALIDITY)")[1][0])[1])


def messages(mail, name="anna", mailbox="INBOX"):
    client = mail.imap(name)
    client.select(mailbox, readonly=True)
    found = fetch_all(client)
    client.logout()
    return found


class Maintenance(unittest.TestCase):
    def check(self, mail, *words):
        done = mail.command("check", "--json", *words, check=False)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if report["ok"] else 1, done.stderr)
        return report

    def test_check_and_backup_beside_mail_coming_in_then_a_whole_restore(self):
        with Instance() as mail:
            backup = mail.root / "backup"
            for number in range(20):
                mail.deliver(letter(f"early {number}", f"early {number}\r\n" + BODY, number=number))
            early = messages(mail)
            client = mail.imap()
            client.select("INBOX")
            client.store("1:5", "+FLAGS", r"(\Seen)")
            client.copy("1:3", "Archive")
            client.logout()
            with Senders(mail, 1_000) as senders:
                for _ in range(3):
                    report = self.check(mail)
                    self.assertEqual(report["findings"], [])
                    self.assertGreaterEqual(report["tables"]["mail"]["messages"]["records"], 23)
                before = dict(senders.sent)
                mail.command("backup", str(backup))
            self.assertEqual(senders.failed, [])
            self.assertGreater(len(before), 0)
            manifest = json.loads((backup / "manifest.json").read_text())
            self.assertTrue(manifest["verified"])
            self.assertEqual(manifest["findings"], 0)
            self.assertEqual(sorted(one.name for one in backup.iterdir()), ["accounts", "mail", "manifest.json", "queue"])
            all_mail = messages(mail)
            client = mail.imap()
            validity = uid_validity(client)
            client.logout()

            refused = mail.command("restore", str(backup), check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("Stop the daemons first", refused.stderr)
            mail.stop()
            said = mail.command("restore", str(backup)).stdout
            kept = re.search(r"is in (\S+before-restore-\S+)", said)[1]
            mail.start()
            restored = messages(mail)
            self.assertEqual(restored[:20], early)
            self.assertEqual(restored, all_mail[:len(restored)])
            bodies = {without_trace(octets) for octets in restored}
            self.assertEqual([number for number, octets in before.items() if octets not in bodies], [])
            client = mail.imap()
            self.assertGreater(uid_validity(client), validity)
            client.select("INBOX", readonly=True)
            self.assertEqual(client.search(None, "SEEN")[1][0], b"1 2 3 4 5")
            self.assertEqual(client.select("Archive", readonly=True)[1][0], b"3")
            client.logout()
            self.assertEqual(self.check(mail)["findings"], [])

            # What came after the backup is added from what was put aside, while the daemons run.
            mail.command("restore", kept, "--account", f"anna@{DOMAIN}")
            self.assertEqual(sorted(messages(mail)), sorted(all_mail))
            self.assertEqual(self.check(mail)["findings"], [])

    def test_one_folder_comes_back_while_the_server_runs(self):
        with Instance() as mail:
            backup = mail.root / "backup"
            client = mail.imap()
            client.create("Projects/Boat")
            for number in range(5):
                client.append("Projects/Boat", r"(\Flagged)", None, letter(f"plan {number}", number=number))
            mail.command("backup", str(backup))
            plans = messages(mail, mailbox="Projects/Boat")
            client.append("Projects/Boat", None, None, letter("newer", number=9))
            client.select("Projects/Boat")
            client.store("2:4", "+FLAGS", r"(\Deleted)")
            client.expunge()
            validity = uid_validity(client, "Projects/Boat")
            words = ["restore", str(backup), "--account", f"anna@{DOMAIN}", "--mailbox", "Projects/Boat"]
            said = mail.command(*words, "--dry-run").stdout
            self.assertIn("WOULD BE ADDED", said)
            self.assertEqual(len(messages(mail, mailbox="Projects/Boat")), 3)
            mail.command(*words)
            found = messages(mail, mailbox="Projects/Boat")
            self.assertEqual(len(found), 6)
            self.assertLess(set(plans), set(found))
            self.assertEqual(uid_validity(client, "Projects/Boat"), validity)
            client.noop()
            self.assertEqual(client.search(None, "FLAGGED")[1][0], b"1 2 4 5 6")
            client.logout()

            missing = mail.command("restore", str(backup), "--account", f"anna@{DOMAIN}", "--mailbox", "Nowhere", check=False)
            self.assertEqual(missing.returncode, 1)
            # A removed account's mail, into the account that was made anew.
            mail.command("alias", "remove", f"postmaster@{DOMAIN}", check=False)
            removed = mail.command("user", "remove", f"anna@{DOMAIN}").stdout
            number = re.search(r"account (\d+)", removed)[1]
            self.assertIn("user purge " + number, " ".join(self.check(mail)["notes"]))
            self.assertIn("deleted its mail", mail.command("user", "purge", number).stdout)
            self.assertEqual(self.check(mail)["notes"], [])
            gone = mail.command(*words, check=False)
            self.assertIn("hearthmail user add", gone.stderr)
            mail.command("user", "add", f"anna@{DOMAIN}", "--password-stdin", input=mail.passwords["anna"] + "\n")
            mail.command(*words)
            self.assertEqual(sorted(messages(mail, mailbox="Projects/Boat")), sorted(plans))
            self.assertEqual(self.check(mail)["findings"], [])

    def test_a_failed_backup_leaves_the_old_one(self):
        with Instance() as mail:
            backup = mail.root / "backup"
            mail.deliver(letter("one"))
            mail.command("backup", str(backup))
            first = (backup / "manifest.json").read_text()
            mail.deliver(letter("two", number=2))
            mail.command("backup", str(backup))
            self.assertNotEqual((backup / "manifest.json").read_text(), first)
            manifest = (backup / "manifest.json").read_text()
            other = mail.root / "other"
            other.mkdir()
            (other / "precious").write_text("x")
            self.assertEqual(mail.command("backup", str(other), check=False).returncode, 1)
            self.assertEqual([one.name for one in other.iterdir()], ["precious"])
            mail.stop()
            whole = mail.data / "mail" / "data.mdb"
            octets = whole.read_bytes()
            shutil.copy(whole, mail.root / "whole.mdb")
            with open(whole, "r+b") as file:
                file.truncate(len(octets) // 2)
            failed = mail.command("backup", str(backup), check=False)
            self.assertEqual(failed.returncode, 1)
            self.assertEqual((backup / "manifest.json").read_text(), manifest)
            mail.command("restore", str(backup))
            mail.start()
            self.assertEqual(len(messages(mail)), 2)

    def test_a_fetch_goes_on_when_another_session_expunges_the_message(self):
        with Instance() as mail:
            octets = letter("large", "0123456789 a line of some length that does not matter\r\n" * 300_000)
            mail.deliver(octets)
            mail.wait_for_messages(1)
            reader, other = mail.imap(), mail.imap()
            reader.select("INBOX")
            reader.send(b"x1 FETCH 1 (BODY.PEEK[])\r\n")
            head = reader.readline()
            count = int(re.search(rb"\{(\d+)\}", head)[1])
            other.select("INBOX")
            other.store("1", "+FLAGS", r"(\Deleted)")
            self.assertEqual(other.expunge()[0], "OK")
            body = reader.read(count)
            self.assertEqual(without_trace(body), octets)
            while not reader.readline().startswith(b"x1 "):
                pass
            other.logout()
            self.assertEqual(self.check(mail)["tables"]["mail"]["garbage"]["records"], 1)

    def test_deleting_the_whole_queue_wants_a_yes(self):
        nowhere = {"HEARTHMAIL_RELAY_ROUTES": "away", "HEARTHMAIL_RELAY_AWAY_URL": "smtp://127.0.0.1:1",
                   "HEARTHMAIL_RELAY_AWAY_TLS": "none"}
        with Instance(environment=nowhere) as mail:
            mail.submit(letter("out", sender=f"anna@{DOMAIN}", to="friend@far.example"), ["friend@far.example"])
            self.assertEqual(len(mail.queue()), 1)
            refused = mail.command("queue", "delete", "--all", check=False, input="")
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--yes", refused.stderr)
            self.assertEqual(len(mail.queue()), 1)
            mail.command("queue", "delete", "--all", "--yes")
            self.assertEqual(mail.queue(), [])


if __name__ == "__main__":
    unittest.main()
