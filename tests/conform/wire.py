"""The wire: a recorder, a client that opens one connection an exchange from an address of its own, and a sieve for captures."""
import gzip
import http.client
import signal
import socket
import struct
import subprocess
import time

FIRST_PORT = 20000
PORTS = 12000


def place(run, number):
    """Client address and port of an exchange: no two exchanges share them. Ports stay below those that the system gives out."""
    return f"127.0.{1 + run}.{1 + number // PORTS}", FIRST_PORT + number % PORTS


class Recorder:
    """tcpdump on the loopback, for one server port."""

    def __init__(self, file, port):
        self.file = file
        self.child = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-n", "--immediate-mode", "-Z", "root", "-w", str(file), "tcp", "port", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for line in self.child.stderr:
            if "listening on" in line:
                return
        raise SystemExit("tcpdump does not listen (root is needed)")

    def stop(self):
        """Ends it, when all was written. Returns how many packets it lost."""
        time.sleep(0.4)
        self.child.send_signal(signal.SIGINT)
        told = self.child.stderr.read()
        self.child.wait(timeout=20)
        lost = [int(line.split()[0]) for line in told.splitlines() if "dropped by kernel" in line]
        return lost[0] if lost else 0


class Answer:
    """`body` is what was meant: without chunks and compression."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


def exchange(client, port, method, target, headers, body):
    """Sends one request and reads the answer whole. `headers` is a list of pairs, Host and Connection are added."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(20)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock.bind(client)
        connection.sock.connect(("127.0.0.1", port))
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
        connection.endheaders(body)
        response = connection.getresponse()
        body = response.read()
        headers = [(name.lower(), value) for name, value in response.getheaders()]
        if ("content-encoding", "gzip") in headers:
            body = gzip.decompress(body)
        return Answer(response.status, headers, body)
    finally:
        connection.close()


def sieve(source, target, port, keep):
    """Copies the packets of those connections whose client is in `keep`. Returns packets kept and dropped."""
    data = source.read_bytes()
    magic = data[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    if link != 1:
        raise SystemExit(f"link type {link} where Ethernet was awaited")
    kept = dropped = 0
    at = 24
    with open(target, "wb") as out:
        out.write(data[:24])
        while at + 16 <= len(data):
            size = struct.unpack_from(order + "I", data, at + 8)[0]
            end = at + 16 + size
            start = at + 16 + 14
            tcp = start + (data[start] & 15) * 4
            sender, receiver = struct.unpack_from(">HH", data, tcp)
            if receiver == port:
                client = (socket.inet_ntoa(data[start + 12 : start + 16]), sender)
            else:
                client = (socket.inet_ntoa(data[start + 16 : start + 20]), receiver)
            if client in keep:
                out.write(data[at:end])
                kept += 1
            else:
                dropped += 1
            at = end
    return kept, dropped
