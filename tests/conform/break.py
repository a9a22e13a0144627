#!/usr/bin/env python3
"""The other way round: traffic that breaks a spec in known ways. A harness that finds nothing anywhere would be noticed here.

    break.py OUT

Writes, recorded on the loopback from a real client and a real server:

  OUT/tides.yaml          a made-up spec
  OUT/sound.pcap          traffic that it allows, with all that is optional left out or odd at some time: nothing may be found
  OUT/broken.pcap         each operation broken in one way, in 4 of 12 exchanges
  OUT/broken.expected.json  what must be found, and nothing besides: operation, what, where, how often

`what` is in plain words (`undocumented response field`), for whoever judges to map to rules.
"""
import argparse
import copy
import http.server
import json
import pathlib
import threading
import time

import yaml

from wire import Recorder, exchange, place, sieve

PORT = 17990
TIMES = 12
BROKEN = (2, 5, 8, 11)
BEARER = {"Authorization": "Bearer tok4Zq8hR3vLx0mB7"}
WELL = {"id": 7, "name": "Low Point", "height": 2.5}
BARE = {"id": 7, "name": "Low Point"}


def schema(**more):
    """An object that names all its fields and forbids others."""
    return {
        "type": "object", "additionalProperties": False, "required": ["id", "name"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "height": {"type": "number"}, **more},
    }


def answer(body_schema, media="application/json"):
    return {"200": {"description": "well", "content": {media: {"schema": body_schema}}}, "404": {"description": "not there"}}


def of(name, where, one, required=False, **more):
    return {"name": name, "in": where, "required": required, "schema": one, **more}


class Case:
    """One operation, how it is used well, and how it is broken."""

    def __init__(self, what, where, declared, method="get", path=None, **broken):
        self.what, self.where, self.method = what, where, method
        self.declared = {"security": [{"bearer": []}], "responses": answer(schema()), **declared}
        self.path, self.broken = path, broken
        self.well = {}

    def usually(self, **well):
        """How it differs from a request without anything and an answer of WELL."""
        self.well = well
        return self


def body(one, required=True, media="application/json"):
    return {"requestBody": {"required": required, "content": {media: {"schema": one}}}}


