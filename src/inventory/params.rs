//! The parameters of one operation: how often each came, and what its values looked like.
//!
//! In: the parameters of one request, each once. Out: plain figures. Those of queries are noted for every request,
//! those of bodies for those that were looked into ([`super::lessons`]).

use serde::{Deserialize, Serialize};

use super::bounded::text_bytes;
use super::kept::MOST;
use super::snapshot::ParamRecord;
use super::sorted::Sorted;
use crate::api::{Classes, DataClasses, Param, ParamPlace, ParamStyle, ParamType, Value, Values, rank};
use crate::merge::Merge;

/// Longer names and media types are not kept as they are: nobody reads them, and they are as long as a head.
pub(super) const NAME_BYTES: usize = 128;
/// What stands in the place of a name that is too long; as `observe` writes a name of no plain class.
const LONG_NAME: &str = "{value}";

/// Parameters of one operation: those of the smallest rank are kept, whatever came first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Params {
    // INVARIANT: sorted by place and name, none twice. A vector and not a map: most operations have few, each sample has a
    // list of its own, and a node of a map has room for eleven.
    kept: Vec<ParamSeen>,
    /// `None` in the zero of merging, which knows no bound yet.
    limit: Option<usize>,
    /// Sightings of parameters that were not kept.
    more: u64,
    #[serde(skip)]
    full: Full,
}

/// The greatest rank of those that are kept, where there are as many as may be and it was asked for. It follows from the others,
/// and so makes no difference.
#[derive(Clone, Copy, Debug, Default)]
struct Full(Option<u64>);

impl PartialEq for Full {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Full {}

/// One parameter: how often, and what its values looked like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ParamSeen {
    place: ParamPlace,
    name: Box<str>,
    seen: u64,
    // INVARIANT: both sorted by number of a variant, none twice.
    kinds: Counts,
    styles: Counts,
    values: Values,
    /// Values that were looked at for sensitive data, and what they showed.
    looked: u64,
    looks: Classes,
}

/// Counts by the number of a variant; most parameters have one.
type Counts = Vec<(u8, u64)>;

fn add(counts: &mut Counts, variant: u8, count: u64) {
    match counts.binary_search_by_key(&variant, |(known, _)| *known) {
        Ok(at) => counts[at].1.merge(count),
        Err(at) => {
            counts.reserve_exact(1);
            counts.insert(at, (variant, count));
        }
    }
}

impl ParamSeen {
    /// Memory beside itself.
    const fn weight(&self) -> usize {
        let counts = self.kinds.capacity() + self.styles.capacity();
        counts * size_of::<(u8, u64)>() + self.values.weight() + self.looks.weight()
    }

    fn count(&mut self, param: &Param) {
        if param.style != ParamStyle::Single {
            add(&mut self.styles, param.style as u8, 1);
        }
        self.note_value(param.kind, param.value, None);
    }

    fn look(&mut self, param: &Param) {
        if let Some(found) = param.looked {
            self.looked.merge(1);
            self.looks.note(found);
        }
    }

    fn note_value(&mut self, kind: ParamType, value: Value, looked: Option<DataClasses>) {
        self.seen.merge(1);
        add(&mut self.kinds, kind as u8, 1);
        self.values.note(value);
        if let Some(found) = looked {
            self.looked.merge(1);
            self.looks.note(found);
        }
    }
}

impl ParamSeen {
    fn new(place: ParamPlace, name: &str) -> Self {
        let (kinds, styles) = (Vec::new(), Vec::new());
        let (values, looks) = (Values::default(), Classes::default());
        Self { place, name: name.into(), seen: 0, kinds, styles, values, looked: 0, looks }
    }

    fn key(&self) -> (ParamPlace, &str) {
        (self.place, &self.name)
    }

    fn rank(&self) -> u64 {
        rank_of(self.place, &self.name)
    }

    /// Takes in another's share of the same parameter.
    fn absorb(&mut self, other: Self) {
        self.seen.merge(other.seen);
        other.kinds.into_iter().for_each(|(kind, count)| add(&mut self.kinds, kind, count));
        other.styles.into_iter().for_each(|(style, count)| add(&mut self.styles, style, count));
        self.values.merge(other.values);
        self.looked.merge(other.looked);
        self.looks.merge(other.looks);
    }
}

impl Params {
    /// None yet, and at most `limit` to come.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// Takes in one of a request that was looked into. Tells whether it is a new one, and the memory added at the most.
    pub(super) fn note(&mut self, param: &Param) -> (bool, usize) {
        self.noting(param, 1, |seen| {
            seen.count(param);
            seen.look(param);
        })
    }

