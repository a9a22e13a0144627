"""The clients behind the captures: real ones (python-requests, curl, a raw socket for what those refuse to send).

  client.py story|short|hostile|scan BASE
"""
import json
import socket
import subprocess
import sys
import urllib.parse

import requests

HOST = {"Host": "api.pay.example"}


def sign_in(base):
    session = requests.Session()
    session.headers.update(HOST)
    token = session.post(f"{base}/v1/tokens", data={"username": "lab", "password": "correct horse"}).json()
    session.headers["Authorization"] = f"Bearer {token['access_token']}"
    return session


def short(base, times=4):
    """Declared operations only: enough of them for every capture that is about packets."""
    api = sign_in(base)
    for number in range(times):
        customer = api.post(f"{base}/v1/customers", json={"email": f"person{number}@mail.example", "name": "A Person"}).json()["id"]
        api.get(f"{base}/v1/customers/{customer}")
        api.get(f"{base}/v1/customers", params={"limit": 5})
        payment = api.post(f"{base}/v1/payments", json={"amount": 1000 + number, "currency": "eur", "metadata": {"order": number}}).json()["id"]
        api.get(f"{base}/v1/payments/{payment}")
        api.post(f"{base}/v1/payments/{payment}/capture", json={})
        api.get(f"{base}/v1/balance")
        api.get(f"{base}/v1/me")


