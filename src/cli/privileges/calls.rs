//! seccomp: the system calls that are left. What is not listed fails with EPERM: programs, mounts, tracing, modules,
//! BPF, io_uring, new namespaces, new listeners, connections.
//!
//! The table was made with strace over capture (open, read, statistics, close, open again), threads, the runtime with
//! its listener, the terminal, and files that are written, renamed and read. A call that a new library needs shows as
//! "Operation not permitted" in the log; `strace -f -e status=failed` names it.

use std::collections::BTreeMap;
use std::io;

use anyhow::Context;
use libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Compare, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

use super::drop::Dropped;

/// Forbids all calls but those that the sensor makes, for this thread and those it starts.
pub(super) fn shut(dropped: &mut Dropped) -> anyhow::Result<()> {
    let Ok(machine) = TargetArch::try_from(std::env::consts::ARCH).and_then(listed) else {
        dropped.lacking.push(format!("system calls: not restricted, there is no table for {}", std::env::consts::ARCH));
        return Ok(());
    };
    let rules = allowed().context("system calls: the table cannot be compiled")?;
    let count = rules.len();
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let table = SeccompFilter::new(rules, refused, SeccompAction::Allow, machine);
    // INVARIANT: what is answered with an error of its own is allowed by the table. Of two verdicts the stricter holds,
    // but of two errors the newer, and the table is newest.
    let answered = answers().context("system calls: the table cannot be compiled")?;
    let answers = answered.into_iter().map(|(error, rules)| {
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(error.cast_unsigned()), machine)
    });
    for filter in answers.chain([table]) {
        let program: BpfProgram =
            filter.and_then(TryInto::try_into).context("system calls: the table cannot be compiled")?;
        match apply_filter(&program) {
            Ok(()) => {}
            Err(Error::Seccomp(why) | Error::Prctl(why)) if is_missing(&why) => {
                dropped.lacking.push(format!(
                    "system calls: not restricted ({why}); this kernel has no seccomp filters, or a sandbox around us \
                     forbids them"
                ));
                return Ok(());
            }
            Err(why) => return Err(why).context("system calls cannot be restricted (--no-sandbox does without)"),
        }
    }
    dropped.in_force.push(format!("system calls: seccomp leaves {count}; no programs, no processes, no connections"));
    Ok(())
}

fn is_missing(why: &io::Error) -> bool {
    matches!(why.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL | libc::EPERM | libc::EACCES))
}

/// The table was only ever tried on these.
fn listed(machine: TargetArch) -> Result<TargetArch, seccompiler::BackendError> {
    match machine {
        TargetArch::x86_64 | TargetArch::aarch64 => Ok(machine),
        other => Err(seccompiler::BackendError::InvalidTargetArch(format!("{other:?}"))),
    }
}

/// A call, and the alternatives of what its arguments may be; none: anything.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

fn allowed() -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = PLAIN.iter().chain(OLD).map(|call| (*call, Vec::new())).collect();
    let is = |argument, value: i64| one(argument, Length::Dword, Compare::Eq, value.cast_unsigned());
    let is_not = |argument, value: i64| one(argument, Length::Dword, Compare::Ne, value.cast_unsigned());
    let bits = |argument, mask: i64, value: i64| {
        one(argument, Length::Dword, Compare::MaskedEq(mask.cast_unsigned()), value.cast_unsigned())
    };
    let ourselves = i64::from(std::process::id());

    // Threads, never processes.
    let thread = i64::from(libc::CLONE_THREAD);
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![bits(0, thread, thread)?])?]);
    // Memory that is written is never run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![SeccompRule::new(vec![bits(2, i64::from(libc::PROT_EXEC), 0)?])?]);
    }
    rules.insert(libc::SYS_socketpair, vec![SeccompRule::new(vec![is(0, libc::AF_UNIX.into())?])?]);
    // Sockets and interfaces, wireless, terminals. TIOCSTI and TIOCLINUX type into the terminal, as if the user had:
    // after the end the shell would run it.
    let terminal = vec![bits(1, KIND, TERMINALS)?, is_not(1, i64::from(TIOCSTI))?, is_not(1, i64::from(TIOCLINUX))?];
    let commands = vec![
        SeccompRule::new(vec![bits(1, KIND, SOCKETS)?])?,
        SeccompRule::new(vec![bits(1, KIND, WIRELESS)?])?,
        SeccompRule::new(terminal)?,
    ];
    rules.insert(libc::SYS_ioctl, commands);
    // Names of threads and of memory.
    let names = [i64::from(libc::PR_SET_NAME), i64::from(libc::PR_SET_VMA)];
    let names: Result<Vec<_>, _> = names.iter().map(|what| SeccompRule::new(vec![is(0, *what)?])).collect();
    rules.insert(libc::SYS_prctl, names?);
    // Limits are read, not set.
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![one(2, Length::Qword, Compare::Eq, 0)?])?]);
    // Signals to ourselves: an abort.
    for call in [libc::SYS_kill, libc::SYS_tgkill] {
        rules.insert(call, vec![SeccompRule::new(vec![is(0, ourselves)?])?]);
    }
    Ok(rules)
}

