//! What a job asked for and did not use, and what its next run should ask for. Must not know how wishes are written.
//!
//! The advice is for a next run that does the same work. It is kept on the safe side: a mean hides phases, a sampled
//! peak is never the true one, and a run that ends at its limit costs more than a limit that was too long. So small
//! differences give no advice, and nothing is said of runs too short to tell.

use model::Span;

use crate::Energy;
use crate::units::narrow;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// By itself.
    Done,
    /// At its time limit.
    OutOfTime,
    /// For want of memory.
    OutOfMemory,
    /// Because somebody or something ended it: what it used tells what it needs to begin with, not to the end.
    Broken,
}

/// A run, as far as advice needs to know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// How it ended.
    pub ending: Ending,
    /// How long it ran.
    pub elapsed: Span,
    /// How long it might have run.
    pub limit: Option<Span>,
    /// CPUs that it had, as the operating system counts them.
    pub cpus: u32,
    /// Physical cores that these are on.
    pub cores: u32,
    /// Memory that it had, in MiB.
    pub memory_mib: Option<u64>,
    /// CPU time that it used, in microseconds.
    pub cpu_us: u64,
    /// The most memory that it was seen to have, in KiB.
    pub max_rss_kib: u64,
}

/// The machine that the runs had their parts of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Physical cores.
    pub cores: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
}

/// What the runs are answerable for together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bill {
    /// All their energy.
    pub total: Energy,
    /// Of that, what they reserved of the idle machine.
    pub idle: Energy,
    /// What all of it cost, in micro-euros.
    pub microeur: i64,
}

/// Something to know beside the numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remark {
    /// It ran for too short a time to tell.
    TooShort,
    /// It did not come to its end by itself: a next run may need more than was seen.
    Broken,
    /// It was ended at its time limit: how long it needs is not known.
    OutOfTime,
    /// It was ended for want of memory: how much it needs is not known.
    OutOfMemory,
    /// What it asked for fits what it used.
    Fits,
}

/// What the runs used, what the next one should ask for, and what that would save.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advice {
    /// CPUs that computed, on average, in thousandths: the busiest run's.
    pub busy_milli: u64,
    /// The most memory that any of them was seen to have, in MiB.
    pub memory_mib: u64,
    /// The longest of them.
    pub longest: Span,
    /// CPUs that would do.
    pub next_cpus: Option<u32>,
    /// Memory in MiB that would do, or is worth a try.
    pub next_memory_mib: Option<u64>,
    /// A time limit that would do, or is worth a try.
    pub next_limit: Option<Span>,
    /// Energy that these runs would not have been answerable for. The machine draws it all the same while it is on:
    /// what is saved is room for others, and the bill of whoever pays for these runs.
    pub saved: Energy,
    /// What that costs, in micro-euros.
    pub saved_microeur: i64,
    /// What else to know.
    pub remarks: Vec<Remark>,
}

/// Below this a run tells nothing: programs start, read, and are gone.
const TELLING: Span = Span::seconds(30);

/// Runs that had the same wishes (one job, or the tasks of an array). `None` without any.
pub fn advise(runs: &[Run], room: &Room, bill: &Bill) -> Option<Advice> {
    let first = runs.first()?;
    let mut advice = Advice {
        busy_milli: runs.iter().map(|run| model::busy_milli(run.cpu_us, run.elapsed)).max().unwrap_or(0),
        memory_mib: runs.iter().map(|run| run.max_rss_kib.div_ceil(1024)).max().unwrap_or(0),
        longest: runs.iter().map(|run| run.elapsed).max().unwrap_or(Span(0)),
        next_cpus: None,
        next_memory_mib: None,
        next_limit: None,
        saved: Energy::ZERO,
        saved_microeur: 0,
        remarks: Vec::new(),
    };
    let ended = |ending| runs.iter().any(|run| run.ending == ending);
    if ended(Ending::OutOfMemory) {
        advice.remarks.push(Remark::OutOfMemory);
        advice.next_memory_mib = first.memory_mib.map(|had| round_memory(had.saturating_add(had / 2)));
    }
    if ended(Ending::OutOfTime) {
        advice.remarks.push(Remark::OutOfTime);
        advice.next_limit = first.limit.map(|limit| round_time(Span(limit.0.saturating_mul(2))));
    }
    if ended(Ending::Broken) {
        advice.remarks.push(Remark::Broken);
    } else if advice.longest < TELLING {
        advice.remarks.push(Remark::TooShort);
    } else {
        spare(&mut advice, first, room, bill);
    }
    if advice.remarks.is_empty() && !advice.has_wishes() {
        advice.remarks.push(Remark::Fits);
    }
    Some(advice)
}

