"""Runs the CDN's function in a JavaScript engine on requests as CloudFront hands them over."""

import json
import sys
from pathlib import Path

import quickjs

SOURCE = (Path(__file__).resolve().parents[2] / "infra/cdn/viewer-request.js").read_text()
TOKEN = {"token": {"value": "abc"}}

# path, query before, and what must come out: the path and the query, or None for a refusal.
CASES = [
    ("/", {}, ("/", {})),
    ("/healthz/", {}, ("/healthz", {})),
    ("/healthz", {}, ("/healthz", {})),
    ("/api/messaging/conversations/", {"limit": {"value": "5"}}, ("/api/messaging/conversations", {"limit": "5"})),
    ("/api/messaging/messages//", {}, ("/api/messaging/messages/", {})),
    ("/ws/messaging/", TOKEN, ("/live", {"token": "abc", "socket": "messaging"})),
    ("/ws/messaging", TOKEN, ("/live", {"token": "abc", "socket": "messaging"})),
    (
        "/ws/messaging/conversations/c_1/",
        TOKEN,
        ("/live", {"token": "abc", "socket": "conversation", "conversation_id": "c_1"}),
    ),
    ("/ws/chat/c%2F1/", {}, ("/live", {"socket": "conversation", "conversation_id": "c%2F1"})),
    ("/ws/chat/a&b=c+d/", {}, ("/live", {"socket": "conversation", "conversation_id": "a%26b%3Dc%2Bd"})),
    ("/ws/typing/c_1/", {}, ("/live", {"socket": "typing", "conversation_id": "c_1"})),
    ("/ws/presence/", {}, ("/live", {"socket": "presence"})),
    # What the path says stands above what the query claims.
    (
        "/ws/messaging/",
        {"socket": {"value": "typing"}, "conversation_id": {"value": "c_2"}},
        ("/live", {"socket": "messaging"}),
    ),
    ("/ws/chat/c_1/", {"conversation_id": {"value": "c_2"}}, ("/live", {"socket": "conversation", "conversation_id": "c_1"})),
    ("/ws/", {}, None),
    ("/ws/chat/", {}, None),
    ("/ws/chat/a/b/", {}, None),
    ("/ws/else/", {}, None),
    ("/wsx/", {}, ("/wsx", {})),
    ("/media/att_1/%C3%84%20b.png", {}, ("/clean/att_1", {})),
    ("/media/att_1", {}, ("/clean/att_1", {})),
    ("/media/preview/att_1", {}, ("/preview/att_1", {})),
    ("/media/../quarantine/att_1", {}, ("/media/../quarantine/att_1", {})),
    ("/media/a/b/c", {}, ("/media/a/b/c", {})),
]


def main() -> None:
    engine = quickjs.Context()
    engine.eval(SOURCE)
    for path, query, wanted in CASES:
        event = {"request": {"method": "GET", "uri": path, "querystring": query, "headers": {}}}
        answer = json.loads(engine.eval(f"JSON.stringify(handler({json.dumps(event)}))"))
        if wanted is None:
            got, expected = answer.get("statusCode"), 404
        else:
            got = (answer["uri"], {name: value["value"] for name, value in answer["querystring"].items()})
            expected = wanted
        if got != expected:
            sys.exit(f"viewer-request.js: {path} {query} became {got}, not {expected}")
    event = {"request": {"method": "GET", "uri": "/healthz", "querystring": {}, "headers": {
        "host": {"value": "d1.cloudfront.net"}, "x-parlance-origin-host": {"value": "evil.example"}}}}
    headers = json.loads(engine.eval(f"JSON.stringify(handler({json.dumps(event)}))"))["headers"]
    if headers["x-parlance-origin-host"]["value"] != "d1.cloudfront.net":
        sys.exit("viewer-request.js: the host that was asked for is not what the origin is told")
    print(f"viewer-request.js: {len(CASES)} requests rewritten as they should be")


if __name__ == "__main__":
    main()
