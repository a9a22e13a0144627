#!/usr/bin/env python3
"""Traffic that a spec allows, made by others from the spec alone, over real HTTP, and recorded.

    generate.py SPECS OUT [--seconds N] [--only NAME] [--seed S] [--jobs J] [--undeclared leave|keep]

For each spec in SPECS (YAML or JSON, also .gz) a server answers on a TCP port of its own (serve.cjs: Prism), requests are made by
Schemathesis, and tcpdump records the loopback. Each message is judged by somebody who did not make it (check.py). OUT/NAME.pcap
holds the exchanges that are what the spec says; OUT/NAME.left-out.json lists those that are not, and why; OUT/NAME.made.json
says what was made; OUT/specs/ has the documents unpacked.
"""
import argparse
import collections
import gzip
import hashlib
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import warnings

HERE = pathlib.Path(__file__).resolve().parent
MODULES = pathlib.Path(os.environ.get("CONFORM_MODULES", HERE.parent.parent / "target" / "conform" / "node_modules"))
FIRST_SERVER = 18000
# Requests of one operation in one round, each with the next of its declared statuses. One that declares more gets more.
CASES = 4
# An operation whose requests take longer to think up than this is left to the next round, or out.
THINK = 6
MAKERS = {"dynamic": "Prism from the schema", "static": "Prism from examples or plainly", "spare": "Schemathesis", "opaque": "us: bytes"}
# A busy machine may take up to so many times longer, until at least so many exchanges are kept.
PATIENCE, ENOUGH = 5, 12
# What the client library adds by itself, and no spec declares.
OWN = {"user-agent", "accept-encoding", "accept", "connection", "x-schemathesis-testcaseid", "content-length"}


class Slow(BaseException):
    """Thinking took too long. No `Exception`: Hypothesis must not take it for an outcome."""


class Stuck(Exception):
    """The server is gone, or does not come to an end. What was made until then stands."""


def rank(seed, text):
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()