impl Advice {
    /// Whether the next run should ask for something else.
    pub fn has_wishes(&self) -> bool {
        self.next_cpus.is_some() || self.next_memory_mib.is_some() || self.next_limit.is_some()
    }
}

/// What was asked for and not used, and what it cost to hold it.
fn spare(advice: &mut Advice, had: &Run, room: &Room, bill: &Bill) {
    // A twentieth of a CPU is the shell around the program.
    let needed = advice.busy_milli.saturating_sub(50).div_ceil(1000).max(1);
    let needed = u32::try_from(needed).unwrap_or(u32::MAX);
    advice.next_cpus = Some(needed).filter(|needed| is_much_less(u64::from(*needed), had.cpus.into(), 3, 4));
    if let Some(memory) = had.memory_mib.filter(|_| advice.next_memory_mib.is_none()) {
        let enough = round_memory(advice.memory_mib.saturating_add(advice.memory_mib / 5));
        advice.next_memory_mib = Some(enough).filter(|enough| is_much_less(*enough, memory, 3, 4));
    }
    if let Some(limit) = had.limit.filter(|_| advice.next_limit.is_none()) {
        let enough = round_time(Span(advice.longest.0.saturating_mul(5) / 4));
        let is_much_less = is_much_less(enough.0.max(0) as u64, limit.0.max(0) as u64, 1, 2);
        advice.next_limit = is_much_less.then_some(enough);
    }
    let threads = had.cpus.div_ceil(had.cores.max(1)).max(1);
    let next_cores = advice.next_cpus.map_or(had.cores, |cpus| cpus.div_ceil(threads));
    let had_memory = had.memory_mib.unwrap_or(0);
    let next_memory = advice.next_memory_mib.unwrap_or(had_memory).min(had_memory);
    let (before, after) = (reserved(had.cores, had_memory, room), reserved(next_cores, next_memory, room));
    if before > after {
        let part = |whole: i64| narrow(i128::from(whole) * (before - after) as i128 / before.max(1) as i128);
        advice.saved = Energy(part(bill.idle.0));
        let of_all = i128::from(bill.microeur) * i128::from(advice.saved.0);
        advice.saved_microeur = narrow(of_all / i128::from(bill.total.0.max(1)));
    }
}

/// Whether `enough` is no more than `part`/`of` of `had`.
fn is_much_less(enough: u64, had: u64, part: u128, of: u128) -> bool {
    u128::from(enough) * of <= u128::from(had) * part
}

/// The part of the machine that is held, over cores times memory: as [`crate::attribute`] reckons.
fn reserved(cores: u32, memory_mib: u64, room: &Room) -> u128 {
    let (all_cores, all_memory) = (u128::from(room.cores.max(1)), u128::from(room.memory_mib.max(1)));
    (u128::from(cores) * all_memory).max(u128::from(memory_mib) * all_cores).min(all_cores * all_memory)
}

/// Up to an amount that somebody would write down.
fn round_memory(mib: u64) -> u64 {
    let grain = match mib {
        0..1024 => 64,
        1024..8192 => 256,
        _ => 1024,
    };
    mib.max(64).next_multiple_of(grain)
}

