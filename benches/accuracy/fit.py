#!/usr/bin/env python3
"""Fits the weights of src/inventory/weights.rs to lessons. Needs numpy.

fit.py FOLDER [--without API]

FOLDER holds one folder a run of accuracy_teach (a draw of the traffic, a share of it, with or without bodies).
Every API of a run weighs the root of its number of words. Prints the rows of the table. With --without, the accuracy
on that API of weights that never saw it.
"""
import json
import pathlib
import sys

import numpy as np

# One API alone has owners with repositories: what is set beforehand stays near.
PRIOR = {"ExNear": 2.0, "ExNearOwn": 3.0, "ExFar": 3.0, "ExFarOwn": 5.0}
RIDGE, PRIOR_RIDGE = 12.0, 48.0


def lessons(folder):
    figures, words, weights, apis = [], [], [], []
    for path in sorted(folder.glob("*/*.lessons.ndjson")):
        rows = [json.loads(line) for line in path.open()]
        figures += [row[2] for row in rows]
        words += [row[1] for row in rows]
        weights += [max(1, len(rows)) ** -0.5] * len(rows)
        apis += [path.name.split(".")[0]] * len(rows)
    weights = np.array(weights)
    return np.array(figures), np.array(words), weights / weights.mean(), np.array(apis)


def fit(x, y, w, names):
    start = np.array([PRIOR.get(name, 0.0) for name in names])
    ridge = np.array([PRIOR_RIDGE if name in PRIOR else RIDGE for name in names])
    beta = start.copy()
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (w * (p - y)) + ridge * (beta - start)
        step = np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x + np.diag(ridge), gradient)
        beta -= step
        if np.abs(step).max() < 1e-5:
            break
    return beta


def main():
    folder = pathlib.Path(sys.argv[1])
    names = json.load(next(folder.glob("*/figures.json")).open())
    x, y, w, apis = lessons(folder)
    if sys.argv[2:3] == ["--without"]:
        out = apis == sys.argv[3]
        beta = fit(x[~out], y[~out], w[~out], names)
        print("%.4f" % np.average((x[out] @ beta > 0) == y[out], weights=w[out]))
        return
    for name, value in zip(names, fit(x, y, w, names)):
        print(f"    {name} = {value:.3f};")


if __name__ == "__main__":
    main()
