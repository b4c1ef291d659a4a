"""File systems of a test's own below an instance's data directory: a tmpfs, or an ext4 image on a loop device whose power can be
cut. Root is needed; where it is not to be had, Missing says what was missing and the caller reports "skipped".
"""
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time

import harness

EXT4_IOC_SHUTDOWN = 0x8004587D              # _IOR('X', 125, __u32), linux/fs/ext4/ext4.h
LOG_FLUSHED, LOG_LOST = 1, 2                # EXT4_GOING_FLAGS_LOGFLUSH, EXT4_GOING_FLAGS_NOLOGFLUSH
MEGABYTE = 1024 * 1024


class Missing(Exception):
    pass


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise Missing(f"{words[0]}: {(done.stderr or done.stdout).strip()}")


class Disk(harness.Instance):
    """An instance whose data directory is a file system of its own; sockets and ready files are elsewhere, as under systemd."""

    def __init__(self, kind, megabytes, environment=None, accounts=("anna", "ben", "capture")):
        super().__init__(environment, accounts)
        self.kind, self.megabytes, self.mounted = kind, megabytes, False
        self.environment["HEARTHMAIL_RUN_DIR"] = str(self.root / "run")
        self.image = self.root / "disk.img"

    def __enter__(self):
        try:
            self.data.mkdir(parents=True, mode=0o700)
            (self.root / "run").mkdir(mode=0o700)
            if self.kind == "ext4":
                with open(self.image, "wb") as image:
                    image.truncate(self.megabytes * MEGABYTE)
                run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", self.image)
            self.mount()
            (self.data / "run").symlink_to(self.root / "run")  # where the harness looks
        except BaseException:
            self.unmount()
            shutil.rmtree(self.root, ignore_errors=True)
            raise
        return super().__enter__()

    def __exit__(self, kind, error, trace):
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.unmount()
            shutil.rmtree(self.root, ignore_errors=True)

    # ---- the file system

    def mount(self, options=""):
        if self.kind == "ext4":
            run("mount", "-o", "loop" + (options and "," + options), self.image, self.data)
        else:
            run("mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m,mode=0700", "hearthmail-test", self.data)
        self.mounted = True

    def unmount(self):
        """Once the last process that was killed has let go of it."""
        ends = time.monotonic() + harness.DEADLINE
        while self.mounted:
            done = subprocess.run(["umount", self.data], capture_output=True, text=True)
            self.mounted = done.returncode != 0
            if self.mounted and time.monotonic() > ends:
                subprocess.run(["umount", "-l", self.data], check=False)
                raise harness.Failed("cannot unmount: " + done.stderr)
            if self.mounted:
                time.sleep(0.005)

    def sync(self):
        run("sync", "-f", self.data)

    def cut_power(self, flags):
        """From now on nothing reaches the disk; what the journal had not committed is gone (LOG_LOST)."""
        handle = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", flags))
        except OSError as error:
            raise Missing(f"EXT4_IOC_SHUTDOWN: {error}") from error
        finally:
            os.close(handle)

    def kill_all(self):
        process, self.process = self.process, None
        daemons = []
        for daemon in harness.DAEMONS:
            try:
                daemons.append(self.pid(daemon))
            except (OSError, ValueError, KeyError):
                continue  # it has ended by itself meanwhile
        os.killpg(process.pid, signal.SIGKILL)
        for pid in daemons:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()
        self.notify.close()
        (self.root / "notify").unlink()
        for file in (self.root / "run").iterdir():
            file.unlink()

    # ---- how full it is

    def free(self):
        disk = os.statvfs(self.data)
        return disk.f_bavail * disk.f_frsize

    def size(self):
        disk = os.statvfs(self.data)
        return disk.f_blocks * disk.f_frsize

    def fill(self, leave):
        """A foreign file grows until about `leave` octets are free (0: to the last block), or shrinks."""
        filler = self.data / "filler"
        with open(filler, "ab", buffering=0) as file:
            try:
                while self.free() > leave:
                    file.write(b"\0" * min(max(self.free() - leave, 4096), MEGABYTE))
            except OSError:
                pass  # full to the last block
            if self.free() < leave:
                os.ftruncate(file.fileno(), max(0, os.fstat(file.fileno()).st_size - (leave - self.free())))

    def empty(self):
        (self.data / "filler").unlink(missing_ok=True)
