"""Runs containers as local programs: moto checks cluster, task definition and network settings,
then the program configured for the container starts with the container's environment and the
caller's overrides. RIG_CONFIG may name {"stopped": FUNCTION}: it is told of each that has ended, as by EventBridge."""
import asyncio
import json
import os
import signal

from aiohttp import web

DESCRIBE = "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition"


class Containers:
    def __init__(self, rig, functions):
        self.rig, self.functions, self.processes = rig, functions, []

    async def run_task(self, headers, body, region):
        asked = json.loads(body)
        # moto runs tasks by their launch type alone.
        provider = asked.pop("capacityProviderStrategy", [{"capacityProvider": "FARGATE"}])[0]["capacityProvider"]
        if provider not in ("FARGATE", "FARGATE_SPOT"):
            raise web.HTTPBadRequest(text="no capacity provider " + provider)
        status, answered, out = await self.rig.moto("POST", "/", headers, json.dumps({"launchType": "FARGATE", **asked}).encode())
        if status == 200:
            described = json.dumps({"taskDefinition": asked["taskDefinition"]}).encode()
            _, _, found = await self.rig.moto("POST", "/", {**headers, "X-Amz-Target": DESCRIBE}, described)
            defined = json.loads(found)["taskDefinition"]["containerDefinitions"]
            laid_over = {o["name"]: o for o in asked.get("overrides", {}).get("containerOverrides", [])}
            for task in json.loads(out)["tasks"]:
                for container in defined:
                    await self.start(task["taskArn"], container, laid_over.get(container["name"], {}), region)
        return status, answered, out

    async def start(self, task, container, laid_over, region):
        name = container["name"]
        program = self.rig.program("ecs", name)
        if program is None:
            return self.rig.note(no_program_for=name, task=task)
        env = self.rig.environment(region)
        env.update({e["name"]: e["value"] for e in container.get("environment", []) + laid_over.get("environment", [])})
        env.update(program.get("env", {}))
        with open(os.path.join(self.rig.logs, "ecs-%s.log" % name), "ab") as out:
            process = await asyncio.create_subprocess_exec(
                *program["command"], env=env, stdout=out, stderr=out, start_new_session=True)
        self.processes.append(process)
        self.rig.note(container_started=name, task=task, pid=process.pid, environment=laid_over.get("environment", []))
        asyncio.ensure_future(self.ended(task, process, [laid_over], region))

    async def ended(self, task, process, laid_over, region):
        self.rig.note(container_ended=task, code=await process.wait())
        self.processes.remove(process)
        listener = self.rig.config().get("stopped")
        if listener:
            detail = {"taskArn": task, "lastStatus": "STOPPED", "overrides": {"containerOverrides": laid_over}}
            event = {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail}
            await self.functions.invoke(listener, region, json.dumps(event).encode())

    def stop(self):
        for process in self.processes:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGTERM)
