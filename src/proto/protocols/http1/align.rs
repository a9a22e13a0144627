//! Two sequences with holes, in the same order: which answer must belong to which request.
//!
//! In: what was found and what was lost of each side, in the order of its stream. Out: the pairs that stand in *every*
//! way to lay the two beside each other. Where two ways differ nothing is said: nobody gets another's answer.
//!
//! Every exchange has its request either found or in a hole, and its answer likewise. So a way is a walk from the
//! beginning of both to the end of both, and a pair is certain when all walks go through it. There are at most
//! `CELLS` places to be at, each looked at twice.

/// Something of one side: a message that was found, or a hole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    /// Where it begins and ends in its stream; of a message, where its head does.
    pub(super) from: u64,
    pub(super) upto: u64,
    /// How much of the other side its sender had received.
    pub(super) heard: Option<u64>,
    /// A hole, in which at least so many messages began.
    pub(super) hole: Option<u32>,
}

/// What is known of how the two sides talk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// The client waits for each answer.
    pub(super) patient: bool,
    /// All that was asked is answered.
    pub(super) closed: bool,
}

/// Pairs of places in the two lists. `None`: they do not go together at all.
pub(super) fn certain(asks: &[Item], answers: &[Item], manners: Manners) -> Option<Vec<(usize, usize)>> {
    let mut answers = answers.to_vec();
    if !manners.closed {
        // What is not answered yet.
        answers.push(Item { from: u64::MAX, upto: u64::MAX, heard: None, hole: Some(0) });
    }
    let grid = Grid { asks, answers: &answers, patient: manners.patient };
    grid.certain()
}

struct Grid<'i> {
    asks: &'i [Item],
    answers: &'i [Item],
    patient: bool,
}

/// Being between items: before these two, with so many messages put into the holes that begin there, if they do. More than 3
/// count as 3; a set of such counts of both sides is a bit mask of sixteen.
#[derive(Clone, Copy)]
struct Spot {
    ask: usize,
    answer: usize,
    used: [u32; 2],
}

/// What becomes of two items at a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// They belong to each other.
    Pair,
    /// The request is answered in the hole.
    AnswerLost,
    /// The answer is to what is in the hole.
    AskLost,
    /// Neither is found; or a hole is over.
    Between,
}

