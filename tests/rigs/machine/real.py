"""Executes a state machine with the real program behind every state.

    real.py MACHINE BINARY PROJECT [NAME=VALUE...]

Creates the table, the bucket, the functions and the machine; prints {"table", "bucket", "answer"}; waits for
a line on stdin; starts the execution and prints {"status", "error", "states"} when it has ended.
The further arguments are variables of the programs. Only the container and function names are the
rig's; the machine is what Terraform renders, with its own timeouts.
"""
import fcntl
import json
import os
import sys
import time
import uuid

import boto3

import execute

NAMES = ("review", "request", "finalize", "ended", "answer")
LONGEST = 300
#: What lists show; the entries are not projected.
LISTED = ["engagement", "created", "standing", "waits", "active", "due", "row_seq", "row_hash", "driver"]


def place():
    """A table and a bucket of one name."""
    name = "cloudcrew-" + uuid.uuid4().hex[:12]
    dynamo, s3 = boto3.client("dynamodb"), boto3.client("s3")
    key = lambda attribute, kind: {"AttributeName": attribute, "KeyType": kind}
    index = lambda label, partition, sort: {
        "IndexName": label, "KeySchema": [key(partition, "HASH"), key(sort, "RANGE")], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": LISTED}}
    dynamo.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[key("PK", "HASH"), key("SK", "RANGE")],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"}
                              for attribute in ("PK", "SK", "listed", "made", "waiting", "todo", "todo_at")],
        GlobalSecondaryIndexes=[index("all", "listed", "made"), index("waiting", "waiting", "made"), index("todo", "todo", "todo_at")])
    s3.create_bucket(Bucket=name)
    return name


def main():
    machine, binary, project, *variables = sys.argv[1:]
    # It replaces the programs of the rig, and ends what runs: nothing else may use the rig meanwhile.
    held = execute.hold(fcntl.LOCK_EX)
    # An execution that an earlier run left would start the programs of this one.
    states = boto3.client("stepfunctions")
    for other in states.list_state_machines()["stateMachines"]:
        for left in states.list_executions(stateMachineArn=other["stateMachineArn"], statusFilter="RUNNING")["executions"]:
            states.stop_execution(executionArn=left["executionArn"])
    name = place()
    values, role = execute.bound()
    # Functions of their own: a warm one would still have the variables of an earlier run.
    functions = boto3.client("lambda")
    for function in NAMES:
        made = functions.create_function(FunctionName=f"{name}-{function}", Runtime="provided.al2023", Role=role, Handler="bootstrap",
                                         Code={"ZipFile": execute.EMPTY_ZIP})
        values[function + "_function_arn"] = made["FunctionArn"]
    scratch = os.path.join(os.environ["RIG_STATE"], name)
    os.makedirs(scratch)
    environment = {"TASK_LEDGER_TABLE": name, "BLOBS_BUCKET": name, **dict(pair.split("=", 1) for pair in variables)}

    def program(of, *words):
        """Each program has its own scratch space, as containers have."""
        own = os.path.join(scratch, of)
        os.makedirs(own)
        return {"command": [binary, *words], "env": {**environment, "CLOUDCREW_SCRATCH": own}, "timeout": 120}


    config = os.path.join(os.environ["RIG_STATE"], "programs.json")
    with open(config) as file:
        before = file.read()
    with open(config, "w") as file:
        json.dump({"ecs": {"phase": program("phase", "phase")},
                   "lambda": {f"{name}-{f}": program(f, "lambda", f) for f in NAMES}}, file)
    try:
        print(json.dumps({"table": name, "bucket": name, "answer": f"{name}-answer"}), flush=True)
        sys.stdin.readline()
        with open(machine) as file:
            definition = execute.rendered(file.read(), values)
        arn = states.create_state_machine(name="m-" + uuid.uuid4().hex, definition=definition, roleArn=role)["stateMachineArn"]
        started = states.start_execution(stateMachineArn=arn, name=name, input=json.dumps({"project": project}))["executionArn"]
        until = time.time() + LONGEST
        while True:
            found = states.describe_execution(executionArn=started)
            if found["status"] != "RUNNING" or time.time() > until:
                break
            time.sleep(0.2)
        print(json.dumps({"status": found["status"], "error": found.get("error"), "cause": found.get("cause"),
                          "states": execute.entered(states, started)}), flush=True)
    finally:
        with open(config, "w") as file:
            file.write(before)
        held.close()


if __name__ == "__main__":
    main()
