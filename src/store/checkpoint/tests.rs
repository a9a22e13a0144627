//! The state file: what goes in comes out, adds up, and nothing made up gets through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::super::header::{CallerKey, Run};
use super::*;
use crate::api::{
    Agent, AuthScheme, BodyKind, BodySide, Direction, Drift, Extension, HostPattern, Noise, ParamPlace, ParamType, Pin,
    Scheme, SegmentClass, StringFormat, TokenAlgorithm, TokenLifetime,
};
use crate::inventory::Delta;
use crate::inventory::tests::{Said, any_said, bounded, exact, said, scatter};
use crate::time::Timestamp;

fn run(id: &str) -> Run {
    Run { id: id.to_owned(), started: Timestamp::from_parts(1_700_000_000, 0), window: None }
}

fn header() -> Header {
    Header::first(run("first"), CallerKey(7))
}

fn pins() -> Vec<Pin> {
    vec![
        exact("shop.example", "/users/{id}", &["GET", "POST"]),
        exact("shop.example", "/users/me", &["GET"]),
        Pin { host: HostPattern::Any, ..exact("", "/orders/{id}", &["GET", "HEAD"]) },
    ]
}

/// A folder, and the path of a state in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    (folder, path)
}

fn filled(limits: &Limits, all: &[Said]) -> Inventory {
    let inventory = Inventory::new(limits, pins());
    scatter(&inventory, limits, all, 2, 5);
    inventory
}

fn told(inventory: &Inventory) -> String {
    format!("{:#?}", inventory.snapshot())
}

/// Through a file and back.
fn reloaded(inventory: &Inventory, limits: &Limits, pins: Vec<Pin>) -> Inventory {
    let (_folder, path) = place();
    save(&path, &header(), inventory).unwrap();
    load(&path, limits, pins).unwrap().unwrap().inventory
}

/// The records, each as it is written, and the end.
fn records(inventory: &Inventory) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let all = inventory.save(&mut |kept| {
        let mut record = Vec::new();
        frame(kept, RECORD_BYTES, &mut record)?;
        records.push(record);
        io::Result::Ok(())
    });
    all.unwrap();
    records.push(vec![0; 4]);
    records
}

/// A state of these records, whole as far as the checksum knows.
fn forged(records: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    frame(&header(), HEADER_BYTES, &mut head).unwrap();
    let packed = zstd::encode_all(records, 1).unwrap();
    sealed([&MAGIC[..], &FORMAT.to_le_bytes(), &head, &packed].concat())
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(xxh3_128(&bytes).to_le_bytes());
    bytes
}

fn read_bytes(path: &Path, bytes: &[u8], limits: &Limits) -> Result<Loaded, StoreError> {
    fs::write(path, bytes).unwrap();
    load(path, limits, pins()).map(Option::unwrap)
}

