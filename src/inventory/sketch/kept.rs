//! How a count of distinct hashes is written and read back.
//!
//! The library's own image holds the order in which hashes came, and trusts what it is told when read. So what is
//! written is the content alone: hashes, coupons in order, or bare registers. Everything else follows from them, and
//! is worked out anew; equal counts are equal bytes.

use datasketches::hll::{HllSketch, HllType, HllUnion};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::bounded::Smallest;
use super::Distinct;

#[derive(Serialize, Deserialize)]
struct Form {
    few: Smallest<u64, { Distinct::FEW }>,
    many: Option<Many>,
}

/// What an estimating sketch knows.
#[derive(Serialize, Deserialize)]
enum Many {
    /// While there are few: what the library made of each hash.
    Coupons(Vec<u32>),
    /// Then one register for each of 2,048 parts.
    Registers(Vec<u8>),
}

// The library's image: preamble length, version, family, log of registers, log of slots, flags, state, mode.
const MODE: usize = 7;
const COUPONS_AT: [usize; 2] = [8, 12];
const REGISTERS_AT: usize = 40;
const REGISTERS: usize = 1 << Distinct::LG_K;
/// More coupons than this turn into registers.
const COUPONS: usize = 3 * REGISTERS / 32;

impl Serialize for Distinct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let many = self.many.as_deref().map(|sketch| written(sketch).ok_or_else(|| S::Error::custom("odd sketch")));
        Form { few: self.few.clone(), many: many.transpose()? }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        if form.many.is_some() && form.few.len() < Self::FEW {
            return Err(D::Error::custom("an estimate of few"));
        }
        let many = form.many.map(|many| read(&many).map(Box::new).ok_or_else(|| D::Error::custom("odd sketch")));
        Ok(Self { few: form.few, many: many.transpose()? })
    }
}

fn written(sketch: &HllSketch) -> Option<Many> {
    let image = sketch.serialize();
    if let Some(at) = COUPONS_AT.get(usize::from(*image.get(MODE)? & 3)) {
        let mut coupons: Vec<u32> = image.get(*at..)?.chunks_exact(4).filter_map(number).collect();
        coupons.sort_unstable();
        return Some(Many::Coupons(coupons));
    }
    let mut union = HllUnion::new(Distinct::LG_K).ok()?;
    union.update(sketch);
    let image = union.to_sketch(HllType::Hll8).serialize();
    Some(Many::Registers(image.get(REGISTERS_AT..REGISTERS_AT + REGISTERS)?.to_vec()))
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn read(many: &Many) -> Option<HllSketch> {
    let image = match many {
        Many::Coupons(coupons) => coupon_image(coupons)?,
        Many::Registers(registers) => register_image(registers)?,
    };
    let sketch = HllSketch::deserialize(&image).ok()?;
    let mut union = HllUnion::new(Distinct::LG_K).ok()?;
    union.update(&sketch);
    Some(union.to_sketch(HllType::Hll4))
}

fn coupon_image(coupons: &[u32]) -> Option<Vec<u8>> {
    // The upper six bits are the value of a register, and never none.
    let sound = coupons.first()? >> 26 > 0 && coupons.is_sorted_by(|a, b| a < b) && coupons.len() <= COUPONS;
    // Slots double when three of four are taken.
    let slots = (5..Distinct::LG_K - 3).find(|slots| coupons.len() * 4 <= 3 << slots).unwrap_or(Distinct::LG_K - 3);
    let mut image = vec![3, 1, 7, Distinct::LG_K, slots, 8, 0, 1];
    image.extend(u32::try_from(coupons.len()).ok()?.to_le_bytes());
    image.extend(coupons.iter().flat_map(|coupon| coupon.to_le_bytes()));
    sound.then_some(image)
}

fn register_image(registers: &[u8]) -> Option<Vec<u8>> {
    if registers.len() != REGISTERS || registers.iter().any(|n| *n > 63) || registers.iter().all(|n| *n == 0) {
        return None;
    }
    // Sums of powers of two that a double holds exactly, whatever the order.
    let sum = |wanted: fn(u8) -> bool| -> f64 {
        registers.iter().filter(|n| wanted(**n)).map(|n| (-f64::from(*n)).exp2()).sum()
    };
    let mut image = vec![10, 1, 7, Distinct::LG_K, 0, 16, 0, 10];
    for part in [0.0, sum(|n| n < 32), sum(|n| n >= 32)] {
        image.extend(part.to_le_bytes());
    }
    let zeros = registers.iter().filter(|n| **n == 0).count();
    image.extend(u32::try_from(zeros).ok()?.to_le_bytes());
    image.extend([0; 4]);
    image.extend(registers);
    Some(image)
}

#[cfg(test)]
mod tests {
    use super::super::chain;
    use super::*;
    use crate::merge::Merge;

    fn distinct(range: std::ops::Range<u64>) -> Distinct {
        let mut distinct = Distinct::default();
        range.for_each(|n| distinct.insert(chain(3, &n.to_string())));
        distinct
    }

    #[test]
    fn a_count_reads_back_as_it_was_and_counts_on() {
        // Catches a mode of the sketch that is written in the order of arrival, and one that estimates anew when read.
        for n in [0, 1, 64, 65, 88, 89, 170, 192, 193, 400, 1_000, 20_000, 300_000] {
            let whole = distinct(0..n);
            let mut back = distinct(n / 2..n);
            back.merge(distinct(0..n / 2 + 1));
            back.merge(distinct(0..n / 3));
            if n > 0 {
                assert_eq!(json(&whole), json(&back), "{n}: equal counts are equal bytes");
            }
            let mut read: Distinct = serde_json::from_value(json(&whole)).unwrap();
            assert_eq!(read.estimate(), whole.estimate(), "{n}");
            assert_eq!(json(&read), json(&whole), "{n}");
            let mut more = whole.clone();
            for part in [&mut more, &mut read] {
                (n..n + 90).for_each(|n| part.insert(chain(3, &n.to_string())));
                part.merge(distinct(n..n + 300));
            }
            assert_eq!(read.estimate(), more.estimate(), "{n} and more");
        }
    }

    fn json(distinct: &Distinct) -> serde_json::Value {
        serde_json::to_value(distinct).unwrap()
    }

    #[test]
    fn made_up_sketches_are_refused() {
        // Catches a register or a coupon that the library takes on trust and breaks on later.
        for many in [
            Many::Coupons(Vec::new()),
            Many::Coupons(vec![7]),
            Many::Coupons(vec![1 << 27, 1 << 27]),
            Many::Coupons((1 << 26..).take(193).collect()),
            Many::Registers(vec![1; REGISTERS - 1]),
            Many::Registers(vec![0; REGISTERS]),
            Many::Registers(vec![64; REGISTERS]),
        ] {
            assert!(read(&many).is_none());
        }
        for value in 1..=63 {
            let mut registers = vec![value; REGISTERS];
            registers[7] = 63 - value;
            let mut sketch = Distinct { many: read(&Many::Registers(registers)).map(Box::new), ..distinct(0..64) };
            sketch.merge(distinct(0..5_000));
            assert!(sketch.estimate() > 64);
        }
    }
}
