//! Writes the seeds that do not come from fuzzing: pieces of the project's own captures and specs, and conversations made
//! up for the purpose.

use std::io::Write;

use shadowtap::capture::{Frame, LinkType};
use shadowtap::time::Timestamp;

use super::folder;
use crate::common::{all_captures, captures, frames};
use crate::targets::frames::LINKS;

/// Writes them all.
pub fn all() {
    for path in all_captures() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.split('.').next().unwrap_or_default();
        let frames = frames(std::slice::from_ref(&path));
        let all: Vec<Frame<'_>> = (0..).map_while(|at| frames.frame(at)).collect();
        let Some(first) = all.first() else { continue };
        // Whole connections are at the front of a capture as a rule.
        keep("decode", name, &pack(first.link.0, all.iter().take(6).copied()));
        keep("replay", name, &pack(first.link.0, all.iter().take(24).copied()));
        keep("replay", &format!("{name}-more"), &pack(first.link.0, all.iter().skip(24).take(60).copied()));
    }
    files();
    packets();
    specs();
    conversations();
    operations();
}

fn keep(target: &str, name: &str, bytes: &[u8]) {
    let folder = folder().join(target);
    std::fs::create_dir_all(&folder).expect("the folder of seeds can be made");
    std::fs::write(folder.join(name), bytes).expect("a seed can be written");
}

/// Frames as `targets/frames.rs` reads them.
fn pack<'f>(link: u16, frames: impl Iterator<Item = Frame<'f>>) -> Vec<u8> {
    let mut out = match LINKS.iter().position(|known| *known == link) {
        Some(at) => vec![at as u8],
        None => [&[u8::MAX][..], &link.to_be_bytes()].concat(),
    };
    for frame in frames {
        out.extend_from_slice(&(frame.bytes.len() as u16).to_be_bytes());
        out.extend_from_slice(&[0, (frame.wire_len as usize - frame.bytes.len()).div_ceil(3).min(255) as u8]);
        out.extend_from_slice(frame.bytes);
    }
    out
}

/// A TCP segment in an IPv4 packet.
fn ipv4(protocol: u8, id: u16, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let total = (20 + payload.len()) as u16;
    let mut out = vec![0x45, 0];
    out.extend_from_slice(&total.to_be_bytes());
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(&fragment.to_be_bytes());
    out.extend_from_slice(&[64, protocol, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1]);
    out.extend_from_slice(payload);
    out
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    out.extend_from_slice(&[next, 64]);
    for last in [9, 1] {
        out.extend_from_slice(&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    out.extend_from_slice(payload);
    out
}

fn tcp(seq: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0xc3, 0x50, 0, 80];
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 9, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    out.extend_from_slice(payload);
    out
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0xc3, 0x50];
    out.extend_from_slice(&port.to_be_bytes());
    out.extend_from_slice(&((8 + payload.len()) as u16).to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(payload);
    out
}

fn ethernet(ether: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &ether.to_be_bytes(), payload].concat()
}

