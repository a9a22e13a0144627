"""What is heard live on a mirror port is what a recording of the same port replays to.

Each row of VARIANTS: a mirror session is made, tcpdump and the sensor listen on its far end side by side, real clients talk to
real servers, both are ended by SIGINT, and the report of `watch` is compared with the report of `replay` over tcpdump's
file, figure by figure (compare.py). And the truth of the servers' own logs: exchanges must be exactly as many.

Catches: packets that a live reader loses, reads twice, cuts or reads out of order; a fan-out that parts the two
directions of a flow; batches or deltas that are not drained at the end; a live path that is set up otherwise than a replay.

  span.py              all variants, with $SHADOWTAP_BIN
  span.py --only TEXT  those whose name has it
  span.py --control    the harness against itself: tcpdump into `replay -` in the place of `watch`
"""
import argparse
import json

import compare
from taps import HERE, SPEC, Lab, Wrong, clean, main, replay, require, scenario, stand_in, tcpdump, tcpdump_drops, watch

# Mirror session, workers, settings of the sensor. Fan-out parts by the outer addresses: not for tunnels.
VARIANTS = [
    ("span", 1, ()),
    ("span", 2, ("--fanout", "on")),
    ("span", 2, ("--fanout", "off")),
    ("doubled", 1, ()),
    ("doubled", 2, ("--fanout", "on")),
    ("doubled", 2, ("--fanout", "off")),
    ("vxlan", 1, ()),
    ("vxlan", 2, ()),
    ("tap", 1, ()),
    ("tap", 2, ("--fanout", "off")),
]
# A tap has an interface for each direction: the sensor must join them.
INTERFACES = {"tap": ("mon1", "mon3")}
# A machine that others use as well may be too busy once; it is not an excuse twice.
TRIES = 2


def record(lab, folder, kind, workers, settings, control):
    """One run. Returns both reports, exchanges by the servers' logs, and packets lost by anybody on the way."""
    lab.mirror(kind)
    before = lab.exchanges()
    interfaces = INTERFACES.get(kind, ("mon1",))
    files = [folder / f"{interface}.pcap" for interface in interfaces]
    dumps = [tcpdump(lab, folder, file, interface) for file, interface in zip(files, interfaces)]
    if control:
        sensor = stand_in(lab, folder, workers)
    else:
        # All bodies: a live run draws its sample by a key of its own. A ring that holds four times all of it: a sensor on a busy machine must not pass over bodies, which a replay never does.
        sensor = watch(lab, folder, "--workers", str(workers), "--every", "2s", "--ring-size", "512M", "--inspect", "all", *settings, interfaces=interfaces)
    for dump in dumps:
        dump.listening()
    sensor.listening()
    lab.traffic("everything")
    lab.quiet()
    for tap in (sensor, *dumps):
        tap.stop()
    require(lab.whole(), "the mirror path itself lost packets: mend the lab")
    replay(files, workers, folder / "replay.json")
    live, recorded = compare.read(folder / "report.json"), compare.read(folder / "replay.json")
    lost = sum(map(tcpdump_drops, dumps)) + (tcpdump_drops(sensor) if control else clean(live))
    return live, recorded, lab.exchanges() - before, lost


def judge(live, recorded, exchanges):
    found = compare.differences(compare.flat(live), compare.flat(recorded))
    require(not found, f"{len(found)} figures differ between live and replay:\n{compare.told(found)}")
    require(live["exchanges"] == exchanges, f"{live['exchanges']} exchanges were reported; the servers logged {exchanges}")


def kind_holds(kind, report):
    """The session did to the packets what its name says; else a variant would test nothing of its own."""
    payload, counters = report["capture"]["payload"], report["capture"]["counters"]
    # The hosts themselves send segments again, on a busy machine up to a fiftieth; a twentieth is neither once nor three times.
    twice = payload["duplicate"] / (payload["captured"] - payload["duplicate"])
    require(0.95 < twice < 1.05 if kind == "doubled" else twice < 0.05, f"{kind}: {payload['duplicate']} of {payload['captured']} bytes came twice")
    require(("decode.tunnel_vxlan" in counters) == (kind == "vxlan"), f"{kind}: tunnels seen: {counters}")


def blind_to_nothing(report, other, exchanges):
    """The judge itself, over this very run: one request less, and it must say so."""
    wrong = json.loads(json.dumps(report))
    wrong["endpoints"][-1]["requests"] -= 1
    for live, truth in ((wrong, exchanges), (report, exchanges + 1)):
        try:
            judge(live, other, truth)
        except Wrong:
            continue
        raise Wrong("an altered count was not noticed")


def run():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="")
    options.add_argument("--control", action="store_true")
    asked = options.parse_args()
    require(compare.self_test(SPEC.with_suffix(".json")) == 0, "the comparison is blind to what it must see")
    with Lab() as lab:
        done = 0
        for kind, workers, settings in VARIANTS:
            name = " ".join((kind, f"workers={workers}", *settings))
            if asked.only not in name or (asked.control and ("on" in settings or kind in INTERFACES)):
                continue
            with scenario(name):
                for attempt in range(1, TRIES + 1):
                    folder = lab.folder("run", 0o777)
                    live, recorded, exchanges, lost = record(lab, folder, kind, workers, settings, asked.control)
                    if lost == 0:
                        break
                    print(f"  {lost} packets were lost, try {attempt} of {TRIES}", flush=True)
                require(lost == 0, f"{lost} packets were lost, {TRIES} times in a row")
                judge(live, recorded, exchanges)
                kind_holds(kind, recorded)
                blind_to_nothing(live, recorded, exchanges)
                tcp = recorded["capture"]["packets"]["tcp"]
                print(f"  {exchanges} exchanges, {tcp} TCP packets, {len(recorded['endpoints'])} endpoints, {len(compare.flat(live))} figures alike", flush=True)
            done += 1
        require(done > 0, f"no variant is named {asked.only!r}")


if __name__ == "__main__":
    main(run)
