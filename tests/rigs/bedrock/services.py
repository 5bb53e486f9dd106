"""The other APIs: each takes the state, the matched path and the body; returns status and JSON."""
import re
import uuid


def retrieve(state, match, body):
    limit = body.get("retrievalConfiguration", {}).get("vectorSearchConfiguration", {}).get("numberOfResults", 5)
    return 200, {"retrievalResults": [
        {"content": {"text": d["text"], "type": "TEXT"}, "score": d.get("score", 0.5), "metadata": d.get("metadata", {}),
         "location": {"type": "S3", "s3Location": {"uri": d.get("uri", "s3://kb/doc")}}}
        for d in state.hits(body["retrievalQuery"]["text"], limit)]}


def retrieve_memory(state, match, body):
    ask = body["searchCriteria"]
    return 200, {"memoryRecordSummaries": [
        {"memoryRecordId": "mem-" + uuid.uuid4().hex + uuid.uuid4().hex[:8], "content": {"text": d["text"]},
         "memoryStrategyId": "local-strategy", "namespaces": [body.get("namespace") or body.get("namespacePath", "/")],
         "createdAt": 1700000000, "score": d.get("score", 0.5)}
        for d in state.hits(ask["searchQuery"], ask.get("topK", 10))]}


def start_ingestion(state, match, body):
    kb, source, token = match["kb"], match["ds"], body.get("clientToken")
    for job in state.jobs.values():
        if job["source"] == (kb, source):
            if token and job["token"] == token:
                return 202, {"ingestionJob": shown(job)}
            if job["statuses"]:
                return 409, {"message": f"job {job['id']} of this data source is still running"}
    job = {"id": uuid.uuid4().hex[:10].upper(), "source": (kb, source), "token": token, "status": "STARTING",
           "statuses": list(state.statuses.pop(0) if state.statuses else ["IN_PROGRESS", "COMPLETE"]),
           "description": body.get("description"), "reasons": []}
    state.jobs[job["id"]] = job
    return 202, {"ingestionJob": shown(job)}


def get_ingestion(state, match, body):
    job = state.jobs.get(match["job"])
    if job is None or job["source"] != (match["kb"], match["ds"]):
        return 404, {"message": "no such ingestion job"}
    if job["statuses"]:
        job["status"] = job["statuses"].pop(0)
        if isinstance(job["status"], dict):  # {"FAILED": "why"}
            (job["status"], why), = job["status"].items()
            job["reasons"] = [why]
    return 200, {"ingestionJob": shown(job)}


def shown(job):
    out = {"knowledgeBaseId": job["source"][0], "dataSourceId": job["source"][1], "ingestionJobId": job["id"], "status": job["status"],
           "startedAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
           "statistics": {"numberOfDocumentsScanned": 1, "numberOfNewDocumentsIndexed": int(job["status"] == "COMPLETE")}}
    return {**out, **({"description": job["description"]} if job["description"] else {}),
            **({"failureReasons": job["reasons"]} if job["reasons"] else {})}


SERVICES = [  # method, path, name in the log, handler
    ("POST", re.compile(r"/knowledgebases/(?P<kb>[^/]+)/retrieve/?"), "retrieve", retrieve),
    ("POST", re.compile(r"/memories/(?P<memory>[^/]+)/retrieve/?"), "retrieve-memory-records", retrieve_memory),
    ("PUT", re.compile(r"/knowledgebases/(?P<kb>[^/]+)/datasources/(?P<ds>[^/]+)/ingestionjobs/?"), "start-ingestion-job", start_ingestion),
    ("GET", re.compile(r"/knowledgebases/(?P<kb>[^/]+)/datasources/(?P<ds>[^/]+)/ingestionjobs/(?P<job>[^/]+)"), "get-ingestion-job", get_ingestion),
]
