//! The page itself: what it shows, and its template.
//!
//! All texts handed in have been made visible; askama escapes them for HTML on top. The template holds no `style`
//! attribute and no event handler: the page's own policy would refuse them. Drawn figures use SVG attributes. Long
//! tables leave out the end tags that HTML lets one leave out, and are styled by column: rows are what makes it long.

use std::borrow::Cow;

use crate::findings::RuleText;
use crate::time::Span;

/// All that the page shows.
#[derive(askama::Template)]
#[template(
    ext = "html",
    source = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{{ script_hash }}'; style-src '{{ style_hash }}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>API discovery report</title>
<link rel="icon" href="data:,">
<style>{{ style|safe }}</style>
<script>{{ script|safe }}</script>
</head>
<body>
<a class="skip" href="#main">Skip to the findings</a>
<header>
<p class="brand">shadowtap {{ version }} <span>API discovery report</span></p>
<h1>{{ headline }}</h1>
<p class="about">Captured {{ seen }}{% if !replay.is_empty() %} &middot; replay <code>{{ replay }}</code>{% endif %}</p>
<ul class="tiles">
{%- for tile in tiles %}
<li class="{{ tile.tone.class() }}"><span>{{ tile.name }}</span><strong>{{ tile.figure }}</strong><small>{{ tile.about }}</small></li>
{%- endfor %}
</ul>
<nav aria-label="Sections">
{%- if judged %}<a href="#findings">Findings <b>{{ findings.len() }}</b></a>{% endif %}
<a href="#endpoints">Endpoints <b>{{ endpoints.len() }}</b></a>
{%- if judged %}<a href="#declared">Declared <b>{{ declared.len() }}</b></a>{% endif %}
<a href="#hosts">Hosts <b>{{ hosts.len() }}</b></a>
{%- if !third_parties.is_empty() %}<a href="#parties">Third parties <b>{{ third_parties.len() }}</b></a>{% endif %}
{%- if !opaque.is_empty() %}<a href="#opaque">Opaque <b>{{ opaque.len() }}</b></a>{% endif %}
<a href="#ledger">Ledger</a>
<a href="#notes">Warnings and assumptions <b>{{ warnings.len() + assumptions.len() }}</b></a>
<a href="#terms">Terms</a>
</nav>
</header>
<main id="main">

{%- if judged %}
<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
{%- if findings.is_empty() %}
<p class="none">None: everything that was seen is declared, and nothing that should be gone is in use.</p>
{%- else %}
<div class="tools" hidden data-for="findings-table">
<label>Search <input type="search" placeholder="path, host, rule, status" autocomplete="off" spellcheck="false"></label>
<label>Kind <select data-key="kind"><option value="">all</option><option>shadow</option><option>zombie</option><option>orphan</option><option>drift</option><option>dormant</option><option>suppression</option></select></label>
<label>Severity <select data-key="severity"><option value="">all</option><option>high</option><option>medium</option><option>low</option><option>info</option></select></label>
<output></output>
</div>
<div class="wide" tabindex="0" role="region" aria-labelledby="findings-title">
<table id="findings-table" class="paged">
<thead><tr><th scope="col">Severity</th><th scope="col">Kind</th><th scope="col">Operation and evidence</th><th scope="col">Service</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Clients</th><th scope="col">Statuses</th><th scope="col">Seen (UTC)</th></tr></thead>
<tbody>
{%- for row in findings %}
<tr id="f-{{ row.id }}" data-kind="{{ row.kind }}" data-severity="{{ row.severity }}"><td data-v="{{ row.rank }}"><span class="tag {{ row.severity }}">{{ row.severity }}</span><td><b>{{ row.kind }}</b><small>{{ row.rule }}</small><td><code><b>{{ row.method }}</b> <i>{{ row.template }}</i></code>{% if !row.summary.is_empty() %}<p>{{ row.summary }}</p>{% endif %}{% for line in row.why %}<small>{{ line }}</small>{% endfor %}{% if !row.next.is_empty() %}<small>next: {{ row.next }}</small>{% endif %}<td>{{ row.service }}<td>{{ row.requests }}<td>{{ row.clients }}<td>{{ row.statuses }}{% if !row.state.is_empty() %}<small>{{ row.state }}</small><small>{{ row.sure }}</small>{% endif %}<td>{{ row.seen }}
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
{%- if !suppressed.is_empty() %}
<h3 id="suppressed-title">Suppressed</h3>
<p>Findings that somebody lets stand. They are not counted above, and fail no run.</p>
<div class="wide" tabindex="0" role="region" aria-labelledby="suppressed-title">
<table>
<thead><tr><th scope="col">Rule</th><th scope="col">Severity</th><th scope="col">Operation</th><th scope="col">Service</th><th scope="col">Reason</th><th scope="col">Owner</th><th scope="col">Until</th></tr></thead>
<tbody>
{%- for row in suppressed %}
<tr id="f-{{ row.id }}"><td>{{ row.rule }}</td><td>{{ row.severity }}</td><td class="name"><code><b>{{ row.method }}</b> <i>{{ row.template }}</i></code></td><td class="name">{{ row.service }}</td><td>{{ row.reason }}</td><td>{{ row.owner }}</td><td>{{ row.until }}</td></tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
</section>
{%- endif %}

