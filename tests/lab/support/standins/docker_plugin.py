"""Docker's plugin protocol for those who stand in: JSON by POST on a unix socket, one function for each path."""

import http.server
import json
import os
import socketserver


def server(path, calls, done=lambda: None):
    """A server at `path`, not started yet. A path that is not among `calls` is answered with {}; `done` follows each
    call that went well. What a call raises is the answer's Err, which Docker passes on."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                answer = calls.get(self.path, lambda ask: {})(json.loads(text or "{}")) or {}
                done()
            except Exception as error:
                answer = {"Err": f"{type(error).__name__}: {error}"}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.docker.plugins.v1.1+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

        def address_string(self):
            return "docker"

    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    return socketserver.ThreadingUnixStreamServer(path, Handler)
