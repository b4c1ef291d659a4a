"""An HTTPS server that plays Amazon SES v2 and Mailgun: it checks their authentication by itself (SigV4 as AWS documents
it, HTTP Basic), records what it accepted, and answers what `answer` says.
"""
import base64
import email.parser
import email.policy
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import ssl
import tempfile
import threading

from harness import DEADLINE, Failed
from smarthost import Accepted, make_certificate

ACCESS_KEY = "AKIAHEARTHMAILTEST"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
MAILGUN_KEY = "key-hearthmail-test"


def sign_v4(method, path, headers, body, region):
    """The Authorization value that SigV4 gives for this request, from the headers that the client chose to sign."""
    given = headers["Authorization"]
    fields = dict(part.strip().split("=", 1) for part in given.removeprefix("AWS4-HMAC-SHA256").split(","))
    signed = fields["SignedHeaders"].split(";")
    date = headers["X-Amz-Date"]
    scope = f"{date[:8]}/{region}/ses/aws4_request"
    canonical = "\n".join([method, path, "", *[f"{name}:{' '.join(headers[name].split())}" for name in signed], "", ";".join(signed),
                           hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET_KEY).encode()
    for part in (date[:8], region, "ses", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return fields, f"{ACCESS_KEY}/{scope}", hmac.digest(key, text.encode(), "sha256").hex()


class MailApi:
    def __init__(self, region="eu-west-1"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hm-api-"))
        self.ca, key = make_certificate(self.folder)
        self.region = region
        self.accepted = []
        self.requests = 0
        self.answer = None  # (status, headers, body) instead of acceptance
        self.changed = threading.Condition()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                api.handle(self)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.accepted) >= count, DEADLINE):
                raise Failed(f"the mail API accepted {len(self.accepted)} messages, not {count}")
            return list(self.accepted)

    def wait_requests(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: self.requests >= count, DEADLINE):
                raise Failed(f"the mail API saw {self.requests} requests, not {count}")

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        status, headers, answer, message = self.judge(request, body)
        octets = answer.encode()
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(octets)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(octets)
        with self.changed:
            self.requests += 1
            if message is not None:
                self.accepted.append(message)
            self.changed.notify_all()

    def judge(self, request, body):
        if self.answer is not None:
            return *self.answer, None
        if request.path == "/v2/email/outbound-emails":
            return self.ses(request, body)
        if request.path.startswith("/v3/") and request.path.endswith("/messages.mime"):
            return self.mailgun(request, body)
        return 404, {}, "Magnificent API", None

    def ses(self, request, body):
        fields, credential, signature = sign_v4("POST", request.path, request.headers, body, self.region)
        if not fields.get("Credential") == credential or not hmac.compare_digest(fields["Signature"], signature):
            return 403, {"x-amzn-ErrorType": "InvalidSignatureException"}, json.dumps({"message": "The request signature does not match"}), None
        call = json.loads(body)
        message = Accepted(sender=call.get("FromEmailAddress", ""), recipients=call["Destination"]["ToAddresses"],
                           octets=base64.b64decode(call["Content"]["Raw"]["Data"]), tls=True, authenticated=True)
        return 200, {}, json.dumps({"MessageId": f"0100-{len(self.accepted)}"}), message

    def mailgun(self, request, body):
        expected = "Basic " + base64.b64encode(f"api:{MAILGUN_KEY}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return 401, {}, "Forbidden", None
        # The email parser's own line handling would touch the message, so the parts are cut by hand.
        boundary = b"--" + request.headers.get_param("boundary").encode()
        recipients, octets = [], b""
        for part in body.split(boundary)[1:-1]:
            header, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            content = content.removesuffix(b"\r\n")
            parsed = email.parser.BytesParser(policy=email.policy.default).parsebytes(header + b"\r\n\r\n")
            name = parsed.get_param("name", header="content-disposition")
            if name == "to":
                recipients += [word.strip() for word in content.decode().split(",")]
            elif name == "message":
                octets = content
        message = Accepted(recipients=recipients, octets=octets, tls=True, authenticated=True)
        return 200, {}, json.dumps({"id": f"<{len(self.accepted)}@mg.example>", "message": "Queued. Thank you."}), message
