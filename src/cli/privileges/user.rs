//! Who the process becomes, and the one capability that it keeps.

use anyhow::{Context, anyhow, bail, ensure};
use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl::set_keepcaps;
use nix::unistd::{Gid, Uid, User, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};

use super::drop::Dropped;

/// Who the process will be.
#[derive(Debug)]
pub(super) struct Who {
    /// For people.
    pub(super) name: String,
    /// Its number.
    pub(super) user: Uid,
    /// The group it has.
    pub(super) group: Gid,
    way: Way,
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// It is who it will be, with the groups it has.
    Stay,
    /// It stays root because it may not become another: in a container, mostly.
    Stuck,
    /// It becomes another: with that user's primary group and no others. A sensor has no business in the other groups
    /// (`adm`, `docker`), and what it is to read or write can be given to the one.
    Change,
}

impl Who {
    /// Finds the user: `wanted` by name or number, `nobody` for root, else the one we are.
    pub(super) fn of(wanted: Option<&str>) -> anyhow::Result<Self> {
        let now = getresuid().context("cannot tell which user this is")?;
        let may_change =
            holds(CapSet::Effective, Capability::CAP_SETUID)? && holds(CapSet::Effective, Capability::CAP_SETGID)?;
        let account = match wanted {
            Some(name) => find(name)?,
            None if now.effective.is_root() => nobody()?,
            None => (name_of(now.effective), now.effective, getresgid()?.effective),
        };
        let (name, user, group) = account;
        let is_it = [now.real, now.effective, now.saved].iter().all(|one| *one == user);
        let way = match wanted {
            _ if is_it => Way::Stay,
            _ if may_change => Way::Change,
            None => Way::Stuck,
            Some(_) => bail!(
                "--user {name}: '{}' cannot become another user (CAP_SETUID and CAP_SETGID are missing); start as root, or as \
                 {name} with `setcap cap_net_raw+ep` on the program, or leave --user out",
                name_of(now.effective)
            ),
        };
        if way == Way::Change {
            return Ok(Self { name, user, group, way });
        }
        Ok(Self { name: name_of(now.effective), user: now.effective, group: getresgid()?.effective, way })
    }

    /// It was another user's doing that started the process; messages say "becomes" then.
    pub(super) fn changes(&self) -> bool {
        self.way == Way::Change
    }

    /// The calling thread, and no other, becomes it without any capability: what the kernel lets it do now is what the
    /// process may do after the drop. For a thread that ends soon; there is no way back.
    pub(super) fn become_in_this_thread(&self) -> anyhow::Result<()> {
        use rustix::process::{Gid, Uid};
        use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
        if self.changes() {
            let (user, group) = (Uid::from_raw(self.user.as_raw()), Gid::from_raw(self.group.as_raw()));
            let done = set_thread_groups(&[])
                .and_then(|()| set_thread_res_gid(group, group, group))
                .and_then(|()| set_thread_res_uid(user, user, user));
            done.map_err(|why| self.cannot(why.into()))?;
        }
        caps::clear(None, CapSet::Effective)?;
        caps::clear(None, CapSet::Permitted)?;
        Ok(())
    }

    /// The process becomes it, keeping `CAP_NET_RAW` if it has it, and no way back.
    pub(super) fn become_for_good(&self, dropped: &mut Dropped) -> anyhow::Result<()> {
        let mut kept = CapsHashSet::new();
        if holds(CapSet::Permitted, Capability::CAP_NET_RAW)? {
            kept.insert(Capability::CAP_NET_RAW);
        }
        // While CAP_SETPCAP is held, so before the user changes.
        let bounded = empty_bounding_set()?;
        if self.changes() {
            set_keepcaps(true).context("capabilities cannot be kept")?;
            let done = setgroups(&[])
                .and_then(|()| setresgid(self.group, self.group, self.group))
                .and_then(|()| setresuid(self.user, self.user, self.user));
            done.map_err(|why| self.cannot(why.into()))?;
            set_keepcaps(false)?;
        }
        if caps::runtime::ambient_set_supported().is_ok() {
            caps::clear(None, CapSet::Ambient)?;
        }
        // Effective lies within permitted at every step.
        caps::set(None, CapSet::Effective, &kept)?;
        caps::set(None, CapSet::Permitted, &kept)?;
        caps::clear(None, CapSet::Inheritable)?;
        self.prove(&kept)?;
        self.tell(&kept, bounded, dropped);
        Ok(())
    }

