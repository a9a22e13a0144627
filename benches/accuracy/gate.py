#!/usr/bin/env python3
"""Holds the scores of learned templates to what was reached: gate.py TRACK SCORES.json. The bounds only rise.

SCORES.json holds the figures of each API, as the scorer of the traffic writes them.
"""
import json
import sys

# Mean over the APIs: at least; and what may not be left: (least, most). The worst API: at least.
BOUNDS = {
    "paths": {"ep@1": 0.982, "ep@10": 0.983, "epB": 0.982, "pair_path": 0.979, "noise_rej": 0.999},
    "bodies": {"ep@1": 0.978, "ep@10": 0.978, "epB": 0.978, "pair_path": 0.987, "noise_rej": 0.999},
}
BETWEEN = {"expl_all": (0.99, 1.01), "coll": (0.0, 0.014), "miss": (0.0, 0.006)}
WORST = 0.88


def main():
    track, path = sys.argv[1:]
    scores = json.load(open(path))
    mean = {name: sum(row[name] for row in scores.values()) / len(scores) for name in next(iter(scores.values()))}
    bad = [f"{name} {mean[name]:.4f}, at least {least}" for name, least in BOUNDS[track].items() if mean[name] < least]
    bad += [
        f"{name} {mean[name]:.4f}, from {least} to {most}"
        for name, (least, most) in BETWEEN.items()
        if not least <= mean[name] <= most
    ]
    bad += [f"{api}: ep@1 {row['ep@1']:.4f}, at least {WORST}" for api, row in scores.items() if row["ep@1"] < WORST]
    figures = " ".join(f"{name} {mean[name]:.4f}" for name in [*BOUNDS[track], *BETWEEN])
    print(f"{track}: {figures}; worst {min(row['ep@1'] for row in scores.values()):.4f}")
    if bad:
        sys.exit("not held: " + "; ".join(bad))


if __name__ == "__main__":
    main()