fn many() -> Vec<Said> {
    let mut all = Vec::new();
    for n in 0..400_u64 {
        let lines = [
            format!("GET /users/{n} 200"),
            format!("POST /api/w{}/items 201", n % 40),
            format!("GET /gone/x{n} 404"),
            format!("GET /tree/a{}/b{}/c 200", n % 3, n % 9),
        ];
        all.extend(lines.iter().enumerate().map(|(at, line)| Said {
            caller: n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            at: n * 1_000,
            fields: vec![format!("f{}", n % 7), "id".to_owned()],
            params: vec![format!("p{}", n % 5)],
            host: if at == 3 { "b.example".to_owned() } else { "shop.example".to_owned() },
            ..said(line)
        }));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Catches a part that is not written, one that is changed by being written, and one whose order shows.
    #[test]
    fn what_was_written_reads_back(all in prop::collection::vec(any_said(), 0..160), bound in 0_u8..8) {
        let limits = bounded(bound);
        let inventory = filled(&limits, &all);
        let back = reloaded(&inventory, &limits, pins());
        prop_assert_eq!(told(&inventory), told(&back));
        prop_assert_eq!(records(&inventory), records(&back), "equal inventories are equal bytes");
    }

    /// Catches a part that replaces where it should add up, a bound that forgets what it had cut, an unknown path that does
    /// not find its operation: two runs must be one that saw everything.
    #[test]
    fn a_run_goes_on_where_the_last_one_stopped(
        all in prop::collection::vec(any_said(), 0..160), cut in 0_usize..160, bound in 0_u8..8,
    ) {
        let limits = bounded(bound);
        let (first, second) = all.split_at(cut.min(all.len()));
        let back = reloaded(&filled(&limits, first), &limits, pins());
        scatter(&back, &limits, second, 2, 9);
        prop_assert_eq!(told(&filled(&limits, &all)), told(&back));
    }

    /// Catches numbers of templates or services that one state takes from another.
    #[test]
    fn states_of_two_runs_add_up(all in prop::collection::vec(any_said(), 0..120), cut in 0_usize..120) {
        let limits = Limits::default();
        let (first, second) = all.split_at(cut.min(all.len()));
        let mut restore = Restore::onto(Inventory::new(&limits, pins()));
        for part in [first, second] {
            for record in records(&filled(&limits, part)).iter().filter(|record| record.len() > 4) {
                restore.take(postcard::from_bytes(&record[4..]).unwrap()).unwrap();
            }
        }
        prop_assert_eq!(told(&filled(&limits, &all)), told(&restore.finish().unwrap()));
    }
}

#[test]
fn a_state_says_of_which_runs_it_is() {
    let (_folder, path) = place();
    assert!(load(&path, &Limits::default(), pins()).unwrap().is_none(), "nothing there is no error");
    let inventory = filled(&Limits::default(), &many());
    let mut first = header();
    first.step(inventory.snapshot().window, vec![["a", "b", "c", "d"].map(str::to_owned)]);
    let bytes = save(&path, &first, &inventory).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "nobody else's to read");
    let loaded = load(&path, &Limits::default(), pins()).unwrap().unwrap();
    assert_eq!((loaded.header.sequence, &loaded.header), (1, &first));
    let mut next = loaded.header.followed_by(run("second"));
    assert_eq!((next.before.len(), next.runs(), next.sequence, next.caller_key), (1, 2, 0, CallerKey(7)));
    assert_eq!(format!("{:?}", next.caller_key), "CallerKey(..)", "no log shows the key");
    for n in 0..1_000 {
        next = next.followed_by(run(&n.to_string()));
    }
    assert_eq!((next.before.len(), next.runs()), (Header::RUNS, 1_002), "a sensor that starts anew for ever");
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    // Catches a byte that no checksum covers.
    let (_folder, path) = place();
    let limits = Limits::default();
    save(&path, &header(), &filled(&limits, &many()[..60])).unwrap();
    let good = fs::read(&path).unwrap();
    for end in 0..good.len() {
        assert!(matches!(read_bytes(&path, &good[..end], &limits), Err(StoreError::Damaged { .. })), "cut at {end}");
    }
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(read_bytes(&path, &bad, &limits), Err(StoreError::Damaged { .. })), "bit {bit}");
    }
    assert!(matches!(read_bytes(&path, &[&good[..], b"x"].concat(), &limits), Err(StoreError::Damaged { .. })));
    read_bytes(&path, &good, &limits).unwrap();
}

