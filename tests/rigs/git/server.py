#!/usr/bin/env python3
"""A Git server on loopback: `git http-backend` behind a password, with TLS, and with faults.

    server.py ROOT [CERTIFICATE KEY]

Serves the bare repositories in ROOT to the user `crew` with the password `let-me-in`. Prints its
port. Faults are read from ROOT/faults, a line each, and used up from the top; a line is the name
of a fault, or the name and the kind of request that it waits for (`refs` or `pack`).
"""
import base64
import os
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(sys.argv[1])
WANTED = "Basic " + base64.b64encode(b"crew:let-me-in").decode()
LOCK = threading.Lock()


def fault(kind):
    """The next fault, if it is for this kind of request."""
    with LOCK:
        try:
            lines = (ROOT / "faults").read_text().splitlines()
        except FileNotFoundError:
            return ""
        if not lines:
            return ""
        name, _, waits_for = lines[0].partition(" ")
        if waits_for and waits_for != kind:
            return ""
        (ROOT / "faults").write_text("".join(line + "\n" for line in lines[1:]))
        return name


def commit_beside(repo, branch):
    """Somebody else commits to the branch: on its head, or as its first commit."""
    def git(*words, text=None):
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
               for part, value in (("NAME", "someone"), ("EMAIL", "s@example.com"))}
        done = subprocess.run(["git", "-C", repo, *words], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={**os.environ, **who})
        return done.stdout.strip()
    blob = git("hash-object", "-w", "--stdin", text="by someone else\n")
    tree = git("mktree", text=f"100644 blob {blob}\tSOMEONE.md\n")
    head = git("rev-parse", "--verify", "-q", f"refs/heads/{branch}")
    parent = ["-p", head] if head else []
    made = git("commit-tree", tree, *parent, "-m", "By someone else")
    git("update-ref", f"refs/heads/{branch}", made)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        body = self.body()
        url = urlsplit(self.path)
        service = parse_qs(url.query).get("service", [url.path.rsplit("/", 1)[-1]])[0]
        authorised = self.headers.get("Authorization", "") == WANTED
        if not authorised:
            self.reply(401, WWW_Authenticate='Basic realm="git"')
            return
        pushes = service == "git-receive-pack"
        kind = "pack" if self.command == "POST" else "refs"
        found = fault(kind) if pushes else ""
        repo = str(ROOT / url.path.strip("/").split("/")[0])
        if found == "away":
            self.close_connection = True
            self.connection.close()
            return
        if found == "slow":
            time.sleep(2)
        if found.isdigit():
            self.reply(int(found), b"no\n")
            return
        if found == "elsewhere":
            self.reply(302, Location="https://git.example.com/" + url.path)
            return
        if found == "garbage":
            self.reply(200, b"\x00" * 2000 + b"<html>", Content_Type="text/html")
            return
        if found == "moved":
            commit_beside(repo, "cloudcrew/demo")
        out = subprocess.run(
            ["git", "http-backend"], input=body, stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(ROOT), "HOME": str(ROOT),
                 "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": self.command,
                 "PATH_INFO": url.path, "QUERY_STRING": url.query,
                 "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                 "CONTENT_LENGTH": str(len(body)), "REMOTE_USER": "crew",
                 "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                 "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                 "REMOTE_ADDR": self.client_address[0]}).stdout
        head, _, data = out.partition(b"\r\n\r\n")
        fields = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if b": " in line)
        status = int(fields.pop("Status", "200").split()[0])
        fields = {name: value for name, value in fields.items() if name != "Content-Length"}
        if found == "lost":
            # It is done, but nobody hears of it.
            self.close_connection = True
            self.connection.close()
            return
        if found == "short":
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True
            self.connection.close()
            return
        self.reply(status, data, **{name.replace("-", "_"): v for name, v in fields.items()})

    do_GET = do_POST = serve

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()
