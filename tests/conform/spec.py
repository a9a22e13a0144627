"""What a spec declares, read by hand: operations, base paths, statuses, parameters, credentials.

Reads OpenAPI 3.x and Swagger 2.0. Knows nothing of the sensor, nor of the generators: it is what both are held against.
"""
import copy
import itertools
import json
import pathlib
import re
import urllib.parse

import yaml

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Unchanged(yaml.CSafeLoader):
    """YAML without dates: `2020-01-01` in an example is a text."""


Unchanged.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def texts(node):
    """Keys of a mapping are texts (a status code in YAML is a number)."""
    if isinstance(node, dict):
        return {str(key): texts(value) for key, value in node.items()}
    if isinstance(node, list):
        return [texts(value) for value in node]
    return node


def escaped(token):
    return token.replace("~", "~0").replace("/", "~1")


def found(document, pointer):
    """The node at a JSON pointer."""
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        document = document[int(token)] if isinstance(document, list) else document[token]
    return document


class Spec:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        text = self.path.read_text(encoding="utf-8")
        self.document = json.loads(text) if self.path.suffix == ".json" else texts(yaml.load(text, Loader=Unchanged))
        self.old = "swagger" in self.document
        self.version = str(self.document.get("openapi") or self.document.get("swagger"))
        self.operations = []
        for template, item in (self.document.get("paths") or {}).items():
            pointer = f"/paths/{escaped(template)}"
            item, pointer = self.resolve(item, pointer)
            for method in METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    self.operations.append(Operation(self, method, template, item, pointer))

    def at(self, pointer):
        return found(self.document, pointer)

    def resolve(self, node, pointer):
        """The node itself, behind references, and where it stands."""
        for _ in range(32):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str) and node["$ref"].startswith("#/")):
                break
            pointer = urllib.parse.unquote(node["$ref"][1:])
            node = self.at(pointer)
        return node, pointer


def base_of(server):
    """The path of a server, with the defaults of its variables, without a slash at the end."""
    url = server.get("url", "")
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace("{%s}" % name, str(variable.get("default", "")))
    return urllib.parse.urlsplit(url).path.rstrip("/")