#[test]
fn what_a_forger_writes_breaks_nothing() {
    // Catches whatever relies on the checksum: a length that is believed, a figure that overflows, a sketch or a tree that
    // cannot be. Debug builds stop at every overflow, and what gets through must be told and written like any other.
    let (_folder, path) = place();
    let limits = Limits { inventory_bytes: 4 << 20, ..Limits::default() };
    let good = records(&filled(&limits, &many()[..240])).concat();
    let mut seed = 11_u64;
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n.max(1)
    };
    let (mut refused, mut taken) = (0, 0);
    for round in 0..4_000 {
        let mut bad = good.clone();
        for _ in 0..=random(3) {
            let at = random(bad.len());
            match random(5) {
                0 => bad[at] ^= 1 << random(8),
                1 => bad[at] = 0xff,
                2 => drop(bad.splice(at..at + 1, [0xff, 0xff, 0xff, 0xff, 0x7f])),
                3 => drop(bad.remove(at)),
                _ => bad[at] = random(256) as u8,
            }
        }
        let mut file = forged(&bad);
        if round % 8 == 0 {
            file.truncate(file.len() - CHECKSUM);
            let at = FRONT + random(file.len() - FRONT);
            file[at] ^= 1 << random(8);
            file = sealed(file);
        }
        match read_bytes(&path, &file, &limits) {
            Err(StoreError::Damaged { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
            Ok(loaded) => {
                taken += 1;
                if taken % 20 == 0 {
                    let all = told(&loaded.inventory);
                    assert_eq!(all, told(&reloaded(&loaded.inventory, &limits, pins())), "round {round}");
                }
            }
        }
    }
    assert!(refused > 1_000 && taken > 20, "{refused} refused, {taken} taken");
}

#[test]
fn deep_and_endless_states_are_refused() {
    let (_folder, path) = place();
    let limits = Limits::default();
    let good = records(&filled(&limits, &many()[..8]));
    let kind = |wanted: u8| good.iter().position(|record| record.len() > 4 && record[4] == wanted).unwrap();
    let (service, learned) = (kind(4), kind(7));
    let framed = |record: &[u8]| [&(record.len() as u32).to_le_bytes()[..], record].concat();
    // Part::Place, depth as varint, Step::Word("a"), no texts, no values.
    let place = |depth: usize| framed(&[6, depth as u8 & 0x7f | 0x80, (depth >> 7) as u8, 0, 1, b'a', 0, 0, 0]);

    // Catches a walk that goes as deep as a file says: far below the bound of a path, and far below any stack.
    let tower = |deep: usize, top: bool| {
        let mut file = good[service].clone();
        (1..=deep).for_each(|depth| file.extend(place(depth)));
        file.extend(if top { good[learned].clone() } else { Vec::new() });
        file.extend([0; 4]);
        forged(&file)
    };
    let loaded = read_bytes(&path, &tower(1_000, true), &limits).unwrap().inventory.snapshot();
    let operation = &loaded.services[0].operations[0];
    assert_eq!(operation.template.segments.len(), limits.path_segments, "deeper is folded into the last step");
    assert!(read_bytes(&path, &tower(16_000, true), &limits).is_err());
    let bare = read_bytes(&path, &tower(900, false), &limits).unwrap();
    assert!(bare.inventory.snapshot().services[0].operations.is_empty(), "places alone are none");
    let orphan = [place(1), vec![0; 4]].concat();
    assert!(read_bytes(&path, &forged(&orphan), &limits).is_err(), "a place without a service");
    let hanging = [&good[service][..], &place(2), &[0; 4]].concat();
    assert!(read_bytes(&path, &forged(&hanging), &limits).is_err(), "a place that hangs in the air");

    // Catches memory that is asked for by a length alone: some bytes that speak of exabytes.
    for lie in
        [&[4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f][..], &[6, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]]
    {
        assert!(read_bytes(&path, &forged(&[&framed(lie)[..], &[0; 4]].concat()), &limits).is_err());
    }
    assert!(read_bytes(&path, &forged(&u32::MAX.to_le_bytes()), &limits).is_err());

    // Catches a bomb: some kilobytes that unpack to as much as one likes.
    let bomb = zstd::encode_all(&good[learned - 1].repeat(200_000)[..], 1).unwrap();
    let defused = unpack(&bomb[..], &limits, pins(), 1 << 20);
    assert!(matches!(defused, Err(Bad::Damaged(at, _)) if at <= 1 << 20), "{defused:?}");
}

#[test]
fn another_version_is_told_from_damage() {
    let (_folder, path) = place();
    let mut other = forged(&[0; 4]);
    other.truncate(other.len() - CHECKSUM);
    other[MAGIC.len()] = 9;
    let error = read_bytes(&path, &sealed(other), &Limits::default()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::OtherVersion { found: 9, ours: FORMAT, .. }), "{text}");
    assert!(text.contains("format 9") && text.contains(env!("CARGO_PKG_VERSION")), "{text}");
}