def cases():
    """What is broken, in order. Keys of how: path, query, headers (None takes one away), cookies, json, raw and type (the request),
    status, answer, answer_raw, answer_type, answer_headers (the answer)."""
    nested = {"type": "object", "additionalProperties": False, "required": ["items"], "properties": {"items": {"type": "array", "items": schema()}}}
    silent = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    joined = {"allOf": [silent, {"type": "object", "properties": {"height": {"type": "number"}}}]}
    kinds = {
        "oneOf": [{"$ref": "#/components/schemas/Spring"}, {"$ref": "#/components/schemas/Neap"}],
        "discriminator": {"propertyName": "kind", "mapping": {"spring": "#/components/schemas/Spring", "neap": "#/components/schemas/Neap"}},
    }
    form = {"type": "object", "additionalProperties": False, "required": ["place"], "properties": {"place": {"type": "string"}, "depth": {"type": "integer"}}}
    post = {"method": "post"}
    text, number = {"type": "string"}, {"type": "integer"}
    more = {**WELL, "colour": "grey"}
    sent = {"json": WELL}
    return [
        Case("undocumented response field", "/colour", {}, answer=more),
        Case("undocumented response field", "/items/*/colour", {"responses": answer(nested)}, answer={"items": [WELL, more]}).usually(answer={"items": [WELL, WELL]}),
        # The schema does not say whether there may be others: JSON Schema allows them, and still nobody wrote them down.
        Case("undocumented response field, not forbidden", "/colour", {"responses": answer(silent)}, answer={**BARE, "colour": "grey"}).usually(answer=BARE),
        Case("undocumented response field, not forbidden", "/colour", {"responses": answer(joined)}, answer=more),
        Case("undocumented request field, not forbidden", "/colour", body(silent), json={**BARE, "colour": "grey"}, **post).usually(json=BARE),
        Case("undocumented request field", "/colour", body(schema()), json=more, **post).usually(**sent),
        Case("undocumented request field", "/site/colour", body(schema(site=schema())), json={**WELL, "site": more}, **post).usually(json={**WELL, "site": WELL}),
        Case("missing required response field", "/name", {}, answer={"id": 7}),
        Case("missing required response field", "/items/*/id", {"responses": answer(nested)}, answer={"items": [{"name": "x"}]}).usually(answer={"items": [WELL]}),
        Case("missing required request field", "/name", body(schema()), json={"id": 7}, **post).usually(**sent),
        Case("wrong type of response field", "/id", {}, answer={"id": "seven", "name": "x"}),
        Case("wrong type of response field", "/height", {}, answer={"id": 7, "name": "x", "height": None}),
        Case("wrong type of response field", "/tags", {"responses": answer(schema(tags={"type": "array", "items": text}))}, answer={**WELL, "tags": "a"}).usually(answer={**WELL, "tags": ["a"]}),
        Case("wrong type of request field", "/id", body(schema()), json={"id": "seven", "name": "x"}, **post).usually(**sent),
        Case("wrong type of query parameter", "depth", {"parameters": [of("depth", "query", number)]}, query="depth=deep").usually(query="depth=4"),
        Case("wrong type of path parameter", "port", {"parameters": [of("port", "path", number, True)]}, path="/{port}", at="/north").usually(at="/12"),
        Case("wrong type of header parameter", "x-depth", {"parameters": [of("X-Depth", "header", number)]}, headers={"X-Depth": "deep"}).usually(headers={"X-Depth": "4"}),
        Case("value outside enum of response field", "/state", {"responses": answer(schema(state={"type": "string", "enum": ["ebb", "flood"]}))}, answer={**WELL, "state": "slack"}).usually(answer={**WELL, "state": "ebb"}),
        Case("value outside enum of query parameter", "state", {"parameters": [of("state", "query", {"type": "string", "enum": ["ebb", "flood"]})]}, query="state=slack").usually(query="state=flood"),
        Case("value outside enum of request field", "/state", body(schema(state={"type": "string", "enum": ["ebb", "flood"]})), json={**WELL, "state": "slack"}, **post).usually(json={**WELL, "state": "ebb"}),
        Case("wrong format of response field", "/at", {"responses": answer(schema(at={"type": "string", "format": "date-time"}))}, answer={**WELL, "at": "yesterday"}).usually(answer={**WELL, "at": "2026-03-01T10:00:00Z"}),
        Case("wrong format of response field", "/key", {"responses": answer(schema(key={"type": "string", "format": "uuid"}))}, answer={**WELL, "key": "k-1"}).usually(answer={**WELL, "key": "7d4c2f0a-93b1-4f6e-8a25-1c0e9b7d6f31"}),
        Case("wrong format of query parameter", "day", {"parameters": [of("day", "query", {"type": "string", "format": "date"})]}, query="day=monday").usually(query="day=2026-03-01"),
        Case("value out of range of response field", "/height", {"responses": answer(schema(height={"type": "number", "maximum": 20}))}, answer={**WELL, "height": 21.5}),
        Case("value out of range of response field", "/name", {"responses": answer(schema(name={"type": "string", "maxLength": 9}))}, answer={"id": 7, "name": "a name too long"}),
        Case("wrong format of response field", "/name", {"responses": answer(schema(name={"type": "string", "pattern": "^[A-Z]"}))}, answer={"id": 7, "name": "lower"}),
        Case("value out of range of response field", "/tags", {"responses": answer(schema(tags={"type": "array", "items": text, "maxItems": 2}))}, answer={**WELL, "tags": ["a", "b", "c"]}).usually(answer={**WELL, "tags": ["a"]}),
        Case("value out of range of query parameter", "limit", {"parameters": [of("limit", "query", {"type": "integer", "minimum": 1, "maximum": 100})]}, query="limit=500").usually(query="limit=100"),
        Case("undocumented status", "418", {}, status=418, answer=None),
        Case("undocumented status", "503", {"responses": {"2XX": {"description": "well"}, "4XX": {"description": "not so well"}}}, status=503, answer=None).usually(answer=None, status=204),
        Case("undocumented content type of response", "text/html", {}, answer_raw="<p>tides</p>", answer_type="text/html"),
        Case("undocumented content type of request", "application/xml", body(schema()), raw="<tide/>", type="application/xml", **post).usually(**sent),
        Case("undocumented query parameter", "debug", {}, query="debug=1"),
        Case("undocumented header parameter", "x-tide-debug", {}, headers={"X-Tide-Debug": "1"}),
        Case("undocumented cookie parameter", "tide_debug", {"parameters": [of("port", "cookie", text)]}, cookies="port=n; tide_debug=1").usually(cookies="port=n"),
        Case("undocumented form parameter", "colour", body(form, media="application/x-www-form-urlencoded"), raw="place=north&colour=grey", **post).usually(raw="place=north", type="application/x-www-form-urlencoded"),
        Case("missing required query parameter", "place", {"parameters": [of("place", "query", text, True)]}, query="").usually(query="place=north"),
        Case("missing required header parameter", "x-place", {"parameters": [of("X-Place", "header", text, True)]}, headers={"X-Place": None}).usually(headers={"X-Place": "n"}),
        Case("missing required cookie parameter", "place", {"parameters": [of("place", "cookie", text, True)]}, cookies="").usually(cookies="place=n"),
        Case("missing required form parameter", "place", body(form, media="application/x-www-form-urlencoded"), raw="depth=4", **post).usually(raw="place=north&depth=4", type="application/x-www-form-urlencoded"),
        Case("missing required request body", "", body(schema()), json=None, **post).usually(**sent),
        Case("no credentials, and it succeeded", "bearer", {}, headers={"Authorization": None}),
        Case("other credentials than declared, and it succeeded", "basic", {}, headers={"Authorization": "Basic bWFyeTpoYWQtYS1saXR0bGUtbGFtYg=="}),
        Case("no credentials, and it succeeded", "key", {"security": [{"key": []}]}, headers={"X-Tide-Key": None, "Authorization": None}).usually(headers={"X-Tide-Key": "tok4Zq8hR3vLx0mB7", "Authorization": None}),
        Case("deprecated parameter in use", "unit", {"parameters": [of("unit", "query", text, deprecated=True)]}, query="unit=feet"),
        Case("sunset announced", "sunset", {}, answer_headers={"Sunset": "Sat, 31 Dec 2050 23:59:59 GMT"}),
        Case("read-only field in a request", "/made", body(schema(made={"type": "string", "readOnly": True})), json={**WELL, "made": "x"}, **post).usually(**sent),
        Case("write-only field in a response", "/secret", {"responses": answer(schema(secret={"type": "string", "writeOnly": True}))}, answer={**WELL, "secret": "x"}),
        Case("no variant fits a response", "", {"responses": answer(kinds)}, answer={"kind": "spring", "moon": 4}).usually(answer={"kind": "spring", "moon": "full"}),
    ]