class Operation:
    def __init__(self, spec, method, template, item, pointer):
        self.spec, self.method, self.template, self.item = spec, method, template, item
        self.node = item[method]
        self.pointer = f"{pointer}/{method}"
        self.label = f"{method.upper()} {template}"
        self.shape = f"{method} {re.sub(r'{[^{}]*}', '{}', template)}"
        document = spec.document
        if spec.old:
            self.bases = [(document.get("basePath") or "").rstrip("/")]
        else:
            servers = self.node.get("servers") or item.get("servers") or document.get("servers") or [{"url": "/"}]
            self.bases = list(dict.fromkeys(base_of(server) for server in servers))
        self.parameters = {}
        places = itertools.chain(
            ((one, f"{pointer}/parameters/{at}") for at, one in enumerate(item.get("parameters") or [])),
            ((one, f"{self.pointer}/parameters/{at}") for at, one in enumerate(self.node.get("parameters") or [])),
        )
        for one, where in places:
            one, where = spec.resolve(one, where)
            self.parameters[(one.get("in"), one.get("name"))] = (one, where)
        self.responses = {}
        for code, one in (self.node.get("responses") or {}).items():
            if not str(code).startswith("x-"):
                self.responses[str(code)] = spec.resolve(one, f"{self.pointer}/responses/{escaped(str(code))}")

    def statuses(self):
        """Status codes that stand for all that is declared: of a range its 18th, for `default` one that nothing else declares."""
        codes = []
        for code in self.responses:
            if code.isdigit():
                codes.append(int(code))
            elif len(code) == 3 and code[0].isdigit() and code[1:].upper() == "XX":
                codes.append(int(code[0]) * 100 + 18)
            elif code.lower() == "default":
                fits = any(one.isdigit() and one.startswith("2") or one.upper() == "2XX" for one in self.responses)
                wanted = (500, 503, 400, 409) if fits else (200, 202)
                codes.append(next((one for one in wanted if str(one) not in self.responses), 599))
        # 1xx are no answers of their own: the exchange would not end with them.
        return [code for code in codes if code >= 200]

    def response(self, code):
        """What is declared for a status code, and where it stands: the code, its range, the default."""
        for key in (str(code), f"{code // 100}XX", f"{code // 100}xx", "default"):
            if key in self.responses:
                return self.responses[key]
        return None, None

    def types(self, code):
        """Media types that are declared for what answers `code`."""
        response, _ = self.response(code)
        if response is None:
            return []
        if self.spec.old:
            if "schema" not in response:
                return []
            return self.node.get("produces") or self.spec.document.get("produces") or []
        return list(response.get("content") or {})

    def schema(self, code, media):
        """Where the schema of an answer's body stands; None without one."""
        response, pointer = self.response(code)
        if response is None:
            return None
        if self.spec.old:
            return f"{pointer}/schema" if "schema" in response else None
        return self.of_content(response.get("content") or {}, f"{pointer}/content", media)

    def request_schema(self, media):
        """Where the schema of a request's body stands; None without one."""
        if self.spec.old:
            for (place, _), (_, pointer) in self.parameters.items():
                if place == "body":
                    return f"{pointer}/schema"
            return None
        body = self.node.get("requestBody")
        if body is None:
            return None
        body, pointer = self.spec.resolve(body, f"{self.pointer}/requestBody")
        return self.of_content(body.get("content") or {}, f"{pointer}/content", media)

    def takes_query(self, name):
        """Whether a name of a query is declared: as a parameter, as a part of one that is an object, or as a key."""
        for (place, declared), (one, _) in self.parameters.items():
            if place != "query":
                continue
            schema = one.get("schema") or {}
            schema = self.spec.resolve(schema, "")[0] if isinstance(schema, dict) else {}
            if name in (declared, f"{declared}[]") or (one.get("style") == "deepObject" and name.startswith(f"{declared}[")):
                return True
            if one.get("style", "form") == "form" and one.get("explode", True) and "type" in schema and "object" in schema["type"]:
                return True
        keys = {scheme.get("name") for alternative in self.security() for _, scheme in alternative if scheme.get("in") == "query"}
        return name in keys

    def form_fields(self, media):
        """Names that a form declares; None where the body is no form or its schema names none."""
        if media.split(";")[0].strip().lower() not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            return None
        if self.spec.old:
            return {name for place, name in self.parameters if place == "formData"} or None
        pointer = self.request_schema(media)
        if pointer is None:
            return None
        return {name for node, _ in applicable(self.spec, self.spec.at(pointer), pointer) for name in node.get("properties") or {}} or None

    @staticmethod
    def of_content(content, pointer, media):
        """The entry that takes the media type: exactly, without parameters, by range."""
        bare = media.split(";")[0].strip().lower()
        keys = {key.split(";")[0].strip().lower(): key for key in content}
        exact = [key for key in content if key.lower().replace(" ", "") == media.lower().replace(" ", "")]
        for key in exact + [keys.get(wanted) for wanted in (bare, bare.split("/")[0] + "/*", "*/*")]:
            if key is not None:
                return f"{pointer}/{escaped(key)}/schema" if "schema" in content[key] else None
        return None

    def security(self):
        """Alternatives, each a list of (scheme's name, scheme); an empty one needs nothing."""
        alternatives = self.node.get("security", self.spec.document.get("security"))
        if not alternatives:
            return [[]]
        if self.spec.old:
            schemes = self.spec.document.get("securityDefinitions") or {}
        else:
            schemes = (self.spec.document.get("components") or {}).get("securitySchemes") or {}
        return [[(name, self.spec.resolve(schemes.get(name) or {}, "")[0]) for name in one] for one in alternatives]


def credentials(alternative, salt):
    """Headers, query parameters and cookies that one alternative asks for. The values are made up and look the part."""
    token = f"tok{salt:06d}Zq8hR3vLx0mB7"
    headers, query, cookies = {}, {}, {}
    for _, scheme in alternative:
        kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
        if kind == "apiKey":
            value = token
            if scheme["in"] == "header" and scheme["name"].lower() == "authorization":
                value = f"Bearer {token}"
            {"header": headers, "query": query, "cookie": cookies}[scheme["in"]][scheme["name"]] = value
        elif kind == "basic" or (kind == "http" and way == "basic"):
            headers["Authorization"] = "Basic bWFyeTpoYWQtYS1saXR0bGUtbGFtYg=="
        elif kind in ("oauth2", "openIdConnect") or (kind == "http" and way == "bearer"):
            headers["Authorization"] = f"Bearer {token}"
        elif kind == "http":
            headers["Authorization"] = f"{scheme.get('scheme')} {token}"
    return headers, query, cookies


def applicable(spec, node, pointer, value=None, depth=0):
    """All schemas that say something about one value: the schema, behind references, and the members of its allOf, anyOf, oneOf."""
    node, pointer = spec.resolve(node, pointer)
    if not isinstance(node, dict) or depth > 16:
        return
    yield node, pointer
    for word in ("allOf", "anyOf", "oneOf"):
        for at, one in enumerate(node.get(word) or []):
            yield from applicable(spec, one, f"{pointer}/{word}/{at}", value, depth + 1)