impl Grid<'_> {
    fn certain(&self) -> Option<Vec<(usize, usize)>> {
        let (wide, high) = (self.answers.len() + 1, self.asks.len() + 1);
        if wide * high > CELLS {
            return None;
        }
        let cell = |ask: usize, answer: usize| ask * wide + answer;
        let bit = |used: [u32; 2]| 1_u16 << (used[0] * 4 + used[1]);
        // Forwards: where one can be.
        let mut reached = vec![0_u16; wide * high];
        *reached.get_mut(0)? |= bit([0, 0]);
        for (ask, answer) in (0..high).flat_map(|ask| (0..wide).map(move |answer| (ask, answer))) {
            // Steps that stay here use more.
            for used in (0..16_u32).map(|n| [n / 4, n % 4]) {
                if reached.get(cell(ask, answer)).is_none_or(|set| set & bit(used) == 0) {
                    continue;
                }
                self.steps(Spot { ask, answer, used }, |_, to| {
                    if let Some(set) = reached.get_mut(cell(to.ask, to.answer)) {
                        *set |= bit(to.used);
                    }
                });
            }
        }
        // Backwards: of those, where one can still get to the end.
        let mut alive = vec![0_u16; wide * high];
        let end = cell(high - 1, wide - 1);
        *alive.get_mut(end)? = reached.get(end).copied()? & bit([0, 0]);
        let (mut wholly, mut partner) = (vec![true; self.asks.len()], vec![None; self.asks.len()]);
        let mut answered = vec![true; self.answers.len()];
        for (ask, answer) in (0..high).rev().flat_map(|ask| (0..wide).rev().map(move |answer| (ask, answer))) {
            let here = reached.get(cell(ask, answer)).copied()?;
            for used in (0..16_u32).rev().map(|n| [n / 4, n % 4]).filter(|used| here & bit(*used) != 0) {
                let mut goes_on = false;
                self.steps(Spot { ask, answer, used }, |step, to| {
                    if alive.get(cell(to.ask, to.answer)).is_none_or(|set| set & bit(to.used) == 0) {
                        return;
                    }
                    goes_on = true;
                    match step {
                        Step::Pair => {
                            if let Some(partner) = partner.get_mut(ask) {
                                let first = *partner.get_or_insert(answer) == answer;
                                if let Some(wholly) = wholly.get_mut(ask) {
                                    *wholly &= first;
                                }
                            }
                        }
                        Step::AnswerLost => wholly.get_mut(ask).into_iter().for_each(|wholly| *wholly = false),
                        Step::AskLost => answered.get_mut(answer).into_iter().for_each(|whole| *whole = false),
                        Step::Between => {}
                    }
                });
                if goes_on && let Some(set) = alive.get_mut(cell(ask, answer)) {
                    *set |= bit(used);
                }
            }
        }
        if alive.first().is_none_or(|set| set & bit([0, 0]) == 0) {
            return None;
        }
        let pairs = partner.into_iter().zip(wholly).enumerate();
        Some(pairs.filter_map(|(ask, (answer, wholly))| Some((ask, answer.filter(|_| wholly)?))).collect())
    }

    /// Everywhere one can go from here.
    fn steps(&self, at: Spot, mut go: impl FnMut(Step, Spot)) {
        let Spot { ask, answer, used: [asks, answers] } = at;
        let next_ask = |answers| Spot { ask: ask + 1, answer, used: [0, answers] };
        let next_answer = |asks| Spot { ask, answer: answer + 1, used: [asks, 0] };
        let (one, other) = (self.asks.get(ask), self.answers.get(answer));
        let (least_asks, least_answers) = (one.and_then(|item| item.hole), other.and_then(|item| item.hole));
        let (more_asks, more_answers) = (more(self.asks, ask, asks), more(self.answers, answer, answers));
        if let (Some(one), Some(other)) = (one, other) {
            match (least_asks.is_some(), least_answers.is_some()) {
                (false, false) if self.fits(ask, one, other) => {
                    go(Step::Pair, Spot { ask: ask + 1, answer: answer + 1, used: [0, 0] });
                }
                (false, true) if one.heard.is_none_or(|heard| heard < other.upto) => {
                    more_answers.into_iter().for_each(|answers| go(Step::AnswerLost, next_ask(answers)));
                }
                (true, false) if self.fits(ask, one, other) => {
                    more_asks.into_iter().for_each(|asks| go(Step::AskLost, next_answer(asks)));
                }
                (true, true) => {
                    if let (Some(more_asks), Some(more_answers)) = (more_asks, more_answers)
                        && [more_asks, more_answers] != at.used
                    {
                        go(Step::Between, Spot { ask, answer, used: [more_asks, more_answers] });
                    }
                }
                _ => {}
            }
        }
        if least_asks.is_some_and(|least| least.min(MANY) <= asks) {
            go(Step::Between, next_ask(answers));
        }
        if least_answers.is_some_and(|least| least.min(MANY) <= answers) {
            go(Step::Between, next_answer(asks));
        }
    }

    /// Whether an answer can be to this request, or to one in this hole. It was given by someone who had received some of
    /// that, and was not there when that was asked. Where the client waits, nothing behind it had been received either.
    fn fits(&self, at: usize, ask: &Item, answer: &Item) -> bool {
        let next = self.asks.get(at + 1).filter(|_| self.patient).map_or(u64::MAX, |next| next.from);
        answer.heard.is_none_or(|heard| ask.from < heard && heard <= next)
            && ask.heard.is_none_or(|heard| heard <= answer.from)
    }
}

/// How many messages are in a hole when one more is, if there is room: up to the next message that is found.
fn more(items: &[Item], at: usize, used: u32) -> Option<u32> {
    let hole = items.get(at)?;
    let next = items.get(at + 1).map_or(u64::MAX, |next| next.from);
    let room = 1 + next.saturating_sub(hole.from).saturating_sub(1) / SHORTEST;
    (u64::from(used) < room || room > u64::from(MANY)).then_some((used + 1).min(MANY))
}