/// Up to a time that somebody would write down.
fn round_time(span: Span) -> Span {
    let minutes = (span.0.max(1) as u64).div_ceil(60_000);
    let grain = match minutes {
        0..30 => 1,
        30..180 => 5,
        180..720 => 30,
        _ => 60,
    };
    Span::minutes(minutes.next_multiple_of(grain) as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ROOM: Room = Room { cores: 16, memory_mib: 32_768 };

    /// Eight cores, 16 GiB and a day, for half an hour.
    const HAD: Run = Run {
        ending: Ending::Done,
        elapsed: Span::minutes(30),
        limit: Some(Span::minutes(1440)),
        cpus: 8,
        cores: 8,
        memory_mib: Some(16_384),
        cpu_us: 8 * 1_800_000_000,
        max_rss_kib: 15 << 20,
    };

    /// Next CPUs, memory in MiB, limit in minutes, remarks.
    type Expected<'a> = (Option<u32>, Option<u64>, Option<i64>, &'a [Remark]);

    fn check(runs: &[Run], expected: Expected<'_>) -> Advice {
        let bill = Bill { total: Energy::watt_hours(40), idle: Energy::watt_hours(16), microeur: 8000 };
        let advice = advise(runs, &ROOM, &bill).unwrap();
        let minutes = advice.next_limit.map(|limit| limit.0 / 60_000);
        assert_eq!((advice.next_cpus, advice.next_memory_mib, minutes, &*advice.remarks), expected, "{advice:?}");
        advice
    }

    #[test]
    fn what_was_not_used_is_not_asked_for_again() {
        let cpu = |busy_milli: u64| busy_milli * 1_800_000;
        // All of it used, but for the time: that saves no energy.
        let advice = check(&[HAD], (None, None, Some(40), &[]));
        assert_eq!((advice.saved, advice.busy_milli), (Energy::ZERO, 8000));
        let short = Run { limit: Some(Span::minutes(45)), ..HAD };
        check(&[short], (None, None, None, &[Remark::Fits]));
        check(&[Run { limit: None, ..HAD }], (None, None, None, &[Remark::Fits]));
        // One of eight cores: memory then is what it holds of the machine.
        let advice = check(&[Run { cpu_us: cpu(1003), ..short }], (Some(1), None, None, &[]));
        assert_eq!((advice.saved, advice.saved_microeur), (Energy::ZERO, 0));
        // And a GiB of sixteen as well: a sixteenth of the machine instead of a half.
        let both = Run { cpu_us: cpu(1003), max_rss_kib: 1 << 20, ..short };
        let advice = check(&[both], (Some(1), Some(1280), None, &[]));
        assert_eq!((advice.saved, advice.saved_microeur), (Energy::watt_hours(14), 2800));
        // A mean of six of eight hides phases: nothing is said.
        check(&[Run { cpu_us: cpu(6060), ..short }], (None, None, None, &[Remark::Fits]));
        check(&[Run { cpu_us: cpu(5940), ..short }], (Some(6), None, None, &[]));
        check(&[Run { cpu_us: 0, ..short }], (Some(1), None, None, &[]));
        // Without a limit of memory there is none to lower.
        check(&[Run { memory_mib: None, max_rss_kib: 1, ..short }], (None, None, None, &[Remark::Fits]));
    }

    #[test]
    fn threads_of_a_core_are_held_together() {
        // 8 CPUs on 4 cores; two of them would do: one core.
        let run = Run { cores: 4, cpu_us: 2 * 1_800_000_000, limit: None, memory_mib: None, ..HAD };
        assert_eq!(check(&[run], (Some(2), None, None, &[])).saved, Energy::watt_hours(12));
    }

    #[test]
    fn an_array_needs_what_its_greatest_task_needs() {
        let small = Run { max_rss_kib: 1 << 20, cpu_us: 1_800_000_000, elapsed: Span::minutes(3), ..HAD };
        let advice = check(&[small, Run { max_rss_kib: 9 << 20, ..small }, HAD], (None, None, Some(40), &[]));
        assert_eq!((advice.memory_mib, advice.longest), (15 << 10, Span::minutes(30)));
        check(&[small, small], (None, Some(1280), Some(4), &[]));
    }

    #[test]
    fn runs_that_did_not_end_well_tell_less() {
        let short = Run { limit: Some(Span::minutes(45)), ..HAD };
        let late = Run { ending: Ending::OutOfTime, elapsed: Span::minutes(45), cpu_us: 8 * 2_700_000_000, ..short };
        check(&[late], (None, None, Some(90), &[Remark::OutOfTime]));
        let full = Run { ending: Ending::OutOfMemory, max_rss_kib: 16 << 20, ..short };
        check(&[full], (None, Some(24_576), None, &[Remark::OutOfMemory]));
        check(&[Run { ending: Ending::Broken, cpu_us: 0, ..HAD }], (None, None, None, &[Remark::Broken]));
        check(&[Run { elapsed: Span::seconds(5), cpu_us: 0, ..HAD }], (None, None, None, &[Remark::TooShort]));
        assert_eq!(advise(&[], &ROOM, &Bill::default()), None);
    }

    #[test]
    fn amounts_are_such_as_people_write() {
        let check = |mib: u64, minutes: u64| assert_eq!(round_memory(mib), minutes, "{mib}");
        check(0, 64);
        check(65, 128);
        check(1025, 1280);
        check(8200, 9216);
        let check = |span: Span, minutes: i64| assert_eq!(round_time(span), Span::minutes(minutes), "{span:?}");
        check(Span::seconds(61), 2);
        check(Span::minutes(31), 35);
        check(Span::minutes(181), 210);
        check(Span::minutes(721), 780);
    }
}
