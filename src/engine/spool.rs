//! Transaction lines in one order, whatever the number of workers, in bounded memory.
//!
//! Workers finish exchanges in an order of their own. Each keeps its lines with a sort key; what does not fit in memory
//! goes to an unnamed temporary file as a sorted run, and all runs are merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Time, connection, and position in it: total over one capture.
pub(super) type Key = (u64, u64, u32);

/// One worker's lines.
#[derive(Debug, Default)]
pub(super) struct Spool {
    bound: usize,
    bytes: usize,
    lines: Vec<(Key, Box<[u8]>)>,
    /// One file for all runs: a long capture spills often, and files that may be open are few.
    file: Option<File>,
    /// Where each run lies in it.
    runs: Vec<Range<u64>>,
    /// The first failure to write a run; lines are dropped from there on, and the run ends with this error.
    failed: Option<io::Error>,
}

impl Spool {
    /// A spool that keeps about `bound` bytes in memory.
    pub(super) fn new(bound: usize) -> Self {
        Self { bound, ..Self::default() }
    }

    /// Keeps a line, its line end included.
    pub(super) fn push(&mut self, key: Key, line: &[u8]) {
        self.bytes += line.len() + size_of::<(Key, Box<[u8]>)>();
        self.lines.push((key, line.into()));
        if self.bytes > self.bound
            && let Err(error) = self.spill()
        {
            self.failed.get_or_insert(error);
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        lines.sort_unstable();
        let mut file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let start = file.stream_position()?;
        let mut run = BufWriter::new(file);
        for ((time, connection, index), line) in &lines {
            run.write_all(&time.to_le_bytes())?;
            run.write_all(&connection.to_le_bytes())?;
            run.write_all(&index.to_le_bytes())?;
            run.write_all(&(line.len() as u64).to_le_bytes())?;
            run.write_all(line)?;
        }
        let mut file = run.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.runs.push(start..file.stream_position()?);
        self.file = Some(file);
        Ok(())
    }
}

/// All lines of a run, ready to be written once.
#[derive(Debug, Default)]
pub struct Lines {
    spools: Vec<Spool>,
}

impl Lines {
    pub(super) fn add(&mut self, spool: Spool) {
        self.spools.push(spool);
    }

    /// Writes every line in order.
    ///
    /// # Errors
    /// Those of `out`, and of the temporary files.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let mut sources = Vec::new();
        for mut spool in self.spools {
            if let Some(error) = spool.failed {
                return Err(error);
            }
            spool.lines.sort_unstable();
            if let Some(file) = spool.file.map(Arc::new) {
                let run = |lies| Source::Run(BufReader::new(Run { file: Arc::clone(&file), lies }));
                sources.extend(spool.runs.into_iter().map(run));
            }
            sources.push(Source::Memory(spool.lines.into_iter()));
        }
        let mut heap = BinaryHeap::new();
        for (at, source) in sources.iter_mut().enumerate() {
            if let Some(next) = source.next()? {
                heap.push(Reverse((next, at)));
            }
        }
        while let Some(Reverse(((_, line), at))) = heap.pop() {
            out.write_all(&line)?;
            if let Some(next) = sources.get_mut(at).map_or(Ok(None), Source::next)? {
                heap.push(Reverse((next, at)));
            }
        }
        Ok(())
    }
}

enum Source {
    Memory(std::vec::IntoIter<(Key, Box<[u8]>)>),
    Run(BufReader<Run>),
}

/// What is left of one run in the file of its spool.
struct Run {
    file: Arc<File>,
    lies: Range<u64>,
}

impl Read for Run {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.lies.end.saturating_sub(self.lies.start)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let read = self.file.read_at(buffer.get_mut(..room).unwrap_or_default(), self.lies.start)?;
        self.lies.start += read as u64;
        Ok(read)
    }
}

impl Source {
    fn next(&mut self) -> io::Result<Option<(Key, Box<[u8]>)>> {
        let run = match self {
            Self::Memory(lines) => return Ok(lines.next()),
            Self::Run(run) => run,
        };
        let mut time = [0; 8];
        match run.read_exact(&mut time) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let (mut connection, mut index, mut len) = ([0; 8], [0; 4], [0; 8]);
        run.read_exact(&mut connection)?;
        run.read_exact(&mut index)?;
        run.read_exact(&mut len)?;
        // We wrote the length ourselves, to a file nobody else can open.
        let mut line = vec![0; usize::try_from(u64::from_le_bytes(len)).unwrap_or(0)];
        run.read_exact(&mut line)?;
        let key = (u64::from_le_bytes(time), u64::from_le_bytes(connection), u32::from_le_bytes(index));
        Ok(Some((key, line.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_sorted_however_they_were_spread() {
        // Catches an order that depends on workers or on what was spilled to files.
        let mut lines = Lines::default();
        let mut want = Vec::new();
        for worker in 0..3_u64 {
            let mut spool = Spool::new(200);
            for n in (0..400_u64).rev() {
                let line = format!("{n:03} {worker}\n");
                spool.push((n, worker, 0), line.as_bytes());
                want.push(line);
            }
            // Many runs, one file: what may be open at once does not bound how long a capture may be.
            assert!(spool.runs.len() > 50 && spool.file.is_some());
            lines.add(spool);
        }
        want.sort();
        let mut out = Vec::new();
        lines.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), want.concat());
    }
}
