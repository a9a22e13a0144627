#!/usr/bin/env python3
"""Holds what break.py recorded against what must be found: each break, and nothing besides.

    control.py TAP OUT [--open-fields]

In sound.pcap nothing may be found. In broken.pcap each operation must have a drift finding of the rule that RULES gives for how it
was broken, and no other; where RULES names none, one of any rule will do. `--open-fields`: fields that a schema does not name and
does not forbid are findings, too. Ends with 1 when anything is wrong.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

# What break.py calls a break, and the rule that tells of it. None: not found by design, which the README says.
RULES = {
    "undocumented response field": "undocumented-response-field",
    "undocumented response field, not forbidden": "undocumented-response-field",
    "undocumented request field": "undocumented-request-field",
    "undocumented request field, not forbidden": "undocumented-request-field",
    "missing required response field": "missing-response-field",
    "missing required request field": "missing-request-field",
    "wrong type of response field": "response-wrong-type",
    "wrong type of request field": "request-wrong-type",
    "wrong type of query parameter": "request-wrong-type",
    "wrong type of path parameter": "request-wrong-type",
    "wrong type of header parameter": "request-wrong-type",
    "value outside enum of response field": "response-not-in-enum",
    "value outside enum of query parameter": "request-not-in-enum",
    "value outside enum of request field": "request-not-in-enum",
    "wrong format of response field": "response-wrong-format",
    "wrong format of query parameter": "request-wrong-format",
    "value out of range of response field": "response-out-of-range",
    "value out of range of query parameter": "request-out-of-range",
    "undocumented status": "undocumented-status",
    "undocumented content type of response": "undocumented-response-type",
    "undocumented content type of request": "undocumented-request-type",
    "undocumented query parameter": "undocumented-query",
    "undocumented header parameter": "undocumented-header",
    "undocumented cookie parameter": "undocumented-cookie",
    "undocumented form parameter": "undocumented-form-field",
    "missing required query parameter": "missing-query",
    "missing required header parameter": "missing-header",
    "missing required cookie parameter": "missing-cookie",
    "missing required form parameter": "missing-form-field",
    "missing required request body": "missing-request-body",
    "no credentials, and it succeeded": "no-credentials",
    "other credentials than declared, and it succeeded": "other-credentials",
    "deprecated parameter in use": "deprecated-parameter",
    "sunset announced": "undocumented-sunset",
    "read-only field in a request": "read-only-sent",
    "write-only field in a response": "write-only-returned",
    "no variant fits a response": "response-wrong-type",
}
OPEN = ", not forbidden"


def rule(finding):
    return finding.get("rule") or finding.get("reason") or finding["kind"]


def replay(tap, out, name, told):
    host = f"{pathlib.Path(told['spec']).stem}={told['spec_host']}"
    command = [tap, "replay", "-q", str(out / f"{name}.pcap"), "--spec", str(out / told["spec"]), "--spec-host", host, "--inspect", "all", "--format", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nends with {ran.returncode}: {ran.stderr[-2000:]}")
    report = json.loads(ran.stdout)
    (out / f"{name}.report.json").write_text(ran.stdout)
    if report["headline"]["requests"] != told["exchanges"][name]:
        raise SystemExit(f"{name}.pcap: {report['headline']['requests']} requests read of {told['exchanges'][name]}")
    return report


def drifts(report):
    """Rules by operation as declared: that of the endpoint which the finding stands at."""
    declared = {(one["service"], one["method"], one["template"]): one.get("declared") for one in report["endpoints"]}
    found = collections.defaultdict(collections.Counter)
    for one in report["findings"]:
        if one["kind"] in ("drift", "shadow"):
            at = declared.get((one["service"], one["method"], one["template"])) or one["evidence"].get("declared") or {}
            method, path = at.get("method", one["method"]), at.get("path", one["template"])
            found[f"{method} {path}"][rule(one)] += 1
    return found


def main():
    parser = argparse.ArgumentParser(description="Each break must be found, and nothing besides")
    parser.add_argument("tap")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--open-fields", action="store_true")
    arguments = parser.parse_args()
    told = json.loads((arguments.out / "broken.expected.json").read_text())
    wrong, passed = [], 0
    for operation, rules in drifts(replay(arguments.tap, arguments.out, "sound", told)).items():
        wrong.append(f"sound traffic: {operation}: {dict(rules)}")
    found = drifts(replay(arguments.tap, arguments.out, "broken", told))
    for one in told["broken"]:
        rules = found.pop(one["operation"], {})
        wanted = RULES.get(one["what"], "any")
        if one["what"].endswith(OPEN) and not arguments.open_fields:
            wanted = None
        if wanted is None:
            right = not rules
        elif wanted == "any":
            right = bool(rules)
        else:
            right = set(rules) == {wanted}
        if right:
            passed += 1
        else:
            wrong.append(f"{one['operation']}: {one['what']} at {one['where'] or 'the whole'}: found {dict(rules) or 'nothing'}, wanted {wanted or 'nothing'}")
    for operation, rules in found.items():
        wrong.append(f"{operation}: not broken, but found {dict(rules)}")
    for line in wrong:
        print(f"WRONG {line}")
    print(f"control: {passed} passed, {len(wrong)} failed")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
