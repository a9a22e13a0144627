"""The payment API behind the captures: 41 operations, of which captures/payments.yaml declares 31 (and 4 that are not here).

A real application server (gunicorn runs it) with real state. What is not in the spec is marked SHADOW,
what the spec calls deprecated ZOMBIE.
"""
import base64
import functools
import itertools
import json
import secrets
import time

from flask import Flask, Response, jsonify, redirect, request

app = Flask(__name__)
app.url_map.strict_slashes = True
STORE = {kind: {} for kind in ("customers", "cards", "payments", "refunds", "payouts", "events", "webhooks")}
TOKENS = {}
COUNT = itertools.count(1)


def new_id(prefix):
    return f"{prefix}_{secrets.token_urlsafe(12).replace('-', 'x').replace('_', 'y')}"


def keep(kind, item):
    STORE[kind][item["id"]] = item
    event = {"id": new_id("evt"), "type": f"{kind}.created", "object": item["id"], "sequence": next(COUNT)}
    STORE["events"][event["id"]] = event
    return item


def jwt(user):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': user, 'iat': int(time.time())})}.{secrets.token_urlsafe(32)}"


def signed_in(view):
    @functools.wraps(view)
    def checked(*args, **kwargs):
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in TOKENS and request.headers.get("X-Api-Key") != "lab-key":
            return jsonify(error="unauthorised"), 401
        return view(*args, **kwargs)
    return checked


def found(kind, key):
    item = STORE[kind].get(key)
    return (jsonify(item), 200) if item else (jsonify(error="not found"), 404)


def listing(kind):
    size = int(request.args.get("limit", 20))
    return jsonify(data=list(STORE[kind].values())[-size:], has_more=len(STORE[kind]) > size)


@app.post("/v1/tokens")
def token():
    if request.form.get("password") != "correct horse":
        return jsonify(error="bad credentials"), 401
    value = jwt(request.form["username"])
    TOKENS[value] = request.form["username"]
    return jsonify(access_token=value, token_type="bearer", expires_in=3600)


@app.get("/v1/customers")
@signed_in
def customers():
    return listing("customers")


@app.post("/v1/customers")
@signed_in
def customer_create():
    body = request.get_json()
    if "email" not in body:
        return jsonify(error="email is required"), 422
    return jsonify(keep("customers", {"id": new_id("cus"), "email": body["email"], "name": body.get("name"), "balance": 0})), 201


@app.get("/v1/customers/<key>")
@signed_in
def customer(key):
    return found("customers", key)


@app.patch("/v1/customers/<key>")
@app.put("/v1/customers/<key>")  # SHADOW: PUT is not declared
@signed_in
def customer_change(key):
    if key not in STORE["customers"]:
        return jsonify(error="not found"), 404
    STORE["customers"][key].update(request.get_json())
    return jsonify(STORE["customers"][key])


@app.delete("/v1/customers/<key>")
@signed_in
def customer_delete(key):
    return ("", 204) if STORE["customers"].pop(key, None) else (jsonify(error="not found"), 404)


@app.get("/v1/customers/<key>/cards")
@signed_in
def cards(key):
    return jsonify(data=[card for card in STORE["cards"].values() if card["customer"] == key])


@app.post("/v1/customers/<key>/cards")
@signed_in
def card_create(key):
    number = request.get_json()["number"]
    return jsonify(keep("cards", {"id": new_id("card"), "customer": key, "last4": number[-4:], "brand": "visa"})), 201


@app.delete("/v1/customers/<key>/cards/<card>")
@signed_in
def card_delete(key, card):
    return ("", 204) if STORE["cards"].pop(card, None) else (jsonify(error="not found"), 404)


@app.get("/v1/payments")
@app.get("/v2/payments", endpoint="payments_v2")  # SHADOW: version 2 is not declared
@signed_in
def payments():
    return listing("payments")


