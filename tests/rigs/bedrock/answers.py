"""Scripted answers, each encoded once when it is loaded."""
import json

from wire import STREAM_HEAD, es_event, es_exception, http, http_error, http_json

CLOSED = "ConnectionClosed"  # instead of an error type: the connection closes without an answer


class Answer:
    """One scripted answer in both encodings. `events` is set if the stream is sent piece by piece."""

    def __init__(self, label, delay, plain, stream, served=None):
        self.label, self.delay, self.plain, self.stream, self.served = label, delay, plain, stream, served
        self.events, self.gap, self.cut, self.head = None, 0, False, STREAM_HEAD
        self.usage, self.whole = None, True  # what the meter counts; whether the answer is written to its end
        self.source = None  # turn, tool ids and defaults: what it is made of
        self.chats = {}  # the same answer in OpenAI's protocol, with and without a report of usage


def error_answer(err):
    kind = err["type"]
    raw = b"" if kind == CLOSED else http_error(kind, err.get("message", kind), err.get("status"), err.get("retryAfter"))
    answer = Answer("error:" + kind, err.get("delayMs", 0) / 1000, raw, raw)
    answer.source = err
    return answer


def turn_answer(turn, tool_ids, defaults):
    blocks = [{"text": turn["text"]}] if turn.get("text") else []
    calls = turn.get("tools", [])
    for n, call in enumerate(calls):
        blocks.append({"toolUse": {"toolUseId": call.get("id") or f"{tool_ids}-{n}", "name": call["name"],
                                   "input": call.get("input", {})}})
    stop = turn.get("stop") or ("tool_use" if calls else "end_turn")
    usage = usage_of(turn.get("usage") or defaults.get("usage") or {})
    delay = turn.get("delayMs", defaults.get("delayMs", 0))
    metrics = {"latencyMs": int(turn.get("latencyMs", defaults.get("latencyMs", delay)))}
    plain = http_json({"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": stop,
                       "usage": usage, "metrics": metrics})
    events = stream_events(blocks, [c.get("inputText") for c in calls], int(turn.get("chunkChars", defaults.get("chunkChars", 24))))
    events += [es_event("messageStop", {"stopReason": stop}), es_event("metadata", {"usage": usage, "metrics": metrics})]
    fault = turn.get("streamError")
    if fault is None:
        answer = Answer("turn:" + stop, delay / 1000, plain, None, {
            "stop": stop, "text": turn.get("text", ""), "tools": [b["toolUse"] for b in blocks if "toolUse" in b],
            "usage": usage})
    else:
        answer = Answer("stream_error:" + fault["type"], delay / 1000, plain, None)
        events = events[:fault.get("afterEvents", 1)]
        answer.cut = fault["type"] == CLOSED
        if not answer.cut:
            events.append(es_exception(fault["type"], fault.get("message", fault["type"])))
    answer.gap = turn.get("eventDelayMs", 0) / 1000
    if answer.gap or answer.cut:
        answer.events = events
    answer.stream = http(200, "application/vnd.amazon.eventstream", b"".join(events))
    answer.usage, answer.whole, answer.source = usage, fault is None, (turn, tool_ids, defaults)
    return answer


def usage_of(spec):
    spec = {"input": 100, "output": 20, **spec}
    usage = {"inputTokens": spec["input"], "outputTokens": spec["output"], "totalTokens": spec["input"] + spec["output"]}
    for short, name in (("cacheRead", "cacheReadInputTokens"), ("cacheWrite", "cacheWriteInputTokens")):
        if short in spec:
            usage[name] = spec[short]
    return usage


def stream_events(blocks, raw_inputs, chunk):
    events, raw = [es_event("messageStart", {"role": "assistant"})], iter(raw_inputs)
    for i, block in enumerate(blocks):
        if "text" in block:
            text, wrap = block["text"], lambda s: {"text": s}
        else:
            use = block["toolUse"]
            text, wrap = next(raw) or json.dumps(use["input"], ensure_ascii=False), lambda s: {"toolUse": {"input": s}}
            events.append(es_event("contentBlockStart", {"contentBlockIndex": i, "start": {
                "toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}}))
        for k in range(0, len(text), chunk):
            events.append(es_event("contentBlockDelta", {"contentBlockIndex": i, "delta": wrap(text[k:k + chunk])}))
        events.append(es_event("contentBlockStop", {"contentBlockIndex": i}))
    return events


def compile_agent(name, spec, defaults):
    """The answers of one agent in order, and what follows the last one: error, cycle or repeat_last."""
    answers = []
    for turn in spec["turns"]:
        for _ in range(turn.get("repeat", 1)):
            err = turn.get("error")
            if err:
                times = err.get("times", 1)
                answers += [error_answer(err)] * max(times, 1)
                if times < 0:
                    return answers, "repeat_last"
            answers.append(turn_answer(turn, f"tu-{name}-{len(answers)}", defaults))
    return answers, spec.get("exhausted", "error")


NOTHING = error_answer({"type": "ValidationException", "message": "fake bedrock: nothing is scripted for this call"})
EXHAUSTED = error_answer({"type": "ValidationException", "message": "fake bedrock: script exhausted"})