    /// As [`Params::note`], of any request: which of them a worker looks into hangs on what else it reads, so that sensitive data
    /// is no part of this.
    pub(super) fn count(&mut self, param: &Param) -> (bool, usize) {
        self.noting(param, 1, |seen| seen.count(param))
    }

    /// What a request that was looked into showed of a parameter that is counted elsewhere.
    pub(super) fn look(&mut self, param: &Param) -> (bool, usize) {
        if param.looked.is_none() {
            return (false, 0);
        }
        self.noting(param, 0, |seen| seen.look(param))
    }

    /// `more`: what it counts where it finds no room.
    fn noting(&mut self, param: &Param, more: u64, note: impl FnOnce(&mut ParamSeen)) -> (bool, usize) {
        let name = if param.name.len() > NAME_BYTES { LONG_NAME } else { param.name.as_str() };
        let found = self.find(param.place, name);
        if found.is_err() && self.is_beyond(param.place, name) {
            self.more.merge(more);
            return (false, 0);
        }
        let at = found.unwrap_or_else(|at| {
            self.insert(at, ParamSeen::new(param.place, name));
            at
        });
        let seen = &mut self.kept[at];
        let before = seen.weight();
        note(seen);
        let grown = seen.weight().saturating_sub(before);
        if found.is_err() {
            self.settle();
        }
        (found.is_err(), grown + if found.is_err() { Self::bytes(name.len()) } else { 0 })
    }

    /// Takes in the value of a variable of a declared path, by its number. Tells whether it is a new one, and the memory added
    /// at the most. Allocates nothing when it is known, but where a value shows something new.
    pub(super) fn note_variable(
        &mut self,
        number: u32,
        kind: ParamType,
        value: Value,
        looked: DataClasses,
    ) -> (bool, usize) {
        let mut name = [0; 4];
        let name = &*numbered(number).encode_utf8(&mut name);
        let found = self.find(ParamPlace::Path, name);
        let at = found.unwrap_or_else(|at| {
            self.insert(at, ParamSeen::new(ParamPlace::Path, name));
            at
        });
        let seen = &mut self.kept[at];
        let before = seen.weight();
        seen.note_value(kind, value, Some(looked));
        let grown = seen.weight().saturating_sub(before);
        self.settle();
        (found.is_err(), grown + if found.is_err() { Self::bytes(name.len()) } else { 0 })
    }

    fn find(&self, place: ParamPlace, name: &str) -> Result<usize, usize> {
        self.kept.binary_search_by(|known| known.key().cmp(&(place, name)))
    }

    fn insert(&mut self, at: usize, seen: ParamSeen) {
        if self.kept.len() == self.kept.capacity() {
            self.kept.reserve_exact(self.kept.len() / 2 + 1);
        }
        self.kept.insert(at, seen);
    }

    /// What one takes, with a name of `name` bytes, and when it is told.
    const fn bytes(name: usize) -> usize {
        // A list that has grown has room for half as many more.
        2 * size_of::<ParamSeen>() + text_bytes(name) + ParamRecord::BYTES
    }

    /// So many found no room before they came here.
    pub(super) fn leave_out(&mut self, more: u64) {
        self.more.merge(more);
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Sightings of those that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }

    /// The plain figures; `of` tells how many requests could have carried one.
    pub(super) fn freeze(self, of: impl Fn(ParamPlace) -> u64) -> Vec<ParamRecord> {
        let record = |seen: ParamSeen| ParamRecord {
            place: seen.place,
            name: seen.name.into(),
            seen: seen.seen,
            of: of(seen.place),
            kinds: told(&ParamType::ALL, &seen.kinds),
            styles: told(&ParamStyle::ALL, &seen.styles),
            data: seen.looks.carried(seen.looked),
            values: seen.values.freeze(),
        };
        self.kept.into_iter().map(record).collect()
    }

    /// Keeps at most `cap`, from now on.
    pub(super) fn cut_to(&mut self, cap: usize) {
        self.limit = Some(self.limit.map_or(cap, |limit| limit.min(cap)));
        self.settle();
    }

    /// Memory beside itself, rather too much.
    pub(super) fn weight(&self) -> usize {
        self.kept.iter().map(|seen| Self::bytes(seen.name.len()) + seen.weight()).sum()
    }

