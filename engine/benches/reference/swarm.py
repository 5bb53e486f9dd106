#!/usr/bin/env python3
"""Runs a scenario of the swarm kit with Strands Agents, and prints its report as one JSON value.

    swarm.py SCENARIO.json [threads]

Follows its documentation: one model for all agents, one swarm per run, all runs at once in one
event loop or, with `threads`, in one thread each. Nothing is printed during the run, and the
connection pool is large enough for all runs.
"""
import asyncio
import concurrent.futures
import json
import sys

from botocore.config import Config
from strands import Agent, tool
from strands.models import BedrockModel
from strands.multiagent import Swarm

LIMITS = ("max_handoffs", "max_iterations", "execution_timeout", "node_timeout", "repetitive_handoff_detection_window",
          "repetitive_handoff_min_unique_agents")


def swarm_of(scenario, run, model):
    files = dict(scenario.get("files", {}))

    @tool
    def read_file(path: str) -> str:
        """Reads a text file of the customer's repository.

        Args:
            path: Path from the repository's root
        """
        return files[path]

    @tool
    def write_file(path: str, content: str) -> str:
        """Writes a text file of the customer's repository.

        Args:
            path: Path from the repository's root
            content: The whole file
        """
        files[path] = content
        return f"Wrote {path}"

    agents = [Agent(name=a["name"], description=a.get("description"), model=model, tools=[read_file, write_file],
                    system_prompt=f"AGENT:{a['name']} RUN:{run}\n{a.get('system', '')}", callback_handler=None)
              for a in scenario["agents"]]
    limits = {key: scenario["swarm"][key] for key in LIMITS if key in scenario["swarm"]}
    entry = next(a for a in agents if a.name == scenario["swarm"]["entry"])
    return Swarm(agents, entry_point=entry, **limits)


def main():
    with open(sys.argv[1]) as file:
        scenario = json.load(file)
    count = scenario.get("runs", {}).get("count", 1)
    model = BedrockModel(model_id="us.anthropic.claude-fake-v1:0", streaming=True, max_tokens=4096,
                         boto_client_config=Config(max_pool_connections=max(count, 10)))
    swarms = [swarm_of(scenario, f"r{n + 1}", model) for n in range(count)]
    if "threads" in sys.argv[2:]:
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            results = list(pool.map(lambda swarm: swarm(scenario["task"]), swarms))
    else:
        async def at_once():
            return await asyncio.gather(*[swarm.invoke_async(scenario["task"]) for swarm in swarms])
        results = asyncio.run(at_once())
    print(json.dumps({
        "input": sum(r.accumulated_usage["inputTokens"] for r in results),
        "output": sum(r.accumulated_usage["outputTokens"] for r in results),
        "ends": sorted({r.status.value for r in results}),
    }))


if __name__ == "__main__":
    main()
