//! A drop cannot be taken back, so it happens in children: this test binary again, running [`child`] alone.
//!
//! The child does as told by its environment, tries everything that must work and everything that must not, and prints
//! a line for each. The parent, still root, plays the rest of the world: it connects, and replaces a spec by another.

use super::drop::Dropped;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use caps::{CapSet, Capability};
use nix::sys::prctl::set_keepcaps;
use nix::unistd::{Gid, Uid, getuid, setgroups, setresgid, setresuid};
use ratatui::crossterm::terminal;

use super::drop::{alone, drop_here};
use super::*;

const TASK: &str = "SHADOWTAP_TEST_TASK";
const PLACE: &str = "SHADOWTAP_TEST_PLACE";
const NOBODY: u32 = 65_534;

/// Folders that everyone may enter: what fails there is forbidden by the drop alone.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(place.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["specs", "real", "out", "elsewhere", "secret"] {
            let folder = place.at(name);
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        for name in ["specs/a.yaml", "real/b.yaml", "secret/key"] {
            fs::write(place.at(name), "first").unwrap();
            fs::set_permissions(place.at(name), fs::Permissions::from_mode(0o644)).unwrap();
        }
        symlink(place.at("real/b.yaml"), place.at("specs/b.yaml")).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn plan(place: &Path) -> Plan {
    Plan {
        user: None,
        read: vec![place.join("specs/a.yaml"), place.join("specs/b.yaml")],
        write_folders: vec![place.join("out")],
        sandbox: true,
    }
}

fn again(task: &str, place: &Place) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "cli::privileges::tests::child", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(TASK, task).env(PLACE, place.0.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// Lines `@name value` of a child, until `last`.
fn told(child: &mut Child, lines: &mut impl BufRead, last: &str) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        // The harness writes the test's name in front of the first.
        if let Some((_, found)) = line.trim_end().split_once('@') {
            let (name, value) = found.split_once(' ').unwrap_or((found, ""));
            if name == last {
                return told;
            }
            told.entry(name.to_owned())
                .and_modify(|all: &mut String| *all += &format!("\n{value}"))
                .or_insert_with(|| value.to_owned());
        }
        line.clear();
    }
    panic!("the child ended with {} before it said {last}: {told:#?}", child.wait().unwrap());
}

