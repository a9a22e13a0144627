#!/usr/bin/env python3
"""Holds reports against readers that know nothing of this project: official schemas, and GitHub's own Markdown renderer.

    validate.py TOOLS SHADOWTAP FOLDER

TOOLS is a folder that `tools.sh` filled. Reports of the repository's captures are written by the binary SHADOWTAP; those in
FOLDER were written by a test, with hostile names in every place. Each validator is first shown something broken, which
it must refuse: one that takes everything says nothing.
"""

import csv
import html.parser
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import cmarkgfm
import jsonschema
import yaml
from cmarkgfm.cmark import Options
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lxml import etree
from oas_patch.overlay import apply_overlay
from oas_patch.validator import validate as validate_overlay
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

HERE = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ["json", "ndjson", "csv", "markdown", "junit", "sarif", "cyclonedx", "openapi", "openapi-shadow", "overlay"]
SEVERITIES = {"high", "medium", "low", "info"}


class Report:
    """The schema that is published beside the reporter."""

    def __init__(self, _tools):
        schema = json.loads((HERE / "src/report/reporters/json/report.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        self.schema = jsonschema.Draft202012Validator(schema)

    def faults(self, text):
        return [f"{list(error.absolute_path)}: {error.message[:300]}" for error in self.schema.iter_errors(json.loads(text))]

    def broken(self, text):
        yield text.replace('"schema_version": 1', '"schema_version": 2', 1)
        yield text.replace('"severity": "', '"severity": "very ', 1)
        yield text.replace('"verdict": "', '"verdicts": "', 1)


class Sarif:
    """The schema that Microsoft's validator carries, and the validator itself: no errors, no warnings but one."""

    def __init__(self, tools):
        schema = json.loads((tools / "sarif/sarif-2.1.0.json").read_text())
        kind = jsonschema.validators.validator_for(schema)
        self.schema = kind(schema, format_checker=kind.FORMAT_CHECKER)
        self.tool = tools / "sarif/Sarif.Multitool"

    def faults(self, text):
        return [f"{list(error.path)}: {error.message[:300]}" for error in self.schema.iter_errors(json.loads(text))]

    def all_at_once(self, files):
        with tempfile.TemporaryDirectory() as folder:
            inputs = []
            for at, file in enumerate(files):
                inputs.append(pathlib.Path(folder, f"{at}.sarif"))
                inputs[-1].write_bytes(file.read_bytes())
            out = pathlib.Path(folder, "said.json")
            command = [self.tool, "validate", *inputs, "--output", out, "--level", "Error;Warning", "--kind", "Fail"]
            done = subprocess.run(command, capture_output=True, text=True, env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
            if not out.exists():
                return [f"the validator said: {done.stdout[-500:]} {done.stderr[-500:]}"]
            run = json.loads(out.read_text())["runs"][0]
            # The tool has no page on the web whose address could be told.
            return [json.dumps(said)[:600] for said in run["results"] if said["ruleId"] != "SARIF2005"]

    def broken(self, text):
        yield text.replace('"level": "', '"level": "very ', 1)
        yield text.replace('"2.1.0"', '"2.0.0"', 1)


class CycloneDx:
    def __init__(self, _tools):
        self.validator = JsonStrictValidator(SchemaVersion.V1_6)

    def faults(self, text):
        error = self.validator.validate_str(text)
        faults = [] if error is None else [str(error)[:500]]
        references = [service["bom-ref"] for service in json.loads(text)["services"]]
        return faults + ([] if len(set(references)) == len(references) else ["a bom-ref stands twice"])

    def broken(self, text):
        yield text.replace("urn:uuid:", "uuid:", 1)
        yield text.replace('"endpoints": [', '"endpoints": [ "http://shop.example/{id}",', 1)
        yield text.replace('"bom-ref"', '"bom-reference"', 1)


class Junit:
    """The schemas of Ant and Jenkins."""

    def __init__(self, tools):
        self.schemas = [etree.XMLSchema(etree.parse(tools / "junit" / name)) for name in ("JUnit.xsd", "jenkins-junit.xsd")]

    def faults(self, text):
        try:
            read = etree.fromstring(text.encode())
        except etree.XMLSyntaxError as error:
            return [str(error)]
        faults = [str(schema.error_log) for schema in self.schemas if not schema.validate(read)]
        for suite in read:
            tests, failures = (len(suite.findall(of)) for of in ("testcase", "testcase/failure"))
            if (suite.get("tests"), suite.get("failures")) != (str(tests), str(failures)):
                faults.append(f"{suite.get('name')} counts otherwise")
        return faults

    def broken(self, text):
        yield text.replace("<testcase ", "<test ", 1)
        yield text.replace(" tests=", ' tests="x" n=', 1)
        yield text.replace(' value="', ' value="\x01', 1)
        yield text.replace("</testsuites>", "<testsuite/></testsuites>")


class Page(html.parser.HTMLParser):
    """What a page of rendered Markdown holds outside code spans."""

    ALLOWED = set("h2 h3 p ul li code strong table thead tbody tr th td details summary".split())

    def __init__(self):
        super().__init__()
        self.faults, self.bare, self.row, self.open = [], [], None, []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag not in self.ALLOWED or [pair for pair in attributes if pair != ("align", "right")]:
            self.faults.append(f"<{tag}> {attributes}")
        if tag == "tr":
            self.row = []
        if tag in ("td", "th"):
            self.row.append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")
        if tag == "tr" and self.row[0] != "Severity":
            shape = len(self.row) == 6 and self.row[0] in SEVERITIES and re.fullmatch(r"[0-9,]+", self.row[4])
            if not shape:
                self.faults.append(f"a row that is none of ours: {self.row}")

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.row[-1] += data
        if "code" not in self.open:
            self.bare.append(data)

    def handle_comment(self, data):
        self.faults.append(f"a comment: {data}")


class Markdown:
    """Rendered as GitHub does, with raw HTML let through so that it is seen."""

    # Of what stands bare GitHub makes mentions, references, links, emoji and commits.
    ACTIVE = re.compile(r"[@#~_*$\[\]<>&\\]|://|www\.|:[a-z+0-9_-]*[a-z+][a-z+0-9_-]*:|\b[0-9a-f]{7,}\b")

    def __init__(self, _tools):
        pass

    def faults(self, text):
        page = Page()
        page.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
        page.close()
        faults = page.faults + [f"bare: {bare!r}" for bare in page.bare if self.ACTIVE.search(bare)]
        if page.open:
            faults.append(f"left open: {page.open}")
        if len(text.encode()) >= 60_000:
            faults.append(f"{len(text.encode())} bytes")
        return faults

    def broken(self, text):
        for end in ["\n<b>x</b>\n", "\n[x](http://evil.example)\n", "\nhttp://evil.example\n", "\n@octocat\n", "\n# x\n", "\n1. x\n",
                    "\n<details>\n", "\nowner/repo#1\n", "\n:tada:\n", "\n| a |\n| --- |\n| b |\n", "\n0123456789abcdef\n"]:
            yield text + end


class Csv:
    def __init__(self, _tools):
        pass

    def faults(self, text):
        if not text.endswith("\r\n"):
            return ["the last line has no end"]
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        faults = [f"{len(row)} cells: {row}" for row in rows if len(row) != 31]
        return faults + [f"a formula: {cell}" for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")]

    def broken(self, text):
        yield text + "=1" + "," * 30 + "\r\n"
        yield text + "1,2\r\n"


class Ndjson:
    def __init__(self, _tools):
        pass

    def faults(self, text):
        kinds = [json.loads(line)["type"] for line in text.splitlines()]
        order = ["finding", "endpoint", "run"]
        faults = [] if kinds == sorted(kinds, key=order.index) and kinds.count("run") == 1 else [f"order: {kinds}"]
        return faults + ([] if all(line.startswith('{"type":"') for line in text.splitlines()) else ["type is not first"])

    def broken(self, text):
        yield text + text
        yield "".join(text.splitlines(keepends=True)[:-1])


class OpenApi:
    """The schema of OpenAPI 3.1, and what it cannot say: variables of paths have parameters, no path stands twice, keys are declared."""

    def __init__(self, _tools):
        pass

    def faults(self, text):
        read = json.loads(text)
        faults = [str(error)[:500] for error in OpenAPIV31SpecValidator(read).iter_errors()]
        bare = [re.sub(r"{[^}]*}", "{}", path) for path in read["paths"]]
        faults += [] if len(set(bare)) == len(bare) else ["a path stands twice"]
        declared = read.get("components", {}).get("securitySchemes", {})
        operations = [operation for item in read["paths"].values() for operation in item.values() if "responses" in operation]
        ways = [name for operation in operations for way in operation.get("security", []) for name in way]
        return faults + [f"nobody knows {way}" for way in ways if way not in declared]

    def broken(self, text):
        yield text.replace('"openapi": "3.1.0"', '"openapi": "4"', 1)
        yield text.replace('"in": "path"', '"in": "way"', 1)
        yield text.replace('"description": "Seen', '"about": "Seen', 1)
        yield text.replace('"type": "http"', '"type": "htp"', 1)
        yield re.sub(r"{\w+}", "{else}", text, count=1)
        yield text.replace('"type": "string"', '"type": "text"', 1)


class Overlay:
    """The schema of the Overlay specification."""

    def __init__(self, _tools):
        pass

    def faults(self, text):
        said = validate_overlay(json.loads(text), "sh")
        return [] if said == "Validation successful" else [said[:500]]

    def broken(self, text):
        yield text.replace('"overlay": "1.0.0"', '"overlay": "3.1.0"', 1)
        yield text.replace('"target"', '"aim"', 1)
        yield text.replace('"title"', '"name"', 1)


def mended(tap, folder):
    """The overlay of a spec, applied by a tool of others: the spec is valid, and lacks nothing of what an overlay adds."""
    captures = HERE / "captures"
    spec = yaml.safe_load((captures / "payments.yaml").read_text())
    before = [str(error)[:500] for error in OpenAPIV30SpecValidator(spec).iter_errors()]
    overlay = json.loads((folder / "payments.overlay").read_text())
    assert overlay["extends"] == "payments.yaml" and len(overlay["actions"]) >= 10, "an overlay of nothing"
    spec = json.loads(json.dumps(apply_overlay(spec, overlay), default=str))
    faults = [str(error)[:500] for error in OpenAPIV30SpecValidator(spec).iter_errors()]
    faults = [fault for fault in faults if fault not in before]
    (folder / "mended.json").write_text(json.dumps(spec))
    run = [tap, "replay", "-q", captures / "payments.pcap", captures / "hostile.pcap", "--spec", folder / "mended.json", "--format", "json"]
    report = json.loads(subprocess.run(run, capture_output=True, check=True).stdout)
    for finding in report["findings"]:
        ours = finding["kind"] == "shadow" and finding["rule"] != "shadow-unknown-host"
        if ours or finding["rule"].startswith(("undocumented-", "missing-")):
            faults.append(f"still there: {finding['rule']} {finding['method']} {finding['service']}{finding['template']}")
    print(f"overlay: {len(overlay['actions'])} actions applied: {len(faults)} faults", flush=True)
    for fault in faults[:10]:
        print("  " + fault)
    return len(faults)


def written(tap, folder):
    """Reports of the captures by the real binary: with a spec, without one, of what holds no HTTP."""
    captures = HERE / "captures"
    runs = {
        "payments": ["payments.pcap", "hostile.pcap", "--spec", str(captures / "payments.yaml"), "--fail-on", "medium"],
        "all": [*sorted(path.name for path in captures.glob("*.pcap*")), "--spec", str(captures)],
        "bare": ["payments.pcap", "hostile.pcap"],
        "closed": ["tls.pcap"],
    }
    for name, run in runs.items():
        inputs = [str(captures / word) if ".pcap" in word else word for word in run]
        outputs = [word for kind in FORMATS for word in ("--format", kind, "-o", str(folder / f"{name}.{kind}"))]
        done = subprocess.run([tap, "replay", "-q", *inputs, *outputs])
        assert done.returncode in (0, 1), f"{name}: exit code {done.returncode}"


def main():
    tools, tap, planted = map(pathlib.Path, sys.argv[1:])
    readers = dict(zip(FORMATS, [Report, Ndjson, Csv, Markdown, Junit, Sarif, CycloneDx, OpenApi, OpenApi, Overlay]))
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        written(tap.resolve(), folder)
        for kind, reader in readers.items():
            reader = reader(tools)
            ours = sorted(folder.glob(f"*.{kind}"))
            hostile = sorted(planted.glob(f"*.{kind}"))
            assert len(ours) == 4 and len(hostile) >= 60, f"{kind}: reports are missing"
            left_out = len(hostile)
            if kind == "cyclonedx":
                # Its reader of URLs takes seconds for thousands of letters; without a spec the URLs are the same.
                hostile = [file for file in hostile if "-true" in file.name and file.stat().st_size < 100_000]
            left_out -= len(hostile)
            # Line ends are part of CSV.
            text = (folder / f"payments.{kind}").read_bytes().decode()
            for broken in reader.broken(text):
                assert broken != text, f"{kind}: nothing was broken"
                try:
                    assert reader.faults(broken), f"{kind}: takes what is broken"
                except (ValueError, LookupError, csv.Error):
                    pass
            faults = []
            for file in ours + hostile:
                faults += [f"{file.name}: {fault}" for fault in reader.faults(file.read_bytes().decode())]
            if kind == "sarif":
                faults += reader.all_at_once(ours + hostile)
            bad += len(faults)
            print(f"{kind}: {len(ours)} reports of captures, {len(hostile)} with hostile names ({left_out} left out): {len(faults)} faults", flush=True)
            for fault in faults[:10]:
                print("  " + fault)
        bad += mended(tap.resolve(), folder)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