class Answers:
    """The server of one spec."""

    def __init__(self, spec, port):
        self.child = subprocess.Popen(
            ["node", "--max-old-space-size=4096", str(HERE / "serve.cjs"), str(spec), str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "NODE_PATH": str(MODULES)},
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.child.stdout:
            try:
                self.lines.put(json.loads(line))
            except ValueError:
                pass  # a library's own words
        self.lines.put(None)

    def next(self, seconds):
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            raise Stuck("the server does not come to an end") from None
        if line is None:
            raise Stuck("the server is gone")
        return line

    def plan(self, entry):
        try:
            self.child.stdin.write(json.dumps(entry) + "\n")
            self.child.stdin.flush()
        except OSError:
            raise Stuck("the server is gone") from None

    def stop(self):
        try:
            self.child.stdin.close()
            self.child.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self.child.kill()
            self.child.wait()


class Run:
    """Everything about one spec."""

    def __init__(self, number, spec_file, out, seconds, seed, keep_undeclared):
        from check import Bodies
        from spec import Spec

        self.number, self.out, self.seconds, self.seed, self.keep_undeclared = number, out, seconds, seed, keep_undeclared
        self.port = FIRST_SERVER + number
        self.answers = Answers(spec_file, self.port)
        self.spec = Spec(spec_file)
        self.bodies = Bodies(self.spec)
        self.shapes = collections.Counter(one.shape for one in self.spec.operations)
        self.made, self.left, self.reasons = [], [], collections.Counter()
        self.unsent, self.judges, self.measured = collections.Counter(), collections.Counter(), collections.Counter()
        self.turns, self.tries = collections.Counter(), collections.Counter()
        self.spares, self.poor = collections.defaultdict(list), set()
        self.exchanges = 0

    def over(self):
        now = time.monotonic()
        return now >= self.end and (len(self.made) >= ENOUGH or now >= self.end + (PATIENCE - 1) * self.seconds)

    def whole(self):
        import schemathesis
        from schemathesis.config import SchemathesisConfig
        from spec import mirror
        from wire import Recorder, sieve

        name = self.spec.name
        config = SchemathesisConfig.from_dict({"generation": {"allow-extra-parameters": False, "with-security-parameters": False, "mode": "positive"}})
        try:
            self.schema = schemathesis.openapi.from_path(str(self.spec.path), config=config)
            mirrored, self.mirrored = mirror(self.spec)
            self.mirror = schemathesis.openapi.from_dict(mirrored, config=config)
        except Exception as problem:
            self.answers.stop()
            return self.tell(unreadable=f"Schemathesis: {problem}")
        first = self.answers.next(150)
        if "unreadable" in first:
            self.answers.stop()
            return self.tell(unreadable=f"Prism: {first['unreadable']}")
        recorded = self.out / f"{name}.all.pcap"
        recorder = Recorder(recorded, self.port)
        order = sorted(self.spec.operations, key=lambda one: rank(self.seed, one.label))
        self.end = time.monotonic() + self.seconds
        turn, stuck = 0, {}
        try:
            while not self.over() and order and turn < 1000:
                before = self.exchanges
                for operation in order:
                    if self.over():
                        break
                    self.serve(operation, turn)
                turn += 1
                if self.exchanges == before:
                    break
        except Stuck as problem:
            stuck = {"ended_early": str(problem)}
        finally:
            lost = recorder.stop()
            self.answers.stop()
        keep = {tuple(one["client"]) for one in self.made}
        packets, dropped = sieve(recorded, self.out / f"{name}.pcap", self.port, keep)
        recorded.unlink()
        return self.tell(lost=lost, packets=packets, packets_left_out=dropped, **stuck)

    def tell(self, **more):
        reached = collections.defaultdict(lambda: collections.Counter())
        for one in self.made:
            reached[one["operation"]][str(one["status"])] += 1
        summary = {
            "spec": self.spec.path.name, "version": self.spec.version, "port": self.port, "seed": self.seed, "undeclared": "keep" if self.keep_undeclared else "leave",
            "operations": len(self.spec.operations), "operations_reached": len(reached),
            "kept": len(self.made), "left_out": len(self.left), "measured": dict(self.measured), **more,
        }
        old = [one.label for one in self.spec.operations if one.node.get("deprecated") is True]
        made = {**summary, "deprecated": old, "reached": {label: dict(codes) for label, codes in sorted(reached.items())}}
        (self.out / f"{self.spec.name}.made.json").write_text(json.dumps(made, indent=1) + "\n")
        left = {
            **summary, "why": dict(self.reasons.most_common()), "never_sent": dict(self.unsent.most_common()),
            "validators_that_could_not_judge": dict(self.judges.most_common()), "exchanges": self.left,
        }
        (self.out / f"{self.spec.name}.left-out.json").write_text(json.dumps(left, indent=1) + "\n")
        return summary

    def spare(self, operation, code, media, fresh):
        """A JSON body for an answer, made by Schemathesis; None where it makes none. One that is only for want of a better need not be `fresh`."""
        from spec import is_json, undeclared

        pointer = operation.schema(code, media) if media and is_json(media) else None
        if pointer is None:
            return None
        _, pointer = self.spec.resolve(self.spec.at(pointer), pointer)
        path = self.mirrored.get(pointer)
        if path is None:
            return None
        pool = self.spares[path]
        if not fresh:
            return pool[0] if pool else None
        if len(pool) < 2 and self.tries[path] < 40:
            self.tries[path] += 1
            cases = self.imagine(self.mirror, path, "post", 3, rank(self.seed, f"{self.tries[path]} {path}"))
            for case in cases:
                value = case.as_transport_kwargs(base_url="http://x").get("json")
                if not self.keep_undeclared:
                    undeclared(self.spec, pointer, value, drop=True)
                try:
                    pool.append(json.dumps(value, ensure_ascii=self.tries[path] % 2 == 0))
                except (TypeError, ValueError):
                    self.unsent["an answer that is no JSON"] += 1
        # The last one stays, for want of a better.
        return pool.pop() if len(pool) > 1 else (pool[0] if pool else None)

    def think(self, operation, turn):
        """Requests for one operation."""
        wanted = min(max(CASES, len(operation.statuses())), 12)
        # To Prism's validator an empty value is none: a required one with nothing in it would only be left out.
        places = {"query": "query", "header": "headers", "cookie": "cookies"}
        demanded = [(places[place], name) for (place, name), (one, _) in operation.parameters.items() if place in places and one.get("required")]

        def filled(case):
            return all((getattr(case, place) or {}).get(name) not in ("", [], None) for place, name in demanded)

        return self.imagine(self.schema, operation.template, operation.method, wanted, rank(self.seed, f"{turn} {operation.label}"), filled)

    def imagine(self, schema, path, method, wanted, salt, fit=lambda case: True):
        """Schemathesis makes requests for one operation of a schema."""
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import seed as seeded
        from schemathesis.generation import GenerationMode

        cases = []
        number = int.from_bytes(salt[:6], "big")

        def slow(*_):
            raise Slow

        signal.signal(signal.SIGALRM, slow)
        signal.setitimer(signal.ITIMER_REAL, THINK)
        try:
            target = schema[path][method]

            @seeded(number)
            @settings(max_examples=wanted, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None, database=None)
            @given(case=target.as_strategy(generation_mode=GenerationMode.POSITIVE).filter(fit))
            def note(case):
                cases.append(case)

            note()
        except Slow:
            self.unsent["thinking took too long"] += not cases
        except Exception as problem:
            self.unsent[f"Schemathesis: {type(problem).__name__}: {str(problem).splitlines()[0][:120]}"] += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return cases

    def serve(self, operation, turn):
        statuses = operation.statuses()
        if not statuses:
            self.unsent["no status is declared that ends an exchange"] += turn == 0
            return
        if "#" in operation.template:
            self.unsent["a path with a fragment, which no request has"] += turn == 0
            return
        if self.shapes[operation.shape] > 1:
            self.unsent["paths that differ in the names of variables only: nobody can tell whose it is"] += turn == 0
            return
        good = [code for code in statuses if code < 300] or statuses
        # Every declared status once, success every other time.
        row = good + [code for pair in zip([one for one in statuses if one not in good], good * len(statuses)) for code in pair]
        cases = self.think(operation, turn)
        if not cases:
            return
        sends = max(len(cases), len(row) if turn == 0 else 0)
        for at in range(sends):
            if self.over():
                return
            code = row[self.turns[operation.label] % len(row)]
            self.turns[operation.label] += 1
            self.send(operation, cases[at % len(cases)], code)

    def prepare(self, operation, case, number):
        """The request as it will be sent, and what of it is to be judged here."""
        import requests
        from spec import credentials, undeclared

        base = operation.bases[number % len(operation.bases)]
        given = case.as_transport_kwargs(base_url=f"http://127.0.0.1:{self.port}{base}")
        declared = {name.lower() for place, name in operation.parameters if place == "header"}
        headers = {name: value for name, value in given.get("headers", {}).items() if name.lower() not in OWN or name.lower() in declared}
        alternatives = operation.security()
        more_headers, more_query, more_cookies = credentials(alternatives[number % len(alternatives)], number)
        names = {name.lower() for name in more_headers}
        headers = {name: value for name, value in headers.items() if name.lower() not in names} | more_headers
        # To use what is deprecated is worth a word, and no fault.
        given_query, old = given.get("params") or {}, set()
        for (where, name), (parameter, _) in operation.parameters.items():
            if parameter.get("deprecated") is True and not parameter.get("required"):
                old.add((where, name.lower()))
        gone = {name for where, name in old if where == "query"} | {name.lower() for name in more_query}
        if isinstance(given_query, str):
            # Already as its style has it.
            parts = [part for part in given_query.split("&") if urllib.parse.unquote_plus(part.split("=")[0]).lower() not in gone]
            query = "&".join([part for part in parts if part] + ([urllib.parse.urlencode(more_query)] if more_query else []))
        else:
            pairs = given_query.items() if isinstance(given_query, dict) else given_query
            query = [(name, value) for name, value in pairs if name.lower() not in gone] + list(more_query.items())
        headers = {name: value for name, value in headers.items() if ("header", name.lower()) not in old}
        cookies = {**(given.get("cookies") or {}), **more_cookies}
        media = next((value for name, value in headers.items() if name.lower() == "content-type"), case.media_type or "")
        pointer = operation.request_schema(media) if media else None
        if "json" in given and pointer:
            # Schemathesis may hold values that only become texts when they are sent.
            given["json"] = json.loads(requests.Request("POST", "http://x", json=given["json"]).prepare().body or b"null")
            for _, said in undeclared(self.spec, pointer, given["json"], drop=not self.keep_undeclared):
                self.measured[f"request field undeclared, schema says {said}"] += 1
            self.measured["JSON request bodies"] += 1
        names = operation.form_fields(media)
        if isinstance(given.get("data"), dict) and names is not None:
            for name in [one for one in given["data"] if one not in names]:
                self.measured["form field undeclared"] += 1
                if not self.keep_undeclared:
                    del given["data"][name]
        files = given.get("files")
        if files:
            more = [one for one in files if names is not None and one[0] not in names]
            self.measured["form field undeclared"] += len(more)
            if not self.keep_undeclared:
                files = [one for one in files if one not in more]
            # A file without a type of its own is more than Prism's validator can read.
            files = [(name, (*part, "application/octet-stream") if len(part) == 2 and part[0] is not None else part) for name, part in files]
        if media.startswith("multipart/") and not files:
            raise ValueError("a multipart body without parts")
        prepared = requests.Request(
            given["method"], given["url"], headers=headers, params=query, json=given.get("json"), data=given.get("data"),
            files=files, cookies=cookies,
        ).prepare()
        return base, prepared, pointer if "json" in given else None, given.get("json")

    def send(self, operation, case, code):
        from spec import is_json
        from wire import exchange, place

        number = self.exchanges
        try:
            base, prepared, pointer, value = self.prepare(operation, case, number)
        except Exception as problem:
            self.unsent[f"request: {type(problem).__name__}: {str(problem)[:120]}"] += 1
            return
        client = place(self.number, number)
        types = operation.types(code)
        # Mostly JSON, where there is a choice.
        preferred = [one for one in types if is_json(one)] if number % 4 else types
        types = preferred or types
        media = types[number % len(types)] if types else None
        # Where Prism's answer was no good once, it seldom is.
        poor = (operation.label, code) in self.poor
        first = "prism" if number % 3 and not poor else "spare"
        spare = self.spare(operation, code, media, first == "spare")
        split = urllib.parse.urlsplit(prepared.url)
        target = split.path + (f"?{split.query}" if split.query else "")
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        headers = [("User-Agent", "conform/1"), ("Accept", media or "*/*")]
        packed = number % 7 == 0
        if packed:
            headers.append(("Accept-Encoding", "gzip"))
        headers += [(name, value) for name, value in prepared.headers.items() if name.lower() not in ("content-length", "accept")]
        if body is not None and not isinstance(body, bytes):
            self.unsent["a body that is a stream"] += 1
            return
        self.answers.plan({
            "key": f"{client[0]}:{client[1]}", "method": operation.method, "path": operation.template, "base": base, "code": code,
            "types": [media] if media else None, "seed": str(number + 1), "optional": (1, 0.5, 0.8, 0.25, 0.6)[number % 5],
            "fill": self.keep_undeclared, "spare": spare, "first": first, "gzip": packed,
        })
        self.exchanges += 1
        try:
            answer = exchange(client, self.port, operation.method.upper(), target, headers, body)
        except Exception as problem:
            self.unsent[f"{type(problem).__name__}: {str(problem)[:120]}"] += 1
            self.leave(operation, code, "cannot be sent", str(problem), target)
            return
        said = self.answers.next(20)
        while said.get("key") != f"{client[0]}:{client[1]}":
            said = self.answers.next(20)
        for what in said.get("unjudged", ()):
            self.measured[f"{what} not judged by Prism: schema too large"] += 1
        why = self.judge(operation, case, prepared, pointer, value, answer, said, code)
        if why:
            if why[0].startswith("answer"):
                self.poor.add((operation.label, code))
            self.leave(operation, code, why[0], why[1], target)
        else:
            self.made.append({"client": client, "operation": operation.label, "status": answer.status})
            self.measured[f"answers made by {MAKERS[said.get('way')]}"] += 1

    def leave(self, operation, code, reason, detail, target):
        self.reasons[reason] += 1
        self.left.append({"operation": operation.label, "status": code, "why": reason, "detail": detail[:300], "target": target[:300]})

    def judge(self, operation, case, prepared, pointer, value, answer, said, code):
        """None, or why an exchange is left out and what was said of it."""
        from check import Unreadable
        from schemathesis import Response
        from schemathesis.core.failures import FailureGroup
        from schemathesis.specs.openapi import checks
        from spec import undeclared

        if "error" in said:
            return "answer: Prism makes none", said["error"]
        if said["routed"] != f"{operation.method} {operation.template}":
            return "path: Prism takes it for another operation's, or nobody's", str(said["routed"])
        for one in said["input"]:
            return f"request: Prism: {one['where'].split('.')[0] or 'whole'}: {one.get('code') or 'other'}", f"{one['where']}: {one['what']}"
        for name, _ in urllib.parse.parse_qsl(urllib.parse.urlsplit(prepared.url).query, keep_blank_values=True):
            if not operation.takes_query(name):
                return "request: a query parameter that is not declared", name
        if pointer:
            try:
                for line in self.bodies.errors(True, pointer, value):
                    return "request: JSON Schema", line
            except Unreadable as problem:
                self.judges[f"JSON Schema: {problem}"] += 1
        if answer.status != code:
            return "answer: another status than was asked for", f"{answer.status} for {code}"
        for one in said["output"]:
            return f"answer: Prism: {one['where'].split('.')[0] or 'whole'}: {one.get('code') or 'other'}", f"{one['where']}: {one['what']}"
        fields = collections.defaultdict(list)
        for name, text in answer.headers:
            fields[name].append(text)
        # A body that was packed on the way is judged as it was meant.
        fields.pop("content-encoding", None)
        seen = Response(answer.status, fields, answer.body, prepared, 0.01, False)
        wanted = [checks.status_code_conformance, checks.response_headers_conformance]
        if answer.body:
            wanted += [checks.content_type_conformance, checks.response_schema_conformance]
        try:
            case.validate_response(seen, checks=wanted)
        except FailureGroup as group:
            one = group.exceptions[0]
            return f"answer: Schemathesis: {type(one).__name__}", str(one)
        except Exception as problem:
            self.judges[f"Schemathesis: {type(problem).__name__}: {str(problem)[:100]}"] += 1
        media = next((text for name, text in answer.headers if name == "content-type"), "")
        bare = media.split(";")[0].strip().lower()
        schema = operation.schema(code, media) if media else None
        if schema and answer.body and (bare == "application/json" or bare.endswith("+json")):
            try:
                content = json.loads(answer.body)
            except ValueError as problem:
                return "answer: no JSON", str(problem)
            try:
                for line in self.bodies.errors(False, schema, content):
                    return "answer: JSON Schema", line
            except Unreadable as problem:
                self.judges[f"JSON Schema: {problem}"] += 1
            self.measured["JSON answer bodies"] += 1
            more = [one for one in undeclared(self.spec, schema, content)]
            for _, what in more:
                self.measured[f"answer field undeclared, schema says {what}"] += 1
            if not self.keep_undeclared:
                for path, what in more:
                    if what == "nothing":
                        return "answer: a field that the schema neither names nor forbids", path
        return None


def one(arguments):
    warnings.simplefilter("ignore")
    run = Run(arguments.one, arguments.specs, arguments.out, arguments.seconds, arguments.seed, arguments.undeclared == "keep")
    print(json.dumps(run.whole()))


def unpack(source, out):
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for file in sorted(source.iterdir()):
        target = out / file.name.removesuffix(".gz")
        if target.suffix not in (".json", ".yaml", ".yml"):
            continue
        with gzip.open(file) if file.suffix == ".gz" else open(file, "rb") as packed, open(target, "wb") as plain:
            shutil.copyfileobj(packed, plain)
        files.append(target)
    return files


def main():
    parser = argparse.ArgumentParser(description="Traffic that specs allow, recorded")
    parser.add_argument("specs", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=8, help="how long each spec is asked for")
    parser.add_argument("--only", help="specs whose name has this")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--undeclared", choices=("leave", "keep"), default="leave", help="fields of bodies that a schema neither names nor forbids")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        return one(arguments)
    if not MODULES.is_dir():
        raise SystemExit(f"{MODULES} is not there: run install.sh")
    files = unpack(arguments.specs, arguments.out / "specs")
    # The largest first: they take the longest to read.
    todo = sorted(enumerate(files), key=lambda pair: -pair[1].stat().st_size)
    todo = [pair for pair in todo if not arguments.only or arguments.only in pair[1].stem]
    running, failed = {}, []
    began = time.monotonic()
    while todo or running:
        while todo and len(running) < arguments.jobs:
            number, file = todo.pop(0)
            command = [sys.executable, __file__, str(file), str(arguments.out), "--one", str(number), "--seconds", str(arguments.seconds), "--seed", arguments.seed, "--undeclared", arguments.undeclared]
            log = open(arguments.out / f"{file.stem}.log", "w")
            running[subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)] = (file, time.monotonic())
        for child, (file, since) in list(running.items()):
            if child.poll() is None:
                if time.monotonic() - since > PATIENCE * arguments.seconds + 200:
                    child.kill()
                continue
            del running[child]
            told = child.stdout.read().strip()
            if child.returncode != 0 or not told:
                failed.append(file.stem)
                print(f"{file.stem}: FAILED, see {file.stem}.log", flush=True)
                continue
            summary = json.loads(told.splitlines()[-1])
            if "unreadable" in summary:
                print(f"{file.stem}: cannot be read by {summary['unreadable'][:200]}", flush=True)
                continue
            print(
                f"{file.stem}: {summary['operations_reached']} of {summary['operations']} operations, {summary['kept']} exchanges kept, "
                f"{summary['left_out']} left out, {summary['lost']} packets lost, {time.monotonic() - since:.0f} s"
                f"{', ended early: ' + summary['ended_early'] if 'ended_early' in summary else ''}", flush=True,
            )
            if summary["lost"]:
                failed.append(file.stem)
        time.sleep(0.1)
    print(f"all in {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
