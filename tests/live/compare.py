"""Compares two JSON reports of the same traffic, figure by figure: what a sensor said live, and what a replay says.

  compare.py LIVE.json REPLAY.json     exit 1 and a list of differences when they are not alike
  compare.py --self-test REPORT.json   alters each figure of a report in turn, and wants each to be noticed

What is not compared stands in LEFT_OUT and nowhere else; what may differ a little, in NEARLY.
"""
import datetime
import fnmatch
import json
import sys

# Leaf -> why it may differ. Both sensors have a socket of their own, and each takes its own time of a packet.
LEFT_OUT = {
    "capture/id": "a digest over the times of all packets, which each socket took for itself",
    "capture/inputs": "files read: a live run reads none",
    "capture/taps/*": "only a live run has interfaces; judged by itself (see clean() in taps.py)",
    "capture/bytes": "counts frames that are not TCP as well, see capture/packets/seen",
    "capture/packets/seen": "the two do not begin and end at the same instant, and ARP is heard all the time; tcp is compared",
    "capture/packets/not_ip": "ARP, as above",
    "capture/packets/other_ip": "ICMP, as above (a host says that nobody listens for its tunnel)",
    "capture/first": "the first packet of any kind, as above; window/first is compared",
    "capture/last": "the last packet of any kind, as above; window/last is compared",
    "capture/counters/flow.early": "two sockets, filled by two processors at a time, may hold the directions in another order",
    "capture/counters/flow.held_back": "as flow.early",
    "*/latency_us/p95": "the times of single packets decide; p50 is compared, nearly",
    "*/latency_us/p99": "as p95",
    "*/latency_us/max": "as p95",
    "*/duration_us/p95": "as latency",
    "*/duration_us/p99": "as latency",
    "*/duration_us/max": "as latency",
    "*/rates/*": "a request that one socket stamps before a second begins and the other after it; requests are compared",
}
# Leaf -> how far apart two figures may be.
SECONDS = 0.05
NEARLY = {
    "*/first_seen": SECONDS, "*/last_seen": SECONDS, "window/*": SECONDS,
    "*/latency_us/p50": "a millisecond, or a tenth", "*/duration_us/p50": "a millisecond, or a tenth",
}
# Warnings that only a live run can have; all others must be in both.
LIVE_WARNINGS = ("listen", "interface", "ring", "kernel")
# What names a member of a list, so that one that is missing is not a difference in all that follow.
NAMES = {
    "findings": ("id",), "endpoints": ("service", "method", "template"), "declared": ("spec", "method", "path"),
    "services": ("service",), "opaque": ("server", "name", "kind"), "specs": ("name",), "params": ("place", "name"),
}
# The parts of a report, all of which it must have. Differences are told in this order: causes before what follows from them.
ORDER = ("capture", "exchanges", "unnamed", "bounds", "services", "endpoints", "opaque", "findings", "declared", "specs", "assumptions",
         "window", "headline", "tool", "schema", "schema_version")


def leaves(value, path="", out=None):
    """Path -> figure. Empty lists and maps are figures too: one that is there and empty is not one that is missing."""
    out = {} if out is None else out
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            leaves(inner, f"{path}/{key}" if path else key, out)
    elif isinstance(value, list) and value:
        names = NAMES.get(path.rsplit("/", 1)[-1])
        for number, inner in enumerate(value):
            name = " ".join(str(inner[key]) for key in names) if names and isinstance(inner, dict) else number
            where = f"{path}/[{name}]"
            while names and any(key.startswith(f"{where}/") for key in out):
                where += "+"                                              # never two under one name
            leaves(inner, where, out)
    else:
        out[path] = value
    return out


def matches(path, patterns):
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(path, pattern)), None)


def instant(text):
    if text is None:
        return None
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


def near(pattern, left, right):
    if left is None or right is None:
        return left is right
    if isinstance(left, str):
        return abs(instant(left) - instant(right)) <= NEARLY[pattern]
    return abs(left - right) <= max(1000, 0.1 * max(left, right))


def foreign(warnings):
    return sorted(line for line in warnings if not any(word in line.lower() for word in LIVE_WARNINGS))


def flat(report):
    report = dict(report, capture=dict(report["capture"], warnings=foreign(report["capture"]["warnings"])))
    found = leaves(report)
    return {path: value for path, value in found.items() if not matches(path, LEFT_OUT)}


MISSING = object()


def unlike(path, left, right):
    if left == right and type(left) is type(right):
        return False
    pattern = matches(path, NEARLY)
    return not (pattern and MISSING not in (left, right) and near(pattern, left, right))


