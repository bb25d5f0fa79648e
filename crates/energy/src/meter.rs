//! Follows one meter: readings in, intervals of energy out. Must not know how a meter is read.
//!
//! The intervals tile the time from the first reading on, so no energy is counted twice and none falls between. A
//! reading that cannot be true (0 W, 10 MW, a counter that went back) is held, not believed: the next one decides
//! whether it was a glitch, which then leaves no trace, or a new beginning, which is marked.

use model::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::{Energy, Power};

/// A counter of energy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counter {
    /// Since whenever it was 0.
    pub energy: Energy,
    /// Where it starts again from 0, if it does (RAPL's `max_energy_range_uj`).
    pub range: Option<Energy>,
    /// The least by which it moves.
    pub step: Energy,
}

/// What one part of a meter said: its power, its counter, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Channel {
    /// Power at that moment, or over the last second or so.
    pub power: Option<Power>,
    /// Its counter.
    pub counter: Option<Counter>,
}

impl Channel {
    /// A channel that tells watts only.
    pub fn power(power: Power) -> Self {
        Self { power: Some(power), counter: None }
    }

    /// A channel that has a counter only.
    pub fn counter(energy: Energy, range: Option<Energy>, step: Energy) -> Self {
        Self { power: None, counter: Some(Counter { energy, range, step }) }
    }

    /// What it would say if it measured `permille` thousandths: a calibrated factor from processors to the socket.
    pub fn scaled(self, permille: u32) -> Self {
        let counter = |counter: Counter| Counter {
            energy: counter.energy.permille(permille),
            range: counter.range.map(|range| range.permille(permille)),
            step: counter.step.permille(permille),
        };
        Self { power: self.power.map(|power| power.permille(permille)), counter: self.counter.map(counter) }
    }
}

/// What a meter said at one moment. Its channels add up (the packages of a machine, the feeds of a rack).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// When.
    pub at: Time,
    /// Which of a machine's meters: its place in the order of preference.
    pub source: u16,
    /// Always the same ones in the same order, for one source.
    pub channels: Vec<Channel>,
}

/// What can be true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// A machine that is on draws at least this.
    pub least: Power,
    /// It cannot draw more than this.
    pub most: Power,
    /// Readings further apart than this leave a gap.
    pub longest: Span,
}

impl Default for Limits {
    /// From 1 W to 20 kW, without a gap of more than a minute.
    fn default() -> Self {
        Self { least: Power::watts(1), most: Power::watts(20_000), longest: Span::minutes(1) }
    }
}

/// How the energy of an interval is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// By the meter, while somebody watched.
    Measured,
    /// Nobody read the meter for too long: the sum is the counter's, or estimated where there is none.
    Gap,
    /// The counter went back or was replaced: estimated from the last mean power.
    Reset,
    /// The machine's clock was set back: the energy is the counter's, the time is not known.
    Clock,
    /// The machine was off, by its own account, and so was its meter.
    Off,
}

impl Flag {
    /// All of them.
    pub const ALL: [Flag; 5] = [Flag::Measured, Flag::Gap, Flag::Reset, Flag::Clock, Flag::Off];

    /// Whether the interval's energy may be shared between jobs.
    pub fn is_measured(self) -> bool {
        self == Flag::Measured
    }

    /// As files write it.
    pub fn name(self) -> &'static str {
        match self {
            Flag::Measured => "measured",
            Flag::Gap => "gap",
            Flag::Reset => "reset",
            Flag::Clock => "clock",
            Flag::Off => "off",
        }
    }

    /// The flag of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name() == name)
    }
}

/// The energy of a machine from one instant to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// From this instant on,
    pub start: Time,
    /// up to, not with, this one. Never before `start`.
    pub end: Time,
    /// Never negative.
    pub energy: Energy,
    /// How it is known.
    pub flag: Flag,
    /// From which of the machine's meters ([`Reading::source`]).
    pub source: u16,
}

impl Interval {
    /// How long it is.
    pub fn span(&self) -> Span {
        self.end - self.start
    }
}

/// Why a reading is not believed, for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Odd {
    /// Less than a machine that is on can draw, or a counter that stands still.
    TooLittle,
    /// More than the machine can draw.
    TooMuch,
    /// A counter that has no range went back.
    WentBack,
    /// Neither power nor counter.
    Nothing,
}

/// What came of a reading.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// None, one, or two where the reading confirmed a new beginning.
    pub intervals: Vec<Interval>,
    /// Set where the reading is not believed.
    pub odd: Option<Odd>,
}