<section id="endpoints" aria-labelledby="endpoints-title">
<h2 id="endpoints-title">Endpoints</h2>
<p>Every method and path template that was asked for and is there, or may be. Clients are estimates when many.</p>
{%- if endpoints.is_empty() %}
<p class="none">None was seen.</p>
{%- else %}
<div class="tools" hidden data-for="endpoints-table">
<label>Search <input type="search" placeholder="path, host, parameter, auth" autocomplete="off" spellcheck="false"></label>
<label>Verdict <select data-key="verdict"><option value="">all</option><option>shadow</option><option>zombie</option><option>dormant</option><option>drift</option><option>matched</option><option value="insufficient_evidence">insufficient evidence</option><option>unproven</option><option>unmanaged</option><option value="third_party">third party</option><option value="out_of_scope">out of scope</option></select></label>
<label>State <select data-key="state"><option value="">all</option><option>confirmed</option><option>provisional</option><option>unanswered</option></select></label>
<output></output>
</div>
<div class="wide" tabindex="0" role="region" aria-labelledby="endpoints-title">
<table id="endpoints-table" class="paged">
<thead><tr><th scope="col">Verdict</th><th scope="col">Operation</th><th scope="col">Service</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Clients</th><th scope="col">Statuses</th><th scope="col">Credentials</th><th scope="col" class="n">p95</th><th scope="col">Seen (UTC)</th></tr></thead>
<tbody>
{%- for row in endpoints %}
<tr data-verdict="{{ row.verdict }}" data-state="{{ row.state }}"><td>{% if row.finding.is_empty() %}<span class="tag {{ row.tone.class() }}">{{ row.verdict }}</span>{% else %}<a class="tag {{ row.tone.class() }}" href="#f-{{ row.finding }}">{{ row.verdict }}</a>{% endif %}{% if row.doubtful %}<small>{{ row.state }}</small>{% endif %}<td><code><b>{{ row.method }}</b> <i>{{ row.template }}</i></code>{% if !row.params.is_empty() %}<small>{{ row.params }}</small>{% endif %}{% for line in row.bodies %}<small>{{ line }}</small>{% endfor %}{% if !row.by.is_empty() %}<small>{{ row.by }}</small>{% endif %}<td>{{ row.service }}<td>{{ row.requests }}<td>{{ row.clients }}{% if row.scanner_only %}<small>scanners</small>{% endif %}<td>{{ row.statuses }}{% if !row.sure.is_empty() %}<small>{{ row.sure }}</small>{% endif %}<td>{{ row.auth }}{% if let Some(p95) = row.latency %}<td data-v="{{ p95.nanos() / 1000 }}">{{ p95 }}{% else %}<td data-v="-1">{% endif %}<td>{{ row.seen }}
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
</section>

