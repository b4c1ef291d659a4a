"""The ledger itself: one line per event, in files outside the data directory that only grow.

    TIME attempt|acked|refused|unknown KEY PLACE [NOTE]      what a driver did
    TIME accepted KEY PLACE [NOTE]                           what the smarthost's sink took
    TIME broken lost|doubled|altered|rule TEXT               what a driver found wrong by itself
"""
import os
import time


class Journal:
    """Each line is one write: a line is there whole or not at all."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def put(self, *words):
        os.write(self.file, (f"{time.time():.3f} " + " ".join(words) + "\n").encode())


class Follower:
    """Reads what was added to the journals of a folder since the last call."""

    def __init__(self, folder):
        self.folder, self.at = folder, {}

    def news(self):
        for path in sorted(self.folder.glob("*.journal")):
            with open(path, "rb") as file:
                file.seek(self.at.get(path, 0))
                octets = file.read()
            whole = octets.rfind(b"\n") + 1
            self.at[path] = self.at.get(path, 0) + whole
            for line in octets[:whole].decode().splitlines():
                yield line.split(" ")