/// Runs a child through everything that [`tries`] tries.
fn run(task: &str) -> Option<BTreeMap<String, String>> {
    if !getuid().is_root() || !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETUID).unwrap() {
        eprintln!("skipped: dropping privileges is tried by root alone");
        return None;
    }
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap() {
        eprintln!("skipped: without CAP_NET_RAW nothing can be captured");
        return None;
    }
    let place = Place::new();
    let ours = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child =
        again(task, &place).env("SHADOWTAP_TEST_PORT", ours.local_addr().unwrap().port().to_string()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let before = told(&mut child, &mut lines, "ready");
    // An editor saves: a new file takes the old one's name, here and behind the link.
    for name in ["specs/a.yaml", "real/b.yaml"] {
        fs::write(place.at("new"), "second").unwrap();
        fs::set_permissions(place.at("new"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(place.at("new"), place.at(name)).unwrap();
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let mut asked = TcpStream::connect(("127.0.0.1", before["port"].parse::<u16>().unwrap())).unwrap();
    asked.write_all(b"question").unwrap();
    let mut answer = String::new();
    asked.read_to_string(&mut answer).unwrap();
    let mut all = told(&mut child, &mut lines, "end");
    assert!(child.wait().unwrap().success());
    all.extend(before);
    all.insert("answer".to_owned(), answer);
    Some(all)
}

fn assert_all(all: &BTreeMap<String, String>, wanted: &[(&str, &str)]) {
    for (name, value) in wanted {
        assert_eq!(all.get(*name).map(String::as_str), Some(*value), "{name} of {all:#?}");
    }
}

/// Whatever is dropped, this must go on.
const WORKS: &[(&str, &str)] = &[
    ("spec", "second"),
    ("linked-spec", "second"),
    ("write", "ok"),
    ("thread", "ok"),
    ("answer", "answered"),
    ("old-capture", "ok"),
    ("new-capture", "ok"),
    ("interfaces", "ok"),
    ("statistics", "ok"),
    ("memory", "ok"),
];

/// `CAP_NET_RAW` is bit 13.
const NET_RAW: &str = "0000000000002000";
const NONE: &str = "0000000000000000";

fn assert_files_shut(all: &BTreeMap<String, String>) {
    use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr};
    let ruleset = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    if ruleset().handle_access(AccessFs::from_all(ABI::V1)).and_then(Ruleset::create).is_err() {
        eprintln!("skipped in part: this kernel has no Landlock");
        assert!(all["lacking"].contains("files: not restricted"), "{all:#?}");
        return;
    }
    let denied = "Permission denied";
    assert_all(
        all,
        &[("secret", denied), ("passwd", denied), ("elsewhere", denied), ("root-folder", denied), ("device", denied)],
    );
    assert!(all["in-force"].contains("files: Landlock ABI"), "{all:#?}");
    if ruleset().handle_access(AccessNet::from_all(ABI::V4)).and_then(Ruleset::create).is_err() {
        assert!(all["lacking"].contains("TCP connections"), "{all:#?}");
    }
}

fn assert_calls_shut(all: &BTreeMap<String, String>) {
    if !fs::read_to_string("/proc/self/status").unwrap().contains("\nSeccomp:") {
        eprintln!("skipped in part: this kernel has no seccomp");
        return;
    }
    let refused = "Operation not permitted";
    let unknown = "Address family not supported by protocol";
    assert_all(
        all,
        &[
            ("Seccomp", "2"),
            ("program", refused),
            ("listen", unknown),
            ("connect", unknown),
            ("datagram", unknown),
            ("signal", refused),
            ("become-root", refused),
            ("limits", refused),
            ("undo-dumpable", refused),
        ],
    );
}

#[test]
fn root_becomes_nobody_with_one_capability_and_nothing_to_touch() {
    let Some(all) = run("default") else { return };
    assert_all(&all, WORKS);
    let nobody = "65534\t65534\t65534\t65534";
    assert_all(
        &all,
        &[("Uid", nobody), ("Gid", nobody), ("Groups", ""), ("NoNewPrivs", "1"), ("dumpable", "0"), ("core", "0")],
    );
    assert_all(
        &all,
        &[("CapEff", NET_RAW), ("CapPrm", NET_RAW), ("CapInh", NONE), ("CapBnd", NET_RAW), ("CapAmb", NONE)],
    );
    assert_files_shut(&all);
    assert_calls_shut(&all);
}

#[test]
fn who_stays_root_has_no_more_than_nobody() {
    let Some(all) = run("root") else { return };
    assert_all(&all, WORKS);
    assert_all(
        &all,
        &[("Uid", "0\t0\t0\t0"), ("CapEff", NET_RAW), ("CapPrm", NET_RAW), ("CapBnd", NET_RAW), ("CapInh", NONE)],
    );
    assert_files_shut(&all);
    assert_calls_shut(&all);
}

#[test]
fn root_of_a_container_that_may_not_become_another_stays_and_says_so() {
    let Some(all) = run("container") else { return };
    assert_all(&all, WORKS);
    assert_all(&all, &[("Uid", "0\t0\t0\t0"), ("CapEff", NET_RAW), ("CapPrm", NET_RAW), ("NoNewPrivs", "1")]);
    assert!(
        all["lacking"].contains("user: stays root") && all["lacking"].contains("the bounding set stays"),
        "{all:#?}"
    );
    assert!(all["other-user"].starts_with("--user nobody: 'root' cannot become another user"), "{}", all["other-user"]);
    assert_files_shut(&all);
    assert_calls_shut(&all);
}

#[test]
fn an_ordinary_user_with_ambient_capabilities_stays_with_one() {
    let Some(all) = run("ambient") else { return };
    assert_all(&all, WORKS);
    assert_all(&all, &[("Uid", "65534\t65534\t65534\t65534"), ("NoNewPrivs", "1")]);
    assert_all(&all, &[("CapEff", NET_RAW), ("CapPrm", NET_RAW), ("CapInh", NONE), ("CapAmb", NONE)]);
    assert!(all["other-user"].starts_with("--user root: 'nobody' cannot become another user"), "{}", all["other-user"]);
    assert_files_shut(&all);
    assert_calls_shut(&all);
}

#[test]
fn without_a_sandbox_the_user_and_the_capabilities_go_all_the_same() {
    let Some(all) = run("bare") else { return };
    assert_all(&all, WORKS);
    assert_all(
        &all,
        &[("CapEff", NET_RAW), ("CapPrm", NET_RAW), ("NoNewPrivs", "1"), ("Seccomp", "0"), ("dumpable", "0")],
    );
    // What the others refuse works here: the tries above are real.
    assert_all(
        &all,
        &[
            ("secret", "ok"),
            ("passwd", "ok"),
            ("elsewhere", "ok"),
            ("program", "ok"),
            ("listen", "ok"),
            ("connect", "ok"),
        ],
    );
    assert_all(&all, &[("datagram", "ok"), ("undo-dumpable", "ok"), ("become-root", "Operation not permitted")]);
    assert!(all["lacking"].contains("--no-sandbox"), "{all:#?}");
}

#[test]
fn what_the_new_user_cannot_use_is_named_with_its_mend() {
    if !getuid().is_root() {
        eprintln!("skipped: only root becomes another");
        return;
    }
    let place = Place::new();
    let says = |plan: &Plan| check(plan).unwrap_err().to_string();
    let writing = |folder: &str| Plan { write_folders: vec![place.at(folder)], ..plan(place.0.path()) };
    check(&plan(place.0.path())).unwrap();

    let shown = |name: &str| place.at(name).display().to_string();
    assert_eq!(
        says(&writing("none")),
        format!("{0}: does not exist; create it: install -d -o nobody {0}", shown("none"))
    );
    assert_eq!(says(&writing("specs/a.yaml")), format!("{}: is no folder", shown("specs/a.yaml")));

    // Root's groups are not taken along.
    fs::set_permissions(place.at("out"), fs::Permissions::from_mode(0o770)).unwrap();
    let told = says(&writing("out"));
    assert!(
        told.starts_with(&format!("{}: cannot be written by 'nobody' (uid 65534, gid 65534)", shown("out"))),
        "{told}"
    );
    assert!(told.ends_with(&format!("chown nobody {}, or run as its owner: --user root", shown("out"))), "{told}");
    chown(place.at("out"), Some(NOBODY), None).unwrap();
    check(&writing("out")).unwrap();
    // Staying root without CAP_DAC_OVERRIDE, owners count.
    fs::set_permissions(place.at("out"), fs::Permissions::from_mode(0o700)).unwrap();
    let told = says(&Plan { user: Some("root".to_owned()), ..writing("out") });
    assert!(told.contains("'root' (uid 0, gid 0), which keeps CAP_NET_RAW alone"), "{told}");
    assert!(told.ends_with("--user nobody"), "{told}");

    fs::set_permissions(place.at("specs/a.yaml"), fs::Permissions::from_mode(0o600)).unwrap();
    let told = says(&plan(place.0.path()));
    assert!(told.starts_with(&format!("{}: cannot be read again by 'nobody'", shown("specs/a.yaml"))), "{told}");

    // Through the link, not beside it.
    fs::set_permissions(place.at("specs/a.yaml"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(place.at("real"), fs::Permissions::from_mode(0o700)).unwrap();
    let told = says(&plan(place.0.path()));
    assert!(told.contains(&format!("may not pass through {0}; chmod o+x {0}", shown("real"))), "{told}");

    let told = says(&Plan { user: Some("no-such-user".to_owned()), ..Plan::default() });
    assert!(told.contains("--user no-such-user: there is no such user; create it"), "{told}");
    assert!(getuid().is_root() && caps::has_cap(None, CapSet::Effective, Capability::CAP_SETUID).unwrap());
}

#[test]
fn a_process_with_other_threads_is_refused() {
    let told = drop_all(&Plan::default()).unwrap_err().to_string();
    assert!(told.contains("other threads run already"), "{told}");
    assert!(!alone());
}

#[test]
fn who_has_nothing_drops_nothing_and_may_not_become_another() {
    if !getuid().is_root() {
        eprintln!("skipped: only root starts children as another");
        return;
    }
    let place = Place::new();
    let copy = place.at("out/tests");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let mut command = Command::new(&copy);
    command.args(["--exact", "cli::privileges::tests::child", "--ignored", "--nocapture"]);
    command.env(TASK, "nothing").env(PLACE, place.0.path()).uid(NOBODY).gid(NOBODY);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("@other-user --user root: 'nobody' cannot become another user"), "{said}");
    assert!(said.contains("@in-force capabilities: none left"), "{said}");
    assert!(said.contains(&format!("@CapPrm {NONE}")), "{said}");
}

#[test]
fn the_terminal_obeys_after_the_drop() {
    if !getuid().is_root() || !Path::new("/usr/bin/script").exists() {
        eprintln!("skipped: a terminal is made by script(1), and dropped by root");
        return;
    }
    let place = Place::new();
    for input in ["", " < /dev/null"] {
        let test = std::env::current_exe().unwrap();
        let line = format!("{} --exact cli::privileges::tests::child --ignored --nocapture{input}", test.display());
        let mut script = Command::new("/usr/bin/script");
        script.args(["-qec", &line, "/dev/null"]).env(TASK, "terminal").env(PLACE, place.0.path()).stdin(Stdio::null());
        let output = script.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("@raw ok") && said.contains("@cooked ok") && said.contains("@size ok"),
            "{input}: {said}"
        );
    }
}

/// The child's side. Alone, it does nothing.
#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn child() {
    let (Ok(task), Ok(place)) = (std::env::var(TASK), std::env::var(PLACE)) else { return };
    let place = PathBuf::from(place);
    let mut plan = plan(&place);
    match task.as_str() {
        "root" => plan.user = Some("root".to_owned()),
        "bare" => plan.sandbox = false,
        "ambient" => become_ambient(),
        // Groups that must not be taken along.
        "default" => setgroups(&[Gid::from_raw(4), Gid::from_raw(27)]).unwrap(),
        "container" => {
            for set in [CapSet::Effective, CapSet::Permitted] {
                caps::set(None, set, &[Capability::CAP_NET_RAW].into()).unwrap();
            }
        }
        _ => {}
    }
    if ["ambient", "container", "nothing"].contains(&task.as_str()) {
        let other = if task == "container" { "nobody" } else { "root" };
        let other = Plan { user: Some(other.to_owned()), ..Plan::default() };
        say("other-user", check(&other).unwrap_err());
    }
    if task == "nothing" || task == "terminal" {
        check(&plan).unwrap();
        tell(&drop_here(&plan).unwrap());
        if task == "terminal" {
            say("raw", outcome(terminal::enable_raw_mode()));
            say("size", outcome(terminal::size()));
            say("cooked", outcome(terminal::disable_raw_mode()));
        } else {
            status();
        }
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut old = open_capture().unwrap();
    check(&plan).unwrap();
    tell(&drop_here(&plan).unwrap());
    say("port", listener.local_addr().unwrap().port());
    say("ready", "");
    io::stdin().read_line(&mut String::new()).unwrap();
    status();
    let new = open_capture();
    say("answered", outcome(serve(listener)));
    say("old-capture", outcome(receive(&mut old)));
    say("new-capture", outcome(new.map_err(io::Error::other).and_then(|mut new| receive(&mut new))));
    drop(old);
    tries(&place);
    say("end", "");
}

/// As systemd's `AmbientCapabilities=` leaves a service, with one capability too many.
fn become_ambient() {
    let held = [Capability::CAP_NET_RAW, Capability::CAP_NET_ADMIN].into_iter().collect();
    set_keepcaps(true).unwrap();
    setgroups(&[]).unwrap();
    setresgid(Gid::from_raw(NOBODY), Gid::from_raw(NOBODY), Gid::from_raw(NOBODY)).unwrap();
    setresuid(Uid::from_raw(NOBODY), Uid::from_raw(NOBODY), Uid::from_raw(NOBODY)).unwrap();
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable, CapSet::Ambient] {
        caps::set(None, set, &held).unwrap();
    }
}

fn open_capture() -> Result<pcap::Capture<pcap::Active>, pcap::Error> {
    let mut capture = pcap::Capture::from_device("lo")?.promisc(true).immediate_mode(true).timeout(50).open()?;
    capture.filter("tcp", true)?;
    capture.setnonblock()
}

/// At least a packet, and its statistics.
fn receive(capture: &mut pcap::Capture<pcap::Active>) -> io::Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match capture.next_packet() {
            Ok(_) => break,
            Err(why) if Instant::now() > until => return Err(io::Error::other(why)),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    capture.stats().map(drop).map_err(io::Error::other)
}

/// The page, as `watch` serves it: a runtime in a thread, on a listener from before.
fn serve(listener: TcpListener) -> io::Result<()> {
    let served = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
            listener.set_nonblocking(true)?;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let (stream, _) = tokio::time::timeout(Duration::from_secs(10), listener.accept()).await??;
            stream.readable().await?;
            stream.try_read(&mut [0; 8])?;
            stream.writable().await?;
            stream.try_write(b"answered")?;
            let _ = tokio::time::timeout(Duration::from_millis(1), hangup.recv()).await;
            Ok(())
        })
    });
    served.join().unwrap()
}

