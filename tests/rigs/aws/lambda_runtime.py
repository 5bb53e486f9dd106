"""Runs functions as local programs that poll the Lambda Runtime API, like custom runtimes in AWS: the same program runs here and there."""
import asyncio
import json
import os
import signal
import time
import uuid

from aiohttp import web


class Worker:
    """One process of one function; it serves one event at a time."""

    def __init__(self, name):
        self.name, self.queue, self.current, self.process = name, asyncio.Queue(), ("starting", None), None

    async def start(self, rig, program, region):
        env = rig.environment(region)
        env.update(program.get("env", {}))
        # As the service sets them for every function.
        env.update(AWS_LAMBDA_RUNTIME_API=await self.listen(), AWS_LAMBDA_FUNCTION_NAME=self.name,
                   AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512", AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
                   AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/" + self.name, AWS_LAMBDA_LOG_STREAM_NAME="rig")
        with open(os.path.join(rig.logs, "lambda-%s.log" % self.name), "ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *program["command"], env=env, stdout=out, stderr=out, start_new_session=True)
        rig.note(function_started=self.name, pid=self.process.pid)
        asyncio.ensure_future(self.ended())

    async def listen(self):
        """The Runtime API of this one process; its address is host:port, as in AWS."""
        api, root = web.Application(), "/2018-06-01/runtime/"
        api.router.add_get(root + "invocation/next", self.next)
        api.router.add_post(root + "invocation/{id}/{what:response|error}", self.reply)
        self.runner = web.AppRunner(api, handler_cancellation=True, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return "127.0.0.1:%d" % site._server.sockets[0].getsockname()[1]

    async def next(self, _):
        request, payload, deadline = await self.queue.get()
        return web.Response(body=payload, headers={
            "Lambda-Runtime-Aws-Request-Id": request, "Lambda-Runtime-Deadline-Ms": str(deadline), "Content-Type": "application/json"})

    async def reply(self, request):
        wanted, answer = self.current or (None, None)
        body = await request.read()
        if request.match_info["id"] == wanted and not answer.done():
            answer.set_result(("Unhandled" if request.match_info["what"] == "error" else None, body))
        return web.json_response({"status": "OK"}, status=202)

    async def ended(self):
        await self.process.wait()
        await self.runner.cleanup()

    def free(self):
        return self.current is None and self.process is not None and self.process.returncode is None

    def kill(self):
        if self.process is not None and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    async def serve(self, payload, seconds):
        request, answer = str(uuid.uuid4()), asyncio.get_running_loop().create_future()
        self.current = (request, answer)
        await self.queue.put((request, payload, int((time.time() + seconds) * 1000)))
        death = asyncio.ensure_future(self.process.wait())
        done, _ = await asyncio.wait({answer, death}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if answer in done:
            self.current = None
            death.cancel()
            return answer.result()
        if death in done:
            return failed("Runtime.ExitError", "RequestId: %s Error: Runtime exited with status %s" % (request, death.result()))
        self.kill()
        return failed("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %s.00 seconds" % (request, seconds))


def failed(kind, message):
    return "Unhandled", json.dumps({"errorType": kind, "errorMessage": message}).encode()


class Functions:
    """All functions and their processes."""

    def __init__(self, rig):
        self.rig, self.workers = rig, {}

    async def invoke(self, name, region, payload):
        """(function error or None, payload), or None when no program is configured for the function."""
        name = name.split(":")[6] if name.startswith("arn:") else name.split(":")[0]
        program = self.rig.program("lambda", name)
        if program is None:
            return None
        pool = self.workers[name] = [w for w in self.workers.get(name, []) if w.process is None or w.process.returncode is None]
        worker = next((w for w in pool if w.free()), None)
        if worker is None:
            worker = Worker(name)
            pool.append(worker)
            await worker.start(self.rig, program, region)
        else:
            worker.current = ("reserved", None)  # before anything awaits: another call may look for a worker
        # Shielded: as in AWS, a caller that gives up does not stop the function.
        error, out = await asyncio.shield(asyncio.ensure_future(worker.serve(payload or b"{}", program.get("timeout", 60))))
        self.rig.note(function=name, error=error, event=payload.decode("utf-8", "replace")[:500], result=out.decode("utf-8", "replace")[:500])
        return error, out

    def stop(self):
        for worker in [w for pool in self.workers.values() for w in pool]:
            worker.kill()
