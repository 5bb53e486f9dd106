"""A WebSocket interface in front of functions: /_live/NAME is the stage of an API whose functions are NAME-authorize, asked for
each connection, and NAME-websocket, told of what happens to it. Messages are posted to /_live/NAME/@connections/ID.
"""
import json
import secrets

from aiohttp import WSMsgType, web

#: Largest message, in bytes, as the service accepts it.
MOST = 128 * 1024


class Live:
    def __init__(self, rig, functions):
        self.rig, self.functions, self.open = rig, functions, {}

    async def invoke(self, name, event):
        answer = await self.functions.invoke(name, "us-east-1", json.dumps(event).encode())
        if answer is None or answer[0]:
            raise web.HTTPInternalServerError(text=json.dumps({"message": "Internal server error"}))
        return json.loads(answer[1])

    async def connect(self, request):
        name, connection = request.match_info["name"], secrets.token_urlsafe(9) + "="
        context = {"stage": name, "apiId": "rig", "connectionId": connection, "domainName": request.headers.get("host", "")}
        query = dict(request.query)
        if "ticket" not in query:
            raise web.HTTPUnauthorized(text=json.dumps({"message": "Unauthorized"}))
        event = {"queryStringParameters": query, "headers": dict(request.headers)}
        begins = {"requestContext": {**context, "eventType": "CONNECT", "routeKey": "$connect"}, **event}
        route = "arn:aws:execute-api:us-east-1:123456789012:rig/%s/$connect" % name
        asked = await self.invoke(name + "-authorize", {"type": "REQUEST", "methodArn": route, **begins})
        if not all(statement["Effect"] == "Allow" and statement["Resource"] == route for statement in asked["policyDocument"]["Statement"]):
            raise web.HTTPForbidden(text=json.dumps({"Message": "User is not authorized to access this resource"}))
        accepted = await self.invoke(name + "-websocket", begins)
        if accepted["statusCode"] != 200:
            raise web.HTTPBadGateway()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open[connection] = socket
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    said = {"requestContext": {**context, "eventType": "MESSAGE", "routeKey": "$default"}, "body": message.data}
                    await self.invoke(name + "-websocket", said)
        finally:
            del self.open[connection]
            await self.invoke(name + "-websocket", {"requestContext": {**context, "eventType": "DISCONNECT", "routeKey": "$disconnect"}})
        return socket

    async def post(self, connection, body):
        """Sends a message; the status, as the service answers."""
        socket = self.open.get(connection)
        if socket is None or socket.closed:
            return web.json_response({"message": "Gone"}, status=410, headers={"x-amzn-ErrorType": "GoneException"})
        if len(body) > MOST:
            return web.json_response({"message": "too large"}, status=413, headers={"x-amzn-ErrorType": "PayloadTooLargeException"})
        await socket.send_str(body.decode())
        return web.Response()