/// Calls that fail with an error that their callers know how to take.
fn answers() -> Result<[(i32, Rules); 2], seccompiler::BackendError> {
    let is = |argument, value: i32| one(argument, Length::Dword, Compare::Eq, i64::from(value).cast_unsigned());
    let is_not = |argument, value: i32| one(argument, Length::Dword, Compare::Ne, i64::from(value).cast_unsigned());
    // Its flags lie in memory, where no filter sees whether a thread or a process is asked for. Where it is unknown, the
    // C library falls back to `clone`, whose flags are seen.
    let threads = Rules::from([(libc::SYS_clone3, Vec::new())]);
    // Captures, names of interfaces, their settings. No AF_INET: the page's listener is open already, and who gets in
    // should not get out. libpcap asks its questions over netlink or AF_UNIX, and takes what is not supported (Bluetooth,
    // netfilter) for not there.
    let family =
        SeccompRule::new(vec![is_not(0, libc::AF_PACKET)?, is_not(0, libc::AF_UNIX)?, is_not(0, libc::AF_NETLINK)?])?;
    let protocol = SeccompRule::new(vec![
        is(0, libc::AF_NETLINK)?,
        is_not(2, libc::NETLINK_ROUTE)?,
        is_not(2, libc::NETLINK_GENERIC)?,
    ])?;
    let sockets = Rules::from([(libc::SYS_socket, vec![family, protocol])]);
    Ok([(libc::ENOSYS, threads), (libc::EAFNOSUPPORT, sockets)])
}

fn one(
    argument: u8,
    length: Length,
    compare: Compare,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, length, compare, value)
}

/// Calls whose arguments are not looked at.
#[rustfmt::skip]
const PLAIN: &[c_long] = &[
    // Files. Which ones is for Landlock to say.
    libc::SYS_openat, libc::SYS_close, libc::SYS_close_range, libc::SYS_read, libc::SYS_readv, libc::SYS_pread64, libc::SYS_preadv,
    libc::SYS_write, libc::SYS_writev, libc::SYS_pwrite64, libc::SYS_pwritev, libc::SYS_lseek, libc::SYS_ftruncate,
    libc::SYS_fallocate, libc::SYS_fadvise64, libc::SYS_fsync, libc::SYS_fdatasync, libc::SYS_flock, libc::SYS_copy_file_range,
    libc::SYS_sendfile, libc::SYS_fstat, libc::SYS_newfstatat, libc::SYS_statx, libc::SYS_statfs, libc::SYS_fstatfs,
    libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_readlinkat, libc::SYS_getdents64, libc::SYS_renameat,
    libc::SYS_renameat2, libc::SYS_linkat, libc::SYS_unlinkat, libc::SYS_mkdirat, libc::SYS_fchmod, libc::SYS_fchmodat,
    libc::SYS_utimensat, libc::SYS_umask, libc::SYS_getcwd, libc::SYS_dup, libc::SYS_dup3, libc::SYS_fcntl, libc::SYS_pipe2,
    // Memory.
    libc::SYS_munmap, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_brk, libc::SYS_membarrier,
    // Threads. For `clone3`, see `answers`.
    libc::SYS_clone3, libc::SYS_set_tid_address, libc::SYS_set_robust_list, libc::SYS_get_robust_list, libc::SYS_rseq, libc::SYS_futex,
    libc::SYS_sched_yield, libc::SYS_sched_getaffinity, libc::SYS_sched_setaffinity, libc::SYS_getcpu, libc::SYS_gettid,
    libc::SYS_getpid, libc::SYS_getppid, libc::SYS_exit, libc::SYS_exit_group,
    // Time and chance.
    libc::SYS_clock_gettime, libc::SYS_clock_getres, libc::SYS_clock_nanosleep, libc::SYS_nanosleep, libc::SYS_gettimeofday,
    libc::SYS_times, libc::SYS_getrandom, libc::SYS_timerfd_create, libc::SYS_timerfd_settime, libc::SYS_timerfd_gettime,
    // Signals.
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn, libc::SYS_rt_sigtimedwait, libc::SYS_rt_sigsuspend,
    libc::SYS_sigaltstack, libc::SYS_signalfd4, libc::SYS_restart_syscall,
    // Waiting.
    libc::SYS_ppoll, libc::SYS_pselect6, libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2, libc::SYS_eventfd2,
    // Sockets that are open or may be opened; which, `answers` says. No `connect`, no `listen`.
    libc::SYS_socket, libc::SYS_bind, libc::SYS_accept, libc::SYS_accept4, libc::SYS_getsockname, libc::SYS_getpeername, libc::SYS_getsockopt,
    libc::SYS_setsockopt, libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_recvfrom, libc::SYS_recvmsg, libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    // Who and where we are.
    libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid, libc::SYS_getegid, libc::SYS_getrusage, libc::SYS_sysinfo, libc::SYS_uname,
];

/// What came before the calls above, and some C libraries still make; newer machines never had them.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const OLD: &[c_long] = &[
    libc::SYS_open, libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink, libc::SYS_rename, libc::SYS_link,
    libc::SYS_unlink, libc::SYS_mkdir, libc::SYS_rmdir, libc::SYS_chmod, libc::SYS_dup2, libc::SYS_pipe, libc::SYS_poll, libc::SYS_select,
    libc::SYS_epoll_wait, libc::SYS_pause, libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[c_long] = &[];

/// The byte of an ioctl that says what it is for, and three such kinds.
const KIND: i64 = 0xff00;
const SOCKETS: i64 = 0x8900;
const WIRELESS: i64 = 0x8b00;
const TERMINALS: i64 = 0x5400;
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_over_a_machine_is_not_in_the_table() {
        let rules = allowed().unwrap();
        for call in [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_move_mount,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_kexec_load,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_delete_module,
            libc::SYS_io_uring_setup,
            libc::SYS_userfaultfd,
            libc::SYS_keyctl,
            libc::SYS_setresuid,
            libc::SYS_capset,
            libc::SYS_connect,
            libc::SYS_listen,
            libc::SYS_memfd_create,
            libc::SYS_open_by_handle_at,
            libc::SYS_reboot,
        ] {
            assert!(!rules.contains_key(&call), "call {call}");
        }
    }
}
