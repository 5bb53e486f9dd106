"""The scripted outcomes of states: a list in $RIG_SCRIPTS/PROJECT.json, consumed in order by the
programs that the machine calls. Each entry names its state, so that a machine that takes another
path is detected at once.

  {"state": "discovery.swarm", "on": "finished"}     reports an outcome
  {"state": "poc.gate", "on": "returned", "to": "discovery"}
  {"state": "poc.swarm", "on": "parked"}             with the time of the next attempt
  {"state": "poc.review", "error": "Parked"}         fails by this name
  {"state": "poc.swarm", "silent": true}             ends without a report
"""
import fcntl
import json
import os
import urllib.error
import urllib.request

FOLDER = os.environ["RIG_SCRIPTS"]


def take(project, state, given):
    """The next entry of a project's script; records `given`, and a mismatch as a fault."""
    with open(os.path.join(FOLDER, project + ".lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(os.path.join(FOLDER, project + ".json")) as file:
            script = json.load(file)
        lock.seek(0)
        calls = [json.loads(line) for line in lock]
        entry = script[len(calls)] if len(calls) < len(script) else None
        fits = entry is not None and entry["state"] == state
        fault = None if fits else "%s was called, the script says %s" % (state, entry and entry["state"])
        lock.write(json.dumps({"state": state, "given": given, "fault": fault}) + "\n")
        return entry if fits else {"state": state, "error": "OffScript"}


def states(action, **what):
    """Calls Step Functions."""
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], json.dumps(what).encode(), {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions." + action,
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0"})
    try:
        urllib.request.urlopen(request, timeout=20).read()
    except urllib.error.HTTPError as error:
        raise SystemExit("%s: %s" % (action, error.read().decode())) from None


def report(token, entry, more):
    """Reports the outcome of a state by task token."""
    if entry.get("silent"):
        return
    if "error" in entry:
        states("SendTaskFailure", taskToken=token, error=entry["error"], cause="as the script says")
    else:
        to = {"to": entry["to"]} if "to" in entry else {}
        states("SendTaskSuccess", taskToken=token, output=json.dumps({"on": entry["on"], **to, **more}))
