//! Two socket options of `AF_PACKET` that no library wraps: fan-out, and what the ring lost.
//!
//! The only unsafe code of the house: each call hands the kernel one integer or one structure on the stack, with its true
//! size, on a descriptor that is borrowed for as long as the call takes. See `packet(7)`.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Packets are shared out by a hash of addresses and ports that is the same for both directions.
const PACKET_FANOUT_HASH: u32 = 0;
/// The kernel picks an id that nobody uses.
const PACKET_FANOUT_FLAG_UNIQUEID: u32 = 0x2000;
/// Fragments are put together first, so that all of a datagram go the same way.
const PACKET_FANOUT_FLAG_DEFRAG: u32 = 0x8000;

/// What a ring counted since it was asked last. The kernel sets its counters to zero at each question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct RingCounts {
    /// Frames that passed the filter, those that were dropped included.
    pub(super) received: u32,
    /// Frames for which the ring had no room.
    pub(super) dropped: u32,
    /// Times at which the ring was found full.
    pub(super) full: u32,
}

/// Joins the fan-out group `group`, or a new one; tells which.
pub(super) fn join_fanout(socket: BorrowedFd<'_>, group: Option<u16>) -> io::Result<u16> {
    let flags = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG;
    let value = match group {
        Some(group) => u32::from(group) | flags << 16,
        None => (flags | PACKET_FANOUT_FLAG_UNIQUEID) << 16,
    };
    // SAFETY: `value` lives through the call and is as long as we say.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_FANOUT,
            (&raw const value).cast(),
            size_of_val(&value) as libc::socklen_t,
        )
    };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut joined = 0_u32;
    ask(socket, libc::PACKET_FANOUT, &mut joined)?;
    // The id is the low half.
    Ok((joined & 0xffff) as u16)
}

/// What the ring counted since the last question.
pub(super) fn ring_counts(socket: BorrowedFd<'_>) -> io::Result<RingCounts> {
    let mut counts = RingCounts::default();
    ask(socket, libc::PACKET_STATISTICS, &mut counts)?;
    // Rings before TPACKET_V3 count two things and leave the third as it was: zero.
    Ok(counts)
}

/// Reads one option of plain integers.
fn ask<T: Plain>(socket: BorrowedFd<'_>, option: libc::c_int, value: &mut T) -> io::Result<()> {
    let mut length = size_of::<T>() as libc::socklen_t;
    // SAFETY: `value` may hold any bits, and the kernel writes at most `length` bytes, which is its size.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            std::ptr::from_mut(value).cast(),
            &raw mut length,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Types for which every pattern of bits is a value.
trait Plain {}
impl Plain for u32 {}
impl Plain for RingCounts {}
