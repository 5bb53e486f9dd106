"""One loopback endpoint for every AWS call of a test.

Requests are forwarded to moto, with two exceptions that moto cannot handle without Docker:
invoked functions and started containers run as real local programs (lambda_runtime.py,
containers.py).

moto's interpreter of state machines calls back to localhost:$MOTO_PORT, so moto is started with
MOTO_PORT set to this gateway's port, and its own port on the command line. Every Task state
therefore passes through here.

RIG_CONFIG names a JSON file, read again for each call:
  {"lambda": {"cloudcrew-review": {"command": ["python3", "functions.py"], "env": {}, "timeout": 30}},
   "ecs":    {"phase": {"command": ["python3", "phase_task.py"], "env": {}}}}
tables.py says how reads and writes of tables differ from moto's.
Functions and containers are looked up by name; events.py, front.py and live.py say what else calls functions. GET /_rig/log lists what was started, invoked and ended,
GET /_rig/calls the permissions that each access key needed (permissions.py).
"""
import asyncio
import json
import os
import re
import sys
import time

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, web

import containers
import events
import front
import lambda_runtime
import live
import permissions
import tables

HOST = "127.0.0.1"
PORT = int(os.environ["RIG_AWS_PORT"])
MOTO = os.environ["RIG_MOTO_URL"]
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-authorization", "host", "content-length"}
SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
CONNECTION = re.compile(r"/_live/[^/]+/@connections/([^/]+)")
INVOCATION = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class Rig:
    """Shared by the parts: the configuration, the log, calls to moto."""

    def __init__(self):
        self.log, self.logs, self.http = [], os.environ["RIG_LOG_DIR"], None

    def config(self):
        with open(os.environ["RIG_CONFIG"]) as file:
            return json.load(file)

    def program(self, kind, name):
        return self.config().get(kind, {}).get(name)

    def note(self, **what):
        self.log.append({"at": round(time.time(), 3), **what})
        del self.log[:-5000]

    def environment(self, region):
        env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        env.update(AWS_ENDPOINT_URL="http://%s:%d" % (HOST, PORT), AWS_REGION=region, AWS_DEFAULT_REGION=region,
                   AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_EC2_METADATA_DISABLED="true")
        return env

    async def moto(self, method, path, headers, body):
        async with self.http.request(method, MOTO + path, headers=headers, data=body, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.read()


def passed_on(headers):
    return {name: value for name, value in headers.items() if name.lower() not in HOP}


async def any_call(request):
    rig, body = request.app["rig"], await request.read()
    scope = SCOPE.search(request.headers.get("Authorization", ""))
    key, region, service = (scope[1], scope[2], scope[3]) if scope else ("", "us-east-1", "")
    request.app["calls"].setdefault(key, set()).update(permissions.needed(service, request, body))
    connection = CONNECTION.fullmatch(request.path)
    if connection and service == "execute-api":
        return await request.app["live"].post(connection[1], body)
    invocation = INVOCATION.fullmatch(request.path)
    if invocation and request.headers.get("X-Amz-Invocation-Type") == "Event":
        asyncio.ensure_future(request.app["functions"].invoke(invocation[1], region, body))
        return web.Response(status=202)
    if invocation:
        answer = await request.app["functions"].invoke(invocation[1], region, body)
        if answer is not None:
            error, out = answer
            headers = {"X-Amz-Executed-Version": "$LATEST", "Content-Type": "application/json"}
            if error:
                headers["X-Amz-Function-Error"] = error
            return web.Response(status=200, body=out, headers=headers)
        out = json.dumps({"Type": "User", "Message": "no program for function " + invocation[1]}).encode()
        return web.Response(status=404, body=out, headers={"x-amzn-ErrorType": "ResourceNotFoundException"})
    headers = passed_on(request.headers)
    if service == "ecs":
        # moto's ECS handles one call at a time: it iterates over tasks while others are added.
        async with request.app["one_at_a_time"]:
            return await ecs_call(request, headers, body, region)
    if service == "dynamodb":
        # A transaction that moto cancels puts back all tables as they were, whatever else was
        # written meanwhile.
        async with request.app["one_write_at_a_time"]:
            status, answered, out = await rig.moto(request.method, request.raw_path, headers, body)
        if status == 200:
            out = request.app["tables"].answer(request.headers.get("X-Amz-Target", "").rpartition(".")[2], body, out)
        if out is None:
            request.transport.close()
            return web.Response()
        answered = {name: value for name, value in answered.items() if name.lower() != "x-amz-crc32"}
    else:
        status, answered, out = await rig.moto(request.method, request.raw_path, headers, body)
    return web.Response(status=status, body=out, headers=passed_on(answered))


async def ecs_call(request, headers, body, region):
    if request.headers.get("X-Amz-Target", "").endswith(".RunTask"):
        status, answered, out = await request.app["containers"].run_task(headers, body, region)
    else:
        status, answered, out = await request.app["rig"].moto(request.method, request.raw_path, headers, body)
    return web.Response(status=status, body=out, headers=passed_on(answered))


async def start(app):
    app["rig"].http = ClientSession(timeout=ClientTimeout(total=None), auto_decompress=False, cookie_jar=DummyCookieJar())
    app["events"].start()


async def stop(app):
    app["events"].stop()
    app["functions"].stop()
    app["containers"].stop()
    await app["rig"].http.close()


def main():
    app = web.Application(client_max_size=64 << 20)
    rig = app["rig"] = Rig()
    app["functions"] = lambda_runtime.Functions(rig)
    app["containers"] = containers.Containers(rig, app["functions"])
    app["events"] = events.Events(rig, app["functions"])
    app["tables"] = tables.Tables()
    app["one_at_a_time"], app["one_write_at_a_time"] = asyncio.Lock(), asyncio.Lock()
    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    app["live"] = live.Live(rig, app["functions"])
    app.router.add_get("/_live/{name}", app["live"].connect)
    app.router.add_route("*", "/_http/{function}/{stage}/{path:.*}", front.reply)
    app["calls"] = {}
    app.router.add_get("/_rig/calls", lambda request: answer({key: sorted(calls) for key, calls in request.app["calls"].items()}))
    app.router.add_get("/_rig/log", lambda _: answer(rig.log))
    app.router.add_route("*", "/{path:.*}", any_call)
    web.run_app(app, host=HOST, port=PORT, print=lambda *_: print("gateway on %s:%d" % (HOST, PORT), file=sys.stderr),
                handler_cancellation=True, access_log=None, shutdown_timeout=2)


async def answer(value):
    return web.json_response(value)


if __name__ == "__main__":
    main()
