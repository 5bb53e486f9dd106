"""What moto's tables lack: reads that are not consistent answer as the table was at the same read before, and replies of writes
to tables whose names begin with `lossy` are lost now and then.
"""
import json

#: What a read answers that was never made before.
NOTHING = {"GetItem": {}, "Query": {"Items": [], "Count": 0, "ScannedCount": 0}}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
#: Every how many writes a reply is lost.
EVERY = 3


class Tables:
    def __init__(self):
        self.seen, self.writes = {}, 0

    def answer(self, action, body, out):
        """What is answered instead of `out`; None when the reply is lost."""
        asked = json.loads(body or b"{}")
        if action in NOTHING and not asked.get("ConsistentRead") and "IndexName" not in asked:
            before = self.seen.get(body, json.dumps(NOTHING[action]).encode())
            self.seen[body] = out
            return before
        if action in WRITES and b'"TableName":"lossy' in body.replace(b" ", b""):
            self.writes += 1
            return out if self.writes % EVERY else None
        return out