def story(base):
    """Everything the company does in a day, and what it forgot that it does."""
    api = sign_in(base)
    go = lambda method, path, **more: api.request(method, f"{base}{path}", **more)
    customers, payments = [], []
    for number in range(12):
        customers.append(go("POST", "/v1/customers", json={"email": f"p{number}@mail.example", "name": f"Person {number}"}).json()["id"])
        go("POST", f"/v1/customers/{customers[-1]}/cards", json={"number": "4111111111111111", "exp": "12/29"})
        payments.append(go("POST", "/v1/payments", json={"amount": 100 * number + 100, "metadata": {"order": number}}).json()["id"])
    for customer in customers:
        go("GET", f"/v1/customers/{customer}")
        go("GET", f"/v1/customers/{customer}/cards")
        go("PATCH", f"/v1/customers/{customer}", json={"name": "Renamed"})
        go("HEAD", f"/v1/customers/{customer}")
    for number, payment in enumerate(payments):
        go("GET", f"/v1/payments/{payment}")
        go("POST", f"/v1/payments/{payment}/{'cancel' if number % 4 == 0 else 'capture'}", json={})
        if number % 4:
            go("POST", f"/v1/payments/{payment}/refunds", json={"amount": 50})
    go("POST", f"/v1/payments/{payments[0]}/capture", json={})          # 409
    go("POST", "/v1/payments", json={"amount": -1})                     # 400
    go("POST", "/v1/customers", json={"name": "no mail"})               # 422
    for kind in ("customers", "payments", "refunds", "payouts", "events", "webhooks"):
        for page in (1, 5, 50):
            go("GET", f"/v1/{kind}", params={"limit": page})
    for refund in go("GET", "/v1/refunds").json()["data"][:5]:
        go("GET", f"/v1/refunds/{refund['id']}")
    for event in go("GET", "/v1/events").json()["data"][:9]:
        go("GET", f"/v1/events/{event['id']}")
    for amount in (1000, 2000):
        payout = go("POST", "/v1/payouts", json={"amount": amount}).json()["id"]
        go("GET", f"/v1/payouts/{payout}")
        hook = go("POST", "/v1/webhooks", json={"url": "https://hooks.shop.example/in"}).json()["id"]
        go("DELETE", f"/v1/webhooks/{hook}")
    for name in ("march", "april"):
        go("GET", f"/v1/files/{name}.csv")
    go("GET", "/v1/balance")
    go("GET", "/v1/me")
    go("PUT", "/v1/me/password", json={"old": "correct horse", "new": "battery staple"})
    card = go("GET", f"/v1/customers/{customers[0]}/cards").json()["data"][0]["id"]
    go("DELETE", f"/v1/customers/{customers[0]}/cards/{card}")
    go("DELETE", f"/v1/customers/{customers[1]}")
    go("GET", f"/v1/customers/{customers[1]}")                          # 404 on a declared path
    go("GET", "/v1/reports/2026-10")                                    # declared; the server does not know it
    requests.get(f"{base}/v1/me", headers=HOST)                         # 401

    # Zombies.
    for payment in payments[:3]:
        go("GET", f"/v1/charges/{payment}")
    go("GET", "/v1/charges")

    # Shadows.
    for key in (7, 8, 1042, 7719, 48213):
        go("GET", f"/v1/internal/users/{key}")
    requests.get(f"{base}/v1/debug/config", headers=HOST)
    for customer in customers[2:5]:
        go("PUT", f"/v1/customers/{customer}", json={"name": "Replaced"})
    go("GET", "/v2/payments")
    go("POST", "/v2/payments", json={"amount": 5})
    go("GET", "/admin/export")
    for payment in payments[:4]:
        go("GET", f"/v1/payments/{payment}/ledger")                     # 403 only
    legacy = {"Host": "legacy.pay.example"}
    for number in ("4111111111111111", "5500005555555559", "340000000000009"):
        requests.get(f"{base}/api/cards/{number}", headers=legacy)
    requests.post(f"{base}/api/login", headers=legacy, data={"user": "old", "password": "older"})

    # Noise.
    for path in ("/v1/customers", "/v1/payments"):
        requests.options(f"{base}{path}", headers=HOST | {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
    for name in ("app.js", "style.css", "logo.png"):
        requests.get(f"{base}/static/{name}", headers=HOST)
    requests.get(f"{base}/docs", headers=HOST, allow_redirects=False)
    for _ in range(5):
        requests.get(f"{base}/healthz", headers=HOST)

    # What libraries seldom send: a pipeline, a chunked request, an expected continue, odd spellings of one path.
    token = api.headers["Authorization"]
    where = urllib.parse.urlsplit(base)
    raw = socket.create_connection((where.hostname, where.port or 80))
    head = f"Host: API.Pay.Example:80\r\nAuthorization: {token}\r\n"
    raw.sendall("".join(f"GET /v1/{path} HTTP/1.1\r\n{head}\r\n" for path in ("balance", "me", "events/", "/payments?limit=2")).encode())
    raw.sendall(f"POST /v1/payments HTTP/1.1\r\n{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                "Connection: close\r\n\r\n7\r\n{\"amoun\r\n8;x=y\r\nt\": 777}\r\n0\r\nX-Trailer: 1\r\n\r\n".encode())
    while raw.recv(65536):
        pass
    body = json.dumps({"amount": 4200, "metadata": {"note": "x" * 3000}})
    subprocess.run(["curl", "-s", "-o", "/dev/null", "-H", "Host: api.pay.example", "-H", f"Authorization: {token}",
                    "-H", "Expect: 100-continue", "-H", "Content-Type: application/json", "-d", body,
                    f"{base}/v1/payments"], check=True)
    subprocess.run(["curl", "-s", "-o", "/dev/null", "--compressed", "-H", "Host: api.pay.example",
                    "-H", f"Authorization: {token}", f"{base}/v1/payments?limit=50"], check=True)


def scan(base):
    """A scanner: a client of its own, many paths, nothing there but a locked door that nobody else knocks at."""
    class From(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, source_address=("10.20.0.66", 0), **kwargs)

    scanner = requests.Session()
    scanner.mount("http://", From())
    for word in ("admin", "backup", "wp-login.php", ".env", ".git/config", "phpmyadmin", "server-status", "actuator/env",
                 "api/v1/users", "console", "v1/admin", "v1/users", "v1/keys", "v1/secrets", "v1/vault", "old", "test", "dump.sql"):
        scanner.get(f"{base}/{word}", headers=HOST | {"User-Agent": "scanner"})


HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "\u202egnp.exe", "\x1b[31mred\x1b]52;c;aGk=\x07",
           "=cmd|'/c calc'!A1", "a\u0000b", "line\nbreak\r\nX: y", "'; DROP TABLE apis; --", "{{7*7}}", "\u2028\u200b\ufeff",
           "javascript:alert(1)", "`id`$(id)", "</script><!--", "%n%s", "\u00e9\u0301\u0301\u0301\u0301\u0301\u0301"]


def hostile(base):
    """Payloads in every name that reaches a report: path words, parameter names, keys, media types, methods, hosts."""
    where = urllib.parse.urlsplit(base)
    for payload in HOSTILE:
        quoted = urllib.parse.quote(payload, safe="")
        body = json.dumps({payload: {payload: [payload]}})
        for target, host, kind in ((f"/{quoted}", "evil.example", "application/json"),
                                   (f"/words/{quoted}/more?{quoted}={quoted}&plain[{quoted}]=1", "evil.example", "application/json"),
                                   ("/form", "evil.example", "application/x-www-form-urlencoded"),
                                   ("/host", "evil.example" if "\n" in payload else f"evil.example{payload}", f"text/{quoted}")):
            sent = f"{quoted}={quoted}" if "form" in kind else body
            raw = socket.create_connection((where.hostname, where.port or 80))
            raw.sendall(f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(sent.encode())}\r\n"
                        f"Connection: close\r\n\r\n{sent}".encode("utf-8", "surrogatepass"))
            while raw.recv(65536):
                pass
    for target in ("/<b>bold</b>", "/\"quoted\"", "/constructor", "/__proto__", "/\xe2\x80\xaeraw"):
        raw = socket.create_connection((where.hostname, where.port or 80))
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode("latin-1"))
        while raw.recv(65536):
            pass


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2].rstrip("/"))