@app.post("/v1/payments")
@app.post("/v2/payments", endpoint="payment_create_v2")  # SHADOW
@signed_in
def payment_create():
    body = request.get_json()
    if body.get("amount", 0) <= 0:
        return jsonify(error="amount must be positive"), 400
    return jsonify(keep("payments", {"id": new_id("pay"), "amount": body["amount"], "currency": body.get("currency", "eur"),
                                     "status": "authorised", "metadata": body.get("metadata", {}), "refunded": None})), 201


@app.get("/v1/payments/<key>")
@signed_in
def payment(key):
    return found("payments", key)


@app.post("/v1/payments/<key>/capture")
@app.post("/v1/payments/<key>/cancel", endpoint="payment_cancel")
@signed_in
def payment_capture(key):
    item = STORE["payments"].get(key)
    if not item:
        return jsonify(error="not found"), 404
    if item["status"] != "authorised":
        return jsonify(error="wrong state"), 409
    item["status"] = "captured" if request.path.endswith("capture") else "cancelled"
    return jsonify(item)


@app.post("/v1/payments/<key>/refunds")
@signed_in
def refund_create(key):
    return jsonify(keep("refunds", {"id": new_id("re"), "payment": key, "amount": request.get_json()["amount"]})), 201


@app.get("/v1/payments/<key>/ledger")  # SHADOW, provisional: it only ever says 403
def ledger(key):
    return jsonify(error="forbidden"), 403


@app.get("/v1/<any(refunds, payouts, events, webhooks):kind>")
@signed_in
def things(kind):
    return listing(kind)


@app.get("/v1/<any(refunds, payouts, events):kind>/<key>")
@signed_in
def thing(kind, key):
    return found(kind, key)


@app.post("/v1/payouts")
@signed_in
def payout_create():
    return jsonify(keep("payouts", {"id": new_id("po"), "amount": request.get_json()["amount"], "arrival": "2026-12-01"})), 201


@app.post("/v1/webhooks")
@signed_in
def webhook_create():
    return jsonify(keep("webhooks", {"id": new_id("we"), "url": request.get_json()["url"]})), 201


@app.delete("/v1/webhooks/<key>")
@signed_in
def webhook_delete(key):
    return ("", 204) if STORE["webhooks"].pop(key, None) else (jsonify(error="not found"), 404)


@app.get("/v1/balance")
@signed_in
def balance():
    return jsonify(available=[{"amount": 120000, "currency": "eur"}], pending=[])


@app.get("/v1/me")
@signed_in
def me():
    return jsonify(name="lab", roles=["admin"], last_login=None)


@app.put("/v1/me/password")
@signed_in
def password():
    return ("", 204)


@app.get("/v1/files/<name>.csv")
@signed_in
def file(name):
    # Chunked on purpose: the length is not known when the head is sent.
    return Response((f"{row},{secrets.token_hex(8)},{row * 37 % 1000}\n" for row in range(400)), mimetype="text/csv")


@app.get("/v1/charges")  # ZOMBIE
@signed_in
def charges():
    return listing("payments")


@app.get("/v1/charges/<key>")  # ZOMBIE
@signed_in
def charge(key):
    return found("payments", key)


@app.get("/v1/internal/users/<int:key>")  # SHADOW
def internal_user(key):
    return jsonify(id=key, login=f"user{key}", password_hash=secrets.token_hex(20))


@app.get("/v1/debug/config")  # SHADOW, and nobody asks who calls
def debug():
    return jsonify(database={"host": "10.30.0.9", "pool": 8}, features=["refunds", "payouts"], debug=True)


@app.get("/admin/export")  # SHADOW: outside the declared base path
def export():
    return jsonify(rows=[{"id": key} for key in STORE["customers"]])


@app.get("/v1/vault")  # only the scanner knocks here: 401, and no finding
@signed_in
def vault():
    return jsonify(keys=[])


@app.get("/docs")
def docs():
    return redirect("/docs/", 301)


@app.get("/healthz")
def health():
    return jsonify(ok=True)