#[test]
fn who_is_killed_while_writing_leaves_the_old_state_whole() {
    let (folder, path) = place();
    let limits = Limits::default();
    let old = filled(&limits, &many());
    save(&path, &header(), &old).unwrap();
    // As SIGKILL leaves it between writing and renaming.
    let half = folder.path().join(".state.tmp-Xy12");
    fs::write(&half, &fs::read(&path).unwrap()[..100]).unwrap();
    fs::write(folder.path().join("other"), b"mine").unwrap();
    assert_eq!(told(&load(&path, &limits, pins()).unwrap().unwrap().inventory), told(&old));
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["other", "state"], "what was half written is gone, what is another's stays");
    // A folder that is not there, and one that is no file: errors that name the path, and nothing written.
    let nowhere = folder.path().join("no/state");
    assert!(save(&nowhere, &header(), &old).unwrap_err().to_string().contains("no/state"));
    assert!(load(folder.path(), &limits, pins()).is_err());
}

#[test]
fn damaged_states_are_set_aside_and_the_oldest_goes() {
    let (folder, path) = place();
    for n in 1..=101_u32 {
        fs::write(&path, n.to_string()).unwrap();
        File::open(&path)
            .unwrap()
            .set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(n) * 100))
            .unwrap();
        let name = set_aside(&path).unwrap();
        let expected = if n > 100 { 1 } else { n };
        assert_eq!(name, folder.path().join(format!("state.damaged-{expected}")));
        assert!(!path.exists());
    }
    assert_eq!(fs::read_to_string(folder.path().join("state.damaged-1")).unwrap(), "101");
    assert!(set_aside(&path).is_err(), "nothing to set aside");
}

#[test]
fn a_smaller_memory_takes_what_fits() {
    // Catches a state that is refused, or that breaks the bounds, because the last run had more room.
    let all = many();
    let whole = filled(&Limits::default(), &all);
    for bound in 1..8 {
        let limits = bounded(bound);
        let (small, fresh) = (reloaded(&whole, &limits, pins()), filled(&limits, &all));
        let (small, fresh) = (small.snapshot(), fresh.snapshot());
        let operations = |snapshot: &crate::inventory::Snapshot| -> Vec<String> {
            let all = snapshot.services.iter().flat_map(|service| &service.operations);
            all.map(|operation| format!("{} {} {}", operation.method, operation.template, operation.record.requests))
                .collect()
        };
        assert_eq!(operations(&small), operations(&fresh), "bound {bound}");
        assert_eq!(small.exchanges, fresh.exchanges);
    }
    let limits = Limits { inventory_bytes: 100_000, ..Limits::default() };
    let tiny = reloaded(&whole, &limits, pins()).snapshot();
    assert!(!tiny.bounds.is_empty() && tiny.services.len() < 3, "{:?}", tiny.bounds);
}

#[test]
fn what_is_declared_otherwise_today_keeps_its_records() {
    // Catches ids of the last run that are taken for those of this one.
    let limits = Limits::default();
    let inventory = filled(&limits, &many());
    let renamed = exact("shop.example", "/users/{userId}", &["GET", "DELETE"]);
    let today = vec![exact("shop.example", "/new", &["GET"]), renamed];
    let back = reloaded(&inventory, &limits, today.clone());
    let service = back.snapshot().services.into_iter().find(|service| service.id.host == "shop.example").unwrap();
    let users = service.operations.iter().find(|op| op.template.to_string() == "/users/{userId}").unwrap();
    assert_eq!((users.pin.unwrap().0, users.record.requests), (1, 400));
    // Not declared any more: told by its old template, and taking nothing.
    let gone = reloaded(&inventory, &limits, today[..1].to_vec());
    scatter(&gone, &limits, &[said("GET /users/7 200")], 1, 1);
    let service = gone.snapshot().services.into_iter().find(|service| service.id.host == "shop.example").unwrap();
    let of = |pinned: bool| {
        let users = service.operations.iter().filter(|op| op.template.to_string().starts_with("/users/{"));
        users.filter(|op| op.pin.is_some() == pinned).map(|op| op.record.requests).sum::<u64>()
    };
    assert_eq!((of(true), of(false)), (400, 1));
}