{%- if judged %}
<section id="declared" aria-labelledby="declared-title">
<h2 id="declared-title">Declared operations</h2>
<p>What the specs promise, and whether it was seen. Not seen is not the same as not there: see <a href="#terms">orphan and insufficient evidence</a>.</p>
{%- if declared.is_empty() %}
<p class="none">The specs declare none.</p>
{%- else %}
<div class="tools" hidden data-for="declared-table">
<label>Search <input type="search" placeholder="path, spec, operation id" autocomplete="off" spellcheck="false"></label>
<label>State <select data-key="state"><option value="">all</option><option>seen</option><option>orphan</option><option>insufficient evidence</option><option>out of scope</option></select></label>
<output></output>
</div>
<div class="wide" tabindex="0" role="region" aria-labelledby="declared-title">
<table id="declared-table" class="paged">
<thead><tr><th scope="col">State</th><th scope="col">Operation</th><th scope="col">Spec</th><th scope="col">Served at</th><th scope="col">Why</th></tr></thead>
<tbody>
{%- for row in declared %}
<tr data-state="{{ row.state }}"><td><span class="tag {{ row.tone.class() }}">{{ row.state }}</span>{% if row.deprecated %}<small>deprecated</small>{% endif %}<td><code><b>{{ row.method }}</b> <i>{{ row.path }}</i></code>{% if !row.id.is_empty() %}<small>{{ row.id }}</small>{% endif %}<td>{{ row.place }}<td>{{ row.servers }}<td>{{ row.why }}
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
{%- if !specs.is_empty() %}
<h3 id="specs-title">Specs compared with</h3>
<div class="wide" tabindex="0" role="region" aria-labelledby="specs-title">
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Title</th><th scope="col">Version</th><th scope="col">Format</th><th scope="col" class="n">Operations</th><th scope="col" class="n">Warnings</th></tr></thead>
<tbody>
{%- for row in specs %}
<tr><th scope="row" class="name">{{ row.name }}</th><td class="name">{{ row.title }}</td><td class="name">{{ row.version }}</td><td>{{ row.format }}</td><td class="n">{{ row.operations }}</td><td class="n">{{ row.warnings }}</td></tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
</section>
{%- endif %}

<section id="hosts" aria-labelledby="hosts-title">
<h2 id="hosts-title">Hosts</h2>
{%- if hosts.is_empty() %}
<p class="none">None was seen.</p>
{%- else %}
<div class="tools" hidden data-for="hosts-table">
<label>Search <input type="search" placeholder="host, address, spec" autocomplete="off" spellcheck="false"></label>
<output></output>
</div>
<div class="wide" tabindex="0" role="region" aria-labelledby="hosts-title">
<table id="hosts-table" class="paged">
<thead><tr><th scope="col">Host</th><th scope="col">Covered by</th><th scope="col">Known as</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Operations</th><th scope="col" class="n">Not found</th><th scope="col">Noise</th><th scope="col">Servers</th><th scope="col">Seen (UTC)</th></tr></thead>
<tbody>
{%- for row in hosts %}
<tr><th scope="row">{{ row.host }}<td><span class="tag {{ row.tone.class() }}">{{ row.covered }}</span><td>{{ row.identity }}<td>{{ row.requests }}<td>{{ row.operations }}<td>{{ row.not_found }}<td>{{ row.noise }}<td>{{ row.servers }}<td>{{ row.seen }}
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
</section>

{%- if !third_parties.is_empty() %}
<section id="parties" aria-labelledby="parties-title">
<h2 id="parties-title">Third parties</h2>
<p>Services of others that are called from here, by the networks of both sides. Of those that cannot be read connections are counted.</p>
<div class="tools" hidden data-for="parties-table">
<label>Search <input type="search" placeholder="name, address" autocomplete="off" spellcheck="false"></label>
<output></output>
</div>
<div class="wide" tabindex="0" role="region" aria-labelledby="parties-title">
<table id="parties-table" class="paged">
<thead><tr><th scope="col">Name</th><th scope="col">Spoken</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Operations</th><th scope="col" class="n">Connections</th><th scope="col">Servers</th></tr></thead>
<tbody>
{%- for row in third_parties %}
<tr><th scope="row">{{ row.name }}<td>{{ row.kind }}<td>{{ row.requests }}<td>{{ row.operations }}<td>{{ row.connections }}<td>{{ row.servers }}
{%- endfor %}
</tbody>
</table>
</div>
</section>
{%- endif %}

