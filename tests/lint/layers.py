"""Who may include whom. A target's link list says the same; this catches what a static library lets through."""
import re

# Folder -> the folders it may include besides itself. The longest matching folder counts.
ALLOWED = {
    "common/base": [],
    "common/log": ["common/base"],
    "common/crypto": ["common/base", "common/log"],
    "common/config": ["common/base", "common/log", "common/crypto"],
    "common/net": ["common/base", "common/log", "common/crypto"],
    "common/mime": ["common/base", "common/log"],
    "common/process": ["common/base", "common/log", "common/config", "common/net"],
    "common/auth": ["common/base", "common/log", "common/crypto", "common/net"],
    "common/smtp": ["common/base", "common/log", "common/crypto", "common/net", "common/auth"],
    "store/lmdb": ["common/base", "common/log"],
    "store/body": ["common/base", "common/log", "common/crypto"],
    "store": ["store", "common/base", "common/log", "common/crypto"],
    "store/maintenance": ["store", "common/base", "common/log", "common/crypto", "common/mime"],
    "receiver": ["receiver", "store/mail", "store/queue", "store/accounts", "store/lmdb", "common"],
    "relay": ["relay", "store/queue", "store/accounts", "store/lmdb", "common"],
    "deploy": ["deploy", "store", "common"],
    "tests": ["tests", "common", "store", "receiver", "relay", "deploy"],
}
# Grammar is pure: where it needs a socket, the design is wrong.
GRAMMAR = re.compile(r"(^|/)(parse/|framer|command|numset|reply|dialog|backoff|route\.)")
GRAMMAR_MAY = ["common/base", "common/smtp", "common/auth", "receiver/imap/text"]
# Each library is included from one folder's implementation only.
LIBRARY = {
    "lmdb.h": "store/lmdb", "gmime/": "common/mime", "glib": "common/mime", "curl/": "relay/http", "openssl/": "common/crypto",
    "uv.h": "common/net", "toml++/": "common/config", "argon2.h": "common/auth", "idn2.h": "store/accounts",
    "stringprep.h": "common/auth",
    "zstd.h": "store/body", "zlib.h": "common/net", "xxhash.h": "store/body", "CLI/": "deploy/cli", "catch2/": "tests/support",
}


def folder_rule(path):
    folder = str(path.parent)
    while folder and folder != "." and folder not in ALLOWED:
        folder = folder.rpartition("/")[0]
    return folder


def inside(name, folders):
    return any(name == folder or name.startswith(folder + "/") for folder in folders)


def check(path, lines):
    rule = folder_rule(path)
    here = str(path.parent)
    for number, line in enumerate(lines, 1):
        system = re.match(r"\s*#\s*include <([^>]+)>", line)
        if system:
            for library, folder in LIBRARY.items():
                if system[1].startswith(library) and not inside(here, [folder]):
                    yield number, f"<{system[1]}> is included from {folder} only"
        own = re.match(r'\s*#\s*include "([^"]+)"', line)
        if not own:
            continue
        target = own[1].rpartition("/")[0]
        if rule and not inside(target, [rule, here] + ALLOWED[rule]):
            yield number, f"{rule} may not include {target}"
        grammar = GRAMMAR.search(str(path)) and rule in ("common/smtp", "receiver", "relay") and "cmd/" not in str(path)
        if grammar and not inside(target, GRAMMAR_MAY + [here]):
            yield number, f"grammar includes only {', '.join(GRAMMAR_MAY)}: not {target}"