/// Frames that the captures do not hold: every link type, tunnels in tunnels, fragments in every order.
fn packets() {
    let request = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    let inner = ipv4(6, 1, 0x4000, &tcp(10, 0x18, request));
    let frame = ethernet(0x0800, &inner);
    let (four, six) = (&inner[..], ipv6(6, &tcp(10, 0x18, request)));
    for link in LINKS {
        let frames: Vec<Vec<u8>> = match link {
            1 => vec![frame.clone(), ethernet(0x86dd, &six), ethernet(0x8100, &[&[0, 7, 8, 0][..], four].concat())],
            0 => vec![[&[2, 0, 0, 0][..], four].concat(), [&[0, 0, 0, 30][..], &six].concat()],
            108 => vec![[&[0, 0, 0, 2][..], four].concat()],
            9 => vec![[&[0xff, 3, 0, 0x21][..], four].concat(), [&[0x21][..], four].concat()],
            113 => vec![[&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0][..], four].concat()],
            276 => vec![[&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], four].concat()],
            _ => vec![four.to_vec(), six.clone()],
        };
        keep("decode", &format!("link-{link}"), &packed(link, &frames));
    }

    let mpls = ethernet(0x8847, &[&[0, 0, 0x11, 64][..], four].concat());
    let pppoe = ethernet(0x8864, &[&[0x11, 0, 0, 1, 0, 70, 0, 0x21][..], four].concat());
    let gre = ethernet(0x0800, &ipv4(47, 2, 0, &[&[0x20, 0, 8, 0, 0, 0, 0, 5][..], four].concat()));
    let erspan = [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, 0, 3, 0, 0, 0, 0][..], &frame].concat();
    let erspan = ethernet(0x0800, &ipv4(47, 3, 0, &erspan));
    let vxlan = ethernet(0x0800, &ipv4(17, 4, 0, &udp(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0][..], &frame].concat())));
    let geneve = [&[0, 0, 0x65, 0x58, 0, 0, 42, 0][..], &frame].concat();
    let geneve = ethernet(0x0800, &ipv4(17, 5, 0, &udp(6081, &geneve)));
    let gtp = [&[0x30, 0xff, 0, four.len() as u8, 0, 0, 0, 42][..], four].concat();
    let gtp = ethernet(0x0800, &ipv4(17, 6, 0, &udp(2152, &gtp)));
    let ipip = ethernet(0x0800, &ipv4(4, 7, 0, four));
    let sixin4 = ethernet(0x0800, &ipv4(41, 8, 0, &six));
    let teredo = ethernet(0x0800, &ipv4(17, 9, 0, &udp(3544, &six)));
    let arp = ethernet(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1]);
    keep("decode", "tunnels", &packed(1, &[mpls, pppoe, gre, erspan, vxlan, geneve, gtp, ipip, sixin4, teredo, arp]));

    let whole = tcp(10, 0x18, &[b"POST / HTTP/1.1\r\nContent-Length: 40\r\n\r\n".as_slice(), &[b'x'; 41]].concat());
    let parts: Vec<(usize, usize)> = vec![(0, 40), (40, 80), (80, whole.len())];
    let piece = |(from, to): (usize, usize)| {
        let more = if to < whole.len() { 0x2000 } else { 0 };
        ethernet(0x0800, &ipv4(6, 77, more | (from / 8) as u16, &whole[from..to]))
    };
    let piece6 = |(from, to): (usize, usize)| {
        let field = (from as u16) | u16::from(to < whole.len());
        let header = [&[6, 0][..], &field.to_be_bytes(), &[0, 0, 0, 77], &whole[from..to]].concat();
        ethernet(0x86dd, &ipv6(44, &header))
    };
    let order = [parts[2], parts[0], parts[1], parts[1]];
    keep("decode", "fragments", &packed(1, &order.map(piece)));
    keep("decode", "fragments-v6", &packed(1, &order.map(piece6)));
    keep("decode", "fragments-overlap", &packed(1, &[(0, 64), (32, 80), (80, whole.len())].map(piece)));
}

fn packed(link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let frame = |bytes| Frame { time: Timestamp::ZERO, link: LinkType(link), wire_len: 0, bytes };
    let frames = frames.iter().map(|bytes| Frame { wire_len: bytes.len() as u32, ..frame(bytes) });
    pack(link, frames)
}

