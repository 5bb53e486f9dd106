"""Executes many state machines at once, backed by the stand-ins.

stdin:  {"machines": {NAME: FILE}, "executions": [{"project": ID, "machine": NAME, "input":
{...}, "script": [...]}]} stdout: [{"project", "status", "error", "states": [...], "faults":
[...], "unused": N}], in the same order

`states` are the entered states, from the execution's history; a retried task is entered again.
`faults` are calls that the script did not expect, `unused` is the number of its remaining
entries.
"""
import concurrent.futures
import fcntl
import json
import os
import re
import sys
import time
import uuid

import boto3

SCRIPTS = os.path.join(os.environ["RIG_STATE"], "scripts")
#: How many run at once.
AT_ONCE = int(os.environ.get("RIG_AT_ONCE", "12"))
#: No execution takes so long, in seconds.
LONGEST = 240
#: Errors of Lambda itself, which are not outcomes.
AWAY = ("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException")


def bound():
    """Creates what a machine calls; the values of its placeholders."""
    iam, ecs, functions, ec2 = (boto3.client(name) for name in ("iam", "ecs", "lambda", "ec2"))
    try:
        role = iam.create_role(RoleName="cloudcrew", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="cloudcrew")["Role"]["Arn"]
    values = {"cluster_arn": ecs.create_cluster(clusterName="cloudcrew")["cluster"]["clusterArn"]}
    # Only the container's name matters here; AWS does not require its memory if the task has some.
    container = {"name": "phase", "image": "cloudcrew", "memory": 2048, "essential": True}
    defined = ecs.register_task_definition(family="cloudcrew-phase", requiresCompatibilities=["FARGATE"], networkMode="awsvpc",
                                           cpu="1024", memory="2048", containerDefinitions=[container])
    values["task_definition_arn"] = defined["taskDefinition"]["taskDefinitionArn"]
    subnets = ec2.describe_subnets()["Subnets"]
    values["capacity_provider"], values["assign_public_ip"] = "FARGATE_SPOT", "ENABLED"
    values["subnet_ids"] = ",".join(subnet["SubnetId"] for subnet in subnets[:2])
    values["security_group_id"] = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    for name in ("review", "request", "finalize", "ended"):
        try:
            made = functions.create_function(FunctionName="cloudcrew-" + name, Runtime="provided.al2023", Role=role, Handler="bootstrap",
                                             Code={"ZipFile": EMPTY_ZIP})
        except functions.exceptions.ResourceConflictException:
            made = functions.get_function(FunctionName="cloudcrew-" + name)["Configuration"]
        values[name + "_function_arn"] = made["FunctionArn"]
    return values, role


#: An archive without files.
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def rendered(text, values):
    """What `templatefile` makes of a machine."""
    def one(found):
        return found[0][1:] if found[0].startswith(("$$", "%%")) else values[found[1]]
    return re.sub(r"\$\$\{|%%\{|\$\{([a-z_]+)\}", one, text)


def hurried(machine):
    """The same machine with short delays: seconds instead of minutes and days. Nothing else differs."""
    for state in machine["States"].values():
        if "HeartbeatSeconds" in state:
            state["HeartbeatSeconds"], state["TimeoutSeconds"] = 6, 60
        elif "TimeoutSeconds" in state:
            state["TimeoutSeconds"] = 5 if state["Resource"].endswith(".waitForTaskToken") else 30
        for retrier in state.get("Retry", []):
            retrier.update(IntervalSeconds=1, BackoffRate=1.0)
    return machine


def execute(states, machine, execution):
    project = execution["project"]
    with open(os.path.join(SCRIPTS, project + ".json"), "w") as file:
        json.dump(execution["script"], file)
    given = json.dumps({"project": project, **execution.get("input", {})})
    started = states.start_execution(stateMachineArn=machine, name=project, input=given)["executionArn"]
    until = time.time() + LONGEST
    while True:
        found = states.describe_execution(executionArn=started)
        if found["status"] != "RUNNING" or time.time() > until:
            break
        time.sleep(0.3)
    calls = []
    if os.path.exists(os.path.join(SCRIPTS, project + ".lock")):
        with open(os.path.join(SCRIPTS, project + ".lock")) as file:
            calls = [json.loads(line) for line in file]
    return {"project": project, "status": found["status"], "error": found.get("error"), "states": entered(states, started),
            "faults": [call["fault"] for call in calls if call["fault"]], "unused": len(execution["script"]) - len(calls)}


def entered(states, execution):
    names, attempts, error, token = [], 0, None, {}
    while True:
        page = states.get_execution_history(executionArn=execution, **token)
        for event in page["events"]:
            if "stateEnteredEventDetails" in event:
                names.append(event["stateEnteredEventDetails"]["name"])
                attempts, error = 0, None
            elif event["type"] == "TaskScheduled":
                if attempts > 0 and error not in AWAY:
                    names.append(names[-1])
                attempts += 1
            elif event["type"] == "TaskFailed":
                error = event["taskFailedEventDetails"].get("error")
            elif event["type"] == "TaskTimedOut":
                error = event["taskTimedOutEventDetails"].get("error")
        if "nextToken" not in page:
            return names
        token = {"nextToken": page["nextToken"]}


def hold(how):
    """Locks the rig: shared with those that only add to it, or alone (fcntl.LOCK_SH, LOCK_EX)."""
    file = open(os.path.join(os.environ["RIG_STATE"], "held"), "a")
    fcntl.flock(file, how)
    return file


def main():
    work, held = json.load(sys.stdin), hold(fcntl.LOCK_SH)
    values, role = bound()
    states, arns = boto3.client("stepfunctions"), {}
    for name, path in work["machines"].items():
        with open(path) as file:
            machine = hurried(json.loads(rendered(file.read(), values)))
        made = states.create_state_machine(name="m-" + uuid.uuid4().hex, definition=json.dumps(machine), roleArn=role)
        arns[name] = made["stateMachineArn"]
    os.makedirs(SCRIPTS, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        done = pool.map(lambda execution: execute(states, arns[execution["machine"]], execution), work["executions"])
        json.dump(list(done), sys.stdout)
    held.close()


if __name__ == "__main__":
    main()