    /// Asks the kernel again: a drop that is believed and did not happen is worse than none.
    fn prove(&self, kept: &CapsHashSet) -> anyhow::Result<()> {
        let (users, groups) = (getresuid()?, getresgid()?);
        ensure!(
            [users.real, users.effective, users.saved].iter().all(|one| *one == self.user) || !self.changes(),
            "the process did not become '{}'",
            self.name
        );
        ensure!(
            !self.changes()
                || (getgroups()?.is_empty()
                    && [groups.real, groups.effective, groups.saved].iter().all(|one| *one == self.group)),
            "the process did not leave its groups"
        );
        for (set, wanted) in
            [(CapSet::Effective, kept), (CapSet::Permitted, kept), (CapSet::Inheritable, &CapsHashSet::new())]
        {
            ensure!(caps::read(None, set)? == *wanted, "the process still holds {set:?} capabilities");
        }
        ensure!(
            !self.changes()
                || self.user.is_root()
                || setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_err(),
            "the process could become root again"
        );
        Ok(())
    }

    fn tell(&self, kept: &CapsHashSet, bounded: bool, dropped: &mut Dropped) {
        let what = match self.way {
            Way::Change => "became",
            Way::Stay | Way::Stuck => "stays",
        };
        dropped.in_force.push(format!("user: {what} '{}' (uid {}, gid {})", self.name, self.user, self.group));
        if self.way == Way::Stuck {
            dropped.lacking.push(
                "user: stays root, since CAP_SETUID and CAP_SETGID are missing; start it as another user, or add them"
                    .into(),
            );
        }
        let left = if kept.is_empty() { "none left" } else { "CAP_NET_RAW alone is left" };
        dropped.in_force.push(format!("capabilities: {left}"));
        if !bounded && self.user.is_root() {
            dropped.lacking.push(
                "capabilities: the bounding set stays, since CAP_SETPCAP is missing; no_new_privs covers it".into(),
            );
        }
    }

    fn cannot(&self, why: std::io::Error) -> anyhow::Error {
        // EINVAL: a user namespace does not know the number.
        anyhow!(why).context(format!(
            "cannot become '{}' (uid {}, gid {}); name another with --user, or --user root to stay root without its powers",
            self.name, self.user, self.group
        ))
    }
}

/// An account by name, or by number.
fn find(name: &str) -> anyhow::Result<(String, Uid, Gid)> {
    let known = match name.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => User::from_name(name),
    };
    match known.with_context(|| format!("--user {name}: the users of this system cannot be read"))? {
        Some(user) => Ok((user.name, user.uid, user.gid)),
        None => bail!(
            "--user {name}: there is no such user; create it (useradd --system --no-create-home {name}) or name another"
        ),
    }
}

/// The user that owns nothing. A bare container may not list it; its number is the kernel's own for "nobody".
fn nobody() -> anyhow::Result<(String, Uid, Gid)> {
    let known = User::from_name("nobody").context("the users of this system cannot be read; name one with --user")?;
    let user = known.map(|user| (user.name, user.uid, user.gid));
    Ok(user.unwrap_or_else(|| ("nobody".to_owned(), Uid::from_raw(NOBODY), Gid::from_raw(NOBODY))))
}

/// How a number is called, if it is.
pub(super) fn name_of(user: Uid) -> String {
    User::from_uid(user).ok().flatten().map_or_else(|| format!("uid {user}"), |user| user.name)
}

fn holds(set: CapSet, capability: Capability) -> anyhow::Result<bool> {
    caps::has_cap(None, set, capability).context("capabilities cannot be read")
}

/// What a program that this process starts could ever have. False: it may not be changed.
fn empty_bounding_set() -> anyhow::Result<bool> {
    if !holds(CapSet::Effective, Capability::CAP_SETPCAP)? {
        return Ok(false);
    }
    for capability in caps::read(None, CapSet::Bounding)? {
        if capability != Capability::CAP_NET_RAW {
            caps::drop(None, CapSet::Bounding, capability)
                .with_context(|| format!("{capability} cannot be taken from the bounding set"))?;
        }
    }
    Ok(true)
}

const NOBODY: u32 = 65_534;
