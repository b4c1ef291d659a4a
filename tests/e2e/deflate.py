"""What stands between a client and its socket after COMPRESS DEFLATE (RFC 4978): raw deflate both ways."""
import zlib

READ = 65536  # octets at a time


class Deflated:
    """Takes the place of a Wire's socket and of its file. Counts what passed, packed and plain."""

    def __init__(self, sock, file, level=6):
        self.sock, self.file = sock, file
        self.packer, self.unpacker = zlib.compressobj(level, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        self.ready = b""
        self.packed_in = self.plain_in = self.packed_out = self.plain_out = 0

    def sendall(self, octets):
        packed = self.packer.compress(octets) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        self.plain_out += len(octets)
        self.packed_out += len(packed)
        self.sock.sendall(packed)

    def fill(self):
        packed = self.file.read1(READ)
        self.packed_in += len(packed)
        plain = self.unpacker.decompress(packed)
        self.plain_in += len(plain)
        self.ready += plain
        return bool(packed)

    def readline(self):
        while b"\n" not in self.ready and self.fill():
            pass
        line, end, self.ready = self.ready.partition(b"\n")
        return line + end

    def read(self, size):
        while len(self.ready) < size and self.fill():
            pass
        found, self.ready = self.ready[:size], self.ready[size:]
        return found

    def close(self):
        self.file.close()
        self.sock.close()


def compress(wire):
    """Switches a Wire over after the server's OK."""
    wire.sock = wire.file = Deflated(wire.sock, wire.file)
    return wire.sock
