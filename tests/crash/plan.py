"""Where and when to kill. POINTS names every sync point of the code with the programs that pass it; tests/lint holds both equal."""
import random

RECEIVER, SUBMISSION, RELAY = "hearthmail-receiver", "hearthmail-submission", "hearthmail-relay"
SHORT = {"receiver": RECEIVER, "submission": SUBMISSION, "relay": RELAY}
EVERYTHING = "all"

# point: (programs, at most at which time it is reached)
POINTS = {
    "after-write": ("receiver submission relay", 30),
    "before-commit": ("receiver submission relay", 30),
    "after-commit": ("receiver submission relay", 30),
    "delivery-after-write": ("receiver", 30),
    "smtp-before-reply": ("receiver", 20),
    "smtp-after-reply": ("receiver", 60),
    "lmtp-before-reply": ("receiver", 20),
    "lmtp-after-reply": ("receiver", 60),
    "append-after-write": ("receiver", 10),
    "append-before-reply": ("receiver", 10),
    "store-after-write": ("receiver", 4),
    "store-before-reply": ("receiver", 4),
    "copy-after-write": ("receiver", 2),
    "copy-before-reply": ("receiver", 2),
    "move-after-write": ("receiver", 2),
    "move-before-reply": ("receiver", 2),
    "expunge-after-write": ("receiver", 2),
    "expunge-before-reply": ("receiver", 2),
    "imap-after-reply": ("receiver", 60),
    "submission-after-write": ("submission", 20),
    "submission-before-reply": ("submission", 20),
    "submission-after-reply": ("submission", 60),
    "after-claim": ("relay", 10),
    "before-mark-in-doubt": ("relay", 15),
    "after-in-doubt": ("relay", 15),
    "before-final-octets": ("relay", 15),
    "after-final-octets": ("relay", 15),
    "after-smarthost-250": ("relay", 10),
    "after-lmtp-250": ("relay", 4),
    "before-queue-delete": ("relay", 15),
    "after-queue-delete": ("relay", 15),
    "before-dsn-enqueue": ("relay", 1),
    "dsn-enqueued": ("relay", 1),
}
CONTROL_POINTS = {"after-reply-before-commit"}  # reached with a fault only
DEATHS_PER_LIFE = 2                             # of one daemon; `hearthmail up` waits longer before each restart


class Step:
    """One kill: of a program at a named point, or (no point) at a moment of chance."""

    def __init__(self, program, point=None, count=1):
        self.program, self.point, self.count = program, point, count

    def __str__(self):
        return self.program + (f" at {self.point}:{self.count}" if self.point else " at a random moment")


def every_point(chance):
    steps = [Step(SHORT[name], point, chance.randint(1, most))
             for point, (programs, most) in POINTS.items() for name in programs.split(" ")]
    chance.shuffle(steps)
    return steps


def steps(kills, seed):
    """`kills` kills: every point once before any of them comes again, a third of the kills at random moments; and a kill of
    everything whenever a daemon has died DEATHS_PER_LIFE times under one supervisor."""
    chance = random.Random(f"{seed} plan")
    made, points, deaths = [], [], {}
    while len(made) < kills:
        points = points or every_point(chance)
        rest = len(points) >= kills - len(made)  # a small dose: no room for chance
        program = chance.choice((RECEIVER, SUBMISSION, RELAY, EVERYTHING))
        step = points.pop() if rest or chance.random() < 0.67 else Step(program)
        if deaths.get(step.program, 0) == DEATHS_PER_LIFE and len(made) + 1 < kills:
            made.append(Step(EVERYTHING))
            deaths = {}
        made.append(step)
        deaths = {} if step.program == EVERYTHING else {**deaths, step.program: deaths.get(step.program, 0) + 1}
    return made
