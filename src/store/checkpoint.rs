//! The state file: written whole or not at all, believed only where it is whole.
//!
//! ```text
//!   shadowtap-state\n | format | length | header   | zstd ( length record length record ... 0 ) | xxh3-128 of all before
//!   16 bytes          | u32    | u32    | postcard |        u32    postcard                      | 16 bytes
//! ```
//!
//! All numbers little-endian. The first 20 bytes and the last 16 mean the same in every format, so that damage is told from
//! another version. The checksum finds damage; it is no seal, so what it covers is still read with care: each record
//! is bounded before it is decoded and checked after, and what the whole unpacks to is bounded too.
//!
//! A checkpoint goes to a temporary file in the same folder, mode 0600, which then takes the place of the old one in one
//! step. Whoever is killed in between leaves the old one whole, and a temporary file that the next start clears away.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use super::error::StoreError;
use super::header::Header;
use crate::api::Templates;
use crate::inventory::{Inventory, Kept, Restore};
use crate::limits::Limits;

/// What a state held.
#[derive(Debug)]
pub struct Loaded {
    /// What it says of itself.
    pub header: Header,
    /// What was known, under today's bounds and declarations.
    pub inventory: Inventory,
}

/// What a state begins with.
pub const MAGIC: [u8; 16] = *b"shadowtap-state\n";
/// Changes with every change of what a record says, of the order of its parts included.
const FORMAT: u32 = 3;
const FRONT: usize = MAGIC.len() + 8;
const CHECKSUM: usize = 16;
/// Bytes of a header; more is none.
const HEADER_BYTES: u32 = 16 << 20;
/// Bytes of a record: a body shape has at most some thousand places, each with a name of at most some hundred bytes.
const RECORD_BYTES: u32 = 4 << 20;
/// What a state may unpack to where the bounds are small: the last run may have had more room, and reading takes no
/// memory beyond the bounds, only time.
const LEAST_UNPACKED: u64 = 1 << 30;
/// A window of 8 MiB; what is written here needs less.
const WINDOW_LOG: u32 = 23;
/// Mind the processor before the disk: a checkpoint is written every few seconds beside the traffic.
const LEVEL: i32 = 1;
/// Damaged states that are kept.
const ASIDE: u32 = 100;

/// Writes all that is known to `path`, in place of what stood there; tells the bytes written. Workers may go on
/// meanwhile. When it returns, the file is on the disk.
///
/// # Errors
/// The file cannot be written. What stood there before still does.
pub fn save(path: &Path, header: &Header, inventory: &Inventory) -> Result<u64, StoreError> {
    write(path, header, inventory).map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

/// Reads what stands at `path`; `None` when there is nothing. `templates` are today's declarations, as for
/// [`Inventory::new`].
///
/// # Errors
/// It cannot be read, is damaged, or is of another format. Nothing of it is used then.
pub fn load(path: &Path, limits: &Limits, templates: impl Into<Templates>) -> Result<Option<Loaded>, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    clear_away(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Opening a pipe would wait for a writer.
        Ok(found) if !found.is_file() => return Err(io(io::Error::other("not a file"))),
        Err(error) => return Err(io(error)),
        Ok(_) => {}
    }
    let file = File::open(path).map_err(io)?;
    read(&file, limits, templates.into()).map(Some).map_err(|bad| match bad {
        Bad::Io(source) => io(source),
        Bad::Damaged(at, what) => StoreError::Damaged { path: path.to_owned(), at, what },
        Bad::Format(found) => StoreError::OtherVersion { path: path.to_owned(), found, ours: FORMAT },
    })
}

/// Renames what stands at `path` to `FILE.damaged-N`, so that a new state can begin and the old one is there to be
/// looked at; tells the new name. Of a hundred such, the oldest is replaced.
///
/// # Errors
/// The file cannot be renamed.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let names = (1..=ASIDE).map(|n| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{n}"));
        PathBuf::from(name)
    });
    let age = |name: &PathBuf| fs::symlink_metadata(name).and_then(|found| found.modified()).ok();
    // One that is not there has no age, and comes first.
    let Some(free) = names.min_by_key(age) else { return Err(io::ErrorKind::AlreadyExists.into()) };
    fs::rename(path, &free)?;
    Ok(free)
}

/// The folder of a file, and the start of the names of its temporary files.
fn beside(path: &Path) -> (&Path, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (folder, format!(".{name}.tmp-"))
}

/// Removes what a killed process left half written.
fn clear_away(path: &Path) {
    let (folder, prefix) = beside(path);
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.flatten().filter(|file| file.file_name().to_string_lossy().starts_with(&prefix)) {
        // Somebody else's, perhaps, and no harm where it is.
        let _ = fs::remove_file(file.path());
    }
}

