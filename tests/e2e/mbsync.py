"""mbsync's configuration: an account of an instance beside a maildir."""
from harness import DOMAIN


def write_config(mail, user, maildir, patterns, create, more=""):
    """Writes mbsyncrc into the instance's directory. `more`: further lines of IMAPAccount, each with its line end."""
    path = mail.root / "mbsyncrc"
    path.write_text(f"""IMAPAccount far
Host localhost
Port {mail.ports['imaps']}
User {user}@{DOMAIN}
Pass {mail.passwords[user]}
SSLType IMAPS
CertificateFile {mail.ca}
{more}
IMAPStore far
Account far

MaildirStore near
Path {maildir}/
Inbox {maildir}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns {patterns}
Create {create}
Expunge Both
SyncState *
""")
    return path
