"""Executes a state machine with the real program behind every state.

    real.py FOLDER BINARY SECRETS [NAME=VALUE...]

FOLDER holds what `cloudcrew generate` wrote. Creates the table with its stream, the bucket with the definitions, the
functions, the machine and people; prints {"table", "bucket", "api", "token", "machine"}, where `token` is of a person. For
each line on stdin, waits for the execution of that name to end and prints {"status", "error", "states", "answered"}.
SECRETS are those of the crew, as JSON; the further arguments are variables of the programs. Only the container and function names are the
rig's; the machine is what Terraform renders, with its own timeouts.
"""
import fcntl
import hashlib
import json
import os
import sys
import time
import uuid

import boto3

import execute

NAMES = ("review", "request", "finalize", "ended", "answer", "reminders", "api", "authorize", "websocket")
LONGEST = 300
#: What lists show; the entries are not projected.
LISTED = ["engagement", "created", "standing", "waits", "active", "due", "row_seq", "row_hash", "driver"]


def place():
    """Creates a table and a bucket with the same name."""
    name = "cloudcrew-" + uuid.uuid4().hex[:12]
    dynamo, s3 = boto3.client("dynamodb"), boto3.client("s3")
    key = lambda attribute, kind: {"AttributeName": attribute, "KeyType": kind}
    index = lambda label, partition, sort: {
        "IndexName": label, "KeySchema": [key(partition, "HASH"), key(sort, "RANGE")], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": LISTED}}
    dynamo.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[key("PK", "HASH"), key("SK", "RANGE")],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"}
                              for attribute in ("PK", "SK", "listed", "made", "waiting", "todo", "todo_at")],
        GlobalSecondaryIndexes=[index("all", "listed", "made"), index("waiting", "waiting", "made"), index("todo", "todo", "todo_at")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    for other in ("connections", "memory", "metrics"):
        dynamo.create_table(
            TableName="%s-%s" % (name, other), BillingMode="PAY_PER_REQUEST",
            KeySchema=[key("PK", "HASH"), key("SK", "RANGE")],
            AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in ("PK", "SK")])
    for bucket in (name, name + "-patterns"):
        s3.create_bucket(Bucket=bucket)
    return name


def people(name):
    """A pool with one person: its settings for the interface, and the person's token."""
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName=name, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ada", Password="For-the-rig-1", Permanent=True)
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "For-the-rig-1"})["AuthenticationResult"]
    here = os.environ["AWS_ENDPOINT_URL"]
    settings = {"OIDC_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/" + pool, "OIDC_CLIENT_ID": client,
                "OIDC_KEYS_URL": "%s/%s/.well-known/jwks.json" % (here, pool), "CLOUDCREW_PUBLIC_URL": here}
    return settings, tokens["AccessToken"]


def documented():
    """The programs that read each variable, by its page."""
    page = os.path.join(os.path.dirname(__file__), "../../../docs/reference/environment.md")
    with open(page) as file:
        rows = [[cell.strip() for cell in line.split("|")] for line in file if line.startswith("| `")]
    return {row[1].strip("`"): ["phase", *NAMES] if row[2] == "all" else row[2].split(", ") for row in rows}


def ended(states, machine, name):
    """Waits for an execution, which may not have started yet, and returns how it ended."""
    arn, until = machine.replace(":stateMachine:", ":execution:") + ":" + name, time.time() + LONGEST
    while time.time() < until:
        try:
            found = states.describe_execution(executionArn=arn)
        except states.exceptions.ExecutionDoesNotExist:
            found = {"status": "RUNNING"}
        if found["status"] != "RUNNING":
            break
        time.sleep(0.2)
    return {"status": found["status"], "error": found.get("error"), "cause": found.get("cause"), "states": execute.entered(states, arn),
            "answered": answered(states, arn)}


