"""Every sync point in the code is killed at by tests/crash, and every one that tests/crash names is in the code."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))
import plan  # noqa: E402

PLACE = "tests/crash/plan.py"


def check(root, files):
    named = {}
    for path in files:
        relative = path.relative_to(root)
        if path.suffix == ".cpp" and relative.parts[0] != "tests":
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                for point in re.findall(r'\bsync_point\("([^"]+)"\)', line):
                    named.setdefault(point, (path, number))
    known = set(plan.POINTS) | plan.CONTROL_POINTS
    for point in sorted(set(named) - known):
        yield *named[point], f"{PLACE} does not kill at the sync point {point}"
    for point in sorted(known - set(named)):
        yield root / PLACE, 1, f"no code passes the sync point {point}"