# Sound: (declared, how it is used each time). Nothing may be found.
def sound():
    text, number = {"type": "string"}, {"type": "integer"}
    silent = {"type": "object", "required": ["id"], "properties": {"id": number, "note": {"type": "string", "nullable": True}}}
    browser = {
        "Accept-Language": "en", "Referer": "http://tides.example/", "Origin": "http://tides.example", "X-Requested-With": "XMLHttpRequest",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Cache-Control": "no-cache", "If-None-Match": '"x"', "X-Forwarded-For": "10.1.1.1",
    }
    lists = [of("tag", "query", {"type": "array", "items": text}), of("ids", "query", {"type": "array", "items": number}, style="form", explode=False),
             of("box", "query", {"type": "object", "properties": {"w": number, "h": number}}, style="deepObject", explode=True)]
    return [
        ("get", "", {"responses": answer(schema())}, [{}, {"answer": {"id": 1, "name": ""}}, {"answer": {"id": 1, "name": "n", "height": 3}}, {"status": 404, "answer": None}, {"headers": browser}]),
        ("get", "", {"responses": answer(silent)}, [{"answer": {"id": 1}}, {"answer": {"id": 1, "note": None}}, {"answer": {"id": 2, "note": "x"}}]),
        ("get", "", {"responses": {"200": {"description": "well", "content": {"application/json": {"schema": schema()}}}, "default": {"description": "else", "content": {"application/problem+json": {"schema": {"type": "object"}}}}}},
         [{}, {"status": 503, "answer": {"title": "low water"}, "answer_type": "application/problem+json"}, {"status": 401, "headers": {"Authorization": None}, "answer": {}, "answer_type": "application/problem+json"}]),
        ("get", "", {"responses": {"2XX": {"description": "well"}, "4XX": {"description": "not so well"}}}, [{"status": 204, "answer": None}, {"status": 429, "answer": None}, {"status": 202, "answer": None}]),
        ("get", "", {"parameters": lists}, [{}, {"query": "tag=a&tag=b"}, {"query": "ids=1,2,3"}, {"query": "ids=1%2C2"}, {"query": "box%5Bw%5D=1&box[h]=2"}]),
        ("post", "", body(schema(), required=False), [{"json": WELL}, {}, {"json": WELL, "type": "application/json; charset=utf-8"}, {"json": WELL, "answer_type": "application/json;charset=UTF-8"}]),
        ("get", "", {"security": [{"bearer": []}, {"key": []}, {}]}, [{}, {"headers": {"Authorization": None, "X-Tide-Key": "tok4Zq8hR3vLx0mB7"}}, {"headers": {"Authorization": None}}]),
        ("get", "", {"responses": {"200": {"description": "a chart", "content": {"image/*": {}}}}}, [{"answer_raw": "\x89PNG", "answer_type": "image/png"}, {"answer_raw": "x", "answer_type": "image/webp"}]),
        ("get", "", {"responses": answer({"type": "object", "additionalProperties": {"type": "number"}})}, [{"answer": {"dover": 1.5, "brest": 4}}, {"answer": {}}]),
        ("get", "/{port}.json", {"parameters": [of("port", "path", text, True)]}, [{"at": "/north.json"}, {"at": "/a%20b.json"}, {"at": "/a.b.json"}]),
        ("get", "", {"responses": answer(schema(level={"type": "integer", "format": "int64", "minimum": 0}))}, [{"answer": {**WELL, "level": 0}}, {"answer": {**WELL, "level": 9007199254740993}}]),
    ]


