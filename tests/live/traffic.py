"""Clients of the lab, run in its client namespace. All close their connections: when this ends, the wire falls silent.

  traffic.py everything             each kind of client once: python-requests, curl, http.client, wrk; half a minute at most
  traffic.py mark HOST COUNT        COUNT requests for HOST.lab.example, no more and no less
  traffic.py pour RATE              requests a second, of many paths and hosts, until it is killed
"""
import http.client
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
STORY = HERE.parent.parent / "captures" / "lab" / "client.py"
SERVER = "10.20.0.2"
FRONT, DIRECT = 80, 8080


def ask(connection, method, path, host, body=None, headers=None, chunked=False):
    connection.request(method, path, body=body, headers={"Host": host, **(headers or {})}, encode_chunked=chunked)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def keep_alive(port, host):
    """http.client: one connection, many requests; uploads in chunks, HEAD, 404, bodies of all sizes, a form."""
    connection = http.client.HTTPConnection(SERVER, port, timeout=20)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/v1/tokens", "username=lab&password=correct+horse", {"Host": host, **form})
    token = json.loads(connection.getresponse().read())["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    sent = {"Content-Type": "application/json", **bearer}
    for number in range(20):
        ask(connection, "POST", "/v1/customers", host, json.dumps({"email": f"c{number}@mail.example", "name": "x" * 300 * number}), sent)
        ask(connection, "GET", f"/v1/customers?limit={number}", host, headers=bearer)
        ask(connection, "GET", f"/v1/customers/cus_nobody{number}", host, headers=bearer)         # 404 on a declared path
        ask(connection, "HEAD", "/v1/customers", host, headers=bearer)
        ask(connection, "GET", f"/v1/nothing/here/{number}", host, headers=bearer)                # 404 on an unknown one
        ask(connection, "GET", "/v1/files/march.csv", host, headers=bearer)                       # chunked answer
        ask(connection, "GET", f"/v1/internal/users/{number}", host)                              # shadow
        parts = [b'{"amount": ', b"%d" % (number + 1), b', "metadata": {"note": "', b"y" * 700 * number, b'"}}']
        ask(connection, "POST", "/v1/payments", host, iter(parts), {"Transfer-Encoding": "chunked", **sent}, chunked=True)
    connection.close()
    for _ in range(10):                                                                           # a connection each
        once = http.client.HTTPConnection(SERVER, port, timeout=20)
        ask(once, "GET", "/v1/balance", host, headers={"Connection": "close", **bearer})
        once.close()


def curl(*more):
    subprocess.run(["curl", "-s", "-o", "/dev/null", *more], check=True, timeout=30)


def everything():
    for client in ("story", "scan"):
        subprocess.run([sys.executable, str(STORY), client, f"http://{SERVER}"], check=True, timeout=120, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    keep_alive(FRONT, "api.pay.example")
    keep_alive(DIRECT, "inner.pay.example:8080")
    for number in range(5):
        curl("-H", "Host: api.pay.example", "--compressed", f"http://{SERVER}/static/large.css")
        curl("-H", "Host: odd.lab.example", "-T", str(HERE / "traffic.py"), f"http://{SERVER}/upload/{number}")
        curl("-H", "Host: odd.lab.example", "-I", f"http://{SERVER}/missing")
        curl("-u", "user:secret", "-H", "Host: odd.lab.example", "-F", "file=@/etc/hostname", f"http://{SERVER}/form?key=1")
    done = subprocess.run(["wrk", "-t1", "-c16", "-d60s", "-s", str(HERE / "paths.lua"), f"http://{SERVER}"], check=True, timeout=90,
                          capture_output=True, text=True, env={**os.environ, "WANTED": "2000"})
    if "2000 requests in" not in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"wrk did not do what it should:\n{done.stdout}")


def mark(host, count):
    connection = http.client.HTTPConnection(SERVER, FRONT, timeout=20)
    for number in range(int(count)):
        if ask(connection, "GET", f"/seen/{number}", f"{host}.lab.example") != 200:
            sys.exit("a mark was not answered with 200")
    connection.close()


def pour(rate):
    """A growing inventory, so that reports are large and take their time to be written."""
    began, connection = time.monotonic(), None
    for number in itertools.count():
        if number % 50 == 0:
            if connection:
                connection.close()
            connection = http.client.HTTPConnection(SERVER, FRONT, timeout=20)
        words = "orders users carts items stock prices rates refunds notes files".split()
        path = f"/{words[number % 10]}/{words[number // 10 % 10]}/{words[number // 100 % 10]}/{number}?page={number}"
        if number % 3:
            ask(connection, "GET", path, f"shop{number % 7}.lab.example")
        else:
            ask(connection, "POST", path, f"shop{number % 7}.lab.example", json.dumps({"a": number, "b": {"c": [1, 2, None]}}), {"Content-Type": "application/json"})
        time.sleep(max(0.0, began + number / float(rate) - time.monotonic()))


if __name__ == "__main__":
    known = {"everything": everything, "mark": mark, "pour": pour}
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        sys.exit(__doc__)
    known[sys.argv[1]](*sys.argv[2:])
