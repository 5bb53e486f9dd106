"""Event sources that invoke functions: table streams, and schedules that are due.

RIG_CONFIG may contain {"streams": {TABLE: FUNCTION}} and {"schedules": true}. As on AWS, a stream sends records in order,
resends those that failed, and may send a record twice; a schedule is deleted once it has fired.
"""
import asyncio
import datetime
import json
import re
import traceback

STREAMS = "DynamoDBStreams_20120810."
#: Seconds between polls.
PAUSE = 0.05
#: Maximum records per event.
BATCH = 100


def signed(service, **more):
    scope = "Credential=test/20260101/us-east-1/%s/aws4_request" % service
    return {"Authorization": "AWS4-HMAC-SHA256 %s, SignedHeaders=host, Signature=0" % scope, **more}


class Events:
    def __init__(self, rig, functions):
        self.rig, self.functions, self.tasks, self.followed = rig, functions, [], {}

    def start(self):
        self.tasks = [asyncio.ensure_future(self.look())]

    def stop(self):
        for task in [*self.tasks, *self.followed.values()]:
            task.cancel()

    async def look(self):
        while True:
            config = self.rig.config()
            for table, function in config.get("streams", {}).items():
                if table not in self.followed:
                    self.followed[table] = asyncio.ensure_future(self.follow(table, function))
            for table in set(self.followed) - set(config.get("streams", {})):
                self.followed.pop(table).cancel()
            if config.get("schedules"):
                await self.happen()
            await asyncio.sleep(PAUSE)

    async def call(self, action, **what):
        headers = signed("dynamodb", **{"X-Amz-Target": STREAMS + action, "Content-Type": "application/x-amz-json-1.0"})
        _, _, out = await self.rig.moto("POST", "/", headers, json.dumps(what).encode())
        return json.loads(out)

    async def follow(self, table, function):
        try:
            await self.read(table, function)
        except Exception:
            # Nobody waits for this task: it must not end in silence.
            traceback.print_exc()
            raise

    async def read(self, table, function):
        found = await self.call("ListStreams", TableName=table)
        arn = found["Streams"][0]["StreamArn"]
        described = await self.call("DescribeStream", StreamArn=arn)
        shard = described["StreamDescription"]["Shards"][0]["ShardId"]
        at = {"ShardIteratorType": "TRIM_HORIZON"}
        while True:
            # A cancelled transaction replaces moto's tables by copies: an iterator of before would see nothing new.
            place = await self.call("GetShardIterator", StreamArn=arn, ShardId=shard, **at)
            got = await self.call("GetRecords", ShardIterator=place["ShardIterator"], Limit=BATCH)
            records = got["Records"]
            if records:
                at = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": records[-1]["dynamodb"]["SequenceNumber"]}
            while records:
                error, out = await self.functions.invoke(function, "us-east-1", json.dumps({"Records": records}).encode())
                failed = [] if error else json.loads(out).get("batchItemFailures", [])
                if failed:
                    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
                    records = records[numbers.index(failed[0]["itemIdentifier"]):]
                elif not error:
                    break
                await asyncio.sleep(0.5)
            await asyncio.sleep(PAUSE)

    async def happen(self):
        headers = signed("scheduler")
        _, _, out = await self.rig.moto("GET", "/schedules", headers, b"")
        for listed in json.loads(out).get("Schedules", []):
            where = "/schedules/%s?groupName=%s" % (listed["Name"], listed["GroupName"])
            _, _, out = await self.rig.moto("GET", where, headers, b"")
            schedule = json.loads(out)
            time = re.fullmatch(r"at\((.*)\)", schedule.get("ScheduleExpression", ""))
            if time and datetime.datetime.fromisoformat(time[1] + "+00:00") <= datetime.datetime.now(datetime.timezone.utc):
                await self.rig.moto("DELETE", where, headers, b"")
                target = schedule["Target"]
                asyncio.ensure_future(self.functions.invoke(target["Arn"], "us-east-1", target["Input"].encode()))
