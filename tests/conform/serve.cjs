// Answers requests from a spec, with Prism's parts: its reading of the spec, its router, its validator and its mocker.
//
//   node serve.cjs SPEC PORT
//
// A line of JSON on stdin plans the answer to the request that will come from one client address and port:
//   {"key": "127.0.0.2:20000", "method": "get", "path": "/pets/{id}", "base": "/v1", "code": 404, "types": ["application/json"],
//    "seed": "7", "optional": 0.5, "fill": false, "spare": "{}", "first": "prism", "gzip": false}
// `spare` is a body that somebody else made: it is sent where `first` says so, or where Prism makes none that its own validator takes.
// A line of JSON on stdout says what came of it; `routed` is where Prism's router finds the request, `input` and `output` what its
// validator holds against the request and against the answer.
// Prism's command line is not enough here: it answers a request that it finds wrong with an error of its own, knows no base path,
// and fills in every optional property always.
'use strict';
const http = require('http');
const readline = require('readline');
const zlib = require('zlib');
const json = require(require.resolve('@stoplight/json', { paths: [require.resolve('@stoplight/prism-http')] }));
// What Prism does to circular references, without spelling out where each of a million parts stands: half of the time that it needs
// to read a large spec.
json.decycle = root => {
    const above = new Map();
    const path = [];
    const copy = node => {
        if (node === null || typeof node !== 'object' || !(Array.isArray(node) || json.isPlainObject(node))) return node;
        const seen = above.get(node);
        if (seen) return { $ref: json.pathToPointer(path.slice(0, seen.length)) };
        above.set(node, { length: path.length });
        const made = Array.isArray(node) ? [] : {};
        for (const [key, value] of Object.entries(node)) {
            path.push(key);
            made[key] = copy(value);
            path.pop();
        }
        above.delete(node);
        return made;
    };
    return copy(root);
};
const { createInstance, getHttpOperationsFromSpec, resetJSONSchemaGenerator } = require('@stoplight/prism-http');
const route = require('@stoplight/prism-http/dist/router').default;
const { validateInput, validateOutput, validateSecurity } = require('@stoplight/prism-http/dist/validator');
const mock = require('@stoplight/prism-http/dist/mocker').default;
const { serialize } = require('@stoplight/prism-http-server/dist/serialize');
const { JSONSchemaFaker } = require('json-schema-faker');
const { isRight } = require('fp-ts/Either');

const [spec, port] = process.argv.slice(2);
const quiet = {};
for (const level of ['trace', 'debug', 'info', 'success', 'start', 'warn', 'error', 'fatal', 'note']) quiet[level] = () => {};
quiet.child = () => quiet;

const tell = line => process.stdout.write(JSON.stringify(line) + '\n');

/** Plans by client, and those who wait for one. */
const plans = new Map();
const waiting = new Map();
function planned(key) {
    const plan = plans.get(key);
    if (plan) { plans.delete(key); return Promise.resolve(plan); }
    return new Promise(resolve => waiting.set(key, resolve));
}
function plan(line) {
    const entry = JSON.parse(line);
    const wakes = waiting.get(entry.key);
    if (wakes) { waiting.delete(entry.key); wakes(entry); } else plans.set(entry.key, entry);
}

/** What Prism is asked: repeated names of a query become lists, as its own server has it. */
function asked(request, path, body) {
    const url = new URL(request.url, 'http://any.example');
    const query = {};
    for (const name of url.searchParams.keys()) {
        const values = url.searchParams.getAll(name);
        query[name] = values.length === 1 ? values[0] : values;
    }
    let content = null;
    if (body.length > 0) {
        const type = (request.headers['content-type'] || '').split(';')[0].trim().toLowerCase();
        content = body.toString('utf8');
        if (type === 'application/json' || /^application\/.*\+json$/.test(type)) {
            try { content = JSON.parse(content); } catch { /* the validator says so */ }
        }
    }
    return { method: request.method.toLowerCase(), url: { path, query }, headers: request.headers, body: content };
}

/** What its validator objects to. Warnings are about what is deprecated: that is no fault. */
function bare(findings) {
    return (findings || []).filter(one => one.severity === 0).map(one => ({ where: (one.path || []).join('.'), code: one.code, what: one.message }));
}

function read(request) {
    return new Promise((resolve, reject) => {
        const parts = [];
        request.on('data', part => parts.push(part));
        request.on('end', () => resolve(Buffer.concat(parts)));
        request.on('error', reject);
    });
}

/** Whether a media type is none that has fields, and its schema asks for nothing but bytes or a text. */
function opaque(operation, entry) {
    if (/json|xml|html|form|multipart|yaml|csv/.test(entry.types[0])) return false;
    const response = operation.responses.find(one => one.code === String(entry.code));
    const content = response && (response.contents || []).find(one => one.mediaType === entry.types[0]);
    if (!content || (response.headers || []).some(one => one.required)) return false;
    return !content.schema || !content.schema.type || content.schema.type === 'string' || content.schema.type === 'file';
}