fn tries(place: &Path) {
    // What must work.
    say("spec", fs::read_to_string(place.join("specs/a.yaml")).unwrap_or_else(|why| why.to_string()));
    say("linked-spec", fs::read_to_string(place.join("specs/b.yaml")).unwrap_or_else(|why| why.to_string()));
    say("write", outcome(write_all_ways(&place.join("out"))));
    say("thread", outcome(std::thread::Builder::new().spawn(|| {}).map(|thread| thread.join().unwrap())));
    say("interfaces", outcome(pcap::Device::list()));
    say("statistics", outcome(fs::read("/sys/class/net/lo/statistics/rx_bytes")));
    say("memory", outcome(fs::read("/proc/self/statm")));
    // What must not.
    say("secret", outcome(fs::read(place.join("secret/key"))));
    say("passwd", outcome(fs::read("/etc/passwd")));
    say("elsewhere", outcome(fs::write(place.join("elsewhere/file"), "")));
    say("root-folder", outcome(fs::read_dir("/")));
    say("device", outcome(fs::File::open("/dev/zero")));
    say("program", outcome(Command::new("/bin/true").status()));
    say("listen", outcome(TcpListener::bind("127.0.0.1:0")));
    say("datagram", outcome(UdpSocket::bind("127.0.0.1:0")));
    let port: u16 = std::env::var("SHADOWTAP_TEST_PORT").unwrap().parse().unwrap();
    say("connect", outcome(TcpStream::connect(("127.0.0.1", port))));
    let parent = rustix::process::getppid().unwrap();
    say("signal", outcome(rustix::process::test_kill_process(parent).map_err(io::Error::from)));
    // This thread alone: the harness has another, which dropped nothing.
    let root = rustix::process::Uid::ROOT;
    say("become-root", outcome(rustix::thread::set_thread_res_uid(root, root, root).map_err(io::Error::from)));
    let limit = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    say("limits", outcome(rustix::process::setrlimit(rustix::process::Resource::Core, limit).map_err(io::Error::from)));
    say("undo-dumpable", outcome(nix::sys::prctl::set_dumpable(true).map_err(io::Error::from)));
}

