"""An instance of Hearthmail that is made to be killed: points are armed while it runs, one daemon or all of them die, and
`hearthmail up` brings them back.
"""
import json
import os
import pathlib
import select
import signal
import time

from harness import DAEMONS, DEADLINE, Failed, Instance

PLAN_OCTETS = 64   # common/base/sync_point.hpp
POLL = 0.01        # seconds


class Ports(dict):
    def __missing__(self, service):
        raise ConnectionRefusedError(f"{service} is not running")


class Server(Instance):
    def __init__(self, environment, accounts, fault=None):
        super().__init__(environment, accounts)
        self.points = pathlib.Path(self.root) / "points"
        self.points.mkdir()
        for program in DAEMONS:
            (self.points / program).write_bytes(b" " * PLAN_OCTETS)
        self.environment["HEARTHMAIL_SYNC_POINT"] = f"@{self.points}"
        self.fault = fault

    def __enter__(self):
        """The fault holds for the daemons only: what the command sets up is not to be lost."""
        super().__enter__()
        if self.fault is not None:
            self.stop()
            self.environment["HEARTHMAIL_FAULT"] = self.fault
            self.start()
        return self

    @property
    def ports(self):
        """As the daemons that run now have written them: each start chooses anew, and drivers are processes of their own."""
        found = Ports()
        for program in DAEMONS:
            found.update(self.ready(program).get("ports", {}))
        return found

    @ports.setter
    def ports(self, _):
        pass

    def ready(self, program):
        try:
            return json.loads((self.data / "run" / f"{program}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    # ---- death

    def arm(self, program, point, count):
        self.order(program, f"{point}:{count}")

    def disarm(self, program):
        self.order(program, "")

    def order(self, program, text):
        with open(self.points / program, "r+b", buffering=0) as file:
            file.write(text.encode().ljust(PLAN_OCTETS))

    def running(self, program, after=None):
        """The process, ready and alive, and another one than `after`; waits for it."""
        ends = time.monotonic() + DEADLINE
        while time.monotonic() < ends:
            pid = self.ready(program).get("pid")
            if pid not in (None, after) and alive(pid):
                return pid
            if self.process.poll() is not None:
                break
            time.sleep(POLL)
        raise Failed(f"{program} does not come back:\n" + self.log.read_text(errors="replace")[-4000:])

    def end(self, program, pid):
        """kill -9."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        wait_gone(pid, DEADLINE)
        self.disarm(program)

    def end_all(self):
        """As a power cut would, but for the page cache: the supervisor and all daemons at once."""
        up = self.process.pid
        os.kill(up, signal.SIGSTOP)  # it must not start another one now
        children = [int(pid) for pid in pathlib.Path(f"/proc/{up}/task/{up}/children").read_text().split()]
        for pid in (up, *children):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        for pid in children:
            wait_gone(pid, DEADLINE)
        self.notify.close()
        (self.root / "notify").unlink()
        for program in DAEMONS:
            self.disarm(program)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_gone(pid, limit):
    """False when the process still lives after `limit` seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(limit * 1000))
    finally:
        os.close(handle)
