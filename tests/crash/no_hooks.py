#!/usr/bin/env python3
"""Says whether programs were built without crash hooks, as every program must be that keeps real mail.

usage: tests/crash/no_hooks.py DIR      exits 0 when none of its programs knows a sync point, a fault or their variables
"""
import pathlib
import sys

import plan

PROGRAMS = ("hearthmail", *plan.SHORT.values())
TRACES = ("HEARTHMAIL_SYNC_POINT", "HEARTHMAIL_FAULT", "reply-before-commit", "delete-before-commit", "send-unmarked", "deliver-again", "nosync", *plan.POINTS,
          *plan.CONTROL_POINTS)


def traces(programs):
    """{program: the names that it holds}"""
    found = {}
    for program in PROGRAMS:
        octets = (programs / program).read_bytes()
        found[program] = [name for name in TRACES if name.encode() + b"\0" in octets or name.encode() + b":" in octets]
    return found


def without(programs):
    return not any(traces(programs).values())


if __name__ == "__main__":
    found = traces(pathlib.Path(sys.argv[1]))
    for program, names in found.items():
        print(f"{program}: {'knows ' + ', '.join(names) if names else 'no crash hooks'}")
    sys.exit(1 if any(found.values()) else 0)