/// Follows the meters of one machine. What it remembers can be stored: a centre that comes back after an hour goes on
/// from the counter of an hour ago.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Follower {
    /// The last reading that was believed.
    last: Option<Reading>,
    /// A reading that was not.
    held: Option<Reading>,
    /// Mean power of the last measured interval.
    mean: Power,
}

impl Follower {
    /// The instant up to which the energy is known.
    pub fn known_until(&self) -> Option<Time> {
        self.last.as_ref().map(|last| last.at)
    }

    /// Which of the machine's meters was believed last.
    pub fn source(&self) -> Option<u16> {
        self.last.as_ref().map(|last| last.source)
    }

    /// Takes a further reading.
    pub fn take(&mut self, limits: &Limits, reading: Reading) -> Taken {
        let Some(last) = &self.last else {
            return self.begin(limits, reading);
        };
        if reading.at == last.at {
            return Taken::default(); // looked twice within a millisecond
        }
        if reading.at < last.at {
            let interval = clock_set_back(limits, last, &reading);
            (self.last, self.held) = (Some(reading), None);
            return Taken { intervals: interval.into_iter().collect(), odd: None };
        }
        let intervals = match self.between(limits, last, &reading) {
            Ok(interval) => vec![interval],
            Err(odd) => match self.began_anew(limits, &reading) {
                Some(intervals) => intervals.into(),
                None => {
                    self.held = Some(reading);
                    return Taken { intervals: Vec::new(), odd: Some(odd) };
                }
            },
        };
        if let Some(interval) = intervals.last() {
            self.believe(reading, interval);
        }
        Taken { intervals, odd: None }
    }

    /// The machine says that it started at this instant, and its meters with it: the time since the last reading is
    /// closed without energy, and the next reading begins anew. Not for meters that stand outside the machine.
    pub fn restarted(&mut self, at: Time) -> Option<Interval> {
        let last = self.last.take_if(|last| last.at < at)?;
        self.held = None;
        Some(Interval { start: last.at, end: at, energy: Energy::ZERO, flag: Flag::Off, source: last.source })
    }

    fn begin(&mut self, limits: &Limits, reading: Reading) -> Taken {
        let odd = odd_power(limits, &reading);
        if odd.is_none() {
            self.last = Some(reading);
        }
        Taken { intervals: Vec::new(), odd }
    }

    fn believe(&mut self, reading: Reading, interval: &Interval) {
        if interval.flag.is_measured() {
            self.mean = interval.energy.mean(interval.span());
        }
        (self.last, self.held) = (Some(reading), None);
    }

    /// A reading that agrees with one that was held: both are right, and the meter began anew before them.
    fn began_anew(&self, limits: &Limits, reading: &Reading) -> Option<[Interval; 2]> {
        let (held, last) = (self.held.as_ref()?, self.last.as_ref()?);
        let interval = self.between(limits, held, reading).ok().filter(|interval| interval.flag.is_measured())?;
        let (energy, source) = (self.mean.over(held.at - last.at), held.source);
        Some([Interval { start: last.at, end: held.at, energy, flag: Flag::Reset, source }, interval])
    }

    /// The interval between two readings, the second being later.
    fn between(&self, limits: &Limits, a: &Reading, b: &Reading) -> Result<Interval, Odd> {
        if let Some(odd) = odd_power(limits, b) {
            return Err(odd);
        }
        let span = b.at - a.at;
        let interval = |energy, flag| Interval { start: a.at, end: b.at, energy, flag, source: b.source };
        let is_gap = span > limits.longest;
        if a.source != b.source || a.channels.len() != b.channels.len() {
            // Another meter took over: what it says now is the best that is known of the time since.
            let powers: Option<Power> = b.channels.iter().map(|channel| channel.power).sum();
            return Ok(match powers {
                Some(power) if !is_gap => interval(power.over(span), Flag::Measured),
                _ => interval(self.mean.over(span), Flag::Gap),
            });
        }
        if is_gap {
            return Ok(interval(self.over_gap(limits, a, b, span)?, Flag::Gap));
        }
        let (mut energy, mut step) = (Energy::ZERO, Energy::ZERO);
        for (a, b) in a.channels.iter().zip(&b.channels) {
            let (more, by) = channel_energy(a, b, span)?;
            energy += more;
            step += by;
        }
        if energy > limits.most.over(span) + step {
            return Err(Odd::TooMuch);
        }
        if energy + step < limits.least.over(span) {
            return Err(Odd::TooLittle);
        }
        Ok(interval(energy, Flag::Measured))
    }

