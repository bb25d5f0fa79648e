//! The meter: seconds of machines by what they were doing, their watts and their price. Must not know why.

use super::{Kind, Park};
use crate::tariff::Prices;

/// What a machine is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// Switched off.
    Off,
    /// On its way from off to idle.
    Booting,
    /// On, without a job that runs.
    Idle,
    /// From the first begin of the jobs on it to the last end.
    Busy,
}

impl State {
    /// All of them.
    pub const ALL: [State; 4] = [State::Off, State::Booting, State::Idle, State::Busy];

    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            State::Off => "off",
            State::Booting => "booting",
            State::Idle => "idle",
            State::Busy => "busy",
        }
    }
}

/// Neighbouring machines of a kind: the first one's number within the kind, and how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// Which kind, by its place in the park.
    pub kind: u32,
    /// The first.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// What a row of machines did for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Who.
    pub row: Row,
    /// What.
    pub state: State,
    /// From when.
    pub from: i64,
    /// Until when.
    pub until: i64,
}

/// Sums for one kind and state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Sum {
    /// Machines times seconds.
    seconds: i128,
    /// Machines times seconds times price.
    priced: i128,
}

/// Adds up.
#[derive(Clone, Debug)]
pub struct Meter<'a> {
    prices: Prices<'a>,
    sums: Vec<[Sum; 4]>,
    spans: Option<Vec<Span>>,
}

/// What a replay cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bill {
    /// Watt-seconds by state, in the order of [`State::ALL`].
    pub energy_ws: [i128; 4],
    /// Watt-seconds times millionths of a euro for a kilowatt-hour: 3.6·10¹² are a euro.
    pub cost: i128,
}

/// [`Bill::cost`] of a millionth of a euro.
const MICRO_EURO: i128 = 3_600_000;

/// What a machine of a kind draws, in the order of [`State::ALL`].
fn watts(kind: &Kind) -> [u32; 4] {
    [kind.off_w, kind.idle_w, kind.idle_w, kind.busy_w]
}

impl<'a> Meter<'a> {
    /// Nothing yet. With `spans` it also keeps what [`Meter::states`] writes.
    pub fn new(park: &Park, prices: Prices<'a>, spans: bool) -> Meter<'a> {
        Meter { prices, sums: vec![[Sum::default(); 4]; park.kinds.len()], spans: spans.then(Vec::new) }
    }

    /// The same without what [`Meter::states`] writes.
    pub fn sums_only(&self) -> Meter<'a> {
        Meter { sums: self.sums.clone(), spans: None, prices: self.prices }
    }

    /// Whether it keeps who did what.
    pub fn has_spans(&self) -> bool {
        self.spans.is_some()
    }

    /// A row of machines was in a state for a while.
    pub fn add(&mut self, row: Row, state: State, from: i64, until: i64) {
        if from >= until || row.count == 0 {
            return;
        }
        let count = i128::from(row.count);
        let sum = &mut self.sums[row.kind as usize][state as usize];
        sum.seconds += count * i128::from(until - from);
        sum.priced += count * i128::from(self.prices.sum(from, until));
        if let Some(spans) = &mut self.spans {
            spans.push(Span { row, state, from, until });
        }
    }

    /// What all of it drew and cost.
    pub fn bill(&self, park: &Park) -> Bill {
        let mut bill = Bill { energy_ws: [0; 4], cost: 0 };
        for (kind, sums) in park.kinds.iter().zip(&self.sums) {
            let watts = watts(kind).map(i128::from);
            for (state, (sum, watts)) in sums.iter().zip(watts).enumerate() {
                bill.energy_ws[state] += watts * sum.seconds;
                bill.cost += watts * sum.priced;
            }
        }
        bill
    }

    /// What rows of machines drew, from when until when, in watts. Empty unless spans were asked for.
    pub fn draws(&self, park: &Park) -> Vec<(i64, i64, i64)> {
        let draw = |span: &Span| {
            let watts = watts(&park.kinds[span.row.kind as usize])[span.state as usize];
            (span.from, span.until, i64::from(watts) * i64::from(span.row.count))
        };
        self.spans.iter().flatten().map(draw).collect()
    }

    /// Lines `machine state from to`, machine by machine, each from its first second to its last without a gap.
    /// Empty unless spans were asked for.
    pub fn states(&self, park: &Park) -> String {
        let mut each: Vec<(u32, u32, i64, i64, State)> = Vec::new();
        for span in self.spans.iter().flatten() {
            let machines = span.row.first..span.row.first + span.row.count;
            each.extend(machines.map(|machine| (span.row.kind, machine, span.from, span.until, span.state)));
        }
        each.sort_unstable();
        let mut text = String::new();
        let mut lines = each.into_iter().peekable();
        while let Some((kind, machine, from, mut until, state)) = lines.next() {
            while let Some((.., last, _)) =
                lines.next_if(|next| (next.0, next.1, next.2, next.4) == (kind, machine, until, state))
            {
                until = last;
            }
            let name = &park.kinds[kind as usize].name;
            text.push_str(&format!("{name}{} {} {from} {until}\n", machine + 1, state.word()));
        }
        text
    }
}

impl Bill {
    /// All of the energy, watt-hours, to the nearest.
    pub fn energy_wh(&self) -> i64 {
        nearest(self.energy_ws.iter().sum(), 3600)
    }

    /// The cost, millionths of a euro, to the nearest.
    pub fn cost_micro_eur(&self) -> i64 {
        nearest(self.cost, MICRO_EURO)
    }

    /// The cost in euros, for showing.
    pub fn cost_eur(&self) -> f64 {
        self.cost_micro_eur() as f64 / 1e6
    }
}

/// A quotient, to the nearest; half away from zero.
fn nearest(sum: i128, by: i128) -> i64 {
    let half = if sum < 0 { -by / 2 } else { by / 2 };
    i64::try_from((sum + half) / by).unwrap_or(i64::MAX)
}