class Server(http.server.ThreadingHTTPServer):
    """Answers each client address and port as planned."""

    daemon_threads = True
    plans = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tides", ""

    def log_message(self, *_):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        how = self.server.plans[self.client_address]
        content = how.get("answer_raw")
        media = how.get("answer_type", "application/json")
        if content is None and how.get("answer", WELL) is not None:
            content = json.dumps(how.get("answer", WELL))
        content = (content or "").encode("latin-1")
        self.send_response(how.get("status", 200))
        for name, value in (how.get("answer_headers") or {}).items():
            self.send_header(name, value)
        if content:
            self.send_header("Content-Type", media)
        if how.get("status") != 204:
            self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer


def ask(server, number, method, path, how):
    client = place(0, number)
    server.plans[client] = how
    target = path + how.get("at", "") + (f"?{how['query']}" if how.get("query") else "")
    headers = {"User-Agent": "conform/1", "Accept": "*/*", **BEARER}
    if how.get("cookies"):
        headers["Cookie"] = how["cookies"]
    content = None
    if how.get("raw") is not None:
        content, headers["Content-Type"] = how["raw"].encode(), how.get("type")
    elif how.get("json") is not None:
        content, headers["Content-Type"] = json.dumps(how["json"]).encode(), how.get("type", "application/json")
    elif method == "post":
        content = b""
    headers.update(how.get("headers") or {})
    got = exchange(client, PORT, method.upper(), target, [(name, value) for name, value in headers.items() if value is not None], content)
    if got.status != how.get("status", 200):
        raise SystemExit(f"{method} {target}: {got.status}")


def record(server, file, talk):
    raw = file.with_suffix(".all.pcap")
    recorder = Recorder(raw, PORT)
    count = talk(server)
    if recorder.stop():
        raise SystemExit("tcpdump lost packets")
    sieve(raw, file, PORT, {place(0, number) for number in range(count)})
    raw.unlink()
    return count


