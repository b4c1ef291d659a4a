"""The yardstick with a tiny dose: it measures, compares, and leaves no process and no directory, also on Ctrl-C. Whether the
figures are good is not looked at here."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import DEADLINE, PROGRAMS

PROGRAM = PROGRAMS / "hearthmail-bench"
RUN = pathlib.Path(__file__).resolve().parent.parent / "bench" / "run"


def named(text):
    """Processes whose command line has `text`."""
    found = []
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            if text.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            pass  # it has ended
    return found


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.02)


class Arguments(unittest.TestCase):
    def run_copy(self, *arguments):
        """The script in a directory in which nothing can be built."""
        with tempfile.TemporaryDirectory(prefix="hm-bench-") as folder:
            bench = pathlib.Path(folder) / "tests" / "bench"
            bench.mkdir(parents=True)
            for name in ("run", "main.cpp"):
                shutil.copy(RUN.parent / name, bench / name)
            return subprocess.run([bench / "run", *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)

    def test_help_builds_nothing(self):
        done = self.run_copy("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("usage: tests/bench/run "), done.stdout)
        self.assertIn("--markdown FILE", done.stdout)
        self.assertTrue(done.stdout.rstrip().endswith("it is no failure."), done.stdout)

    def test_wrong_arguments_build_nothing(self):
        for arguments in (["--nonsense"], ["--only"], ["--quick", "extra"]):
            done = self.run_copy(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("see --help", done.stderr)


@unittest.skipUnless(PROGRAM.exists(), "hearthmail-bench is not built here")
@unittest.skipUnless(os.geteuid() == 0, "Dovecot drops to users of its own, which only root can ask of it")
class Measuring(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hm-bench-", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)

    def start(self, *arguments, repeats=1):
        command = [PROGRAM, "--quick", "--repeats", str(repeats), "--programs", PROGRAMS, "--dir", self.folder, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check_clean(self):
        self.assertEqual(list(self.folder.glob("hearthmail-bench-*")), [])
        self.assertEqual(named(str(self.folder)), [])

    def test_a_figure(self):
        answer = self.folder / "figures.json"
        process = self.start("--only", "idle-notify", "--json", answer)
        out, errors = process.communicate(timeout=3 * DEADLINE)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("| `idle-notify` |", out)
        self.assertIn("idle-notify", json.dumps(json.loads(answer.read_text())))
        self.check_clean()

    def test_interrupted(self):
        process = self.start("--only", "idle-notify", repeats=100)  # longer than anybody waits here
        work = lambda: list(self.folder.glob("hearthmail-bench-*/*/*"))
        own = 2  # the program is two processes; what comes on top is a server, and one of Dovecot's runs all the time
        wait_for("servers", lambda: work() and len(named(str(self.folder))) > own)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, errors)
        self.check_clean()


if __name__ == "__main__":
    unittest.main()
