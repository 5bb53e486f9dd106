"""Which permissions a call needs, according to AWS's Service Authorization Reference. The use of KMS keys and passed roles
does not show in requests."""
import json

#: What the parts of a transaction need.
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
REST = {
    ("scheduler", "POST"): "CreateSchedule", ("scheduler", "PUT"): "UpdateSchedule", ("scheduler", "DELETE"): "DeleteSchedule",
    ("execute-api", "POST"): "ManageConnections", ("ses", "POST"): "SendRawEmail",
    ("s3", "GET"): "GetObject", ("s3", "PUT"): "PutObject", ("s3", "POST"): "PutObject", ("lambda", "POST"): "InvokeFunction",
}


def needed(service, request, body):
    action = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if action == "TransactWriteItems":
        return {"dynamodb:" + PARTS[kind] for item in json.loads(body)["TransactItems"] for kind in item}
    action = action or REST.get((service, request.method), "")
    return {service + ":" + action} if action else set()