def differences(left, right):
    """(path, left, right) of all that is not alike, of two flat reports."""
    every = list(left) + [path for path in right if path not in left]
    every.sort(key=lambda path: ORDER.index(part) if (part := path.split("/")[0]) in ORDER else len(ORDER))            # stable: within a part, as it stands in the report
    pairs = ((path, left.get(path, MISSING), right.get(path, MISSING)) for path in every)
    return [(path, a, b) for path, a, b in pairs if unlike(path, a, b)]


def told(found, names=("live", "replay"), most=40):
    """For people: how many by part of the report, and the first of them. What is missing as a whole is one line."""
    shown = lambda value: "(not there)" if value is MISSING else json.dumps(value)
    parts, lines, absent = {}, [], set()
    for path, a, b in found:
        parts[path.split("/")[0]] = parts.get(path.split("/")[0], 0) + 1
        if path.startswith(("findings/[", "endpoints/[", "services/[", "opaque/[")) and MISSING in (a, b):
            whole = path[:path.index("]") + 1]
            if path[len(whole):] in ("/service", "/id", "/server"):
                absent.add(whole)
                lines.append(f"  {whole}: only in {names[a is MISSING]}")
        if not any(path.startswith(f"{whole}/") for whole in absent):
            lines.append(f"  {path}\n      {names[0]:7} {shown(a)}\n      {names[1]:7} {shown(b)}")
    more = [f"  ... and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([f"  by part: {', '.join(f'{part} {count}' for part, count in parts.items())}", *lines[:most], *more])


def read(path):
    """A report, and that it is whole: all its keys, and a ledger that adds up. ValueError says what is wrong."""
    with open(path, "rb") as file:
        report = json.loads(file.read())
    absent = [key for key in ORDER if key not in report]
    if absent:
        raise ValueError(f"{path}: without {absent}")
    payload = report["capture"]["payload"]
    classes = ("parsed", "skipped", "opaque", "not_http", "duplicate", "discarded")
    if payload["captured"] != sum(payload[name] for name in classes) + payload.get("waiting", 0):
        raise ValueError(f"{path}: payload does not add up: {payload}")
    packets = report["capture"]["packets"]
    if packets["seen"] != sum(packets[name] for name in ("tcp", "udp", "other_ip", "not_ip")) + sum(packets["skipped"].values()):
        raise ValueError(f"{path}: packets do not add up: {packets}")
    return report


def self_test(path):
    """Alters each leaf that is compared, takes each away, and adds one. Returns how many went unnoticed."""
    report = read(path)
    good, unnoticed = flat(report), []
    other = flat(json.loads(json.dumps(report)))
    if differences(good, other):
        unnoticed.append("a report is not like itself")
    for leaf, value in good.items():
        if isinstance(value, bool) or value is None:
            altered = "altered"
        elif isinstance(value, (int, float)):
            altered = value + (10_000 + value if matches(leaf, NEARLY) else 1)
        elif isinstance(value, str) and matches(leaf, NEARLY):
            altered = value.replace("T1", "T0").replace("T2", "T1") if value[11] != "0" else value[:11] + "1" + value[12:]
        elif isinstance(value, str):
            altered = value + "x"
        else:
            altered = [*value, 1] if isinstance(value, list) else {"x": 1}
        for wrong in ({**good, leaf: altered}, {key: value for key, value in good.items() if key != leaf}):
            # Only what was touched can differ; the rest is the same object, and was compared above.
            if not unlike(leaf, good[leaf], wrong.get(leaf, MISSING)):
                unnoticed.append(leaf)
    # From the document, not from its leaves: a figure, a member of a list, a list.
    for alter in (lambda r: r["endpoints"][0].update(requests=r["endpoints"][0]["requests"] + 1), lambda r: r["endpoints"].pop(),
                  lambda r: r["services"][-1]["servers"].append("192.0.2.1:80"), lambda r: r["findings"].clear(),
                  lambda r: r["capture"]["packets"].update(tcp=0), lambda r: r["capture"]["warnings"].append("12 of 13 connections show one direction only"),
                  lambda r: r["endpoints"].append(r["endpoints"][0])):
        wrong = json.loads(json.dumps(report))
        alter(wrong)
        if not differences(flat(wrong), good) or not differences(good, flat(wrong)):
            unnoticed.append(f"alteration at line {alter.__code__.co_firstlineno}")
    print(f"self-test: {len(good)} figures altered and taken away, {len(unnoticed)} unnoticed; {len(leaves(report)) - len(good)} are not compared")
    for leaf in unnoticed:
        print(f"  unnoticed: {leaf}")
    return len(unnoticed)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        sys.exit(1 if self_test(sys.argv[2]) else 0)
    found = differences(flat(read(sys.argv[1])), flat(read(sys.argv[2])))
    print(f"{len(found)} differences\n{told(found)}" if found else "alike")
    sys.exit(1 if found else 0)