{%- if !opaque.is_empty() %}
<section id="opaque" aria-labelledby="opaque-title">
<h2 id="opaque-title">Opaque services</h2>
<p>Met, and not readable. What they serve is not in this report, and their absence from it proves nothing.</p>
<div class="tools" hidden data-for="opaque-table">
<label>Search <input type="search" placeholder="address, server name" autocomplete="off" spellcheck="false"></label>
<output></output>
</div>
<div class="wide" tabindex="0" role="region" aria-labelledby="opaque-title">
<table id="opaque-table" class="paged">
<thead><tr><th scope="col">Server</th><th scope="col">Server name</th><th scope="col">Why</th><th scope="col" class="n">Flows</th><th scope="col" class="n">Payload</th><th scope="col" class="n">Clients</th></tr></thead>
<tbody>
{%- for row in opaque %}
<tr><th scope="row">{{ row.server }}<td>{{ row.name }}<td>{{ row.kind }}<td>{{ row.flows }}<td data-v="{{ row.bytes }}">{{ row.bytes_text }}<td>{{ row.clients }}
{%- endfor %}
</tbody>
</table>
</div>
</section>
{%- endif %}

<section id="ledger" aria-labelledby="ledger-title">
<h2 id="ledger-title">Ledger</h2>
<p>What became of every captured byte of TCP payload. Each byte has exactly one class. What is missing stands beside it: an absence in this report is only as good as these figures.</p>
<svg class="bar" role="img" aria-label="Shares of captured payload, as in the table below" viewBox="0 0 1000 20" preserveAspectRatio="none">
{%- for bar in bars %}<rect class="{{ bar.name }}" x="{{ bar.x }}" y="0" width="{{ bar.width }}" height="20"></rect>{% endfor -%}
</svg>
<div class="pair">
<table aria-label="TCP payload bytes by class">
<thead><tr><th scope="col">Class</th><th scope="col" class="n">Bytes</th><th scope="col" class="n">Share</th><th scope="col">Meaning</th></tr></thead>
<tbody>
{%- for row in ledger %}
{%- if row.name == "gaps" %}
<tr class="sum"><th scope="row">captured</th><td class="n">{{ captured }}</td><td class="n"></td><td>The sum of the above</td></tr>
{%- endif %}
<tr><th scope="row">{% if row.missing %}missing: {{ row.name }}{% else %}<svg class="key" aria-hidden="true" viewBox="0 0 10 10"><rect class="{{ row.name }}" width="10" height="10"></rect></svg>{{ row.name }}{% endif %}</th><td class="n">{{ row.figure }}</td><td class="n">{{ row.share }}</td><td>{{ row.about }}</td></tr>
{%- endfor %}
</tbody>
</table>
<table aria-label="Packets by class">
<thead><tr><th scope="col">Packets</th><th scope="col" class="n">Count</th></tr></thead>
<tbody>
{%- for fact in packets %}
<tr{% if loop.last %} class="sum"{% endif %}><th scope="row">{{ fact.name }}</th><td class="n">{{ fact.value }}</td></tr>
{%- endfor %}
</tbody>
</table>
</div>
<details>
<summary>Counters of this replay</summary>
<table aria-label="Counters">
<tbody>
{%- for fact in facts %}
<tr><th scope="row">{{ fact.name }}</th><td class="n name">{{ fact.value }}</td></tr>
{%- endfor %}
</tbody>
</table>
</details>
</section>

<section id="notes" aria-labelledby="notes-title">
<h2 id="notes-title">Warnings and assumptions</h2>
{%- if warnings.is_empty() && assumptions.is_empty() %}
<p class="none">None.</p>
{%- endif %}
{%- if !warnings.is_empty() %}
<h3>Warnings</h3>
<ul class="warnings">{% for line in warnings %}<li>{{ line }}</li>{% endfor %}</ul>
{%- endif %}
{%- if !assumptions.is_empty() %}
<h3>Assumptions</h3>
<ul>{% for line in assumptions %}<li>{{ line }}</li>{% endfor %}</ul>
{%- endif %}
</section>