    /// There are as many as may be, and this one would be the first to go.
    fn is_beyond(&mut self, place: ParamPlace, name: &str) -> bool {
        if self.limit.is_none_or(|limit| self.kept.len() < limit) {
            return false;
        }
        let greatest = self.full.0.or_else(|| self.kept.iter().map(ParamSeen::rank).max());
        self.full.0 = greatest;
        greatest.is_none_or(|greatest| rank_of(place, name) > greatest)
    }

    /// Brings what is kept down to the bound.
    fn settle(&mut self) {
        self.full = Full::default();
        let Some(limit) = self.limit.filter(|limit| self.kept.len() > *limit) else { return };
        let mut ranks: Vec<u64> = self.kept.iter().map(ParamSeen::rank).collect();
        let ceiling = *ranks.select_nth_unstable(limit).1;
        let more = &mut self.more;
        self.kept.retain(|seen| {
            let stays = seen.rank() < ceiling;
            more.merge(if stays { 0 } else { seen.seen });
            stays
        });
    }
}

impl Merge for Params {
    fn merge(&mut self, other: Self) {
        self.limit = match (self.limit, other.limit) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.more.merge(other.more);
        for theirs in other.kept {
            match self.find(theirs.place, &theirs.name) {
                Ok(at) => self.kept[at].absorb(theirs),
                Err(_) if self.is_beyond(theirs.place, &theirs.name) => self.more.merge(theirs.seen),
                Err(at) => {
                    self.insert(at, theirs);
                    self.settle();
                }
            }
        }
        self.settle();
    }
}

/// Stands for the name of a variable of a declared path: declarations may give it another one day.
pub(super) fn numbered(number: u32) -> char {
    char::from_u32(number.saturating_add(u32::from('0'))).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Words of APIs first, then the smallest hashes, whatever the place.
fn rank_of(place: ParamPlace, name: &str) -> u64 {
    // The upper bit says whether the name is listed.
    let rank = rank(name);
    rank ^ xxhash_rust::xxh3::xxh3_64_with_seed(&[place as u8], 0x7a5e) >> 1
}

/// What was counted, by what it is.
fn told<K: Copy + Ord>(names: &[K], counts: &Counts) -> Sorted<K> {
    counts.iter().filter_map(|(at, count)| Some((*names.get(usize::from(*at))?, *count))).collect()
}

impl Params {
    /// They could have been noted, as far as other figures lean on that.
    pub(super) fn is_sound(&self) -> bool {
        let counted =
            |counts: &Counts| counts.is_sorted_by(|(a, _), (b, _)| a < b) && counts.len() <= ParamType::ALL.len();
        self.kept.is_sorted_by(|a, b| a.key() < b.key())
            && self.kept.iter().all(|seen| {
                let figures = seen.seen.max(seen.looked) <= MOST && seen.values.is_sound();
                figures && seen.name.len() <= NAME_BYTES && counted(&seen.kinds) && counted(&seen.styles)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(names: &[String], limit: usize) -> Params {
        let mut params = Params::new(limit);
        for name in names {
            let _ = params.note(&Param::plain(ParamPlace::Query, name, ParamType::Integer));
        }
        params
    }

    #[test]
    fn words_of_apis_stay_where_names_are_too_many_whatever_the_order_and_split() {
        // Catches a list that keeps the first comers or the first of the alphabet, and sightings that are lost on the way.
        let mut names: Vec<String> = (0..300).map(|n| format!("a{}x{n}", n % 7)).collect();
        names.extend(["zone", "status", "currency"].iter().flat_map(|name| vec![(*name).to_owned(); 3]));
        let whole = noted(&names, 20);
        let kept = |name: &str| whole.find(ParamPlace::Query, name).is_ok();
        assert!(kept("zone") && kept("status") && kept("currency") && whole.len() == 20);
        assert_eq!(whole.kept.iter().map(|seen| seen.seen).sum::<u64>() + whole.more, names.len() as u64);
        for seed in 0..6 {
            names.sort_by_key(|name| xxhash_rust::xxh3::xxh3_64_with_seed(name.as_bytes(), seed));
            let (a, b) = names.split_at(40 * usize::try_from(seed).unwrap());
            let mut united = noted(b, 20);
            united.merge(noted(a, 20));
            assert_eq!(whole, united, "seed {seed}");
            assert_eq!(whole, noted(&names, 20), "seed {seed}");
        }
        let mut cut = whole.clone();
        cut.cut_to(5);
        assert_eq!(cut, noted(&names, 5), "what is cut later is what would have been left out");
    }
}
