"""Shows one mail going the whole route of a running instance: submitted, queued, handed over, read back over IMAP and
POP3. Used by deploy/quickstart; exits 1 with the reason when a step fails.

usage: prove_route.py DATA_DIR     (passwords in HEARTHMAIL_ANNA, HEARTHMAIL_BEN and HEARTHMAIL_CAPTURE)
"""
import imaplib
import json
import os
import pathlib
import poplib
import smtplib
import ssl
import sys
import time

DOMAIN = "example.test"
DEADLINE = 30.0  # seconds for one mail to come through


class Route:
    def __init__(self, data):
        self.ports = {}
        for program in ("receiver", "submission"):
            self.ports.update(json.loads((data / "run" / f"hearthmail-{program}.json").read_text())["ports"])
        self.tls = ssl.create_default_context(cafile=str(data / "tls" / "certificate.pem"))

    def password(self, name):
        return os.environ["HEARTHMAIL_" + name.upper()]

    def submit(self, subject, recipients):
        text = (f"From: Anna <anna@{DOMAIN}>\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\n\r\nHello from the quickstart.\r\n")
        with smtplib.SMTP_SSL("localhost", self.ports["submissions"], context=self.tls, timeout=DEADLINE) as client:
            client.login(f"anna@{DOMAIN}", self.password("anna"))
            client.sendmail(f"anna@{DOMAIN}", recipients, text)

    def deliver(self, subject, name):
        with smtplib.SMTP("localhost", self.ports["smtp"], timeout=DEADLINE) as client:
            client.starttls(context=self.tls)
            client.sendmail("stranger@elsewhere.example", [f"{name}@{DOMAIN}"],
                            f"From: <stranger@elsewhere.example>\r\nTo: <{name}@{DOMAIN}>\r\nSubject: {subject}\r\n\r\nHello from outside.\r\n")

    def read_imap(self, name, subject):
        """Waits until the message is there and returns it."""
        with imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=self.tls, timeout=DEADLINE) as client:
            client.login(f"{name}@{DOMAIN}", self.password(name))
            client.select("INBOX")
            ends = time.monotonic() + DEADLINE
            while time.monotonic() < ends:
                _, found = client.search(None, "SUBJECT", f'"{subject}"')
                if found[0]:
                    _, data = client.fetch(found[0].split()[0].decode(), "(BODY.PEEK[])")
                    return data[0][1]
                client.noop()
                time.sleep(0.01)
        raise SystemExit(f"'{subject}' did not reach {name}@{DOMAIN} within {DEADLINE:.0f} s; the log says why")

    def read_pop3(self, name, subject):
        client = poplib.POP3_SSL("localhost", self.ports["pop3s"], context=self.tls, timeout=DEADLINE)
        client.user(f"{name}@{DOMAIN}")
        client.pass_(self.password(name))
        messages = [b"\r\n".join(client.retr(number + 1)[1]) + b"\r\n" for number in range(client.stat()[0])]
        client.quit()
        for message in messages:
            if subject.encode() in message:
                return message
        raise SystemExit(f"'{subject}' is not in the POP3 maildrop of {name}@{DOMAIN}")


def timed(text, work, *words):
    began = time.monotonic()
    result = work(*words)
    print(f"   {1000 * (time.monotonic() - began):8.1f} ms  {text}", flush=True)
    return result


def main():
    route = Route(pathlib.Path(sys.argv[1]))
    timed("a stranger's server delivers to ben on the SMTP port", route.deliver, "From outside", "ben")
    by_imap = timed("ben reads it over IMAP", route.read_imap, "ben", "From outside")
    by_pop3 = timed("ben reads it over POP3", route.read_pop3, "ben", "From outside")
    if by_imap != by_pop3:
        raise SystemExit("IMAP and POP3 gave different octets")
    timed("anna submits a mail to ben and to friend@far.example", route.submit, "The whole route", [f"ben@{DOMAIN}", "friend@far.example"])
    timed("the relay delivered ben's copy locally, he reads it over IMAP", route.read_imap, "ben", "The whole route")
    handed = timed("the relay handed friend's copy to its route (capture), read over IMAP", route.read_imap, "capture", "The whole route")
    captured = timed("the captured copy read over POP3", route.read_pop3, "capture", "The whole route")
    if handed != captured or b"friend@far.example" not in handed:
        raise SystemExit("the captured copy is not what was sent")


if __name__ == "__main__":
    main()