/** Whether a schema has more parts, written out, than Prism can work with in reasonable time and memory. */
const HEAVY = 3000;
const weighed = new WeakMap();
function heavy(schema, document) {
    if (schema === null || typeof schema !== 'object') return false;
    if (weighed.has(schema)) return weighed.get(schema);
    let count = 0;
    const todo = [[schema, 0]];
    while (todo.length > 0 && count <= HEAVY) {
        const [node, references] = todo.pop();
        if (node === null || typeof node !== 'object') continue;
        count += 1;
        if (typeof node.$ref === 'string') {
            let target = document;
            for (const key of node.$ref.slice(2).split('/')) target = target && target[decodeURIComponent(key).replace(/~1/g, '/').replace(/~0/g, '~')];
            if (references < 3) todo.push([target, references + 1]);
        } else {
            for (const value of Object.values(node)) todo.push([value, references]);
        }
    }
    weighed.set(schema, count > HEAVY);
    return count > HEAVY;
}

function declares(operation, field) {
    return operation.responses.some(one => (one.headers || []).some(header => header.name.toLowerCase() === field));
}

/** Takes away patterns that every text matches: Prism's generator thinks about each of them for a second. */
function unhurried(root) {
    const seen = new Set();
    const todo = [root];
    while (todo.length > 0) {
        const node = todo.pop();
        if (node === null || typeof node !== 'object' || seen.has(node)) continue;
        seen.add(node);
        if (typeof node.pattern === 'string' && /^\^?(\.\*|\(\.\*\)|\[\\[sSwWdD]\\[sSwWdD]\]\*)\$?$/.test(node.pattern)) delete node.pattern;
        for (const value of Object.values(node)) todo.push(value);
    }
}

