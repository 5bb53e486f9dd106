"""Wire formats: HTTP/1.1, event-stream frames, JSON."""
import binascii
import json
import struct
import uuid

STATUS = {
    "ThrottlingException": 429, "ModelNotReadyException": 429, "ServiceQuotaExceededException": 400,
    "ValidationException": 400, "AccessDeniedException": 403, "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408, "ConflictException": 409, "ModelErrorException": 424,
    "ModelStreamErrorException": 424, "InternalServerException": 500, "ServiceUnavailableException": 503,
}


def es_message(headers, payload):
    """One message of application/vnd.amazon.eventstream."""
    head = b"".join(bytes([len(k)]) + k.encode() + b"\x07" + struct.pack(">H", len(v)) + v.encode() for k, v in headers)
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + head + payload
    return message + struct.pack(">I", binascii.crc32(message))


def es_event(kind, value):
    return es_message([(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")], dump(value))


def es_exception(kind, message):
    return es_message([(":exception-type", kind), (":content-type", "application/json"),
                       (":message-type", "exception")], dump({"message": message}))


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def http(status, content_type, body, *extra):
    head = [f"HTTP/1.1 {status} {'OK' if status < 300 else 'Error'}", f"content-type: {content_type}",
            f"content-length: {len(body)}", f"x-amzn-requestid: {uuid.uuid4()}", *extra]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def http_json(value, status=200, *extra):
    return http(status, "application/json", dump(value), *extra)


def http_error(kind, message, status=None, retry_after=None):
    extra = [f"x-amzn-errortype: {kind}"] + ([f"retry-after: {retry_after}"] if retry_after is not None else [])
    return http_json({"message": message}, status or STATUS.get(kind, 400), *extra)


STREAM_HEAD = (b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
               b"transfer-encoding: chunked\r\n\r\n")
CHAT_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
