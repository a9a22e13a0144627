"""What goes wrong around a sensor that runs for months: it is stopped, killed, its interface goes away, the disk is full, its rights
are few. Real traffic goes on meanwhile, and what is reported afterwards must be what was sent.

  kill.py              all scenarios, with $SHADOWTAP_BIN
  kill.py --only TEXT  those whose name has it
  kill.py --rounds N   so many SIGKILLs (20 unless given)
"""
import argparse
import os
import pwd
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import compare
from taps import HERE, IFACE, SPEC, Lab, Wrong, binary, clean, main, require, scenario, watch

# One reader, and two that share the interface.
SETTINGS = ((), ("--workers", "2", "--fanout", "on"))
NET_RAW = 1 << 13


def requests(report, host):
    return sum(service["requests"] for service in report["services"] if service["host"] == f"{host}.lab.example")


def report_of(folder):
    """The report as it stands, or None before the first. A torn one is Wrong: it must be there whole or not at all."""
    try:
        return compare.read(folder / "report.json")
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Wrong(f"a report is not whole: {error}") from None


def awaited(folder, sensor, holds, what, within=30):
    """Polls the report till it says what it should. Each version on the way must be whole."""
    end = time.monotonic() + within
    while True:
        report = report_of(folder)
        if report and holds(report):
            return report
        sensor.alive()
        require(time.monotonic() < end, f"after {within} s the report does not show {what}:\n{sensor.said()}")
        time.sleep(0.1)


def heard(lab, folder, sensor, host, count):
    """`count` requests are made, and the next report has exactly them."""
    lab.traffic("mark", host, count)
    return awaited(folder, sensor, lambda report: requests(report, host) == count, f"{count} requests for {host}")


def pour(lab, rate):
    return lab.start("client", sys.executable, HERE / "traffic.py", "pour", rate, stderr=subprocess.DEVNULL)


def frames(lab):
    return int(lab.run("exec", "sensor", "cat", f"/sys/class/net/{IFACE}/statistics/rx_packets").stdout)


# Catches: a signal that loses what waits in the ring or in a batch, a report that is not written, another exit code, a hang.
def ends_under_load(lab, how, settings):
    folder = lab.folder("out", 0o777)
    sensor = watch(lab, folder, "--every", "60s", *settings).listening()
    before = frames(lab)
    load = pour(lab, 400)
    time.sleep(3)
    # It is told to end while a second of traffic waits in the ring: the signal is there when it goes on.
    sensor.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    arrived = frames(lab)
    sensor.process.send_signal(how)
    sensor.stop(signal.SIGCONT, within=20)
    load.kill()
    report = report_of(folder)
    require(report is not None, "no report was written")
    handled = report["capture"]["packets"]["seen"] + clean(report)
    require(handled >= arrived - before, f"{arrived - before} frames had arrived when it was told to end; it tells of {handled}")
    require("waiting" not in report["capture"]["payload"], "bytes are undecided in the last report")
    require(report["exchanges"] > 500, f"{report['exchanges']} exchanges: there was no load")
    print(f"  {arrived - before} frames before the signal, {handled} in the report, {report['exchanges']} exchanges", flush=True)


# Catches: a report written in place, renamed before it is complete, or removed before the new one stands.
def killed_while_writing(lab, rounds):
    folder = lab.folder("out", 0o777)
    load, chance = pour(lab, 400), random.Random(7)
    whole = torn_off = 0
    for number in range(rounds):
        sensor = watch(lab, folder, "--every", "1s").listening()
        known = set(os.listdir(folder))
        stamp = (folder / "report.json").stat().st_mtime_ns if number else None
        end = time.monotonic() + (10 if number % 2 == 0 else 0.8 + 1.5 * chance.random())
        # Every other time at random; else at the very moment at which a new file appears: then a write is under way.
        while time.monotonic() < end and (number % 2 or not set(os.listdir(folder)) - known - {"report.json"}):
            if number % 2 == 0 and "report.json" in os.listdir(folder) and (folder / "report.json").stat().st_mtime_ns != stamp and stamp:
                break                                   # it needs no file beside the report, or was too fast
            time.sleep(0.0003)
        if number == 0:
            awaited(folder, sensor, lambda _: True, "anything")
        sensor.stop(signal.SIGKILL, code=-signal.SIGKILL)
        torn_off += bool(set(os.listdir(folder)) - known - {"report.json"})
        require(report_of(folder) is not None, f"the report is gone after kill {number + 1}")
        whole += 1
    require(load.poll() is None, "the load ended early")
    load.kill()
    left = len([name for name in os.listdir(folder) if name != "report.json" and not name.endswith(".stderr")])
    print(f"  {whole} kills, {torn_off} of them in the middle of a write; {left} unfinished files lie about", flush=True)