    /// The energy of a time during which nobody looked: what the counters say, or the mean power where they began anew.
    /// What no machine can have drawn is not believed here either: else the next interval would count from it.
    fn over_gap(&self, limits: &Limits, a: &Reading, b: &Reading, span: Span) -> Result<Energy, Odd> {
        let count = a.channels.len().max(1) as i64;
        // Nothing tells how the mean divides between channels: each is expected to have had its even part.
        let expected = Energy(self.mean.over(span).0 / count);
        let known = |(a, b): (&Channel, &Channel)| match (a.counter, b.counter, a.power, b.power) {
            (Some(a), Some(b), ..) => counted_over_gap(a, b, expected),
            (_, _, Some(a), Some(b)) => Some(mean_energy(a, b, span)),
            _ => None,
        };
        let sum: Option<Energy> = a.channels.iter().zip(&b.channels).map(known).sum();
        match sum {
            Some(sum) if sum > limits.most.over(span) => Err(Odd::TooMuch),
            Some(sum) => Ok(sum),
            None => Ok(self.mean.over(span)),
        }
    }
}

/// What a power by itself tells against its reading.
fn odd_power(limits: &Limits, reading: &Reading) -> Option<Odd> {
    if reading.channels.is_empty() || reading.channels.iter().any(|c| c.power.is_none() && c.counter.is_none()) {
        return Some(Odd::Nothing);
    }
    let power: Power = reading.channels.iter().map(|channel| channel.power).sum::<Option<Power>>()?;
    match power {
        power if power > limits.most => Some(Odd::TooMuch),
        power if power < limits.least => Some(Odd::TooLittle),
        _ => None,
    }
}

/// The energy of one channel between two readings, and by how much its counter may be off.
fn channel_energy(a: &Channel, b: &Channel, span: Span) -> Result<(Energy, Energy), Odd> {
    let by_power = a.power.zip(b.power).map(|(a, b)| mean_energy(a, b, span));
    let Some((before, after)) = a.counter.zip(b.counter) else {
        return by_power.map(|energy| (energy, Energy::ZERO)).ok_or(Odd::Nothing);
    };
    match (counted(before, after), by_power) {
        (Some(counted), Some(by_power)) if !agrees(counted, by_power, after.step) => Ok((by_power, Energy::ZERO)),
        (Some(counted), _) => Ok((counted, after.step)),
        (None, _) => Err(Odd::WentBack),
    }
}

/// Whether a counter tells more of a short time than watts at its ends do. One that moves in steps of a minute's worth,
/// or once a minute only, does not: its leaps would be counted beside the watts of the seconds before them.
fn agrees(counted: Energy, by_power: Energy, step: Energy) -> bool {
    let is_fine = counted.0 / COARSE >= step.0;
    is_fine && counted.0 / 2 <= by_power.0 && by_power.0 / 2 <= counted.0
}

/// A difference of fewer steps than this is too coarse where watts are known as well: 2 %.
const COARSE: i64 = 50;

/// The difference of a counter, which starts again from 0 at most once. `None` if it went back and must not.
fn counted(before: Counter, after: Counter) -> Option<Energy> {
    let difference = after.energy - before.energy;
    match after.range {
        _ if difference >= Energy::ZERO => Some(difference),
        Some(range) if before.range == after.range => Some(difference + range).filter(|d| *d >= Energy::ZERO),
        _ => None,
    }
}

/// As [`counted`], over so long a time that it may have started again several times: as often as comes nearest to what
/// is expected.
fn counted_over_gap(before: Counter, after: Counter, expected: Energy) -> Option<Energy> {
    let once = counted(before, after)?;
    let Some(range) = after.range.filter(|range| range.0 > 0) else { return Some(once) };
    let more = (expected - once).0.max(0);
    let times = (more / range.0).saturating_add(i64::from(more % range.0 > range.0 / 2));
    Some(once + Energy(range.0.saturating_mul(times)))
}

/// Between two powers, as if it had changed evenly.
fn mean_energy(a: Power, b: Power, span: Span) -> Energy {
    Energy(Power(a.0.saturating_add(b.0)).over(span).0 / 2)
}

/// What the counters of the same meter tell when the clock says that no time went by, or less than none.
fn clock_set_back(limits: &Limits, last: &Reading, reading: &Reading) -> Option<Interval> {
    if last.source != reading.source || last.channels.len() != reading.channels.len() {
        return None;
    }
    let counted = |(a, b): (&Channel, &Channel)| a.counter.zip(b.counter).and_then(|(a, b)| counted(a, b));
    let energy: Energy = last.channels.iter().zip(&reading.channels).map(counted).sum::<Option<Energy>>()?;
    let is_possible = energy <= limits.most.over(limits.longest);
    let (at, source) = (reading.at, reading.source);
    is_possible.then_some(Interval { start: at, end: at, energy, flag: Flag::Clock, source })
}
