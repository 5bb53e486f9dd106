"""OpenAI's protocol: the same scripts, written as chat completions."""
import json

from answers import CLOSED, Answer
from wire import CHAT_HEAD, STATUS, dump, http, http_json

FINISH = {"end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls", "max_tokens": "length",
          "content_filtered": "content_filter", "guardrail_intervened": "content_filter"}


def chat_error(kind, message, status=None, retry_after=None):
    status = status or STATUS.get(kind, 400)
    extra = [f"retry-after: {retry_after}"] if retry_after is not None else []
    return http_json({"error": {"message": message, "type": kind, "code": status}}, status, *extra)


def chat_usage(usage):
    """Cached tokens are included in those of the prompt; tokens written to a cache are not reported."""
    read = usage.get("cacheReadInputTokens", 0)
    prompt = usage["inputTokens"] + read + usage.get("cacheWriteInputTokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": usage["outputTokens"],
            "total_tokens": prompt + usage["outputTokens"], "prompt_tokens_details": {"cached_tokens": read}}


def chat_answer(answer, reported):
    """The answer as a chat completion, with or without a report of usage."""
    if reported not in answer.chats:
        answer.chats[reported] = completion(answer, reported)
    return answer.chats[reported]


def completion(answer, reported):
    if not isinstance(answer.source, tuple):
        err = answer.source
        raw = b"" if err["type"] == CLOSED else chat_error(err["type"], err.get("message", err["type"]), err.get("status"), err.get("retryAfter"))
        return Answer(answer.label, answer.delay, raw, raw)
    turn, tool_ids, defaults = answer.source
    calls = [{"id": call.get("id") or f"{tool_ids}-{n}", "type": "function", "function": {
        "name": call["name"], "arguments": call.get("inputText") or json.dumps(call.get("input", {}), ensure_ascii=False)}}
        for n, call in enumerate(turn.get("tools", []))]
    stop = turn.get("stop") or ("tool_use" if calls else "end_turn")
    finish, usage, text = FINISH.get(stop, stop), chat_usage(answer.usage), turn.get("text") or None
    head = {"id": f"chatcmpl-{tool_ids}", "created": 0, "model": "fake"}
    message = {"role": "assistant", "content": text, **({"tool_calls": calls} if calls else {})}
    plain = http_json({**head, "object": "chat.completion", "usage": usage,
                       "choices": [{"index": 0, "message": message, "finish_reason": finish}]})
    out = Answer(answer.label, answer.delay, plain, None, answer.served)
    events = chat_events(head, text, calls, finish, usage if reported else None, int(turn.get("chunkChars", defaults.get("chunkChars", 24))))
    fault = turn.get("streamError")
    if fault is not None:
        kind = fault["type"]
        events, out.cut = events[:fault.get("afterEvents", 1)], kind == CLOSED
        if not out.cut:
            error = {"message": fault.get("message", kind), "type": kind, "code": STATUS.get(kind, 500)}
            events.append(b"data: " + dump({"error": error}) + b"\n\n")
    out.gap, out.head, out.usage, out.whole = answer.gap, CHAT_HEAD, answer.usage, answer.whole
    if out.gap or out.cut:
        out.events = events
    out.stream = http(200, "text/event-stream", b"".join(events))
    return out


def chat_events(head, text, calls, finish, usage, chunk):
    """The report and the end are one piece, the last that a caller waits for."""
    def event(delta, finish=None, **more):
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if delta is not None else []
        return b"data: " + dump({**head, "object": "chat.completion.chunk", "choices": choices, **more}) + b"\n\n"
    events = [event({"role": "assistant", "content": ""})]
    events += [event({"content": text[k:k + chunk]}) for k in range(0, len(text or ""), chunk)]
    for n, call in enumerate(calls):
        arguments = call["function"]["arguments"]
        events.append(event({"tool_calls": [{"index": n, **call, "function": {**call["function"], "arguments": ""}}]}))
        events += [event({"tool_calls": [{"index": n, "function": {"arguments": arguments[k:k + chunk]}}]})
                   for k in range(0, len(arguments), chunk)]
    return events + [event({}, finish), (event(None, usage=usage) if usage else b"") + b"data: [DONE]\n\n"]