# Catches: a reader that ends, spins or sleeps for good when its interface goes, or opens a socket that hears nothing.
def interface_goes(lab, settings, away, back):
    folder = lab.folder("out", 0o777)
    sensor = watch(lab, folder, "--every", "1s", *settings).listening()
    heard(lab, folder, sensor, "before", 10)
    away()
    awaited(folder, sensor, lambda report: not report["capture"]["taps"][0]["up"], "that the interface is away")
    busy = sensor.cpu()
    time.sleep(3)
    busy = sensor.cpu() - busy
    require(busy < 1.5, f"it spent {busy:.1f} s of CPU in 3 s without an interface")
    back()
    awaited(folder, sensor, lambda report: report["capture"]["taps"][0]["up"], "that the interface is back")
    heard(lab, folder, sensor, "after", 20)
    sensor.stop(signal.SIGTERM)
    report = report_of(folder)
    counts = {host: requests(report, host) for host in ("before", "after")}
    require(counts == {"before": 10, "after": 20}, f"the last report has {counts}")
    reopened = report["capture"]["taps"][0]["reopened"]
    require(reopened >= 1, "capture.taps says that it was never opened again")


def goes_down(lab, settings):
    lab.mirror("span")
    interface_goes(lab, settings, lambda: lab.run("exec", "sensor", "ip", "link", "set", IFACE, "down"),
                   lambda: lab.run("exec", "sensor", "ip", "link", "set", IFACE, "up"))


def is_recreated(lab, settings):
    lab.mirror("span")
    interface_goes(lab, settings, lambda: lab.run("exec", "sensor", "ip", "link", "del", IFACE), lambda: lab.mirror("span"))


