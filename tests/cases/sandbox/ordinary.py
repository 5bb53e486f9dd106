"""What ordinary programs use, and what a sandbox must therefore offer."""

import asyncio
import multiprocessing
import socket
import sqlite3
import subprocess
import tempfile
import threading

left, right = socket.socketpair()
left.send(b"x")
assert right.recv(1) == b"x"
listener = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listener.getsockname()).close()
assert socket.gethostbyname("localhost") == "127.0.0.1"
assert subprocess.check_output(["id", "-un"]) == b"crew\n"
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
thread = threading.Thread(target=lambda: None)
thread.start()
thread.join()
with tempfile.TemporaryDirectory() as folder:
    sqlite3.connect(f"{folder}/x").execute("create table t (a)")
asyncio.run(asyncio.sleep(0))
print("fine")
