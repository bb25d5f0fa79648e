//! Where the lines of a grid go: round numbers of a unit, round times of a zone. Must not know pictures.

use jiff::{Span, ToSpan, Unit as TimeUnit, Zoned, ZonedRound};

use crate::words::Words;

/// What the numbers of a picture are. All are whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Milliwatts.
    Power,
    /// Microjoules, shown as watt-hours.
    Energy,
    /// MiB.
    Memory,
    /// Thousandths of a core.
    Cores,
    /// Micro-euros.
    Money,
}

impl Unit {
    /// A number with its unit, as the language writes it.
    pub fn write(self, words: &Words, value: i64) -> String {
        match self {
            Unit::Power => words.power(value),
            Unit::Energy => words.energy(value),
            Unit::Memory => words.memory(value.unsigned_abs()),
            Unit::Cores if value % 1000 == 0 => words.number(value / 1000),
            Unit::Cores => words.decimal(i128::from(value / 10), 2),
            Unit::Money => words.money(value),
        }
    }

    /// The least step between lines that a person calls round.
    fn grain(self) -> i128 {
        match self {
            Unit::Power | Unit::Memory => 1,
            Unit::Energy => 3_600,
            Unit::Cores => 500,
            Unit::Money => 1_000,
        }
    }

    /// The distance of lines so that at most `lines` are above 0 up to `most`.
    pub(super) fn step(self, most: i64, lines: i64) -> i64 {
        let most = i128::from(most.max(1));
        let lines = i128::from(lines.max(1));
        let mut step = self.grain();
        // Memory doubles, all else goes 1, 2, 5, 10.
        let mut turn = 0;
        while step * lines < most {
            step = match (self, turn % 3) {
                (Unit::Memory, _) | (_, 0 | 2) => step * 2,
                _ => step / 2 * 5,
            };
            turn += 1;
        }
        i64::try_from(step).unwrap_or(i64::MAX)
    }
}

/// The first round number that is not less.
pub(super) fn top(most: i64, step: i64) -> i64 {
    let steps = most.max(1).div_euclid(step) + i64::from(most.max(1).rem_euclid(step) > 0);
    step.saturating_mul(steps)
}

/// How times are written along a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Label {
    Clock,
    Day,
    Month,
}

/// Round times between two, at most `most` of them, with what stands below each.
pub(super) fn times(words: &Words, from: i64, until: i64, most: i64) -> Vec<(i64, String)> {
    const MINUTE: i64 = 60_000;
    let steps: [(i64, TimeUnit, i64, Label); 17] = [
        (MINUTE, TimeUnit::Minute, 1, Label::Clock),
        (2 * MINUTE, TimeUnit::Minute, 2, Label::Clock),
        (5 * MINUTE, TimeUnit::Minute, 5, Label::Clock),
        (10 * MINUTE, TimeUnit::Minute, 10, Label::Clock),
        (30 * MINUTE, TimeUnit::Minute, 30, Label::Clock),
        (60 * MINUTE, TimeUnit::Hour, 1, Label::Clock),
        (120 * MINUTE, TimeUnit::Hour, 2, Label::Clock),
        (180 * MINUTE, TimeUnit::Hour, 3, Label::Clock),
        (240 * MINUTE, TimeUnit::Hour, 4, Label::Clock),
        (360 * MINUTE, TimeUnit::Hour, 6, Label::Clock),
        (1440 * MINUTE, TimeUnit::Day, 1, Label::Day),
        (2 * 1440 * MINUTE, TimeUnit::Day, 2, Label::Day),
        (5 * 1440 * MINUTE, TimeUnit::Day, 5, Label::Day),
        (10 * 1440 * MINUTE, TimeUnit::Day, 10, Label::Day),
        (30 * 1440 * MINUTE, TimeUnit::Month, 1, Label::Month),
        (91 * 1440 * MINUTE, TimeUnit::Month, 3, Label::Month),
        (366 * 1440 * MINUTE, TimeUnit::Month, 12, Label::Month),
    ];
    let length = (until - from).max(1);
    // A day with its month takes more room than the others.
    let room = |label: Label| if label == Label::Day { most * 2 / 3 } else { most };
    let wanted = steps.iter().find(|(ms, _, _, label)| length / ms < room(*label)).unwrap_or(&steps[steps.len() - 1]);
    let (_, unit, count, label) = *wanted;
    let mut ticks = Vec::new();
    let mut at = first(&words.local(from), unit, count);
    while let Some(time) = at.filter(|_| ticks.len() < 64) {
        let ms = time.timestamp().as_millisecond();
        if ms > until {
            break;
        }
        if ms >= from {
            ticks.push((ms, write(words, &time, label)));
        }
        at = time.checked_add(span(unit, count)).ok();
    }
    ticks
}

fn span(unit: TimeUnit, count: i64) -> Span {
    match unit {
        TimeUnit::Minute => count.minutes(),
        TimeUnit::Hour => count.hours(),
        TimeUnit::Day => count.days(),
        _ => count.months(),
    }
}

/// The last round time that is not after: of the hour, of the day, of the month or of the year.
fn first(from: &Zoned, unit: TimeUnit, count: i64) -> Option<Zoned> {
    match unit {
        TimeUnit::Minute => {
            let hour = from.round(ZonedRound::new().smallest(TimeUnit::Hour).mode(jiff::RoundMode::Trunc)).ok()?;
            let minute = i64::from(from.minute()) / count * count;
            hour.checked_add(minute.minutes()).ok()
        }
        TimeUnit::Hour => from.start_of_day().ok(),
        TimeUnit::Day => from.first_of_month().ok()?.start_of_day().ok(),
        _ => from.first_of_year().ok()?.start_of_day().ok(),
    }
}

fn write(words: &Words, time: &Zoned, label: Label) -> String {
    match label {
        Label::Clock => format!("{:02}:{:02}", time.hour(), time.minute()),
        Label::Day => format!("{}\u{a0}{}", time.day(), words.month_short(time.month())),
        Label::Month if time.month() == 1 => time.year().to_string(),
        Label::Month => words.month_short(time.month()),
    }
}