/// Whole-or-nothing, as reports and state are written; appended; moved; in a folder of its own.
fn write_all_ways(out: &Path) -> io::Result<()> {
    let mut whole = tempfile::NamedTempFile::with_prefix_in(".shadowtap-", out)?;
    whole.write_all(b"report")?;
    whole.as_file().sync_all()?;
    whole.as_file().set_permissions(fs::Permissions::from_mode(0o640))?;
    whole.persist(out.join("report")).map_err(|failed| failed.error)?;
    let mut more = fs::OpenOptions::new().append(true).create(true).open(out.join("events"))?;
    more.write_all(b"event\n")?;
    more.set_len(0)?;
    fs::rename(out.join("events"), out.join("events.1"))?;
    fs::hard_link(out.join("events.1"), out.join("events.2"))?;
    fs::create_dir(out.join("below"))?;
    fs::rename(out.join("events.1"), out.join("below/events"))?;
    fs::remove_file(out.join("below/events"))?;
    fs::remove_dir(out.join("below"))?;
    fs::File::open(out)?.sync_all()?;
    fs::read_dir(out)?.count();
    fs::copy(out.join("report"), out.join("copy")).map(drop)
}

fn status() {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    for line in status.lines() {
        if let Some((name, value)) = line.split_once(':') {
            say(name, value.trim());
        }
    }
    say("core", rustix::process::getrlimit(rustix::process::Resource::Core).maximum.unwrap_or(u64::MAX));
    // Who is not dumpable belongs to root in /proc.
    use std::os::unix::fs::MetadataExt;
    let closed = fs::metadata("/proc/self/maps").is_ok_and(|known| known.uid() == 0);
    say("dumpable", u8::from(!closed));
}

fn tell(dropped: &Dropped) {
    say("lacking", "");
    dropped.in_force.iter().for_each(|line| say("in-force", line));
    dropped.lacking.iter().for_each(|line| say("lacking", line));
}

fn outcome<T, E: std::fmt::Display>(result: Result<T, E>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(why) => why.to_string().split(" (os error").next().unwrap_or_default().to_owned(),
    }
}

fn say(name: &str, value: impl std::fmt::Display) {
    println!("@{name} {value}");
}
