"""What the tests share that talk IMAP by the octet: an instance for the class, and a strict connection for each test."""
import unittest

from harness import Instance
from imap_wire import Wire


def one(answers, word):
    """The only response of that name."""
    found = [a for a in answers if a[1] == word]
    assert len(found) == 1, answers
    return found[0]


class WireCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Instance().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__(None, None, None)

    def setUp(self):
        self.wire = Wire(self.mail, "anna")

    def tearDown(self):
        self.wire.close()