def answered(states, arn):
    """When the machine learnt of each answer that it waited for, in milliseconds."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"] if event["type"] == "TaskSucceeded"]
    waits = lambda event: event["taskSucceededEventDetails"]["resource"] == "invoke.waitForTaskToken"
    return [int(event["timestamp"].timestamp() * 1000) for event in events if waits(event)]


def main():
    folder, binary, secrets, *variables = sys.argv[1:]
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
    with open(os.path.join(folder, "state_machines/delivery.asl.json")) as file:
        text = file.read()
        for variable in variables:
            # Nothing else may be shortened.
            if variable.startswith("RIG_HEARTBEAT="):
                text = text.replace('"HeartbeatSeconds": 300', '"HeartbeatSeconds": ' + variable.split("=")[1])
        definition = execute.rendered(text, values)
    machine = states.create_state_machine(name="m-" + uuid.uuid4().hex, definition=definition, roleArn=role)["stateMachineArn"]
    with open(os.path.join(folder, "definition.json"), "rb") as file:
        crew = file.read()
    digest = hashlib.sha256(crew).hexdigest()
    boto3.client("s3").put_object(Bucket=name, Key="definitions/" + digest, Body=crew)
    boto3.client("scheduler").create_schedule_group(Name=name)
    scratch = os.path.join(os.environ["RIG_STATE"], name)
    os.makedirs(scratch)
    settings, token = people(name)
    here = os.environ["AWS_ENDPOINT_URL"]
    secret = boto3.client("secretsmanager").create_secret(Name=name, SecretString=secrets)["ARN"]
    environment = {"TASK_LEDGER_TABLE": name, "BLOBS_BUCKET": name, "UPLOADS_BUCKET": name, "SECRETS_ARN": secret, "DEFINITION": digest,
                   "STATE_MACHINE_ARNS": json.dumps({"delivery": machine}), "SCHEDULE_GROUP": name, "SCHEDULE_ROLE_ARN": role,
                   "REMINDERS_FUNCTION_ARN": values["reminders_function_arn"], "ANSWER_FUNCTION_ARN": values["answer_function_arn"],
                   "CONNECTIONS_TABLE": name + "-connections", "METRICS_TABLE": name + "-metrics", "MEMORY_TABLE": name + "-memory",
                   "PATTERNS_BUCKET": name + "-patterns", "WEBSOCKET_CALLBACK_URL": "%s/_live/%s" % (here, name),
                   "WEBSOCKET_URL": "%s/_live/%s" % (here.replace("http", "ws"), name), **settings,
                   **dict(pair.split("=", 1) for pair in variables)}
    if "NOTIFY" in environment:
        # Its content, which Terraform uploads.
        content = environment["NOTIFY"].encode()
        environment["NOTIFY"] = hashlib.sha256(content).hexdigest()
        boto3.client("s3").put_object(Bucket=name, Key="notify/" + environment["NOTIFY"], Body=content)
        boto3.client("sesv2").create_email_identity(EmailIdentity="crew@example.com")

    readers = documented()

    def program(of, *words):
        """Each program has its own scratch space, as containers have, and no variable that Terraform does not set for it."""
        own = os.path.join(scratch, of)
        os.makedirs(own)
        return {"command": [binary, *words], "env": {**{k: v for k, v in environment.items() if of in readers.get(k, [of])}, "CLOUDCREW_SCRATCH": own, "AWS_ACCESS_KEY_ID": f"{name}-{of}"}, "timeout": 900}

    config = os.path.join(os.environ["RIG_STATE"], "programs.json")
    with open(config) as file:
        before = file.read()

    def programs(text):
        """Replaces the file atomically, because the gateway reads it at any time."""
        with open(config + ".new", "w") as file:
            file.write(text)
        os.replace(config + ".new", config)

    programs(json.dumps({"ecs": {"phase": program("phase", "phase")}, "streams": {name: f"{name}-answer"}, "schedules": True, "authorizers": {f"{name}-api": f"{name}-authorize"}, "stopped": f"{name}-answer",
                         "lambda": {f"{name}-{f}": program(f, "lambda", f) for f in NAMES}}))
    try:
        print(json.dumps({"table": name, "bucket": name, "api": f"/_http/{name}-api/dev", "live": f"/_live/{name}", "token": token, "machine": machine}), flush=True)
        for line in sys.stdin:
            print(json.dumps(ended(states, machine, line.strip())), flush=True)
    finally:
        programs(before)
        held.close()


if __name__ == "__main__":
    main()
