"""Hours of traffic that never repeats itself: ever new connections, callers, ids in paths, and now and then a new word, host or
key. The sensor's memory must come to rest, nothing may be lost, and at the end each request must be accounted for.

  soak.py MINUTES [--rate N] [--sample SECONDS] [--limit MIB] [-- SETTINGS OF THE SENSOR]

$SHADOWTAP_BIN names the binary. Client and server (nginx) together take less than half a core at 1000 requests a second.
Catches: a leak (memory, descriptors, threads), a table without a bound, work that grows with what was seen before.
"""
import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid

import compare
from taps import HERE, Lab, clean, lost, main, require, watch

SERVER = ("10.20.0.2", 80)
FLOWS = 24


class Crowd:
    """The client's side, in its namespace: requests a second at a steady pace over a few connections at a time."""

    def __init__(self, rate, seconds):
        self.rate, self.seconds, self.chance = rate, seconds, random.Random(1)
        self.began, self.slots, self.answered, self.failed, self.opened = time.monotonic(), 0, 0, 0, 0
        self.words = "orders users carts items stock prices rates refunds notes files".split()

    async def slot(self):
        """Waits for its turn; False when the time is over."""
        at = self.slots / self.rate
        self.slots += 1
        if at >= self.seconds:
            return False
        await asyncio.sleep(max(0.0, self.began + at - time.monotonic()))
        return True

    def request(self):
        chance, elapsed = self.chance, time.monotonic() - self.began
        # One new word in 20 s, one new host in 5 minutes: what a company adds in a year.
        while len(self.words) < 10 + elapsed / 20:
            self.words.append(f"{self.words[len(self.words) % 10]}{chr(97 + chance.randrange(26))}{chr(97 + chance.randrange(26))}s")
        host = f"host{chance.randrange(3 + int(elapsed / 300))}.soak.example"
        one = (str(chance.randrange(10**9)), str(uuid.UUID(int=chance.getrandbits(128), version=4)), f"{chance.getrandbits(96):024x}")[chance.randrange(3)]
        first, second = chance.choice(self.words), chance.choice(self.words)
        path = (f"/v1/{first}/{one}", f"/v1/{first}?page={chance.randrange(10**6)}", f"/v1/{first}/{one}/{second}", f"/v2/{first}/{one}/{second}/{chance.randrange(10**9)}",
                f"/gone/{chance.getrandbits(40):x}")[min(chance.randrange(17) // 4, 4)]
        head = f"Host: {host}\r\nAuthorization: Bearer {chance.getrandbits(128):032x}\r\n"
        if chance.randrange(3):
            return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
        key = "name" if chance.randrange(50) else f"key{chance.getrandbits(24):x}"
        body = json.dumps({"id": one, key: chance.random(), "list": [1, None, "x" * chance.randrange(400)]})
        return f"POST {path} HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    async def flow(self):
        """One connection from a caller of its own."""
        self.opened += 1
        caller = self.opened * 40503 % 65536
        source = f"10.21.{caller >> 8}.{caller & 255}"
        wanted = self.chance.randrange(1, 20)
        if not await self.slot():
            return False
        reader, writer = await asyncio.open_connection(*SERVER, local_addr=(source, 0))
        more = True
        try:
            for number in range(wanted):
                if number and not (more := await self.slot()):
                    break
                writer.write(self.request())
                head = await reader.readuntil(b"\r\n\r\n")
                at = head.lower().index(b"content-length:")
                await reader.readexactly(int(head[at + 15:head.index(b"\r", at)]))
                self.answered += 1
        finally:
            writer.close()
        return more

    async def task(self):
        while True:
            try:
                if not await self.flow():
                    return
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failed += 1
                print(f"a flow failed: {error!r}", file=sys.stderr)

    async def run(self):
        await asyncio.gather(*(self.task() for _ in range(FLOWS)))
        print(json.dumps({"answered": self.answered, "failed": self.failed, "flows": self.opened, "cpu": time.process_time()}))


def sample(sensor, folder, began, before):
    """One line of the table. Returns VmRSS in MiB, and what is needed for the next."""
    memory = {name: int(sensor.status(name)[0]) / 1024 for name in ("VmRSS", "VmHWM")}
    now, cpu = time.monotonic(), sensor.cpu()
    busy = 100 * (cpu - before[1]) / (now - before[0])
    try:
        report = compare.read(folder / "report.json")
        size = (folder / "report.json").stat().st_size / 1024
        seen = f"{report['exchanges']:10} {len(report['endpoints']):9} {size:8.0f} {lost(report):6}"
    except FileNotFoundError:
        seen = f"{'-':>10} {'-':>9} {'-':>8} {'-':>6}"
    files, threads = (len(os.listdir(f"/proc/{sensor.pid}/{kind}")) for kind in ("fd", "task"))
    print(f"{(now - began) / 60:7.1f} {memory['VmRSS']:9.1f} {memory['VmHWM']:9.1f} {busy:6.1f} {seen} {files:5} {threads:7}", flush=True)
    return memory["VmRSS"], (now, cpu)


def run():
    arguments = sys.argv[1:]
    settings = arguments[arguments.index("--") + 1:] if "--" in arguments else []
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("minutes", type=float)
    options.add_argument("--rate", type=float, default=700)
    options.add_argument("--sample", type=float, default=300)
    options.add_argument("--limit", type=float, default=512, help="MiB that VmRSS may never pass")
    asked = options.parse_args(arguments[:arguments.index("--")] if "--" in arguments else arguments)
    with Lab() as lab:
        lab.mirror("span")
        folder = lab.folder("out", 0o777)
        sensor = watch(lab, folder, *([] if "--every" in settings else ["--every", "60s"]), *settings).listening()
        crowd = lab.start("client", sys.executable, HERE / "soak.py", "--crowd", asked.rate, asked.minutes * 60, stdout=open(lab.dir / "crowd.json", "w"))
        print(f"{'minutes':>7} {'VmRSS MiB':>9} {'peak':>9} {'CPU %':>6} {'exchanges':>10} {'endpoints':>9} {'KiB':>8} {'lost':>6} {'files':>5} {'threads':>7}")
        began = time.monotonic()
        table, before = [], (began, sensor.cpu())
        while crowd.poll() is None:
            rest = min(asked.sample, began + asked.minutes * 60 - time.monotonic())
            try:
                crowd.wait(max(rest, 1))
            except subprocess.TimeoutExpired:
                pass
            sensor.alive()
            if time.monotonic() - before[0] > min(asked.sample, 5):
                memory, before = sample(sensor, folder, began, before)
                table.append(memory)
                require(memory < asked.limit, f"VmRSS is {memory:.0f} MiB; {asked.limit:.0f} were allowed")
        require(crowd.returncode == 0, "the crowd failed")
        lab.quiet()
        sensor.stop(signal.SIGINT)
        told, report = json.loads((lab.dir / "crowd.json").read_text()), compare.read(folder / "report.json")
        missed = clean(report)
        print(f"{told['flows']} flows, {told['answered']} requests answered, {told['failed']} flows failed; the crowd took {told['cpu'] / asked.minutes / 0.6:.0f} % of a core; "
              f"{report['exchanges']} exchanges reported, {missed} frames lost")
        require(lab.whole(), "the mirror path itself lost packets")
        require(told["failed"] == 0, "flows failed: the count of requests is not certain")
        require(told["answered"] > asked.rate * asked.minutes * 60 * 0.9, "the crowd did not keep its pace")
        require(missed == 0, f"{missed} frames were lost at {asked.rate:.0f} requests a second")
        require(report["exchanges"] == told["answered"], f"{report['exchanges']} exchanges reported, {told['answered']} made")
        half = table[len(table) // 2] if table else 0
        # Tables fill in the first minutes; after half of a long run nothing may grow on.
        require(asked.minutes < 30 or table[-1] < half * 1.2 + 8, f"VmRSS grew from {half:.0f} to {table[-1]:.0f} MiB in the second half")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--crowd"]:
        asyncio.run(Crowd(float(sys.argv[2]), float(sys.argv[3])).run())
    else:
        main(run)
