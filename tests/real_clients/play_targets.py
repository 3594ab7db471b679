"""Plays, on this computer alone, what deliveries are sent to and no registry has: a CookieCloud server as its README describes
it, Home Assistant's webhooks, and two endpoints that look at signatures: one with the unmodified `standardwebhooks`, one as
GitHub's documentation says.

Takes the file to which each request's body is added as a line of JSON. Prints the port.
"""

import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook

STANDARD = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
GITHUB = b"It's a Secret to Everybody"

clouds = {}


class Targets(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        uuid = self.path.removeprefix("/get/")
        if self.path == "/":
            self.answer(200, b"Hello World!")
        elif uuid in clouds:
            self.answer(200, json.dumps(clouds[uuid]).encode())
        else:
            self.answer(404, b"Not Found")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[1], "a") as log:
            log.write(json.dumps({"path": self.path, "body": body.decode()}) + "\n")
        if self.path == "/update":
            told = json.loads(body)
            if not told.get("uuid") or not told.get("encrypted"):
                return self.answer(400, b"Bad Request")
            clouds[told["uuid"]] = {"encrypted": told["encrypted"], "crypto_type": told.get("crypto_type", "legacy")}
            self.answer(200, b'{"action":"done"}')
        elif self.path.startswith("/api/webhook/"):
            # The same for every webhook, whether there is one or not.
            self.answer(200, b"")
        elif self.path == "/standard":
            # Throws at a wrong signature, and at a time that is too long ago.
            Webhook(STANDARD).verify(body, dict(self.headers))
            self.answer(204, b"")
        else:
            signed = "sha256=" + hmac.new(GITHUB, body, hashlib.sha256).hexdigest()
            is_right = hmac.compare_digest(signed, self.headers.get("X-Hub-Signature-256", ""))
            self.answer(204 if is_right else 401, b"")

    def answer(self, status, body):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Targets)
print(server.server_port, flush=True)
server.serve_forever()
