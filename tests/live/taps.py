"""The lab seen from Python, and what listens in it: the sensor, and tcpdump beside it. Used by span.py, kill.py, soak.py.

The binary is $SHADOWTAP_BIN. Whatever is started here ends with the `with` that started it, also when that fails.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SPEC = HERE.parent.parent / "captures" / "payments.yaml"
LAB = str(HERE / "lab.sh")
IFACE = "mon1"


class Wrong(Exception):
    """What was tested does not hold."""


def require(holds, what):
    if not holds:
        raise Wrong(what)


def binary():
    path = os.environ.get("SHADOWTAP_BIN", "")
    if not path or not os.access(path, os.X_OK):
        sys.exit("SHADOWTAP_BIN must name a shadowtap binary")
    return os.path.abspath(path)


def replay(captures, workers, out, *more):
    """The report of captures, by the same settings that `watch` gets."""
    subprocess.run([binary(), "replay", *map(str, captures), "--spec", str(SPEC), "--format", "json", "-o", str(out), "--quiet", "--inspect", "all",
                    "--workers", str(workers), *more], check=True, timeout=300, stderr=subprocess.DEVNULL)


class Lab:
    """`with Lab() as lab`: a network that is gone afterwards. SIGTERM takes it down as Ctrl-C does."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="shadowtap-live."))
        self.processes = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
        try:
            self.run("up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def end(self):
        """What still runs of what was started."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.processes.clear()

    def __exit__(self, *_):
        self.end()
        subprocess.run([LAB, "down", str(self.dir)], check=False)

    def run(self, act, *more, check=True):
        done = subprocess.run([LAB, act, str(self.dir), *map(str, more)], stdout=subprocess.PIPE, text=True, timeout=300)
        if check and done.returncode:
            raise Wrong(f"lab.sh {act} {' '.join(map(str, more))} failed")
        return done

    def mirror(self, kind):
        self.run("mirror", kind)

    def whole(self):
        """The mirror path lost nothing."""
        return self.run("whole", check=False).returncode == 0

    def exchanges(self):
        """How many the servers have logged since they started."""
        return int(self.run("truth").stdout)

    def quiet(self):
        self.run("quiet")

    def traffic(self, *what):
        self.run("exec", "client", sys.executable, HERE / "traffic.py", *what)

    def start(self, role, *command, **more):
        """Runs in a namespace, and becomes its command: the pid is the command's."""
        space = f"stl-{str(self.dir)[-6:]}-{role}"
        process = subprocess.Popen(["ip", "netns", "exec", space, *map(str, command)], stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process

    def folder(self, name, mode=0o755):
        path = self.dir / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        path.chmod(mode)
        return path


class Tap:
    """Something that listens, says so on stderr, and ends with a signal."""

    def __init__(self, lab, command, folder, name):
        self.name, self.log = name, folder / f"{name}.stderr"
        with open(self.log, "wb") as log:
            self.process = lab.start("sensor", *command, stderr=log, stdout=log)
        self.pid = self.process.pid

    def said(self):
        return self.log.read_text(errors="replace")

    def listening(self, within=30):
        end = time.monotonic() + within
        while not re.search(r"listening on ", self.said()):
            require(self.process.poll() is None, f"{self.name} ended with {self.process.poll()} before it listened:\n{self.said()}")
            require(time.monotonic() < end, f"{self.name} does not listen after {within} s:\n{self.said()}")
            time.sleep(0.05)
        return self

    def alive(self):
        require(self.process.poll() is None, f"{self.name} ended with {self.process.poll()}:\n{self.said()}")
        return self

    def stop(self, how=signal.SIGINT, within=60, code=0):
        """Signals it, waits, and wants `code`."""
        self.alive()
        self.process.send_signal(how)
        try:
            ended = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{self.name} still runs {within} s after signal {how}:\n{self.said()}") from None
        require(code is None or ended == code, f"{self.name} ended with {ended}, not {code}:\n{self.said()}")
        return self

    def status(self, field, task=None):
        with open(f"/proc/{self.pid}/task/{task or self.pid}/status") as file:
            return next(line.split()[1:] for line in file if line.startswith(f"{field}:"))

    def cpu(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tcpdump(lab, folder, file, interface=IFACE):
    command = ["tcpdump", "-i", interface, "-n", "-B", "65536", "-s", "0", "-U", "--time-stamp-precision=nano", "-w", file]
    return Tap(lab, command, folder, f"tcpdump-{interface}")


def tcpdump_drops(tap):
    return sum(int(number) for number in re.findall(r"(\d+) packets? dropped by", tap.said()))


def watch(lab, folder, *more, program=None, spec=SPEC, before=(), logs=None, interfaces=(IFACE,)):
    """The command under test; its report is FOLDER/report.json."""
    listen = [word for interface in interfaces for word in ("-i", interface)]
    command = [*before, program or binary(), "watch", *listen, "--spec", spec, "--format", "json", "-o", folder / "report.json"]
    return Tap(lab, [*command, *more], logs or folder, "watch")


def stand_in(lab, folder, workers, *_):
    """tcpdump into `replay -`: the live sensor without `watch`. Tells faults of this harness from faults of the command."""
    script = ('mkfifo "$1/fifo"; "$3" replay - --inspect all --spec "$4" --format json -o "$1/report.json" --quiet --workers "$5" <"$1/fifo" & replay=$!; '
              'tcpdump -i "$2" -n -B 65536 -s 0 -U --time-stamp-precision=nano -w - >"$1/fifo" & dump=$!; trap "kill -INT $dump" INT; wait $replay; wait $replay')
    return Tap(lab, ["bash", "-c", script, "stand_in", folder, IFACE, binary(), SPEC, str(workers)], folder, "stand_in")


def lost(report):
    """Frames that the kernel or the interface dropped, by the report's own word."""
    return sum(tap["kernel_dropped"] + tap["interface_dropped"] for tap in report["capture"].get("taps", []))


def clean(report):
    """The last report of a live run: what it says of its taps must agree with what it says of packets. Returns what was lost."""
    taps = report["capture"].get("taps", [])
    require(taps, "a live report has no capture.taps")
    read, seen = sum(tap["frames"] for tap in taps), report["capture"]["packets"]["seen"]
    require(read == seen, f"the taps read {read} frames, and {seen} packets were seen")
    return lost(report)


@contextlib.contextmanager
def scenario(name):
    """Names what is tested, and says how it went."""
    print(f"{name} ...", flush=True)
    began = time.monotonic()
    yield
    print(f"{name}: holds ({time.monotonic() - began:.0f} s)", flush=True)


def main(run):
    """Runs a script's scenarios; a Wrong is told without a trace."""
    if subprocess.run([LAB, "possible"]).returncode:
        print("skipped: needs root and network namespaces")
        return
    try:
        run()
    except Wrong as wrong:
        sys.exit(f"WRONG: {wrong}")