async function main() {
    let operations;
    try {
        operations = await getHttpOperationsFromSpec(spec);
    } catch (error) {
        tell({ unreadable: String((error && error.message) || error) });
        process.exit(0);
    }
    operations.forEach(unhurried);
    const by = new Map(operations.map(one => [`${one.method.toLowerCase()} ${one.path}`, one]));
    // The answer is planned, whatever the validator holds against the request: that is told, not answered.
    const instance = createInstance(
        { isProxy: false, validateRequest: true, validateResponse: true, checkSecurity: true, errors: false, mock: { dynamic: true } },
        {
            logger: quiet,
            route: ({ resources }) => ({ _tag: 'Right', right: resources[0] }),
            mock: ({ resource, input, config }) => mock({ resource, input: { data: input.data, validations: [] }, config }),
        },
    );

    async function answer(request, response) {
        const body = await read(request);
        const entry = await planned(`${request.socket.remoteAddress}:${request.socket.remotePort}`);
        const said = { key: entry.key };
        const path = new URL(request.url, 'http://any.example').pathname.slice(entry.base.length) || '/';
        const input = asked(request, path, body);
        try {
            const found = route({ resources: operations, input });
            said.routed = isRight(found) ? `${found.right.method.toLowerCase()} ${found.right.path}` : null;
        } catch (error) { said.routed = null; }
        const operation = by.get(`${entry.method} ${entry.path}`);
        let payload, result, heard;
        const declared = operation && entry.types && operation.responses.flatMap(one => one.contents || []).filter(one => one.mediaType === entry.types[0]);
        const tooHeavy = (declared || []).some(one => heavy(one.schema, operation));
        if (tooHeavy) said.unjudged = ['answer'];
        const full = { isProxy: false, validateRequest: false, validateResponse: true, checkSecurity: false, errors: false };
        const spared = async () => {
            // Header fields are Prism's: it makes them alone for a HEAD.
            const head = { ...operation, method: 'head' };
            const config = { ...full, mock: { dynamic: true, ignoreExamples: true, code: entry.code, seed: entry.seed, mediaTypes: entry.types } };
            const outcome = await instance.request(input, [head], config)();
            if (!isRight(outcome)) throw new Error(outcome.left.detail || outcome.left.message);
            const { output } = outcome.right;
            output.headers = { ...output.headers, 'Content-type': entry.types[0] };
            output.body = JSON.parse(entry.spare);
            const problems = tooHeavy ? {} : validateOutput({ resource: operation, element: output });
            outcome.right.validations = {
                input: outcome.right.validations.input, output: problems._tag === 'Left' ? problems.left : [],
            };
            result = outcome.right;
            payload = entry.spare;
            said.way = 'spare';
            delete said.error;
        };
        const ways = [{ dynamic: true, ignoreExamples: true }, { dynamic: false, ignoreExamples: true }, { dynamic: false, ignoreExamples: false }];
        if (operation) {
            try {
                let resource = operation;
                const contents = (operation.request && operation.request.body && operation.request.body.contents) || [];
                if (contents.some(one => heavy(one.schema, operation))) {
                    resource = { ...operation, request: { ...operation.request, body: undefined } };
                    said.unjudged = [...(said.unjudged || []), 'request body'];
                }
                const problems = [validateSecurity, validateInput].map(judge => judge({ resource, element: input }));
                heard = problems.flatMap(one => one._tag === 'Left' ? one.left : []);
            } catch (error) {
                heard = [{ severity: 0, code: 'crash', message: `Prism cannot judge the request: ${error.message}` }];
            }
        }
        if (!operation) said.error = 'Prism does not know the operation';
        resetJSONSchemaGenerator();
        if (operation && entry.spare && (entry.first === 'spare' || tooHeavy)) {
            try { await spared(); } catch (error) { said.error = String((error && error.message) || error); }
        }
        if (tooHeavy && !result && !said.error) said.error = 'the schema is too large for Prism';
        for (const way of operation && !result && !tooHeavy ? ways : []) {
            resetJSONSchemaGenerator();
            // Short lists and texts: Prism's own habit is bodies of most of a megabyte.
            JSONSchemaFaker.option({ fillProperties: entry.fill, maxItems: entry.optional < 1 ? 3 : 2, maxLength: 60 });
            if (entry.optional < 1) {
                // Not a share that varies by itself: lists would be up to fifty long, whatever is said.
                JSONSchemaFaker.option({ alwaysFakeOptionals: false, optionalsProbability: entry.optional, fixedProbabilities: true });
            }
            const config = { mock: { ...way, code: entry.code, seed: entry.seed, mediaTypes: entry.types } };
            try {
                const outcome = await instance.request(input, [operation], { ...full, ...config })();
                if (!isRight(outcome)) { said.error = String(outcome.left.detail || outcome.left.message); continue; }
                result = outcome.right;
                payload = serialize(result.output.body, result.output.headers && result.output.headers['Content-type']);
                said.way = way.dynamic ? 'dynamic' : 'static';
                delete said.error;
                break;
            } catch (error) { result = undefined; said.error = String((error && error.message) || error); }
        }
        if (operation && entry.spare && said.way !== 'spare' && (!result || bare(result.validations.output).length > 0)) {
            try { await spared(); } catch (error) { said.spare = String((error && error.message) || error); }
        }
        if (operation && !result && entry.types && opaque(operation, entry)) {
            // Pictures, archives: any bytes will do.
            result = { output: { statusCode: entry.code, headers: { 'Content-type': entry.types[0] } }, validations: { input: heard, output: [] } };
            payload = `\u0001 bytes of ${entry.seed}`;
            said.way = 'opaque';
            delete said.error;
        }
        if (!result) {
            tell(said);
            response.writeHead(500, { 'content-type': 'text/plain', connection: 'close' });
            response.end('no answer could be made');
            return;
        }
        said.input = bare(heard);
        said.output = bare(result.validations.output);
        const code = result.output.statusCode;
        const headers = {};
        for (const [name, value] of Object.entries(result.output.headers || {})) {
            if (value !== null && value !== undefined) headers[name.toLowerCase()] = String(value);
        }
        let bytes = payload === undefined || payload === null ? Buffer.alloc(0) : Buffer.from(String(payload), 'utf8');
        if (request.method === 'HEAD' || code === 204 || code === 304 || code < 200) bytes = Buffer.alloc(0);
        if (bytes.length === 0) delete headers['content-type'];
        // Prism says so of its own accord.
        if (operation.deprecated && !declares(operation, 'deprecation')) delete headers.deprecation;
        // Declared framing and length would not be true.
        for (const name of ['content-length', 'transfer-encoding', 'content-encoding', 'connection', 'trailer', 'upgrade']) {
            if (name in headers) { (said.replaced = said.replaced || []).push(name); delete headers[name]; }
        }
        if (entry.gzip && bytes.length > 0) { bytes = zlib.gzipSync(bytes); headers['content-encoding'] = 'gzip'; }
        headers.connection = 'close';
        try {
            response.writeHead(code, headers);
        } catch (error) {
            said.error = `an answer that cannot be sent: ${error.message}`;
            tell(said);
            response.writeHead(500, { 'content-type': 'text/plain', connection: 'close' });
            response.end('no answer could be made');
            return;
        }
        tell(said);
        // Half of the answers are chunked, the others tell their length.
        if (Number(entry.seed) % 2 === 0 && bytes.length > 1) {
            response.write(bytes.subarray(0, bytes.length >> 1));
            response.end(bytes.subarray(bytes.length >> 1));
        } else {
            response.end(bytes);
        }
    }

    const server = http.createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
        answer(request, response).catch(error => { tell({ failed: String(error && error.stack) }); response.destroy(); });
    });
    server.keepAliveTimeout = 1;
    server.listen(Number(port), '127.0.0.1', () => {
        tell({ ready: operations.map(one => [one.method.toLowerCase(), one.path]) });
    });
    const lines = readline.createInterface({ input: process.stdin });
    lines.on('line', plan);
    lines.on('close', () => process.exit(0));
}

main();
