#!/usr/bin/env python3
"""Holds what generate.py recorded against the specs it was made from: nothing may be found.

    judge.py TAP OUT [--only NAME] [--allow RULE]... [--show N]

TAP is the shadowtap binary. For each OUT/NAME.made.json, OUT/NAME.pcap is replayed with the spec; every finding of kind drift or
shadow is a false one, and so is a zombie that the spec does not call deprecated. Besides, every exchange must have been read, and told under the operation it was made for. The reports
are left at OUT/NAME.report.json. Ends with 1 when anything is wrong.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

FALSE = ("drift", "shadow", "zombie")


def true(finding, made, report):
    """A zombie that the spec itself calls deprecated."""
    ends = [one for one in report["endpoints"] if one.get("finding") == finding.get("id")]
    labels = {f"{one['declared']['method']} {one['declared']['path']}" for one in ends if one.get("declared")}
    return finding["kind"] == "zombie" and bool(labels) and labels <= set(made["deprecated"])


def rule(finding):
    """What a finding is counted under."""
    return finding.get("rule") or "/".join(str(part) for part in (finding.get("kind"), finding.get("reason")) if part)


def replay(tap, out, made):
    name = pathlib.Path(made["spec"]).stem
    command = [
        tap, "replay", "-q", str(out / f"{name}.pcap"), "--spec", str(out / "specs" / made["spec"]),
        "--spec-host", f"{name}=127.0.0.1:{made['port']}", "--inspect", "all", "--format", "json",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nends with {ran.returncode}: {ran.stderr[-2000:]}")
    (out / f"{name}.report.json").write_text(ran.stdout)
    return json.loads(ran.stdout)


def placed(report, made):
    """Where exchanges are told under another operation than the one they were made for, or not at all."""
    seen = collections.defaultdict(collections.Counter)
    for endpoint in report["endpoints"]:
        declared = endpoint.get("declared")
        label = f"{declared['method']} {declared['path']}" if declared else f"undeclared {endpoint['method']} {endpoint['template']}"
        seen[label].update(endpoint["statuses"])
    # Reports tell declared paths without the slash at their end.
    told = collections.defaultdict(collections.Counter)
    for label, codes in made["reached"].items():
        told[label.rstrip("/") if label.rstrip("/") in seen else label].update(codes)
    wrong = []
    for label in sorted(set(seen) | set(told)):
        made_of, seen_of = dict(told.get(label, {})), dict(seen.get(label, {}))
        if not seen_of and set(made_of) <= {"404", "405"}:
            continue  # nobody knows whether it is there
        if made_of != seen_of:
            wrong.append(f"{label}: made {made_of}, seen {seen_of}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Nothing may be found in traffic that the spec allows")
    parser.add_argument("tap")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--allow", action="append", default=[], help="a rule that is true of this traffic (all of it is in clear)")
    parser.add_argument("--show", type=int, default=5, help="findings told in full, for each spec")
    arguments = parser.parse_args()
    failed, totals, unread = [], collections.Counter(), []
    print(f"{'spec':<56} {'reached':>10} {'kept':>6} {'left':>5}  findings by rule")
    files = sorted(file for file in arguments.out.glob("*.made.json") if not arguments.only or arguments.only in file.name)
    for file in files:
        made = json.loads(file.read_text())
        name = pathlib.Path(made["spec"]).stem
        if "unreadable" in made:
            unread.append(f"{name}: {made['unreadable'][:160]}")
            continue
        report = replay(arguments.tap, arguments.out, made)
        by_rule = collections.Counter(rule(one) for one in report["findings"])
        false = [one for one in report["findings"] if one["kind"] in FALSE and rule(one) not in arguments.allow and not true(one, made, report)]
        wrong = placed(report, made)
        reached = f"{made['operations_reached']}/{made['operations']}"
        print(f"{name:<56} {reached:>10} {made['kept']:>6} {made['left_out']:>5}  {', '.join(f'{count} {what}' for what, count in sorted(by_rule.items())) or '-'}")
        for one in false[: arguments.show]:
            print(f"    FALSE {rule(one)}: {one['summary']}")
        if len(false) > arguments.show:
            print(f"    ... and {len(false) - arguments.show} more")
        for line in wrong[: arguments.show]:
            print(f"    MISPLACED {line}")
        if made["kept"] == 0:
            print("    EMPTY: nothing was kept, so nothing was shown")
        totals.update(exchanges=made["kept"], left=made["left_out"], operations=made["operations_reached"], false=len(false), misplaced=len(wrong))
        if false or wrong or made["kept"] == 0:
            failed.append(name)
    for line in unread:
        print(f"not read by the generators: {line}")
    print(
        f"{len(files) - len(unread)} specs, {totals['operations']} operations reached, {totals['exchanges']} exchanges judged, {totals['left']} left out, "
        f"{totals['false']} false findings, {totals['misplaced']} operations told wrongly"
    )
    # The plain line that test runners end with.
    judged = len(files) - len(unread)
    print(f"conform: {judged - len(failed)} passed, {len(failed)} failed")
    if failed or judged == 0:
        sys.exit(1)


if __name__ == "__main__":
    main()
