"""CONDSTORE and QRESYNC over the wire: what a client finds that comes back after a while, RFC 7162."""
import unittest

from harness import Instance, letter
from imap_wire import Wire


def uids(numbers):
    """The UIDs of a set like b"1:3,7"."""
    found = set()
    for part in numbers.split(b","):
        first, _, last = part.partition(b":")
        found.update(range(int(first), int(last or first) + 1))
    return found


class Resync(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def enabled(self):
        wire = Wire(self.mail, "anna")
        self.assertIn((b"*", b"ENABLED", [b"QRESYNC"]), wire.ok("ENABLE QRESYNC"))
        return wire

    def opened(self, wire, command):
        """{code: value} of SELECT's answers, and the answers."""
        answers = wire.ok(command)
        return {a[2][0]: a[2][1] for a in answers if a[1] == b"OK" and a[2]}, answers

    def test_coming_back(self):
        ours, other = self.enabled(), Wire(self.mail, "anna")
        ours.ok("CREATE back")
        for number in range(20):
            ours.append("back", letter(number=number))
        codes, _ = self.opened(ours, "SELECT back")
        validity, modseq = codes[b"UIDVALIDITY"], codes[b"HIGHESTMODSEQ"]
        ours.close()
        other.ok("SELECT back")
        other.ok("UID STORE 3,5:9 +FLAGS.SILENT (\\Deleted)")
        other.ok("EXPUNGE")
        other.ok("UID STORE 11 +FLAGS (\\Flagged)")
        other.append("back", letter(number=99))
        ours = self.enabled()
        codes, answers = self.opened(ours, f"SELECT back (QRESYNC ({validity} {modseq} 1:20))")
        gone = [uids(a[3]) for a in answers if a[1] == b"VANISHED" and a[2]]
        self.assertEqual(gone, [{3, 5, 6, 7, 8, 9}])
        changed = [dict(a[3]) for a in answers if a[1] == b"FETCH"]
        self.assertEqual([c[b"UID"] for c in changed], [11])
        self.assertIn(b"\\Flagged", changed[0][b"FLAGS"])
        self.assertGreater(changed[0][b"MODSEQ"], modseq)
        # The newcomer is not among the UIDs that the client knew: it asks for it.
        new = [dict(a[3]) for a in ours.ok(f"UID FETCH 21:* (FLAGS) (CHANGEDSINCE {modseq})") if a[1] == b"FETCH"]
        self.assertEqual([c[b"UID"] for c in new], [21])
        # From now on VANISHED replaces EXPUNGE.
        other.ok("UID STORE 20 +FLAGS.SILENT (\\Deleted)")
        other.ok("UID EXPUNGE 20")
        self.assertIn((b"*", b"VANISHED", False, b"20"), ours.ok("NOOP"))
        ours.close()
        other.close()

    def test_two_clients_set_the_same_flag(self):
        first, second = self.enabled(), self.enabled()
        first.ok("CREATE race")
        first.append("race", letter())
        for wire in (first, second):
            wire.ok("SELECT race")
        modseq = next(dict(a[3])[b"MODSEQ"] for a in first.ok("UID FETCH 1 (MODSEQ)") if a[1] == b"FETCH")
        won = first.ok(f"UID STORE 1 (UNCHANGEDSINCE {modseq}) +FLAGS.SILENT (Mine)")
        self.assertIsNone(won[-1][2])
        lost = second.ok(f"UID STORE 1 (UNCHANGEDSINCE {modseq}) +FLAGS.SILENT (Yours)")
        self.assertEqual(lost[-1][2], (b"MODIFIED", b"1"))
        flags = [dict(a[3])[b"FLAGS"] for a in second.ok("UID FETCH 1 (FLAGS)") if a[1] == b"FETCH"]
        self.assertTrue(all(b"Mine" in f and b"Yours" not in f for f in flags), flags)
        first.close()
        second.close()

    def test_the_log_survives_a_restart(self):
        wire = self.enabled()
        wire.ok("CREATE restart")
        for number in range(3):
            wire.append("restart", letter(number=number))
        codes, _ = self.opened(wire, "SELECT restart")
        wire.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        wire.ok("EXPUNGE")
        wire.close()
        self.mail.stop()
        self.mail.start()
        wire = self.enabled()
        _, answers = self.opened(
            wire, f"SELECT restart (QRESYNC ({codes[b'UIDVALIDITY']} {codes[b'HIGHESTMODSEQ']}))")
        self.assertIn((b"*", b"VANISHED", True, b"2"), answers)
        wire.close()


if __name__ == "__main__":
    unittest.main()