/// As many as are counted.
const MANY: u32 = 3;
/// No message is shorter (`GET / HTTP/1.1` and two line ends, `HTTP/1.1 200` likewise).
const SHORTEST: u64 = 16;
/// Longer sequences are not laid beside each other.
const CELLS: usize = 25 * 25;

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: Manners = Manners { patient: true, closed: true };
    const HASTY: Manners = Manners { patient: false, closed: true };
    const OPEN: Manners = Manners { patient: false, closed: false };

    /// `Ok`: a message there, whose sender had heard so much. `Err`: a hole with so many heads at least.
    fn items(list: &[(u64, Result<u64, u32>)]) -> Vec<Item> {
        let ends = list.iter().skip(1).map(|item| item.0).chain([1_000]);
        let item = |(&(from, what), upto): (&(u64, Result<u64, u32>), u64)| Item {
            from,
            upto,
            heard: what.ok(),
            hole: what.err(),
        };
        list.iter().zip(ends).map(item).collect()
    }

    fn pairs(
        asks: &[(u64, Result<u64, u32>)],
        answers: &[(u64, Result<u64, u32>)],
        manners: Manners,
    ) -> Option<Vec<(usize, usize)>> {
        certain(&items(asks), &items(answers), manners)
    }

    #[test]
    fn what_is_whole_is_paired_in_order() {
        let (asks, answers) = ([(0, Ok(0)), (10, Ok(0))], [(0, Ok(20)), (50, Ok(20))]);
        assert_eq!(pairs(&asks, &answers, HASTY), Some(vec![(0, 0), (1, 1)]));
        // More answers than requests, and no hole to have asked in.
        assert_eq!(pairs(&asks[..1], &answers, HASTY), None);
        assert_eq!(pairs(&asks, &answers[..1], HASTY), None);
        assert_eq!(pairs(&asks, &answers[..1], OPEN), Some(vec![(0, 0)]));
    }

    #[test]
    fn behind_a_hole_the_last_have_the_last() {
        let answers = [(0, Ok(90)), (10, Ok(90)), (20, Ok(90)), (30, Ok(90))];
        let asks = [(0, Ok(0)), (20, Err(0)), (50, Ok(0)), (70, Ok(0))];
        assert_eq!(pairs(&asks, &answers, HASTY), Some(vec![(0, 0), (2, 2), (3, 3)]));
        // How many more answers there are is not known: then only the first is certain.
        assert_eq!(pairs(&asks, &answers, OPEN), Some(vec![(0, 0)]));
    }

    #[test]
    fn with_holes_on_both_sides_what_may_be_either_is_nobodys() {
        let asks = [(0, Ok(0)), (20, Err(1)), (50, Ok(0))];
        let answers = [(0, Err(1)), (40, Ok(90)), (60, Ok(90))];
        // Three were asked, and one answer at least is lost.
        assert_eq!(pairs(&asks, &answers, HASTY), Some(vec![(2, 2)]));
        let answers = [(0, Err(1)), (40, Ok(90)), (60, Err(1))];
        assert_eq!(pairs(&asks, &answers, HASTY), Some(vec![]));
    }

    #[test]
    fn who_had_not_received_what_was_lost_does_not_answer_it() {
        let asks = [(0, Ok(0)), (20, Ok(0)), (50, Ok(0)), (60, Err(1))];
        let answers = [(0, Err(1)), (40, Ok(60)), (60, Ok(60)), (80, Err(1))];
        assert_eq!(pairs(&asks, &answers, OPEN), Some(vec![(1, 1), (2, 2)]));
    }

    #[test]
    fn who_waits_is_answered_by_whom_he_spoke_to_last() {
        let asks = [(0, Ok(0)), (20, Err(0)), (50, Ok(100))];
        let answers = [(0, Ok(20)), (40, Err(0)), (60, Ok(50)), (100, Ok(70))];
        assert_eq!(pairs(&asks, &answers, PATIENT), Some(vec![(0, 0), (2, 3)]));
    }

    #[test]
    fn long_sequences_cost_no_more_than_a_bound() {
        let many: Vec<_> = (0..200).map(|n| (n * 10, Ok(0))).collect();
        assert_eq!(pairs(&many, &many, OPEN), None);
    }
}
