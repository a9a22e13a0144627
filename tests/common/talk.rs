//! HTTP/1.1 conversations that a client and a server may well have: what each side writes, and what it must have
//! received before it does.
//!
//! Every exchange has a number of its own in its target, and its response says the same number in a field: whoever
//! gives an answer to another's question shows.

use std::ops::Range;

use super::mangle::Random;

/// How a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The next when it has the last answer.
    Patient,
    /// Several at once, and more when all of them are answered.
    Bursts,
    /// Several ahead of the answers, one more for each answer.
    Ahead,
}

/// How the length of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    None,
    Length,
    Chunked,
    UntilClose,
}

/// Where a message lies in its stream.
#[derive(Clone, Debug)]
pub struct Part {
    pub head: Range<u64>,
    pub body: Range<u64>,
    pub framing: Framing,
    /// Without the chunks.
    pub body_len: u64,
}

/// An exchange that took place.
#[derive(Clone, Debug)]
pub struct Said {
    pub method: &'static str,
    pub target: String,
    pub host: String,
    pub number: String,
    pub status: u16,
    pub interims: u32,
    /// Asked in one go with those of the same number.
    pub burst: u64,
    pub request: Part,
    /// Interim responses are part of its head.
    pub response: Option<Part>,
}

/// A piece that one side writes at once.
#[derive(Clone, Debug)]
pub struct Write {
    /// It reaches to here in its stream.
    pub until: u64,
    /// So much of the peer's stream must have arrived before.
    pub needs: u64,
    /// Nothing is received before this is sent.
    pub hasty: bool,
}

/// All of one connection.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    /// The client's bytes, then the server's.
    pub streams: [Vec<u8>; 2],
    pub writes: [Vec<Write>; 2],
    pub said: Vec<Said>,
    /// The server must close first.
    pub server_closes: bool,
}

/// What may occur.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub manner: Manner,
    /// Bodies quote heads.
    pub quotes: bool,
    /// Heads may get lost: no answer comes before its question has ended, and no method is one that nobody knows.
    pub lossy: bool,
    /// No body is much longer.
    pub body: u64,
    /// The last request may stay without an answer.
    pub unanswered: bool,
}

