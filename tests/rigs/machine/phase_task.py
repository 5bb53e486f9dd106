"""Stands in for the phase task: works on a phase and reports the outcome by task token."""
import datetime
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import script

token, phase = os.environ["TASK_TOKEN"], os.environ["PHASE"]
entry = script.take(os.environ["PROJECT_ID"], phase + ".swarm", {"PHASE": phase})
if not entry.get("silent"):
    script.states("SendTaskHeartbeat", taskToken=token)
until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
more = {"until": until.strftime("%Y-%m-%dT%H:%M:%SZ")} if entry.get("on") == "parked" else {}
script.report(token, entry, more)
