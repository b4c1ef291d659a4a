"""The `hearthmail` command: what it prints, what it refuses, what it leaves behind."""
import json
import os
import pathlib
import pty
import select
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

from harness import DEADLINE, DOMAIN, PROGRAMS, UP_READY, Instance

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words, environment=None, input=None):
    clean = {"PATH": os.environ["PATH"], "HEARTHMAIL_HOSTNAME": "mail." + DOMAIN, **(environment or {})}
    for option in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if option in os.environ:
            clean[option] = os.environ[option]
    return subprocess.run([PROGRAMS / "hearthmail", *words], env=clean, input=input, capture_output=True, text=True, timeout=60)


class Terminal:
    """The command on a terminal of its own, as a person sees it."""

    def __init__(self, environment, *words):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs the tests in the background ignores it
            os.execve(PROGRAMS / "hearthmail", ["hearthmail", *words], environment)
        self.shown = ""

    def read(self):
        ready, _, _ = select.select([self.terminal], [], [], DEADLINE)
        if not ready:
            raise AssertionError("nothing came; until then: " + self.shown)
        try:
            octets = os.read(self.terminal, 4096)
        except OSError:  # EIO: the program has closed it
            octets = b""
        self.shown += octets.decode()
        return octets

    def wait_for(self, text):
        while text not in self.shown:
            if not self.read():
                raise AssertionError(f"it ended without {text!r}: {self.shown}")

    def type(self, text):
        os.write(self.terminal, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def end(self):
        """Reads to the end; returns the exit code, negative for a signal."""
        while self.read():
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.terminal)
        return code


