"""An HTTP API in front of functions: a request to /_http/FUNCTION/STAGE/PATH becomes an API Gateway event (payload format
2.0), and the function's result becomes the reply. RIG_CONFIG may name {"authorizers": {FUNCTION: FUNCTION}}, asked first
except for the routes of OPEN.
"""
import base64
import json
import time
import uuid

from aiohttp import web


#: Routes that anyone may use.
OPEN = {"/healthz", "/config.json", "/openapi.json", "/login", "/callback", "/callback/done"}


def event(request, stage, path, body):
    headers = {}
    for name, value in request.headers.items():
        headers[name.lower()] = headers[name.lower()] + "," + value if name.lower() in headers else value
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    raw = "/%s/%s" % (stage, path)
    http = {"method": request.method, "path": raw, "protocol": "HTTP/1.1", "sourceIp": request.remote,
            "userAgent": headers.get("user-agent", "")}
    context = {"accountId": "123456789012", "apiId": "rig", "domainName": headers.get("host"), "domainPrefix": "rig", "http": http,
               "requestId": str(uuid.uuid4()), "routeKey": "$default", "stage": stage, "time": "01/Jan/2026:00:00:00 +0000",
               "timeEpoch": int(time.time() * 1000)}
    return {"version": "2.0", "routeKey": "$default", "rawPath": raw, "rawQueryString": request.query_string,
            **({"cookies": headers.pop("cookie").split("; ")} if "cookie" in headers else {}), "headers": headers,
            "requestContext": context, **({"body": text} if body else {}), "isBase64Encoded": encoded}


async def reply(request):
    function, stage = request.match_info["function"], request.match_info["stage"]
    path = request.raw_path.split("?")[0].split("/", 4)[4]
    asked = event(request, stage, path, await request.read())
    authorizer = request.app["rig"].config().get("authorizers", {}).get(function)
    if authorizer and "/" + path not in OPEN:
        question = {key: value for key, value in asked.items() if key not in ("body", "isBase64Encoded")}
        said = await request.app["functions"].invoke(authorizer, "us-east-1", json.dumps({**question, "type": "REQUEST"}).encode())
        if said is None or said[0] or not json.loads(said[1])["isAuthorized"]:
            return web.json_response({"message": "Forbidden"}, status=500 if said is None or said[0] else 403)
    answer = await request.app["functions"].invoke(function, "us-east-1", json.dumps(asked).encode())
    if answer is None or answer[0]:
        return web.json_response({"message": "Internal Server Error"}, status=500 if answer else 404)
    result = json.loads(answer[1])
    body = result.get("body") or ""
    out = web.Response(status=result["statusCode"], body=base64.b64decode(body) if result.get("isBase64Encoded") else body.encode())
    out.headers.popall("Content-Type", None)
    for name, values in result.get("multiValueHeaders", {}).items():
        for value in values:
            out.headers.add(name, value)
    for name, value in result.get("headers", {}).items():
        if name.lower() not in (given.lower() for given in result.get("multiValueHeaders", {})):
            out.headers.add(name, value)
    for cookie in result.get("cookies", []):
        out.headers.add("set-cookie", cookie)
    return out