/// Capture files of every kind, small.
fn files() {
    let frame = ethernet(0x0800, &ipv4(6, 1, 0x4000, &tcp(10, 0x18, b"GET / HTTP/1.1\r\n\r\n")));
    let pcap = |magic: u32, big: bool, head: usize| {
        let word = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut out = word(magic).to_vec();
        out.extend_from_slice(&if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] });
        out.extend([0, 0, 65_535, 1].map(word).concat());
        for second in 0..3 {
            let len = frame.len() as u32;
            out.extend([1_700_000_000 + second, 5, len, len + second].map(word).concat());
            out.resize(out.len() + head - 16, 0);
            out.extend_from_slice(&frame);
        }
        out
    };
    let plain = pcap(0xa1b2_c3d4, false, 16);
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let len = (12 + padded as u32).to_le_bytes();
        [&kind.to_le_bytes()[..], &len, body, &vec![0; padded - body.len()], &len].concat()
    };
    let len = (frame.len() as u32).to_le_bytes();
    let shb = block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    let idb = block(1, &[1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    let epb = block(6, &[&[0; 4][..], &0x17_u32.to_le_bytes(), &[1; 4], &len, &len, &frame].concat());
    let spb = block(3, &[&len[..], &frame].concat());
    let isb = block(5, &[&[0; 12][..], &[5, 0, 8, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat());
    let dsb = block(10, &[&0x544c_534b_u32.to_le_bytes()[..], &8_u32.to_le_bytes(), b"CLIENT_R"].concat());
    let nrb = block(4, &[0; 8]);
    let ng = [&shb[..], &idb, &dsb, &epb, &spb, &nrb, &isb, &epb].concat();
    let gz = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("memory does not fail")
    };
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 3).expect("memory does not fail");
    let half = plain.len() / 2;
    for (name, bytes) in [
        ("pcap", plain.clone()),
        ("pcap-be", pcap(0xa1b2_c3d4, true, 16)),
        ("pcap-ns", pcap(0xa1b2_3c4d, false, 16)),
        ("pcap-modified", pcap(0xa1b2_cd34, false, 24)),
        ("pcapng", ng.clone()),
        ("pcapng-two-sections", [&ng[..], &shb, &idb, &epb].concat()),
        ("pcapng-damaged", [&shb[..], &idb, &epb[..epb.len() - 4], &[9; 4], &epb].concat()),
        ("gz", gz(&plain)),
        ("gz-two-members", [gz(&plain[..half]), gz(&plain[half..])].concat()),
        ("gz-ng", gz(&ng)),
        ("zst", zst(&plain)),
        ("zst-two-frames", [zst(&plain[..half]), zst(&plain[half..])].concat()),
        ("zst-skippable", [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], &zst(&ng)].concat()),
        ("zst-zeros", zst(&[&plain[..], &[0; 200_000]].concat())),
        ("joined", [&plain[..], &plain].concat()),
        ("joined-gz", [&plain[..], &gz(&plain)].concat()),
        ("cut", plain[..plain.len() - 5].to_vec()),
    ] {
        keep("file", name, &[&[6], &bytes[..]].concat());
    }
}

fn specs() {
    for name in ["payments.yaml", "hostile.yaml"] {
        let text = std::fs::read(captures().join(name)).expect("part of the repository");
        keep("openapi", name, &[b"0", &text[..]].concat());
    }
    let all = [
        (
            "minimal",
            "0openapi: 3.0.3\ninfo: {title: a, version: 1}\npaths:\n  /a/{id}:\n    get:\n      responses: {'200': {description: x}}\n",
        ),
        (
            "json",
            r##"1{"openapi":"3.1.0","servers":[{"url":"https://{h}.example.com:8443/v{n}","variables":{"h":{"default":"a","enum":["a","b"]},"n":{"default":"1"}}}],"paths":{"/p/{a}.{b}":{"parameters":[{"$ref":"#/components/parameters/P"}],"post":{"deprecated":true,"security":[{"k":[]}],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}},"responses":{"2XX":{}}}}},"components":{"parameters":{"P":{"name":"q","in":"query"}},"schemas":{"S":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/S"}},"required":["a"]}},"securitySchemes":{"k":{"type":"apiKey","in":"header","name":"X"}}}}"##,
        ),
        (
            "swagger",
            "0swagger: '2.0'\nhost: api.example.com:81\nbasePath: /v1\nschemes: [https, http]\npaths:\n  /x:\n    $ref: '#/x-paths/x'\nx-paths:\n  x:\n    parameters:\n      - {in: body, name: b, schema: {type: object}}\n    put:\n      responses: {default: {description: d}}\n",
        ),
        (
            "anchors",
            "0openapi: 3.0.0\nx: &a [1, 2, &b {c: *a}]\ny: &c {<<: *b, d: no, 010: 1_000}\npaths:\n  ? /k\n  : get: *c\n",
        ),
        (
            "laughs",
            "0openapi: 3.0.0\na: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: &d [*c, *c, *c, *c]\ne: [*d, *d, *d, *d]\npaths: {}\n",
        ),
        (
            "circle",
            "0openapi: 3.0.0\npaths:\n  /a: {$ref: '#/paths/~1b'}\n  /b: {$ref: '#/paths/~1a'}\n  /c: {$ref: 'other.yaml#/x'}\n",
        ),
        (
            "block",
            "0---\nopenapi: >-\n  3.0.0\ninfo: |+\n  text\n\n# comment\npaths:\n  '/q': {\"get\": {}, 'get': {}}\n  /q: !!map {}\n...\n",
        ),
        ("nested", "0openapi: 3.0.0\npaths: {/a: {get: {parameters: [[[[[[[[[[[[]]]]]]]]]]]]}}}\n"),
        ("not", "0just a text\n"),
    ];
    for (name, text) in all {
        keep("openapi", name, text.as_bytes());
    }
}

