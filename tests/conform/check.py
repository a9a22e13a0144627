"""Is a message what the spec says? Three judges that know nothing of the sensor, none of them the one that made the message:

- requests are made by Schemathesis, and judged by Prism's validator (parameters, forms, bodies, credentials; in serve.cjs);
- answers are made by Prism, and judged by Schemathesis' checks (status, media type, header fields, schema);
- JSON bodies of both are judged by a JSON Schema validator, here: with formats, and with what is only read or only written.
"""
import base64
import binascii
import datetime
import re
import urllib.parse
import uuid

import jsonschema_rs

from spec import strict


class Unreadable(Exception):
    """The validator cannot read the schema."""


def is_date(text):
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def is_uuid(text):
    try:
        return bool(re.fullmatch(r"[0-9a-fA-F-]{36}", text)) and bool(uuid.UUID(text))
    except ValueError:
        return False


def is_base64(text):
    try:
        return base64.b64decode(text, validate=True) is not None
    except (binascii.Error, ValueError):
        return False


FORMATS = {"date": is_date, "uuid": is_uuid, "byte": is_base64}


class Bodies:
    """Judges JSON bodies by the schemas of one spec."""

    def __init__(self, spec):
        old, new = spec.old, spec.version.startswith("3.1")
        self.draft = jsonschema_rs.Draft202012Validator if new else jsonschema_rs.Draft4Validator
        number = jsonschema_rs.Draft202012 if new else jsonschema_rs.Draft4
        self.registries = {}
        for sending in (True, False):
            document = strict(spec.document, old, new, sending)
            self.registries[sending] = jsonschema_rs.Registry([("urn:spec", document)], draft=number)
        self.known = {}

    def errors(self, sending, pointer, value):
        """What is wrong with a body: one line each."""
        key = (sending, pointer)
        if key not in self.known:
            fragment = urllib.parse.quote(pointer, safe="/~!$&'()*+,;=:@-._")
            try:
                self.known[key] = self.draft(
                    {"$ref": f"urn:spec#{fragment}"}, registry=self.registries[sending], validate_formats=True, formats=FORMATS
                )
            except Exception as problem:  # a schema of many thousand lines has many ways to be odd
                self.known[key] = Unreadable(str(problem)[:200])
        judge = self.known[key]
        if isinstance(judge, Unreadable):
            raise judge
        return [f"{'/'.join(map(str, one.instance_path))}: {one.message[:160]}" for one in judge.iter_errors(value)]