fn write(path: &Path, header: &Header, inventory: &Inventory) -> io::Result<u64> {
    // A link stays one: what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (folder, prefix) = beside(&target);
    let file =
        tempfile::Builder::new().prefix(&prefix).permissions(fs::Permissions::from_mode(0o600)).tempfile_in(folder)?;
    let mut out = Hashed { to: BufWriter::new(file.as_file()), hash: Xxh3::new(), bytes: 0 };
    out.write_all(&MAGIC)?;
    out.write_all(&FORMAT.to_le_bytes())?;
    let mut record = Vec::new();
    frame(header, HEADER_BYTES, &mut record)?;
    out.write_all(&record)?;
    let mut packed = zstd::Encoder::new(out, LEVEL)?;
    inventory.save(&mut |kept| {
        frame(kept, RECORD_BYTES, &mut record)?;
        packed.write_all(&record)
    })?;
    packed.write_all(&0_u32.to_le_bytes())?;
    let mut out = packed.finish()?;
    let checksum = out.hash.digest128().to_le_bytes();
    out.write_all(&checksum)?;
    out.flush()?;
    let bytes = out.bytes;
    drop(out);
    file.as_file().sync_all()?;
    file.persist(&target)?;
    // The new name is on the disk when the folder is.
    File::open(folder)?.sync_all()?;
    Ok(bytes)
}

/// Writes one value with its length before it.
fn frame(value: &impl Serialize, most: u32, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    into.extend([0; 4]);
    postcard::to_io(value, &mut *into).map_err(io::Error::other)?;
    let length = u32::try_from(into.len() - 4).ok().filter(|length| *length <= most);
    // Better no checkpoint than one that cannot be read.
    let length = length.ok_or_else(|| io::Error::other("a record is too long to be read back"))?;
    into[..4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Counts and hashes what passes.
struct Hashed<W> {
    to: W,
    hash: Xxh3,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Why a file was not read.
#[derive(Debug)]
enum Bad {
    Io(io::Error),
    Damaged(u64, String),
    Format(u32),
}

impl From<io::Error> for Bad {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn damaged(at: u64, what: impl ToString) -> Bad {
    Bad::Damaged(at, what.to_string())
}

fn read(mut file: &File, limits: &Limits, templates: Templates) -> Result<Loaded, Bad> {
    let whole = file.metadata()?.len();
    let body = whole.checked_sub(CHECKSUM as u64).filter(|body| *body >= FRONT as u64);
    let body = body.ok_or_else(|| damaged(whole, "it ends too soon"))?;
    // Twice over the file, and never the whole in memory.
    let mut front = [0; FRONT];
    file.read_exact(&mut front)?;
    if front[..MAGIC.len()] != MAGIC {
        return Err(damaged(0, "this is no state of shadowtap"));
    }
    let mut hash = Hashed { to: io::sink(), hash: Xxh3::new(), bytes: 0 };
    hash.write_all(&front)?;
    io::copy(&mut BufReader::with_capacity(1 << 18, file.take(body - FRONT as u64)), &mut hash)?;
    let mut checksum = [0; CHECKSUM];
    file.read_exact(&mut checksum)?;
    if hash.hash.digest128() != u128::from_le_bytes(checksum) {
        return Err(damaged(body, "the checksum does not fit"));
    }
    let number = |at: usize| u32::from_le_bytes([front[at], front[at + 1], front[at + 2], front[at + 3]]);
    let (format, length) = (number(MAGIC.len()), number(MAGIC.len() + 4));
    if format != FORMAT {
        return Err(Bad::Format(format));
    }
    if length > HEADER_BYTES || u64::from(length) > body - FRONT as u64 {
        return Err(damaged(FRONT as u64, "the header is too long"));
    }
    file.seek(SeekFrom::Start(FRONT as u64))?;
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header)?;
    let header = postcard::from_bytes(&header).map_err(|error| damaged(FRONT as u64, error))?;
    let packed = BufReader::with_capacity(1 << 18, file.take(body - FRONT as u64 - u64::from(length)));
    let most = LEAST_UNPACKED.max((limits.inventory_bytes as u64).saturating_mul(4));
    let inventory = unpack(packed, limits, templates, most)?;
    Ok(Loaded { header, inventory })
}

/// Unpacks no more than `most` bytes.
fn unpack(
    mut packed: impl BufRead,
    limits: &Limits,
    templates: impl Into<Templates>,
    most: u64,
) -> Result<Inventory, Bad> {
    let mut restore = Restore::onto(Inventory::new(limits, templates));
    let mut decoder = zstd::Decoder::with_buffer(&mut packed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    let mut at = 0_u64;
    let mut record = Vec::new();
    loop {
        let mut length = [0; 4];
        decoder.read_exact(&mut length).map_err(|error| damaged(at, error))?;
        let length = u32::from_le_bytes(length);
        if length == 0 {
            break;
        }
        let next = at + 4 + u64::from(length);
        if length > RECORD_BYTES || next > most {
            return Err(damaged(at, "more than there can have been room for"));
        }
        record.resize(length as usize, 0);
        decoder.read_exact(&mut record).map_err(|error| damaged(at, error))?;
        let (kept, left) = postcard::take_from_bytes::<Kept<'static>>(&record).map_err(|error| damaged(at, error))?;
        if !left.is_empty() {
            return Err(damaged(at, "a record that is longer than it says"));
        }
        restore.take(kept).map_err(|error| damaged(at, error))?;
        at = next;
    }
    if decoder.read(&mut [0]).map_err(|error| damaged(at, error))? > 0 {
        return Err(damaged(at, "more after its end"));
    }
    drop(decoder);
    if !packed.fill_buf()?.is_empty() {
        return Err(damaged(at, "more after its end"));
    }
    restore.finish().map_err(|error| damaged(at, error))
}

#[cfg(test)]
mod tests;
