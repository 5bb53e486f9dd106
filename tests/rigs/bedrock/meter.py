"""The provider's cache, and what was served."""
import collections
import hashlib
import json

from answers import turn_answer
from wire import dump


class Cache:
    """Prompt caching by the provider's rules: usage follows from the bytes of the requests."""
    POINTS, LOOKBACK, BYTES_PER_TOKEN = 4, 20, 4

    def __init__(self, spec):
        self.minimum, self.ttl, self.entries = spec["minimum"], spec.get("ttlSeconds", 300), {}

    def parts(self, body, chat):
        """The request's pieces in reading order, and the positions of its cache points."""
        parts, points = [], []
        messages = [("messages" + m.get("role", ""), b) for m in body.get("messages", [])
                    for b in ([m] if chat else m.get("content", []))]
        tools = body.get("tools", []) if chat else body.get("toolConfig", {}).get("tools", [])
        for section, value in [*(("tools", t) for t in tools), *(("system", b) for b in ([] if chat else body.get("system", []))), *messages]:
            if not chat and "cachePoint" in value:
                points.append(len(parts))
                continue
            parts.append((section, dump(value)))
        # OpenAI's servers cache automatically, at any position.
        return parts, list(range(1, len(parts) + 1)) if chat else points

    def usage(self, model, body, chat, now):
        """The tokens that this request reads, writes and pays in full; also writes its cache entries."""
        parts, points = self.parts(body, chat)
        seen, size, prefixes = hashlib.sha256(model.encode()), 0, [(None, 0)]
        for section, text in parts:
            seen.update(b"%b %d " % (section.encode(), len(text)) + text)
            size += len(text)
            prefixes.append((seen.hexdigest(), size // self.BYTES_PER_TOKEN))
        alive = [at for at in range(1, len(prefixes)) if self.entries.get(prefixes[at][0], 0) > now
                 and any(at <= point <= at + self.LOOKBACK for point in points)]
        read_to = max(alive, default=0)
        kept = [point for point in points if prefixes[point][1] >= self.minimum]
        for at in [*kept, *([read_to] if read_to else [])]:
            self.entries[prefixes[at][0]] = now + self.ttl
        read, total = prefixes[read_to][1], prefixes[-1][1]
        write = 0 if chat else max(prefixes[max(kept, default=0)][1] - read, 0)
        return {"input": total - read - write, "cacheRead": read, "cacheWrite": write}


def metered(answer, spent):
    """The same answer with the usage computed by the cache."""
    turn, tool_ids, defaults = answer.source
    scripted = {**defaults.get("usage", {}), **turn.get("usage", {})}
    said = turn.get("text", "") + "".join(c.get("inputText") or json.dumps(c.get("input", {}), ensure_ascii=False) for c in turn.get("tools", []))
    return turn_answer({**turn, "usage": {**spent, "output": scripted.get("output", len(said.encode()) // 4)}}, tool_ids, defaults)


COUNTED = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")


class Meter:
    """Usage of the answers that were written completely, and separately of those that were cut off."""

    def __init__(self):
        self.agents = {}

    def count(self, agent, usage, whole):
        sums = self.agents.setdefault(agent, {"complete": collections.Counter(), "cut": collections.Counter()})
        sums = sums["complete" if whole else "cut"]
        sums["answers"] += 1
        for key in COUNTED:
            sums[key] += usage.get(key, 0)

    def shown(self):
        def sums(these):
            return {kind: {key: sum(s[kind][key] for s in these) for key in ("answers", *COUNTED)} for kind in ("complete", "cut")}
        return {**sums(self.agents.values()), "by_agent": {name: sums([s]) for name, s in self.agents.items()}}
