"""Programs that want a terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from harness import DEADLINE, Failed

ROWS, COLUMNS = 50, 160
CONTROL = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])")


class Terminal:
    def __init__(self, command, home, **environment):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, {"HOME": str(home), "TERM": "xterm", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment})
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.screen = b""
        self.ends = time.monotonic() + DEADLINE

    def text(self):
        """All that was written, without what moves the cursor."""
        return CONTROL.sub("", self.screen.decode("utf-8", "replace"))

    def read(self):
        """False at the end of the program, which takes its terminal with it."""
        if not select.select([self.master], [], [], max(0.0, self.ends - time.monotonic()))[0]:
            self.kill()
            raise Failed(f"the program went on and on:\n{self.text()[-3000:]}")
        try:
            octets = os.read(self.master, 65536)
        except OSError:
            return False
        self.screen += octets
        return bool(octets)

    def wait_for(self, *words):
        """Waits until all were written since the last time that something was waited for."""
        while not all(some in self.text() for some in words):
            if not self.read():
                raise Failed(f"the program ended without {words!r}:\n{self.text()[-3000:]}")
        self.screen = b""

    def type(self, keys):
        os.write(self.master, keys.encode())

    def finish(self):
        """Waits for the end; returns the rest of what was written."""
        while self.read():
            pass
        os.close(self.master)
        os.waitpid(self.pid, 0)
        return self.text()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)
