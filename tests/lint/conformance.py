"""The RFC table (tests/CONFORMANCE.md) against the citations in the code, and the README's table against the RFC table.

A row: | RFC | section | what | status | file | test |. Status is yes, part (the `what` says which) or no.
`python3 tests/lint/conformance.py` writes the README's table anew.
"""
import pathlib
import re
import sys

TABLE = "tests/CONFORMANCE.md"
CITED = re.compile(r"RFC (\d{3,5})(?: §(\d[\d.]*\d|\d))?")
STATUS = {"yes", "part", "no"}
BEGIN, END = "<!-- protocols: made by tests/lint/conformance.py -->", "<!-- end of protocols -->"


def rows(root):
    for number, line in enumerate((root / TABLE).read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 6 and cells[0].isdigit():
            yield number, cells


def titles(root):
    found = {}
    for line in (root / TABLE).read_text().splitlines():
        match = re.match(r"## RFC (\d+): (.+)", line)
        if match:
            found[match[1]] = match[2]
    return found


def citations(root, files):
    for path in files:
        if path.suffix not in (".cpp", ".hpp") or path.is_relative_to(root / "tests"):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for match in CITED.finditer(line):
                yield path, number, match[1], match[2]


def covers(section, cited):
    return section == "-" or cited is None or cited == section or cited.startswith(section + ".") or section.startswith(cited + ".")


def readme_table(root):
    count = {}
    for _, (rfc, _, _, status, _, _) in rows(root):
        count.setdefault(rfc, []).append(status)
    lines = [BEGIN, "| RFC | what | rows done |", "|---|---|---|"]
    for rfc, title in sorted(titles(root).items(), key=lambda item: int(item[0])):
        states = count.get(rfc, [])
        note = f"{states.count('yes')} of {len(states)}" + (f", {states.count('part')} in part" if "part" in states else "")
        lines.append(f"| {rfc} | {title} | {note} |")
    return "\n".join(lines + [END])


def check(root, files):
    findings = []
    table = root / TABLE
    if not table.exists():
        return [(table, 1, "the conformance table is missing")]
    sections, known = {}, titles(root)
    for number, (rfc, section, what, status, file, test) in rows(root):
        sections.setdefault(rfc, []).append(section)
        if status not in STATUS:
            findings.append((table, number, f"status '{status}' is none of {', '.join(sorted(STATUS))}"))
        if rfc not in known:
            findings.append((table, number, f"RFC {rfc} has no heading with its title"))
        for name, wanted in ((file, status != "no"), (test, status != "no")):
            if wanted and not (root / name).exists():
                findings.append((table, number, f"'{name}' does not exist"))
        if status != "no" and (root / file).is_file() and rfc not in (root / file).read_text(errors="replace"):
            findings.append((table, number, f"{file} does not cite RFC {rfc}"))
    for path, number, rfc, cited in citations(root, files):
        if rfc not in sections:
            findings.append((path, number, f"RFC {rfc} is cited but has no row in {TABLE}"))
        elif not any(covers(section, cited) for section in sections[rfc]):
            findings.append((path, number, f"RFC {rfc} §{cited} is cited but no row of {TABLE} covers it"))
    readme = root / "README.md"
    if readme_table(root) not in readme.read_text():
        findings.append((readme, 1, "the protocol table is stale; run python3 tests/lint/conformance.py"))
    return findings


def write_readme(root):
    path = root / "README.md"
    text = path.read_text()
    begin, end = text.index(BEGIN), text.index(END) + len(END)
    path.write_text(text[:begin] + readme_table(root) + text[end:])


if __name__ == "__main__":
    write_readme(pathlib.Path(__file__).resolve().parents[2])
    sys.exit(0)