<section id="terms" aria-labelledby="terms-title">
<h2 id="terms-title">Terms</h2>
<dl>
<dt>Operation</dt><dd>A method on a path template of one service, such as <code>GET /users/{id}</code>. Parts of a path that are values stand as <code>{number}</code>, <code>{uuid}</code> and the like; no value from the traffic is in this report.</dd>
<dt>Shadow</dt><dd>An operation that exists (see confirmed) and that no spec declares. The reason says what is unknown: its host, its base path, its path, its method, or its version.</dd>
<dt>Unmanaged</dt><dd>A host with traffic that no spec covers at all. What exists on it is shadow for the reason unknown-host; without any spec nothing was promised, and nothing is called shadow.</dd>
<dt>Third party</dt><dd>A service that is called from here and from nowhere else, at an address that is not one's own, and that no spec names. What it answers is nobody's shadow here; it is listed, as what goes there should be known.</dd>
<dt>Zombie</dt><dd>An operation that is still in use although its spec declares it deprecated, its sunset has passed, or only an older spec declares it.</dd>
<dt>Orphan</dt><dd>A declared operation that was never seen although its host was well in use: 20 requests or more on three or more other declared operations. It says nothing about who owns it.</dd>
<dt>Insufficient evidence</dt><dd>A declared operation that was never seen, while too little was seen of its host to conclude anything, or its calls would have been counted under a template that was learned before it was declared. As a verdict of an endpoint: its requests may be those of another operation, declared since.</dd>
<dt>Dormant</dt><dd>An operation that was called and has not been for 30 days, or as long as the policy says. A finding only where the policy makes it one.</dd>
<dt>Matched</dt><dd>An operation that a spec declares.</dd>
<dt>Confirmed</dt><dd>It answered with success, or with a redirect that is more than another spelling of the same path.</dd>
<dt>Provisional</dt><dd>It answered only with refusals or errors (400, 401, 403, 409, 422, 429, 5xx): probably there. An unproven verdict means that this alone is not held against it.</dd>
<dt>Unanswered</dt><dd>Requests were seen, no response was.</dd>
<dt>exists</dt><dd>How many answers say that it exists, which its verdict rests on: low is one or two, medium up to nine, high is more.</dd>
<dt>template</dt><dd>How sure it is that a template that was learned from the traffic is right: that its variables are variables, and its words none. A declared one is.</dd>
<dt>Noise</dt><dd>CORS preflights, redirects that only add a slash or a scheme, static files, health checks, pages that crawlers fetched and what scanners tried in vain: each request is of one class or traffic of an API; counted, never findings. What a scanner found is there, and is an endpoint like any other.</dd>
<dt>Escapes</dt><dd>Names come from the traffic and may have been chosen by an attacker. Characters that are invisible or change the direction of text stand as <code>\u{202e}</code>.</dd>
</dl>
{%- if !rules.is_empty() %}
<h3>Rules that found something</h3>
<dl>
{%- for rule in rules %}
<dt>{{ rule.id }}</dt><dd>{{ rule.title }}. {{ rule.about }}</dd>
{%- endfor %}
</dl>
{%- endif %}
</section>
</main>
</body>
</html>
"##
)]
pub(super) struct Page<'a> {
    pub(super) script_hash: String,
    pub(super) style_hash: String,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    pub(super) version: &'static str,
    pub(super) replay: Cow<'a, str>,
    pub(super) judged: bool,
    pub(super) headline: String,
    pub(super) seen: String,
    pub(super) tiles: Vec<Tile>,
    pub(super) findings: Vec<FindingRow<'a>>,
    pub(super) suppressed: Vec<SuppressedRow<'a>>,
    pub(super) endpoints: Vec<EndpointRow<'a>>,
    pub(super) declared: Vec<DeclaredRow<'a>>,
    pub(super) hosts: Vec<HostRow>,
    pub(super) third_parties: Vec<PartyRow<'a>>,
    pub(super) opaque: Vec<OpaqueRow<'a>>,
    pub(super) specs: Vec<SpecRow<'a>>,
    pub(super) bars: Vec<Bar>,
    pub(super) ledger: Vec<LedgerRow>,
    pub(super) captured: String,
    pub(super) packets: Vec<Fact<'a>>,
    pub(super) facts: Vec<Fact<'a>>,
    pub(super) warnings: Vec<String>,
    pub(super) assumptions: Vec<Cow<'a, str>>,
    pub(super) rules: Vec<&'static RuleText>,
}