def undeclared(spec, pointer, value, path="", drop=False):
    """Fields of objects that no applicable schema names: (path, what the schemas say of further ones). With `drop`, takes them out
    of the value, where nothing is said of them."""
    told = []
    todo = [([(spec.at(pointer), pointer)], value, path)]
    while todo:
        roots, value, path = todo.pop()
        schemas = [pair for node, where in roots for pair in applicable(spec, node, where)]
        if isinstance(value, dict):
            names, further, said = {}, [], None
            for node, where in schemas:
                for name, one in (node.get("properties") or {}).items():
                    names.setdefault(name, []).append((one, f"{where}/properties/{escaped(name)}"))
                extra = node.get("additionalProperties")
                if isinstance(extra, dict) and extra:
                    further.append((extra, f"{where}/additionalProperties"))
                    said = "schema"
                elif extra in (True, {}) and "additionalProperties" in node:
                    said = said or "true"
                if node.get("patternProperties"):
                    said = "patterns"
            free = not names and not said and not further
            for name in list(value):
                if name in names:
                    todo.append((names[name], value[name], f"{path}/{escaped(name)}"))
                elif further:
                    todo.append((further, value[name], f"{path}/*"))
                elif said is None and not free:
                    told.append((f"{path}/{escaped(name)}", "nothing"))
                    if drop:
                        del value[name]
                elif free:
                    told.append((f"{path}/{escaped(name)}", "free object"))
                else:
                    told.append((f"{path}/{escaped(name)}", said))
        elif isinstance(value, list):
            items = [(node["items"], f"{where}/items") for node, where in schemas if isinstance(node.get("items"), dict)]
            for one in value if items else ():
                todo.append((items, one, f"{path}/[]"))
    return told


def strict(document, old, new, sending):
    """A copy of the document whose schemas a JSON Schema validator can judge by: `nullable` is a type, an int32 has a range, and what is
    only read (`sending`) or only written (not `sending`) may not occur, and is not required."""
    hidden = ("readOnly",) if sending else ("writeOnly", "x-writeOnly")
    document = copy.deepcopy(document)

    def marked(one):
        if isinstance(one, dict) and isinstance(one.get("$ref"), str) and one["$ref"].startswith("#/"):
            node = document
            try:
                for token in urllib.parse.unquote(one["$ref"][2:]).split("/"):
                    node = node[token.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError):
                return False
            one = node
        return isinstance(one, dict) and any(one.get(word) is True for word in hidden)

    todo, hide = [document], []
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        if not isinstance(node, dict):
            continue
        todo.extend(value for key, value in node.items() if key not in ("example", "examples", "default", "enum"))
        properties = node.get("properties")
        if isinstance(properties, dict):
            names = [name for name, one in properties.items() if marked(one)]
            if names:
                hide.append((node, names))
        if node.get("format") == "int32" and node.get("type") == "integer":
            node["minimum"] = max(node.get("minimum", -(2**31)), -(2**31))
            node["maximum"] = min(node.get("maximum", 2**31 - 1), 2**31 - 1)
        if not new and (node.get("nullable") is True or (old and node.get("x-nullable") is True)):
            if isinstance(node.get("type"), str):
                node["type"] = [node["type"], "null"]
            if isinstance(node.get("enum"), list) and None not in node["enum"]:
                node["enum"] = [*node["enum"], None]
            # A wrapper around a reference: what is referred to, or nothing.
            if "type" not in node:
                for word in ("allOf", "oneOf", "anyOf"):
                    if isinstance(node.get(word), list):
                        node["anyOf"] = [{"type": "null"}, {word: node.pop(word)}]
                        break
    for node, names in hide:
        for name in names:
            node["properties"][name] = {"not": {}}
        if isinstance(node.get("required"), list):
            node["required"] = [name for name in node["required"] if name not in names]
            if not node["required"]:
                del node["required"]
    return document


def is_json(media):
    bare = media.split(";")[0].strip().lower()
    return bare == "application/json" or bare.endswith("+json")


def mirror(spec):
    """A document whose requests are the spec's answers, so that a generator of requests makes answers, too: what is only read
    becomes only written, and the other way round. Also the path of each schema, by where it stands."""
    document = copy.deepcopy(spec.document)
    todo = [document]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            todo.extend(node.values())
            read, written = node.get("readOnly"), node.get("writeOnly")
            if isinstance(read, bool) or isinstance(written, bool):
                node.pop("readOnly", None)
                node.pop("writeOnly", None)
                if written is True:
                    node["readOnly"] = True
                if read is True and not spec.old:
                    node["writeOnly"] = True
    paths, known = {}, {}
    for operation in spec.operations:
        for code in operation.statuses():
            for media in operation.types(code):
                pointer = operation.schema(code, media)
                if pointer is None or not is_json(media):
                    continue
                schema, pointer = spec.resolve(spec.at(pointer), pointer)
                if pointer in known:
                    continue
                known[pointer] = path = f"/mirror/{len(known)}"
                schema = found(document, pointer)
                answers = {"200": {"description": "taken"}}
                if spec.old:
                    post = {"consumes": ["application/json"], "parameters": [{"in": "body", "name": "body", "required": True, "schema": schema}], "responses": answers}
                else:
                    post = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}, "responses": answers}
                paths[path] = {"post": {**post, "security": []}}
    document["paths"] = {**document["paths"], **paths}
    return document, known