#[test]
fn workers_go_on_while_a_state_is_written() {
    // Catches a lock held while writing (this would stand still), and a state taken halfway through a delta.
    let (_folder, path) = place();
    let limits = Limits::default();
    let inventory = Arc::new(Inventory::new(&limits, pins()));
    let stop = AtomicBool::new(false);
    let all = many();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let mut delta = Delta::new(&limits, inventory.pins());
                    all.iter().take(100).for_each(|said| said.tell(&mut delta));
                    inventory.absorb(delta);
                }
            });
        }
        let mut seen = 0;
        for _ in 0..20 {
            save(&path, &header(), &inventory).unwrap();
            let loaded = load(&path, &limits, pins()).unwrap().unwrap().inventory.snapshot();
            assert!(loaded.exchanges >= seen, "nothing is lost from one checkpoint to the next");
            seen = loaded.exchanges;
        }
        stop.store(true, Ordering::Relaxed);
    });
    save(&path, &header(), &inventory).unwrap();
    assert_eq!(told(&load(&path, &limits, pins()).unwrap().unwrap().inventory), told(&inventory));
}

#[test]
fn the_format_is_what_it_was() {
    // Catches a field or a variant that is moved, added or renamed in its order without a new number: old states would be
    // read as something else. Whoever means it gives FORMAT the next number, and writes the new digest here.
    let mut all = many();
    all.extend(["GET /ids/48213 200", "GET /ids/4111111111111111 200", "GET /pairs/1:23456789 200"].map(said));
    let (format, digest) = (FORMAT, xxh3_64(&records(&filled(&Limits::default(), &all)).concat()));
    assert_eq!((format, digest), (3, 0xfa21_ccd9_8df3_c62a), "{digest:#018x}");
    // Variants are written by their number.
    fn of<T: Serialize, const N: usize>(values: &[T; N]) -> Vec<u8> {
        values.iter().flat_map(|value| postcard::to_stdvec(value).unwrap()).collect()
    }
    let numbers = |written: Vec<u8>, count: u8| assert_eq!(written, (0..count).collect::<Vec<u8>>());
    numbers(of(&SegmentClass::ALL), 15);
    numbers(of(&Drift::ALL), 36);
    numbers(of(&StringFormat::ALL), 7);
    {
        use AuthScheme::{ApiKeyCookie, ApiKeyHeader, ApiKeyQuery, Basic, Bearer, Cookie, Digest, Jwt, None, Other};
        let schemes = [None, Bearer, Jwt, Basic, Digest, ApiKeyHeader, ApiKeyQuery, Cookie, Other, ApiKeyCookie];
        numbers(of(&schemes), 10);
    }
    {
        use TokenAlgorithm::{
            ES256, ES256K, ES384, ES512, EdDSA, Encrypted, HS256, HS384, HS512, None, Other, PS256, PS384, PS512,
            RS256, RS384, RS512,
        };
        let signed = [None, HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384, ES512, ES256K, PS256, PS384, PS512];
        numbers(of(&signed), 14);
        assert_eq!(of(&[EdDSA, Encrypted, Other]), [14, 15, 16]);
        use TokenLifetime::{Day, Endless, Hour, Longer, Month, Unknown};
        numbers(of(&[Endless, Hour, Day, Month, Longer, Unknown]), 6);
    }
    {
        use ParamType::{Boolean, Date, Email, Empty, Integer, Number, String, Uuid};
        numbers(of(&[Empty, Boolean, Integer, Number, Uuid, Date, Email, String]), 8);
    }
    numbers(of(&Noise::ALL), 6);
    numbers(of(&BodyKind::ALL), 17);
    numbers(of(&[BodySide::Request, BodySide::Response]), 2);
    numbers(of(&[crate::api::Said::Otherwise, crate::api::Said::Nothing]), 2);
    let extensions: Vec<u8> = Extension::ALL.iter().map(|extension| *extension as u8).collect();
    assert_eq!((extensions.len(), extensions.is_sorted(), Extension::P12 as u8), (44, true, 43));
    numbers(of(&ParamPlace::ALL), 8);
    numbers(of(&[Scheme::Http, Scheme::Https]), 2);
    numbers(of(&Direction::ALL), 4);
    let agents: Vec<u8> = Agent::ALL.iter().flat_map(|agent| postcard::to_stdvec(agent).unwrap()).collect();
    let ends = [Agent::None, Agent::Other, Agent::Internet, Agent::PowerShell].map(|agent| agent as usize);
    assert_eq!((agents.len(), agents.is_sorted(), ends), (61, true, [0, 1, 56, 60]));
}