const METHODS: [&str; 10] = ["GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "FROB"];
const STATUSES: [u16; 12] = [200, 200, 200, 201, 204, 206, 301, 304, 400, 404, 500, 503];
/// A request and a response that were never sent, only quoted.
pub const QUOTED_TARGET: &str = "/quoted";
pub const QUOTED_STATUS: u16 = 299;
const QUOTES: [&str; 4] = [
    "GET /quoted HTTP/1.1\r\nHost: quoted\r\n\r\n",
    "POST /quoted HTTP/1.1\r\nHost: quoted\r\nContent-Length: 4\r\n\r\nabcd",
    "HTTP/1.1 299 Quoted\r\nX-Number: quoted\r\nContent-Length: 0\r\n\r\n",
    "\r\nHTTP/1.1 299 Quoted\r\nX-Number: quoted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
];

impl Talk {
    pub fn new(random: &mut Random, name: u64, style: Style) -> Self {
        let mut talk = Self::default();
        let count = 1 + random.below(12);
        let (mut burst, mut bursts) = (0, 0);
        // The end of the answers that the next request waits for, and of the last answer.
        let (mut needs, mut answered) = (0, Vec::<u64>::new());
        for index in 0..count {
            let last = index + 1 == count;
            let first_of_burst = burst == 0;
            bursts += u64::from(first_of_burst);
            match style.manner {
                Manner::Patient => needs = answered.last().copied().unwrap_or(0),
                Manner::Bursts if first_of_burst => {
                    burst = random.below(5);
                    needs = answered.last().copied().unwrap_or(0);
                }
                Manner::Bursts => burst -= 1,
                Manner::Ahead => {
                    let ahead = 1 + random.below(4) as usize;
                    needs = needs
                        .max(answered.len().checked_sub(ahead).and_then(|at| answered.get(at)).copied().unwrap_or(0));
                }
            }
            talk.exchange(random, &format!("{name}-{index}"), style, needs, last, !first_of_burst);
            if let Some(said) = talk.said.last_mut() {
                said.burst = bursts;
            }
            answered.push(talk.streams[1].len() as u64);
        }
        talk
    }

    fn write(&mut self, side: usize, bytes: &[u8], needs: u64, hasty: bool) -> Range<u64> {
        let from = self.streams[side].len() as u64;
        self.streams[side].extend_from_slice(bytes);
        let until = self.streams[side].len() as u64;
        if until > from {
            self.writes[side].push(Write { until, needs, hasty });
        }
        from..until
    }

    fn exchange(&mut self, random: &mut Random, number: &str, style: Style, needs: u64, last: bool, behind: bool) {
        let mut method = METHODS[random.below(METHODS.len() as u64) as usize];
        if style.lossy && method == "FROB" {
            // Of a word that nobody knows, right behind what was lost, nobody knows whether it is whole.
            method = "PATCH";
        }
        let host = format!("h{}.example", random.below(3));
        let target = match random.below(6) {
            0 => format!("http://{host}/n/{number}"),
            1 => format!("/n/{number}?q=%20&p={}", random.below(1000)),
            2 => format!("/n/{number}{}", "/long".repeat(random.below(60) as usize)),
            _ => format!("/n/{number}"),
        };
        let hasty = style.manner == Manner::Bursts;
        let (old, ending) = (random.below(10) == 0, if last { random.below(5) } else { 9 });
        let version = if old { "1.0" } else { "1.1" };
        let framing = match method {
            "POST" | "PUT" | "PATCH" | "FROB" if old || random.below(3) > 0 => Framing::Length,
            "POST" | "PUT" | "PATCH" => Framing::Chunked,
            _ => Framing::None,
        };
        let body = Body::new(random, framing, style);
        let expects = !old && framing != Framing::None && random.below(4) == 0 && style.manner == Manner::Patient;
        let mut head = format!("{method} {target} HTTP/{version}\r\nHost: {host}\r\n");
        pad(random, &mut head);
        head += &body.field;
        if expects {
            head += "Expect: 100-continue\r\n";
        }
        if old && !last {
            head += "Connection: keep-alive\r\n";
        }
        let upgrade = ending == 1 && !old && method == "GET";
        if upgrade {
            head += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        }
        head += "\r\n";
        let start = self.streams[0].len() as u64;
        if behind && random.below(20) == 0 {
            // An empty line between two requests is forgiven (RFC 9112 section 2.2).
            self.streams[0].extend_from_slice(b"\r\n");
        }
        let head = start..self.write(0, head.as_bytes(), needs, hasty).end;

        let mut interims = 0;
        let server_from = self.streams[1].len() as u64;
        if expects {
            interims += 1;
            self.write(1, b"HTTP/1.1 100 Continue\r\n\r\n", head.end, false);
        }
        let leave = self.streams[1].len() as u64;
        let sent = self.write(0, &body.bytes, if expects { leave } else { needs }, hasty && !last);
        let request = Part { head: head.clone(), body: sent.clone(), framing, body_len: body.len };
        let early = !expects && !style.lossy && random.below(3) == 0;
        let needs = if early { head.end } else { sent.end.max(head.end) };
        let mut said = Said {
            method,
            target,
            host,
            number: number.to_owned(),
            status: 0,
            interims,
            burst: 0,
            request,
            response: None,
        };
        if last && ending == 2 && style.unanswered && !expects {
            self.said.push(said);
            return;
        }
        if !old && random.below(8) == 0 {
            said.interims += 1;
            self.write(1, b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n", needs, false);
        }

        let status = if upgrade { 101 } else { STATUSES[random.below(STATUSES.len() as u64) as usize] };
        let bare = matches!(status, 101 | 204 | 304) || method == "HEAD";
        let until_close = ending == 0 && !bare;
        let framing = match random.below(3) {
            _ if until_close => Framing::UntilClose,
            0 if !old => Framing::Chunked,
            _ => Framing::Length,
        };
        let mut body = Body::new(random, framing, style);
        let mut head = format!("HTTP/{version} {status} Some Reason\r\nX-Number: {number}\r\n");
        pad(random, &mut head);
        if upgrade {
            head += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        } else if !bare || method == "HEAD" || random.below(2) == 0 {
            // HEAD and 304 say how long it would have been; servers say it for 204, too.
            head += &body.field;
        }
        if until_close || (old && last) {
            head += "Connection: close\r\n";
        } else if old {
            head += "Connection: keep-alive\r\n";
        }
        head += "\r\n";
        if bare {
            body = Body::default();
        }
        let answer = self.write(1, head.as_bytes(), needs, false);
        let sent = self.write(1, &body.bytes, needs, false);
        let framing = if bare { Framing::None } else { framing };
        said.status = status;
        said.response = Some(Part { head: server_from..answer.end, body: sent, framing, body_len: body.len });
        self.server_closes = until_close;
        self.said.push(said);
        if upgrade {
            let end = self.streams[1].len() as u64;
            // Where the answer is lost nobody knows that this is no longer HTTP.
            let quote: &[u8] = if style.lossy { b"" } else { b"\r\nGET /quoted HTTP/1.1\r\nHost: quoted\r\n\r\n" };
            self.write(0, &[b"\x81\x05hello", quote].concat(), end, false);
            let quote: &[u8] = if style.lossy { b"" } else { b"\r\nHTTP/1.1 299 Quoted\r\nX-Number: quoted\r\n\r\n" };
            self.write(1, &[b"\x81\x05hello", quote].concat(), needs, false);
        }
    }
}

/// Fields that say nothing.
fn pad(random: &mut Random, head: &mut String) {
    for field in 0..random.below(4) {
        *head += &format!("X-Field-{field}: {}\r\n", "v".repeat(random.below(80) as usize));
    }
}

/// A body as it goes over the wire, and the field that announces it.
#[derive(Default)]
struct Body {
    field: String,
    bytes: Vec<u8>,
    len: u64,
}

impl Body {
    fn new(random: &mut Random, framing: Framing, style: Style) -> Self {
        if framing == Framing::None {
            return Self::default();
        }
        let size = [0, 1, 40, 400, style.body][random.below(5) as usize];
        let mut plain: Vec<u8> =
            (0..random.below(size + 1)).map(|_| b"abcdefghij \"{}:,0123\n"[random.below(21) as usize]).collect();
        if style.quotes && random.below(2) == 0 {
            for _ in 0..=random.below(2) {
                let quote = QUOTES[random.below(QUOTES.len() as u64) as usize];
                let at =
                    [0, plain.len() as u64, random.below(plain.len() as u64 + 1)][random.below(3) as usize] as usize;
                plain.splice(at..at, quote.bytes());
            }
        }
        let len = plain.len() as u64;
        match framing {
            Framing::Chunked => {
                let mut bytes = Vec::new();
                let mut rest = &plain[..];
                while !rest.is_empty() {
                    let (chunk, behind) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
                    let extension = ["", ";a=b", ";q=\"x y\"", " "][random.below(4) as usize];
                    bytes.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                    rest = behind;
                }
                bytes
                    .extend_from_slice(["0\r\n\r\n", "0\r\nX-Trailer: t\r\n\r\n"][random.below(2) as usize].as_bytes());
                Self { field: "Transfer-Encoding: chunked\r\n".to_owned(), bytes, len }
            }
            Framing::UntilClose => Self { field: String::new(), bytes: plain, len },
            _ => Self { field: format!("Content-Length: {len}\r\n"), bytes: plain, len },
        }
    }
}