def in_memory(pid, octets):
    """Whether the process holds these octets anywhere in its private memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            words = line.split()
            first, last = (int(number, 16) for number in words[0].split("-"))
            if words[1].startswith("rw-p") and last - first < 1 << 32:
                try:
                    memory.seek(first)
                    if octets in memory.read(last - first):
                        return True
                except OSError:
                    continue  # a guard page
    return False


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
        route = {"HEARTHMAIL_RELAY_ROUTES": "main", "HEARTHMAIL_RELAY_MAIN_URL": "smtp://127.0.0.1:9", "HEARTHMAIL_RELAY_MAIN_USER": "u"}
        secret = "only-the-" + "relay-knows"
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f'[relay.main]\npassword = "{secret}"\n')
            file.flush()
            for given in ({"HEARTHMAIL_RELAY_MAIN_PASSWORD": secret}, {"HEARTHMAIL_CONFIG": file.name}):
                with self.subTest(given=list(given)), Instance({**route, **given}) as mail:
                    for program, knows in (("hearthmail-receiver", False), ("hearthmail-submission", False), ("hearthmail-relay", True)):
                        block = pathlib.Path(f"/proc/{mail.pid(program)}/environ").read_bytes()
                        self.assertNotIn(secret.encode(), block, program)
                        self.assertEqual(in_memory(mail.pid(program), secret.encode()), knows, program)
                    self.assertNotIn(secret, mail.log.read_text())

    def test_the_relay_opens_no_listening_port(self):
        sockets = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True)
        self.assertIn(f"pid={self.mail.pid('hearthmail-receiver')},", sockets.stdout)
        self.assertNotIn(f"pid={self.mail.pid('hearthmail-relay')},", sockets.stdout)

    def test_a_password_is_asked_for_twice_and_not_shown(self):
        terminal = Terminal(self.mail.environment, "user", "add", f"eve@{DOMAIN}")
        terminal.wait_for(f"Password for eve@{DOMAIN}: ")
        terminal.type("eve's password\n")  # at once: nothing of it may be lost
        terminal.wait_for("The same again: ")
        terminal.type("eve's password\n")
        self.assertEqual(terminal.end(), 0, terminal.shown)
        self.assertNotIn("eve's password", terminal.shown)
        self.mail.passwords["eve"] = "eve's password"
        self.mail.imap("eve").logout()

    def test_ctrl_c_at_the_prompt_leaves_the_terminal_as_it_was(self):
        terminal = Terminal(self.mail.environment, "user", "add", f"fay@{DOMAIN}")
        terminal.wait_for("Password for")
        self.assertFalse(terminal.echoes())
        terminal.type("\x03")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]), -signal.SIGINT)
        self.assertTrue(terminal.echoes())
        os.close(terminal.terminal)
        self.assertNotIn("fay@", self.mail.command("user", "list").stdout)

    def test_lists_in_json_have_the_documented_keys(self):
        keys = {("user", "list"): "id address created login scram quota", ("alias", "list"): "address targets", ("domain", "list"): "name catch_all",
                ("route", "list"): "name url paused reason since until by_operator"}
        for words, names in keys.items():
            for item in json.loads(self.mail.command(*words, "--json").stdout):
                self.assertEqual(list(item), names.split(), words)
        status = json.loads(self.mail.command("status", "--json").stdout)
        self.assertEqual(list(status), ["daemons", "disk", "queue", "routes"])
        self.assertEqual(status["disk"]["full"], False)
        for daemon in status["daemons"]:
            self.assertEqual(list(daemon), ["name", "up", "pid", "ports"])
            self.assertTrue(daemon["up"])

    def test_exit_codes_and_what_to_do(self):
        for words, code, says in ((["user"], 2, "needs a command: add, passwd, remove, purge, quota, list"), (["queue", "show", "x"], 2, "hearthmail queue show --help"),
                                  (["queue", "show", "999"], 1, "queue list"), (["usr"], 2, "did you mean user?"),
                                  (["user", "remove", f"nobody@{DOMAIN}"], 1, "user list"), (["route", "pause", "loca"], 1, "did you mean local?"),
                                  (["alias", "add", f"anna@{DOMAIN}", f"ben@{DOMAIN}"], 1, "choose another name")):
            done = self.mail.command(*words, check=False)
            self.assertEqual(done.returncode, code, words)
            self.assertIn(says, done.stderr)

    def test_help_reads_like_documentation(self):
        text = run("--help").stdout
        for word in ("init", "up", "user", "alias", "domain", "queue", "route", "config"):
            self.assertIn(word, text)


class Starting(unittest.TestCase):
    """`init` and `up`, from an empty directory."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hm-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {**Instance.listeners(), "PATH": os.environ["PATH"], "HEARTHMAIL_HOSTNAME": "mail." + DOMAIN}
        for option in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if option in os.environ:
                self.environment[option] = os.environ[option]

    def command(self, *words):
        return subprocess.run([PROGRAMS / "hearthmail", *words], env=self.environment, capture_output=True, text=True, timeout=DEADLINE)

    def test_init_with_a_file_that_is_not_there_yet_reads_no_other(self):
        file = self.folder / "conf" / "mine.toml"
        done = self.command("init", "--config", str(file), "--data-dir", str(self.folder / "mail"), "--domain", DOMAIN)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f'data_dir = "{self.folder}/mail"', file.read_text())
        self.assertIn(f"hearthmail --config {file} up", done.stdout)
        listed = self.command("--config", str(file), "domain", "list")
        self.assertIn(DOMAIN, listed.stdout)

    def test_init_writes_the_file_that_the_environment_names(self):
        file = self.folder / "mine.toml"
        self.environment["HEARTHMAIL_CONFIG"] = str(file)
        done = self.command("init", "--data-dir", str(self.folder / "mail"), "--domain", DOMAIN)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(file.exists())
        self.assertIn(DOMAIN, self.command("domain", "list").stdout)

    def test_an_instance_of_its_own_leaves_the_system_alone(self):
        system = pathlib.Path("/etc/hearthmail/hearthmail.toml")
        before = system.stat().st_mtime_ns if system.exists() else None
        self.environment["HEARTHMAIL_DATA_DIR"] = str(self.folder / "mail")
        self.assertEqual(self.command("init", "--domain", DOMAIN).returncode, 0)
        self.assertEqual(system.stat().st_mtime_ns if system.exists() else None, before)

    def test_init_refuses_a_bad_domain_before_it_makes_anything(self):
        done = self.command("init", "--data-dir", str(self.folder / "mail"), "--domain", "no domain")
        self.assertEqual(done.returncode, 1)
        self.assertFalse((self.folder / "mail").exists())

    def begin(self, *words):
        self.environment["HEARTHMAIL_DATA_DIR"] = str(self.folder / "mail")
        self.assertEqual(self.command("init", "--domain", DOMAIN).returncode, 0)
        return Terminal(self.environment, "up", *words)

    def test_ctrl_c_stops_submission_then_relay_then_receiver(self):
        terminal = self.begin()
        terminal.wait_for("all daemons are ready")
        terminal.type("\x03")
        self.assertEqual(terminal.end(), 0, terminal.shown)
        stopped = [line.split("daemon=")[1].split()[0] for line in terminal.shown.splitlines() if " stopped daemon=" in line]
        self.assertEqual(stopped, ["hearthmail-submission", "hearthmail-relay", "hearthmail-receiver"], terminal.shown)
        self.assertNotIn("killed", terminal.shown)

    def test_closing_the_terminal_stops_all(self):
        terminal = self.begin()
        terminal.wait_for("all daemons are ready")
        pids = [json.loads(path.read_text())["pid"] for path in (self.folder / "mail" / "run").glob("hearthmail-*.json")]
        self.assertEqual(len(pids), 3)
        os.close(terminal.terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]), 0)
        for pid in pids:
            self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())

    def test_the_daemons_die_with_up(self):
        terminal = self.begin()
        terminal.wait_for("all daemons are ready")
        pids = [json.loads(path.read_text())["pid"] for path in (self.folder / "mail" / "run").glob("hearthmail-*.json")]
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
        ends = time.monotonic() + DEADLINE
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids):
            self.assertLess(time.monotonic(), ends, "a daemon outlived `hearthmail up`")
            time.sleep(0.05)
        os.close(terminal.terminal)

    def test_a_port_that_is_taken_is_named_with_what_to_do(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.environment["HEARTHMAIL_SMTP_LISTEN"] = f"127.0.0.1:{taken.getsockname()[1]}"
            terminal = self.begin()
            terminal.wait_for("Address already in use (`ss -ltnp` names the program")
            terminal.wait_for("is started again")
            terminal.type("\x03")
            self.assertEqual(terminal.end(), 0, terminal.shown)

    def test_up_tells_the_service_manager_once_all_are_ready(self):
        path = str(self.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(DEADLINE)
            self.environment["NOTIFY_SOCKET"] = path
            terminal = self.begin()
            messages = []
            while not messages or UP_READY not in messages[-1]:
                messages.append(manager.recv(4096).decode())
            self.assertEqual(messages.count("READY=1"), 3, messages)  # theirs came before
            terminal.wait_for("all daemons are ready")
            os.kill(terminal.pid, signal.SIGTERM)
            self.assertEqual(terminal.end(), 0, terminal.shown)
            self.assertEqual(manager.recv(4096).decode(), "STOPPING=1")


if __name__ == "__main__":
    unittest.main()