def prove(file):
    """The validator that generate.py trusts must call each broken JSON body wrong, and no other: this tries the list here, and the validator."""
    from check import Bodies
    from spec import Spec

    spec = Spec(file)
    bodies, operations = Bodies(spec), {one.node["operationId"]: one for one in spec.operations}

    def errors(operation, how):
        said = []
        content, media = how.get("answer", WELL), how.get("answer_type", "application/json")
        pointer = operation.schema(how.get("status", 200), media)
        if content is not None and "answer_raw" not in how and pointer:
            said += bodies.errors(False, pointer, content)
        pointer = operation.request_schema("application/json")
        if how.get("json") is not None and pointer:
            said += bodies.errors(True, pointer, how["json"])
        return said

    for at, case in enumerate(cases()):
        operation = operations[f"broken{at}"]
        wrong, broken = errors(operation, case.well), errors(operation, {**case.well, **case.broken})
        found = " field" in case.what and not case.what.endswith(", not forbidden")
        if wrong or (found and not broken):
            raise SystemExit(f"{case.what} {at}: well used {wrong or 'right'}, broken {broken or 'right'}")
    for at, (_, _, _, ways) in enumerate(sound()):
        for how in ways:
            wrong = errors(operations[f"sound{at}"], how)
            if wrong:
                raise SystemExit(f"sound {at}: {how}: {wrong}")


def main():
    parser = argparse.ArgumentParser(description="Traffic that breaks a spec in known ways")
    parser.add_argument("out", type=pathlib.Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    variants = {
        kind: {"type": "object", "additionalProperties": False, "required": ["kind", field], "properties": {"kind": {"type": "string", "enum": [kind]}, field: {"type": "string"}}}
        for kind, field in (("spring", "moon"), ("neap", "quarter"))
    }
    document = {
        "openapi": "3.0.3", "info": {"title": "Tides", "version": "1"}, "servers": [{"url": "http://tides.example/v1"}], "paths": {},
        "components": {
            "schemas": {"Spring": variants["spring"], "Neap": variants["neap"]},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "X-Tide-Key"}},
        },
    }
    broken, expected, fine = [], [], []
    for at, case in enumerate(cases()):
        base = f"/broken-{case.what.split(',')[0].replace(' ', '-')}-{at}"
        path = base + (case.path or "")
        document["paths"][path] = {case.method: {"operationId": f"broken{at}", **copy.deepcopy(case.declared)}}
        broken.append((case.method, f"/v1{base}", case))
        expected.append({"operation": f"{case.method.upper()} {path}", "what": case.what, "where": case.where, "exchanges": len(BROKEN), "of": TIMES})
    for at, (method, path, declared, ways) in enumerate(sound()):
        base = f"/sound-{at}"
        document["paths"][base + path] = {method: {"operationId": f"sound{at}", "security": [{"bearer": []}], "responses": answer(schema()), **copy.deepcopy(declared)}}
        fine.append((method, f"/v1{base}", ways))
    # JSON stands for YAML too; without anchors, so that each place is written out.
    (out / "tides.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False))
    prove(out / "tides.yaml")
    server = Server(("127.0.0.1", PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def break_all(server):
        number = 0
        for method, path, case in broken:
            for time_of in range(TIMES):
                how = {**case.well, **case.broken} if time_of in BROKEN else case.well
                ask(server, number, method, path, how)
                number += 1
        return number

    def behave(server):
        number = 0
        for method, path, ways in fine:
            for time_of in range(TIMES):
                ask(server, number, method, path, ways[time_of % len(ways)])
                number += 1
        for method, path, case in broken:
            for _ in range(4):
                ask(server, number, method, path, case.well)
                number += 1
        return number

    count = {"broken": record(server, out / "broken.pcap", break_all)}
    time.sleep(0.2)
    count["sound"] = record(server, out / "sound.pcap", behave)
    server.shutdown()
    told = {"spec": "tides.yaml", "spec_host": f"127.0.0.1:{PORT}", "exchanges": count, "broken": expected}
    (out / "broken.expected.json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"{len(expected)} operations broken, {count['broken']} and {count['sound']} exchanges")


if __name__ == "__main__":
    main()
