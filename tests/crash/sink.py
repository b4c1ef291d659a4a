"""The smarthost of the ledger: takes what the relay sends, writes down every message before it says 250, and misbehaves now and
then as smarthosts do: refuses for now, is slow, breaks off after the dot, with or without having taken the message.
"""
import multiprocessing
import random
import threading
import time

import smarthost
from journal import Journal
from letters import key_of

LATER, GONE, TAKEN_AND_GONE, SLOW = 0.02, 0.01, 0.01, 0.03  # chances per message
DELAY = 0.4                                                 # seconds, of a slow one


class Sink(smarthost.Smarthost):
    """Runs in a process of its own, so that its octets do not wait for the killer's Python."""

    def __init__(self, folder, letters, seed, calm=False):
        super().__init__()
        self.letters, self.calm = letters, calm
        self.journal = Journal(folder / "sink.journal")
        self.chance = random.Random(f"{seed} sink")
        self.conversation = Conversation
        self.refuse["RCPT TO:<reject@"] = "550 5.1.1 no such user"

    def start(self):
        self.process = multiprocessing.Process(target=self.serve_forever, daemon=True)
        self.process.start()
        self.listener.close()
        return self

    def serve_forever(self):
        threading.Thread(target=self.accept, daemon=True).start()
        threading.Event().wait()

    def stop(self):
        self.process.kill()
        self.process.join()
        self.remove_files()


class Conversation(smarthost.Conversation):
    def conclude(self, message):
        """After the dot. False: break off without an answer."""
        sink, mood = self.sink, 1.0 if self.sink.calm else self.sink.chance.random()
        if mood < LATER:
            self.say("451 4.3.2 not now")
            return True
        mood -= LATER
        if mood < GONE:
            return False
        mood -= GONE
        key = key_of(message.octets[:4096]) or "nokey"
        whole = "whole" if sink.letters.same(key, message.octets) else "altered"
        drops = mood < TAKEN_AND_GONE
        for recipient in message.recipients:
            sink.journal.put("accepted", key, f"sink/{recipient}", whole, "dropped" if drops else "answered")
        if drops:
            return False
        if mood - TAKEN_AND_GONE < SLOW:
            time.sleep(DELAY)
        self.say("250 2.0.0 accepted")
        return True
