"""The `hearthmail` command: what it prints, what it refuses, what it leaves behind."""
import json
import os
import pathlib
import subprocess
import unittest

from harness import DOMAIN, PROGRAMS, Instance

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words, environment=None, input=None):
    clean = {"PATH": os.environ["PATH"], "HEARTHMAIL_HOSTNAME": "mail." + DOMAIN, **(environment or {})}
    for option in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if option in os.environ:
            clean[option] = os.environ[option]
    return subprocess.run([PROGRAMS / "hearthmail", *words], env=clean, input=input, capture_output=True, text=True, timeout=60)


class Configuration(unittest.TestCase):
    def test_the_reference_in_the_readme_is_the_programs_own(self):
        reference = run("config", "reference", "--markdown").stdout
        self.assertIn("| `hostname` |", reference)
        self.assertTrue(reference.strip() in (ROOT / "README.md").read_text(), "stale; run deploy/update-readme")

    def test_check_shows_origins_and_no_secret(self):
        environment = {"HEARTHMAIL_RELAY_ROUTES": "main", "HEARTHMAIL_RELAY_MAIN_URL": "smtps://smtp.example.net:465",
                       "HEARTHMAIL_RELAY_MAIN_USER": "u", "HEARTHMAIL_RELAY_MAIN_PASSWORD": "very secret words"}
        done = run("config", "check", environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("environment HEARTHMAIL_RELAY_MAIN_URL", done.stdout)
        self.assertNotIn("very secret words", done.stdout)
        keys = json.loads(run("config", "check", "--json", environment=environment).stdout)["keys"]
        self.assertTrue(any(key["key"] == "relay.main.password" and key["secret"] for key in keys))

    def test_a_mistake_is_named_with_the_right_word(self):
        done = run("config", "check", environment={"HEARTHMAIL_HOSTNAM": "x.example"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("did you mean HEARTHMAIL_HOSTNAME", done.stderr + done.stdout)

    def test_a_daemon_refuses_to_start_on_the_same_mistake(self):
        for program in ("hearthmail-receiver", "hearthmail-submission", "hearthmail-relay"):
            done = subprocess.run([PROGRAMS / program], env={"PATH": os.environ["PATH"], "HEARTHMAIL_LOG_LEVL": "info"}, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("HEARTHMAIL_LOG_LEVEL", done.stderr)


class Operation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def test_init_again_changes_nothing(self):
        certificate = pathlib.Path(self.mail.ca).read_bytes()
        self.mail.command("init", "--domain", DOMAIN)
        self.assertEqual(pathlib.Path(self.mail.ca).read_bytes(), certificate)

    def test_accounts_aliases_and_domains_take_effect_at_once(self):
        mail = self.mail
        mail.passwords["carl"] = "first password"
        mail.command("user", "add", f"carl@{DOMAIN}", "--password-stdin", input="first password\n")
        self.assertIn(f"carl@{DOMAIN}", mail.command("user", "list").stdout)
        mail.imap("carl").logout()
        mail.passwords["carl"] = "second password"
        mail.command("user", "passwd", f"carl@{DOMAIN}", "--password-stdin", input="second password\n")
        mail.imap("carl").logout()
        mail.command("domain", "add", "second.test")
        mail.command("alias", "add", "info@second.test", f"carl@{DOMAIN}")
        self.assertIn("info@second.test", json.dumps(json.loads(mail.command("alias", "list", "--json").stdout)))
        self.assertIn("second.test", json.dumps(json.loads(mail.command("domain", "list", "--json").stdout)))
        mail.command("alias", "remove", "info@second.test")
        mail.command("user", "remove", f"carl@{DOMAIN}", "--yes", check=False)
        listed = json.loads(mail.command("user", "list", "--json").stdout)
        if any(f"carl@{DOMAIN}" == account["address"] for account in listed):
            mail.command("user", "remove", f"carl@{DOMAIN}")
        self.assertNotIn(f"carl@{DOMAIN}", mail.command("user", "list").stdout)

    def test_a_password_is_never_an_argument(self):
        done = self.mail.command("user", "add", f"dora@{DOMAIN}", "secret-in-argv", check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_the_receiver_never_holds_the_relays_secret(self):
        environment = {"HEARTHMAIL_RELAY_ROUTES": "main", "HEARTHMAIL_RELAY_MAIN_URL": "smtp://127.0.0.1:9", "HEARTHMAIL_RELAY_MAIN_USER": "u",
                       "HEARTHMAIL_RELAY_MAIN_PASSWORD": "only-the-relay-knows"}
        with Instance(environment) as mail:
            for program, knows in (("hearthmail-receiver", False), ("hearthmail-submission", False), ("hearthmail-relay", True)):
                block = pathlib.Path(f"/proc/{mail.pid(program)}/environ").read_bytes()
                self.assertEqual(b"only-the-relay-knows" in block, knows, program)
            self.assertNotIn("only-the-relay-knows", mail.log.read_text())

    def test_the_relay_opens_no_listening_port(self):
        sockets = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True)
        if sockets.returncode != 0:
            self.skipTest("ss is not installed")
        self.assertNotIn(f"pid={self.mail.pid('hearthmail-relay')},", sockets.stdout)

    def test_help_reads_like_documentation(self):
        text = run("--help").stdout
        for word in ("init", "up", "user", "alias", "domain", "queue", "route", "config"):
            self.assertIn(word, text)


if __name__ == "__main__":
    unittest.main()
