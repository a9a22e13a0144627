//! What reading costs, for tests: the processor's time of this thread, to which the load of others adds nothing.

use rustix::time::{ClockId, clock_gettime};

/// Texts are made in this length and in sixteen times it.
const SHORT: usize = 16 << 10;
/// How many times.
const LONGER: usize = 16;
/// What a clock may err by.
const BLUR: i64 = 5_000_000;

/// One long text must cost about what short ones of as many bytes cost together. Panics where it is six times as much: work
/// that grows with the square is sixteen times as much. `make` makes a text of about so many bytes.
pub(super) fn assert_linear(what: &str, make: impl Fn(usize) -> Vec<u8>, read: impl Fn(&[u8])) {
    assert_linear_from(SHORT, what, make, read);
}

/// The same, from another length on.
pub(super) fn assert_linear_from(short: usize, what: &str, make: impl Fn(usize) -> Vec<u8>, read: impl Fn(&[u8])) {
    let texts = [make(short), make(LONGER * short)];
    let took = |text: &[u8], times: usize| {
        let start = clock_gettime(ClockId::ThreadCPUTime);
        (0..times).for_each(|_| read(std::hint::black_box(text)));
        let end = clock_gettime(ClockId::ThreadCPUTime);
        (end.tv_sec - start.tv_sec) * 1_000_000_000 + end.tv_nsec - start.tv_nsec
    };
    let mut all = Vec::new();
    // A busy neighbour on the same core slows a thread down while it runs: not thrice just then.
    let passes = (0..3).any(|_| {
        let [short, long] = [took(&texts[0], LONGER), took(&texts[1], 1)];
        all.push([short, long]);
        long < short * 6 + BLUR
    });
    assert!(passes, "{what}: short and long in ns: {all:?}");
}

/// Looks on to the end from every place.
fn quadratic(text: &[u8]) {
    (0..text.len()).for_each(|at| once(&text[at..]));
}

fn once(text: &[u8]) {
    let _ = std::hint::black_box(memchr::memchr(0, text));
}

#[test]
#[should_panic(expected = "the square")]
fn what_grows_with_the_square_is_caught() {
    // Catches a bound so wide that everything passes.
    assert_linear_from(2 << 10, "the square", |n| vec![1; n], quadratic);
}

#[test]
fn what_is_read_once_passes() {
    assert_linear("once", |n| vec![1; n], once);
}