# Catches: a sensor that ends when it cannot write, fills the log each second, spoils the report it had, or never writes again.
def full_disk(lab):
    folder = lab.folder("full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "none", folder], check=True)     # `lab.sh down` unmounts it
    sensor = watch(lab, folder, "--every", "1s", logs=lab.folder("logs")).listening()
    heard(lab, folder, sensor, "before", 10)
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    time.sleep(1.5)                                     # a report may have been under way
    quiet = sensor.said()
    lab.traffic("mark", "meanwhile", 7)
    time.sleep(4)
    complaints = [line for line in sensor.said().splitlines() if re.search(r"no space|os error 28|cannot be written|cannot write", line, re.I)]
    require(len(complaints) == 1, f"{len(complaints)} lines about a full disk, over five reports; one is wanted:\n{sensor.said()}")
    require(sensor.said() == quiet, f"it goes on complaining:\n{sensor.said()}")
    old = report_of(sensor.alive() and folder)
    require(old and requests(old, "before") == 10 and requests(old, "meanwhile") == 0, "the old report did not stay as it was")
    filler.unlink()
    awaited(folder, sensor, lambda report: requests(report, "meanwhile") == 7, "what was heard while the disk was full")
    heard(lab, folder, sensor, "after", 5)
    sensor.stop(signal.SIGTERM)
    require(requests(report_of(folder), "meanwhile") == 7, "the last report forgot it")


# Catches: a reload that loses packets or what was learned, takes up half a spec, or ends the sensor over a bad one.
def specs_change(lab):
    folder, specs = lab.folder("out", 0o777), lab.folder("specs")
    spec, new = specs / SPEC.name, specs / ".new"
    text = SPEC.read_text()
    spec.write_text(text)
    sensor = watch(lab, folder, "--every", "1s", spec=specs).listening()
    heard(lab, folder, sensor, "before", 10)
    titles = lambda report: [spec["title"] for spec in report["specs"]]
    old = titles(report_of(folder))
    refused = lambda report: any("could not be read" in line for line in report["capture"]["warnings"])

    def becomes(what):
        new.write_text(what)
        new.rename(spec)

    becomes("openapi: [")
    awaited(folder, sensor, lambda report: refused(report) and titles(report) == old, "that the old spec stays in force")
    require(sensor.said().count("cannot be read") == 1, f"it does not say once what is wrong:\n{sensor.said()}")
    heard(lab, folder, sensor, "meanwhile", 10)
    becomes(re.sub(r"title: .*", "title: Another", text, count=1))
    awaited(folder, sensor, lambda report: titles(report) == ["Another"] and not refused(report), "the new spec")
    becomes(text)
    time.sleep(0.1)
    os.kill(sensor.pid, signal.SIGHUP)
    awaited(folder, sensor, lambda report: titles(report) == old, "the spec that SIGHUP brought")
    heard(lab, folder, sensor, "after", 10)
    sensor.stop(signal.SIGTERM)
    report = report_of(folder)
    counts = {host: requests(report, host) for host in ("before", "meanwhile", "after")}
    require(counts == {"before": 10, "meanwhile": 10, "after": 10}, f"the last report has {counts}")


POLICY = """[[environment]]
name = "{environment}"
hosts = ["*.lab.example"]

[[template]]
rename = {{ from = "/seen/{{x}}", to = "/seen/{{{variable}}}" }}
"""


# Catches: a policy that is read once and never again, half taken up, or forgotten over a bad one; events that go on under the old names; a
# sensor that looks into every body although a sample was asked for, or that counts only those it looked into.
def policy_changes(lab):
    folder, place = lab.folder("out", 0o777), lab.folder("policy")
    policy, new, events = place / "policy.toml", place / ".new", folder / "events"

    def becomes(what):
        new.write_text(what)
        new.rename(policy)

    def named(host, environment, variable):
        """Of the report: this service is of this environment, and the one template there has this variable."""
        def holds(report):
            service = next((service for service in report["services"] if service["host"] == f"{host}.lab.example"), None)
            templates = {endpoint["template"] for endpoint in report["endpoints"] if endpoint["service"] == f"http://{host}.lab.example"}
            return service and service["environment"] == environment and templates == {f"/seen/{{{variable}}}"}
        return holds

    def announced(host, variable, within=10):
        end = time.monotonic() + within
        while not any(f"{host}.lab.example" in line and f"/seen/{{{variable}}}" in line for line in events.read_text().splitlines()):
            require(time.monotonic() < end, f"no event tells of {host} as /seen/{{{variable}}}:\n{events.read_text()}")
            time.sleep(0.1)

    refused = lambda report: any("could not be read" in line for line in report["capture"]["warnings"])
    becomes(POLICY.format(environment="first", variable="mark"))
    sensor = watch(lab, folder, "--every", "1s", "--policy", policy, "--events", events, "--settle", "1s").listening()
    heard(lab, folder, sensor, "before", 300)
    report = awaited(folder, sensor, named("before", "first", "mark"), "the names of the policy")
    endpoint = next(endpoint for endpoint in report["endpoints"] if endpoint["service"] == "http://before.lab.example")
    require(endpoint["requests"] == 300, f"{endpoint['requests']} of 300 requests are the endpoint's")
    # The sample of a place is at most 128, and more than half of that where there is enough.
    require(32 <= endpoint["inspected"] <= 128, f"{endpoint['inspected']} of 300 exchanges were looked into")
    announced("before", "mark")
    becomes(POLICY.format(environment="second", variable="stamp"))
    awaited(folder, sensor, named("before", "second", "stamp"), "the names of the new policy")
    heard(lab, folder, sensor, "after", 10)
    announced("after", "stamp")
    becomes("[[environment]]\nnam = 'x'\n")
    awaited(folder, sensor, lambda report: refused(report) and named("after", "second", "stamp")(report), "that the old policy stays in force")
    require(sensor.said().count("cannot be read") == 1, f"it does not say once what is wrong:\n{sensor.said()}")
    becomes(POLICY.format(environment="third", variable="seal"))
    os.kill(sensor.pid, signal.SIGHUP)
    awaited(folder, sensor, lambda report: named("before", "third", "seal")(report) and not refused(report), "the policy that SIGHUP brought")
    sensor.stop(signal.SIGTERM)
    counts = {host: requests(report_of(folder), host) for host in ("before", "after")}
    require(counts == {"before": 300, "after": 10}, f"the last report has {counts}")


# Catches: a state that is not whole after SIGKILL, that counts twice, that announces anew; one that is damaged and ends the sensor, or is overwritten.
def state_survives(lab):
    folder = lab.folder("out", 0o777)
    state, events = folder / "state", folder / "events"
    settings = ("--every", "1s", "--state", state, "--events", events, "--settle", "1s")
    announced = lambda: [line for line in events.read_text().splitlines() if '"shadow"' in line and "/before" in line]
    sensor = watch(lab, folder, *settings).listening()
    heard(lab, folder, sensor, "before", 10)
    for _ in range(100):
        if announced():
            break
        time.sleep(0.1)
    first = announced()
    require(first, f"nothing was announced:\n{events.read_text()}")
    time.sleep(2.5)                                     # the checkpoint behind it
    sensor.stop(signal.SIGKILL, code=-signal.SIGKILL)
    for run in (1, 2):
        sensor = watch(lab, folder, *settings).listening()
        heard(lab, folder, sensor, f"after{run}", 5)
        sensor.stop(signal.SIGKILL if run == 1 else signal.SIGTERM, code=-signal.SIGKILL if run == 1 else 0)
    report = report_of(folder)
    counts = {host: requests(report, host) for host in ("before", "after1", "after2")}
    require(counts == {"before": 10, "after1": 5, "after2": 5}, f"after three runs the report has {counts}")
    require(announced() == first, "what an earlier run announced was announced again")
    with open(state, "r+b") as file:
        file.seek(60)
        byte = file.read(1)
        file.seek(60)
        file.write(bytes([byte[0] ^ 1]))
    sensor = watch(lab, folder, *settings).listening()
    heard(lab, folder, sensor, "anew", 3)
    require(sensor.said().count("set aside") == 1, f"it does not say once that the state is damaged:\n{sensor.said()}")
    sensor.stop(signal.SIGTERM)
    require(requests(report_of(folder), "before") == 0, "it made something of a damaged state")
    require(list(folder.glob("state.damaged-*")), "the damaged state is gone")


def few_rights(pid, user):
    """Every thread: nothing but CAP_NET_RAW, no way to more, and the user's own ids."""
    known = pwd.getpwnam(user)
    for task in sorted(os.listdir(f"/proc/{pid}/task")):
        with open(f"/proc/{pid}/task/{task}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        where = f"thread {task} ({status['Name']})"
        for field in ("CapEff", "CapPrm"):
            require(int(status[field], 16) == NET_RAW, f"{where}: {field} is {status[field]}, not CAP_NET_RAW alone")
        for field in ("CapInh", "CapAmb"):
            require(int(status[field], 16) == 0, f"{where}: {field} is {status[field]}")
        require(status["NoNewPrivs"] == "1", f"{where}: NoNewPrivs is {status['NoNewPrivs']}")
        require(status["Uid"].split() == [str(known.pw_uid)] * 4, f"{where}: Uid is {status['Uid']}")
        require(status["Gid"].split() == [str(known.pw_gid)] * 4, f"{where}: Gid is {status['Gid']}")
        require(set(status["Groups"].split()) <= {str(known.pw_gid)}, f"{where}: Groups are {status['Groups']}")


def as_user(lab, folder, capability):
    """A copy of the binary with file capabilities (or none), started by nobody."""
    place = lab.folder("copy")
    program, spec = place / "shadowtap", place / SPEC.name
    shutil.copy(binary(), program)
    program.chmod(0o755)
    shutil.copy(SPEC, spec)
    spec.chmod(0o644)
    if capability:
        subprocess.run(["setcap", capability, program], check=True)
    nobody = pwd.getpwnam("nobody")
    become = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return watch(lab, folder, "--every", "1s", "--workers", "2", program=program, spec=spec, before=become)


# Catches: rights kept that nobody needs, in any thread; rights that are missing when a report is due; a silent failure without them.
def rights(lab, how):
    try:
        few_rights(os.getpid(), "nobody")
    except Wrong:
        pass                                            # this process is root with all rights: the check sees them
    else:
        raise Wrong("the check of rights sees nothing")
    folder = lab.folder("out", 0o777)
    if how == "none":
        sensor = as_user(lab, folder, None)
        require(sensor.process.wait(30) not in (0, None), "it ended well without the right to listen")
        require(re.search("permi|CAP_NET_RAW|setcap", sensor.said(), re.I), f"it does not say what it lacks:\n{sensor.said()}")
        return
    if how == "file":
        sensor = as_user(lab, folder, "cap_net_raw+ep").listening()
    else:
        sensor = watch(lab, folder, "--every", "1s", "--workers", "2", "--user", "nobody").listening()
    few_rights(sensor.pid, "nobody")
    heard(lab, folder, sensor, "before", 10)            # timers and writers have started by now
    few_rights(sensor.pid, "nobody")
    # With what it kept it can still open its interface again.
    lab.mirror("span")
    awaited(folder, sensor, lambda report: report["capture"]["taps"][0]["reopened"] >= 1 and report["capture"]["taps"][0]["up"], "the new interface")
    heard(lab, folder, sensor, "after", 10)
    few_rights(sensor.pid, "nobody")
    sensor.stop(signal.SIGTERM)
    require(requests(report_of(folder), "after") == 10, "the last report is not complete")


def run():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="")
    options.add_argument("--rounds", type=int, default=20)
    asked = options.parse_args()
    all_of_them = []
    for settings in SETTINGS:
        shown = " ".join(settings)
        all_of_them += [
            (f"SIGTERM under load {shown}", lambda lab, settings=settings: ends_under_load(lab, signal.SIGTERM, settings)),
            (f"SIGINT under load {shown}", lambda lab, settings=settings: ends_under_load(lab, signal.SIGINT, settings)),
            (f"interface down and up {shown}", lambda lab, settings=settings: goes_down(lab, settings)),
            (f"interface deleted and made again {shown}", lambda lab, settings=settings: is_recreated(lab, settings)),
        ]
    all_of_them += [
        ("SIGKILL while a report is written", lambda lab: killed_while_writing(lab, asked.rounds)),
        ("full disk", full_disk),
        ("specs change", specs_change),
        ("policy changes", policy_changes),
        ("a state survives", state_survives),
        ("rights: root gives them up", lambda lab: rights(lab, "root")),
        ("rights: a user with CAP_NET_RAW", lambda lab: rights(lab, "file")),
        ("rights: a user with none", lambda lab: rights(lab, "none")),
    ]
    chosen = [(name.strip(), act) for name, act in all_of_them if asked.only in name]
    require(chosen, f"no scenario is named {asked.only!r}")
    wrong = []
    with Lab() as lab:
        for name, act in chosen:
            lab.mirror("span")
            try:
                with scenario(name):
                    act(lab)
            except Wrong as error:                      # the others are tried all the same
                print(f"WRONG: {name}: {error}", flush=True)
                wrong.append(name)
            finally:
                lab.end()
    require(not wrong, f"{len(wrong)} of {len(chosen)} scenarios do not hold: {', '.join(wrong)}")


if __name__ == "__main__":
    main(run)
