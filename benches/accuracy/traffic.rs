//! Labelled traffic as the wire would have told it.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use shadowtap::api::Shape;
use shadowtap::decode::Scope;
use shadowtap::flow::{Connection, Start};
use shadowtap::proto::{Exchange, Message, Oddities};
use shadowtap::time::Timestamp;

/// One request of the traffic, without its label.
#[derive(Deserialize)]
pub struct Line {
    pub method: String,
    pub host: String,
    pub path: String,
    pub status: u16,
    pub rs: Option<usize>,
    pub qs: Option<usize>,
}

/// Names of the files in a folder that end so, without the ending, sorted.
pub fn names_of(folder: &Path, ending: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = file?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(ending).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// The request and its answer as the wire would have told them.
pub fn exchange(line: &Line, at: usize, bodies: bool) -> Exchange {
    let server = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 443));
    let client = SocketAddr::from((Ipv4Addr::new(198, 51, 100, (at % 250) as u8), 40_000));
    let began = moment(at);
    let mut request = Message::default();
    (request.began, request.ended) = (began, began);
    request.set_request(line.method.as_bytes(), line.path.as_bytes(), 11);
    request.push_field(b"host", line.host.as_bytes());
    let mut response = Message::default();
    response.began = Timestamp::from_nanos(began.nanos() + 3_000_000);
    response.set_response(line.status, 11);
    if bodies && line.rs.is_some() {
        response.push_field(b"content-type", b"application/json");
    }
    if line.method == "OPTIONS" && line.qs.is_none() && line.rs.is_none() {
        // The traffic's preflights are those of browsers, which its lines leave out.
        request.push_field(b"origin", b"https://app.example");
        request.push_field(b"access-control-request-method", b"GET");
    }
    let connection = Connection {
        id: at as u64,
        scope: Scope::default(),
        client,
        server,
        since: began,
        start: Start::Handshake,
        payload: [0, 0],
    };
    Exchange {
        connection,
        index: 0,
        request: Some(request),
        response: Some(response),
        interim: 0,
        encrypted: true,
        oddities: Oddities::default(),
    }
}

/// Shapes of bodies: each key path is one field.
pub fn shapes(path: &Path) -> Result<Vec<Shape>> {
    let mut text = String::new();
    unpack(path)?.read_to_string(&mut text)?;
    let sets: Vec<Vec<u64>> = serde_json::from_str(&text)?;
    let leaf = Shape { seen: 1, ..Shape::default() };
    let field = |key: &u64| (format!("k{key}"), leaf.clone());
    let shape =
        |keys: &Vec<u64>| Shape { seen: 1, objects: 1, fields: keys.iter().map(field).collect(), ..Shape::default() };
    Ok(sets.iter().map(shape).collect())
}

pub fn unpack(path: &Path) -> Result<BufReader<MultiGzDecoder<File>>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(BufReader::new(MultiGzDecoder::new(file)))
}

/// A hundred requests a second.
fn moment(at: usize) -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000_000_000 + at as u64 * 10_000_000)
}