/// Conversations as `targets/http1.rs` reads them. A line for each who speaks: `>` the client, `<` the server.
fn conversations() {
    let all: &[(&str, &[&str])] = &[
        ("simple", &[">GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]),
        (
            "pipelined",
            &[
                ">GET /1 HTTP/1.1\r\nHost: h\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\n\r\n",
                "<HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
            ],
        ),
        (
            "chunked",
            &[
                ">POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nT: x\r\n\r\n",
                "<HTTP/1.1 201 Created\r\ntransfer-encoding: gzip, chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
            ],
        ),
        (
            "continue",
            &[
                ">PUT /c HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
                "<HTTP/1.1 100 Continue\r\n\r\n",
                ">body",
                "<HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            ],
        ),
        ("until-close", &[">GET / HTTP/1.0\r\n\r\n", "<HTTP/1.0 200 OK\r\n\r\nall of it\x04"]),
        (
            "smuggling",
            &[
                ">POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
                "<HTTP/1.1 400 Bad\r\nContent-Length: -1\r\n\r\n",
            ],
        ),
        (
            "connect",
            &[
                ">CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
                "<HTTP/1.1 200 OK\r\n\r\n",
                ">GET /in HTTP/1.1\r\n\r\n",
                "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            ],
        ),
        (
            "connect-tls",
            &[
                ">CONNECT h:443 HTTP/1.1\r\n\r\n",
                "<HTTP/1.1 200 OK\r\n\r\n",
                ">\x16\x05\x03\x05\x01\0\x05\x05\x05\x01\0\0\x05\x01\x05\x03",
                "<\x16\x05\x03\x05\x03\0\x05\x02\x05\x02\0",
            ],
        ),
        (
            "upgrade",
            &[
                ">GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "<HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
                ">\u{7f}hi",
            ],
        ),
        ("h2", &[">PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x05\x04\0\0\0\0\0"]),
        (
            "h2c",
            &[
                ">GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
                "<HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\0\x05\x04",
            ],
        ),
        (
            "socks5",
            &[
                ">\x05\x05\x05\x01\0",
                "<\x05\x05\0",
                ">\x05\x05\x05\x01\0\x05\x03\x05\x01h\0P",
                "<\x05\x05\0\0\x05\x01\0\0\0\0\0\0",
                ">GET / HTTP/1.1\r\n\r\n",
            ],
        ),
        ("proxy", &[">PROXY TCP4 1.1.1.1 2.2.2.2 3 80\r\nGET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"]),
        ("ssh", &["<SSH-2.0-x\r\n", ">SSH-2.0-y\r\n"]),
        ("bare-lf", &[">GET / HTTP/1.1\nHost: h\n folded\n\n\r\n\nGET /2 HTTP/1.1\n\n", "<HTTP/1.1 200\n\nbody\x04"]),
        ("http09", &[">GET /\r\n", "<<html>\x04"]),
        (
            "hole",
            &[
                ">POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nabc\x03\x08defghijkGET /2 HTTP/1.1\r\n\r\n",
                "<HTTP/1.1 200 OK\r\n\x03\x40rest\r\nHTTP/1.1 204 No\r\n\r\n",
            ],
        ),
        (
            "ranges",
            &[
                ">GET /r HTTP/1.1\r\nRange: bytes=0-1,3-4\r\n\r\n",
                "<HTTP/1.1 206 Partial\r\nContent-Type: multipart/byteranges; boundary=B\r\nContent-Length: 40\r\n\r\n--B\r\n\r\nab\r\n--B\r\n\r\ncd\r\n--B--\r\n",
            ],
        ),
        ("absolute", &[">GET http://u:p@h:8080/x;y?z#f HTTP/1.1\r\nHost: other\r\n\r\nOPTIONS * HTTP/1.1\r\n\r\n"]),
        ("early-answer", &["<HTTP/1.1 408 Timeout\r\nConnection: close\r\n\r\n\x04", ">GET /late HTTP/1.1\r\n\r\n"]),
    ];
    for (name, talk) in all {
        let said: Vec<u8> = talk
            .iter()
            .flat_map(|line| {
                let (who, words) = line.split_at(1);
                std::iter::once(if who == ">" { 1 } else { 2 }).chain(words.bytes())
            })
            .collect();
        for (switches, ending) in [(0_u8, ""), (1, "-late"), (2, "-tight")] {
            if ending.is_empty() || talk.len() > 2 || said.contains(&3) {
                keep("http1", &format!("{name}{ending}"), &[&[switches, 1, 7][..], &said].concat());
            }
        }
    }
}

/// Operations as `targets/flow.rs` reads them: kind, side, connection in a byte.
fn operations() {
    let op = |kind: u8, side: u8, connection: u8| kind << 3 | side << 2 | connection;
    let (say, answer) = (op(0, 0, 0), op(0, 1, 0));
    let all: &[(&str, &[u8])] = &[
        ("talk", &[op(10, 0, 0), say, 30, answer, 90, say, 220, answer, 250, op(11, 0, 0), 0, op(11, 1, 0), 3]),
        ("late", &[say, 30, answer, 40, say, 7, answer, 9]),
        ("early", &[op(10, 0, 0), op(4, 0, 0), 20, 30, say, 40, op(4, 0, 0), 5, 60, op(24, 0, 0), say, 80]),
        ("again", &[op(10, 0, 0), say, 50, op(5, 0, 0), 20, 60, op(27, 0, 0), 30, op(5, 0, 0), 90, 10]),
        ("lost", &[op(10, 0, 0), say, 9, op(6, 0, 0), 40, say, 9, op(24, 0, 0), op(21, 1, 0), 80, answer, 5]),
        ("reset", &[op(10, 0, 1), op(0, 0, 1), 9, op(12, 1, 1), 0, op(0, 0, 1), 3, op(12, 0, 1), 120]),
        ("reuse", &[op(10, 0, 0), say, 9, op(11, 0, 0), 0, op(11, 1, 0), 0, op(15, 0, 0), 7, 7, op(10, 0, 0), say, 33]),
        ("reuse-alive", &[op(10, 0, 0), say, 9, op(15, 0, 0), 9, 1, op(10, 0, 0), say, 33, answer, 3]),
        ("cut", &[op(10, 0, 0), op(16, 0, 0), 30, 70, say, 9, op(24, 0, 0), op(16, 1, 0), 0, 90, answer, 4]),
        ("far", &[op(10, 0, 0), say, 9, op(17, 0, 0), 0x40, 0, 6, op(17, 0, 0), 0x80, 0, 7, say, 9]),
        (
            "idle",
            &[op(10, 0, 0), say, 9, op(13, 0, 0), 5, say, 9, op(23, 0, 0), 100, say, 9, op(14, 0, 0), 250, say, 9],
        ),
        ("crowd", &[op(19, 0, 0), 1, 31, op(20, 0, 0), 1, 31, op(20, 1, 0), 9, 31, op(19, 0, 0), 90, 31, say, 9]),
        ("dribble", &[op(10, 0, 0), op(21, 0, 0), 250, op(22, 0, 0), 250, op(21, 1, 0), 99, op(22, 1, 0), 255]),
        ("odd", &[op(18, 0, 0), 0xff, 9, op(18, 0, 0), 0, 9, op(8, 0, 0), 20, op(9, 1, 0), op(26, 0, 0), 3, 40]),
    ];
    let moods: [(&str, [u8; 8]); 4] = [
        ("", [0; 8]),
        ("-nibbling", [64, 128, 0, 160, 64, 130, 0, 10]),
        ("-skipping", [200, 0, 215, 230, 0, 245, 0, 225]),
        ("-bored", [0, 64, 0, 255, 0, 0, 0, 0]),
    ];
    for (name, operations) in all {
        for (which, (ending, mood)) in moods.iter().enumerate() {
            let switches = [0, 4, 2, 7][which];
            keep("flow", &format!("{name}{ending}"), &[&[switches][..], mood, operations].concat());
        }
    }
}
