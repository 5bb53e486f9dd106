"""Tests framing, both protocols, cache and meter, and measures requests per second: `fake_bedrock.py selftest`."""
import asyncio
import binascii
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection, HTTPException

from answers import CLOSED
from meter import Cache
from wire import dump

CHAT = "/v1/chat/completions"
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_bedrock.py")


def selftest():
    assert binascii.crc32(b"123456789") == 0xCBF43926
    test_cache()
    with tempfile.TemporaryDirectory() as tmp:
        port_file = tmp + "/port"
        server = subprocess.Popen([sys.executable, SERVER, "--port", "0", "--port-file", port_file, "--bench"],
                                  stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(port_file):
                time.sleep(0.02)
            port = int(open(port_file).read())
            test_protocols(port)
            for path, size, each in (("/model/m/converse", 500, 400), ("/model/m/converse-stream", 500, 400),
                                     ("/model/m/converse-stream", 20000, 400), ("/model/m/converse-stream", 200000, 50),
                                     ("/v1/chat/completions", 500, 400), ("/v1/chat/completions", 200000, 50)):
                print(f"{path:28s} body {size:6d} B  {asyncio.run(load(port, path, size, 16, each)):8.0f} requests/s")
        finally:
            server.terminate()
            server.wait()


def test_cache():
    cache, point = Cache({"minimum": 10}), {"cachePoint": {"type": "default"}}
    long, short = [{"text": "s" * 100}], [{"text": "s"}]
    def ask(system, now, words=("hi",)):
        messages = [{"role": "user", "content": [{"text": w} for w in words]}]
        spent = cache.usage("m", {"system": system, "messages": messages}, False, now)
        return spent["input"], spent["cacheRead"], spent["cacheWrite"]
    assert ask([*long], 0) == (31, 0, 0), "without a point nothing is cached"
    assert ask([*long, point], 0) == (4, 0, 27), "the first request writes"
    assert ask([*long, point], 299) == (4, 27, 0), "the next one reads, and the entry stays"
    assert ask([*long, point], 598) == (4, 27, 0), "a hit renews the entry"
    assert ask([*long, point], 898) == (4, 0, 27), "the entry expired after five minutes"
    assert ask([*short, point], 898) == (6, 0, 0), "too short to cache"
    assert ask([{"text": "S" * 100}, point], 898) == (4, 0, 27), "another prompt is another entry"
    longer = {"system": [*long, point], "messages": [{"role": "user", "content": [{"text": "x" * 40}, point]}]}
    assert cache.usage("m", longer, False, 900) == {"input": 0, "cacheRead": 27, "cacheWrite": 13}, "the new part is written"
    assert cache.usage("other", longer, False, 900)["cacheRead"] == 0, "each model has its own cache"
    chat = {"messages": [{"role": "system", "content": "s" * 100}, {"role": "user", "content": "hi"}]}
    assert cache.usage("m", chat, True, 0)["cacheRead"] == 0 and cache.usage("m", chat, True, 1)["cacheWrite"] == 0
    chat["messages"].append({"role": "user", "content": "more"})
    assert cache.usage("m", chat, True, 2)["cacheRead"] == (len(dump(chat["messages"][0])) + len(dump(chat["messages"][1]))) // 4


def test_protocols(port):
    def ask(method, path, body=None):
        connection = HTTPConnection("127.0.0.1", port)
        connection.request(method, path, dump(body) if body is not None else None)
        answer = connection.getresponse()
        try:
            return answer.status, answer.read()
        except HTTPException as cut:
            return None, cut.partial

    def chat(stream=True, usage=True, model="m", agent="a"):
        return ask("POST", CHAT, {"model": model, "stream": stream, **({"stream_options": {"include_usage": True}} if usage else {}),
                                  "messages": [{"role": "system", "content": f"AGENT:{agent} RUN:1"}, {"role": "user", "content": "go"}]})

    def chunks(raw):
        lines = [line[6:] for line in raw.decode().split("\n") if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line != "[DONE]"], lines[-1:] == ["[DONE]"]
    call = {"name": "read", "input": {"path": "a"}}
    turn = {"text": "Hello", "tools": [call], "chunkChars": 2, "usage": {"input": 7, "output": 3, "cacheRead": 5, "cacheWrite": 2}}
    slow = {"text": "slow", "eventDelayMs": 1}
    ask("POST", "/_fake/load", {"model": {"agents": {"a": {"turns": [
        turn, turn, turn, {**slow, "error": {"type": "ThrottlingException", "retryAfter": 2}},
        *({"text": "Hello", "streamError": {"type": kind, "message": "no", "afterEvents": 2}} for kind in (CLOSED, "ModelStreamErrorException"))]}}}})
    said, done = chunks(chat()[1])
    deltas = [c["choices"][0]["delta"] for c in said if c["choices"]]
    assert done and "".join(d.get("content", "") for d in deltas) == "Hello"
    calls = [d["tool_calls"][0] for d in deltas if "tool_calls" in d]
    assert calls[0]["id"] == "tu-a-0-0" and "".join(c["function"]["arguments"] for c in calls) == '{"path": "a"}'
    assert said[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert said[-1]["usage"] == {"prompt_tokens": 14, "completion_tokens": 3, "total_tokens": 17, "prompt_tokens_details": {"cached_tokens": 5}}
    whole = json.loads(chat(stream=False)[1])
    assert whole["usage"] == said[-1]["usage"] and whole["choices"][0]["message"]["tool_calls"][0]["id"] == "tu-a-1-0"
    assert not any("usage" in c for c in chunks(chat(usage=False)[1])[0]), "a report is sent only on request"
    status, raw = chat()
    assert (status, json.loads(raw)["error"]) == (429, {"message": "ThrottlingException", "type": "ThrottlingException", "code": 429})
    said, done = chunks(chat()[1])
    assert done and said[-1]["usage"]["prompt_tokens"] == 100
    status, raw = chat()
    assert status is None and len(chunks(raw)[0]) == 2, "the connection ends in the middle"
    said, done = chunks(chat()[1])
    assert not done and said[-1] == {"error": {"message": "no", "type": "ModelStreamErrorException", "code": 424}}
    meter = json.loads(ask("GET", "/_fake/meter")[1])
    assert meter["complete"] == {"answers": 4, "inputTokens": 121, "outputTokens": 29, "cacheReadInputTokens": 15, "cacheWriteInputTokens": 6}
    assert meter["cut"]["answers"] == 2 and meter["by_agent"]["a"]["complete"] == meter["complete"]
    logged = json.loads(ask("GET", "/_fake/requests")[1])
    assert {(x["op"], x["agent"], x["run"]) for x in logged} == {("chat-completions", "a", "1")} and [x["call"] for x in logged] == [*range(7)]
    assert json.loads(ask("GET", "/v1/models")[1])["data"][0]["object"] == "model"
    assert ask("POST", CHAT, {"model": "m"})[0] == 400 and ask("GET", "/v1/nothing")[0] == 404
    # With a cache, the points of a request determine its cost.
    ask("POST", "/_fake/load", {"model": {"cache": {"minimum": 10}, "agents": {"a": {"exhausted": "cycle", "turns": [{"text": "x" * 40}]}}}})
    point = {"cachePoint": {"type": "default"}}
    body = {"system": [{"text": "AGENT:a " + "s" * 100}, point], "messages": [{"role": "user", "content": [{"text": "go"}]}]}
    spent = [json.loads(ask("POST", "/model/m/converse", body)[1])["usage"] for _ in range(2)]
    assert [(u["inputTokens"], u["cacheReadInputTokens"], u["cacheWriteInputTokens"], u["outputTokens"]) for u in spent] == [(4, 0, 29, 10), (4, 29, 0, 10)]
    body["system"] += [point] * 4
    status, raw = ask("POST", "/model/m/converse", body)
    assert status == 400 and b"5 cache points" in raw
    assert json.loads(ask("GET", "/_fake/stats")[1])["by_run"] == {"-": {"a": 2}}, "a refused call takes no turn"
    # A caller that disconnects early has not received its answer.
    ask("POST", "/_fake/load", {"model": {"agents": {"a": {"turns": [{"text": "x" * 999, "eventDelayMs": 20}]}}}})
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("POST", CHAT, dump({"model": "m", "stream": True, "messages": [{"role": "system", "content": "AGENT:a"}]}))
    connection.getresponse().read(10)
    connection.close()
    time.sleep(0.2)
    meter = json.loads(ask("GET", "/_fake/meter")[1])
    assert (meter["complete"]["answers"], meter["cut"]["answers"], meter["cut"]["inputTokens"]) == (0, 1, 100), meter
    ask("POST", "/_fake/load", {"model": {"agents": {"*": {"exhausted": "cycle", "turns": [{"text": "ok done"}]}}}})


async def load(port, path, size, connections, each):
    body = dump({"messages": [{"role": "user", "content": [{"text": "x" * size}]}], "system": [{"text": "AGENT:b RUN:1"}]})
    if path == CHAT:
        body = dump({"model": "m", "messages": [{"role": "system", "content": "AGENT:b RUN:1"}, {"role": "user", "content": "x" * size}]})
    request = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(each):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
        writer.close()
    start = time.perf_counter()
    await asyncio.gather(*[one() for _ in range(connections)])
    return connections * each / (time.perf_counter() - start)
