"""What is to come of each state, one after another: a list in $RIG_SCRIPTS/PROJECT.json, taken in order by whichever program the
machine calls. Each entry names its state, so that a machine which goes another way is found out at once.

  {"state": "discovery.swarm", "on": "finished"}     reports an outcome
  {"state": "poc.swarm", "on": "parked"}             with the moment at which it is tried again
  {"state": "poc.review", "error": "Parked"}         fails by this name
  {"state": "poc.swarm", "silent": true}             ends without a word
"""
import fcntl
import json
import os
import urllib.error
import urllib.request

FOLDER = os.environ["RIG_SCRIPTS"]


def take(project, state, given):
    """The next entry of a project's script; `given` is noted, what does not fit is noted as a fault."""
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
    """A call of Step Functions."""
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], json.dumps(what).encode(), {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions." + action,
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0"})
    try:
        urllib.request.urlopen(request, timeout=20).read()
    except urllib.error.HTTPError as error:
        raise SystemExit("%s: %s" % (action, error.read().decode())) from None


def report(token, entry, more):
    """Says by task token what came of a state."""
    if entry.get("silent"):
        return
    if "error" in entry:
        states("SendTaskFailure", taskToken=token, error=entry["error"], cause="as the script says")
    else:
        states("SendTaskSuccess", taskToken=token, output=json.dumps({"on": entry["on"], **more}))