/// How a thing is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Poor,
    Good,
    Calm,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Poor => "poor",
            Self::Good => "good",
            Self::Calm => "calm",
        }
    }
}

/// One figure on top.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) figure: String,
    pub(super) about: String,
    pub(super) tone: Tone,
}

/// One finding that somebody lets stand.
pub(super) struct SuppressedRow<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) rule: &'static str,
    pub(super) severity: &'static str,
    pub(super) method: Cow<'a, str>,
    pub(super) template: Cow<'a, str>,
    pub(super) service: Cow<'a, str>,
    pub(super) reason: Cow<'a, str>,
    pub(super) owner: Cow<'a, str>,
    pub(super) until: String,
}

/// One finding.
pub(super) struct FindingRow<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) severity: &'static str,
    pub(super) rank: u8,
    pub(super) kind: &'static str,
    pub(super) rule: &'static str,
    pub(super) method: Cow<'a, str>,
    pub(super) template: Cow<'a, str>,
    pub(super) service: Cow<'a, str>,
    pub(super) summary: Cow<'a, str>,
    pub(super) why: Vec<String>,
    pub(super) next: Cow<'a, str>,
    pub(super) requests: String,
    pub(super) clients: String,
    pub(super) statuses: String,
    pub(super) state: &'static str,
    /// What it rests on; empty where nothing is to be doubted.
    pub(super) sure: String,
    pub(super) seen: String,
}

/// One endpoint.
pub(super) struct EndpointRow<'a> {
    pub(super) finding: Cow<'a, str>,
    pub(super) verdict: &'static str,
    pub(super) tone: Tone,
    pub(super) state: &'static str,
    pub(super) doubtful: bool,
    /// What it rests on; empty where nothing is to be doubted.
    pub(super) sure: String,
    pub(super) method: Cow<'a, str>,
    pub(super) template: String,
    pub(super) service: Cow<'a, str>,
    pub(super) by: String,
    pub(super) params: String,
    /// What stands out in its bodies, a line each.
    pub(super) bodies: Vec<String>,
    pub(super) requests: String,
    pub(super) clients: String,
    pub(super) scanner_only: bool,
    pub(super) statuses: String,
    pub(super) auth: String,
    pub(super) latency: Option<Span>,
    pub(super) seen: String,
}

/// One declared operation.
pub(super) struct DeclaredRow<'a> {
    pub(super) state: &'static str,
    pub(super) tone: Tone,
    pub(super) method: Cow<'a, str>,
    pub(super) path: String,
    pub(super) id: Cow<'a, str>,
    pub(super) deprecated: bool,
    pub(super) place: String,
    pub(super) servers: String,
    pub(super) why: Cow<'a, str>,
}

/// One host.
pub(super) struct HostRow {
    pub(super) host: String,
    pub(super) covered: String,
    pub(super) tone: Tone,
    /// Environment, owner, other names.
    pub(super) identity: String,
    pub(super) requests: String,
    pub(super) operations: usize,
    pub(super) not_found: String,
    pub(super) noise: String,
    pub(super) servers: String,
    pub(super) seen: String,
}

/// Somebody else's service that is called from here.
pub(super) struct PartyRow<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) requests: String,
    pub(super) operations: u64,
    pub(super) connections: String,
    pub(super) servers: String,
}

/// One opaque service.
pub(super) struct OpaqueRow<'a> {
    pub(super) server: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) flows: String,
    pub(super) bytes: u64,
    pub(super) bytes_text: String,
    pub(super) clients: String,
}

/// One spec.
pub(super) struct SpecRow<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) title: Cow<'a, str>,
    pub(super) version: Cow<'a, str>,
    pub(super) format: &'static str,
    pub(super) operations: usize,
    pub(super) warnings: usize,
}

/// A class of bytes in the bar, in thousandths.
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) x: u16,
    pub(super) width: u16,
}

/// A class of bytes in the table.
pub(super) struct LedgerRow {
    pub(super) name: &'static str,
    pub(super) missing: bool,
    pub(super) figure: String,
    pub(super) share: String,
    pub(super) about: &'static str,
}

/// A name and a figure.
pub(super) struct Fact<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}
