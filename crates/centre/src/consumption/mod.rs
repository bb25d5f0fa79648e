//! Questions and orders about electricity: who may ask what, and what an order writes. The past is read on the archive's
//! thread ([`report`]). Must not know how energy is measured or shared.

mod advice;
mod month;
mod report;
pub(crate) mod site;
mod sum;

use std::{collections::BTreeMap, sync::Arc};

use api::{
    AccountQuery, CalibrationRow, ContractReport, EnergyBy, EnergyReply, EnergyRequest, JobTarget, MeterRow, PriceStep,
    Refusal, RefusalCode, Reply, SiteIndex,
};
use energy::{
    Energy, Power,
    advice::Room,
    calendar::Calendar,
    contract::{Colours, Oddity},
    period::{Grain, Period},
    reconcile::Index,
};
use jiff::fmt::temporal::DateTimePrinter;
use model::{Span, Time, Uid};
use store::{Calibration, EnergyWrite, Fact, Write};

pub(crate) use report::{EnergyQuestion, Sum, reply};

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    electricity::{Calendars, Electricity},
    journal::After,
    reading::Question,
};

type Outcome = Result<(), Refusal>;

/// Prices are shown for so many days at most.
const MOST_DAYS: u32 = 31;

impl Centre {
    /// A question or an order about electricity.
    pub(crate) fn energy(&mut self, conn: ConnId, peer: Peer, request: EnergyRequest) -> Outcome {
        match request {
            EnergyRequest::Used { period, by } => self.used(conn, peer, period.as_deref(), by)?,
            EnergyRequest::Month { month, billed_uj } => {
                let Period::Month(_) = period(&month)? else {
                    return Err(refuse(RefusalCode::Other, format!("`{month}` is no month such as 2026-11")));
                };
                let (from, until) = self.bounds(period(&month)?)?;
                let billed = billed_uj.map(Energy);
                self.read(conn, |electricity, meters| EnergyQuestion::Month {
                    month,
                    from,
                    until,
                    billed,
                    electricity,
                    meters,
                });
            }
            EnergyRequest::Runs(target) => self.runs_of(conn, peer, target)?,
            EnergyRequest::Sum(target) => self.sum_of(conn, peer, target),
            EnergyRequest::Contract { days } => {
                let report = contract_report(&self.electricity, self.now, days.clamp(1, MOST_DAYS));
                self.reply(conn, &Reply::Energy(EnergyReply::Contract(report)));
            }
            EnergyRequest::Import { calendar, lines } => self.import(conn, peer, &calendar, lines)?,
            EnergyRequest::AddIndexes(indexes) => self.add_indexes(conn, peer, &indexes)?,
            EnergyRequest::RemoveIndex(at) => {
                self.note_energy(
                    peer,
                    EnergyWrite::NoIndex(at),
                    format!("index of the site's meter of {} removed", at.0),
                )?;
                self.reply_when_safe(conn, Reply::Done);
            }
            EnergyRequest::Indexes => self.read(conn, |_, _| EnergyQuestion::Indexes),
            EnergyRequest::Calibrate(row) => self.calibrate(conn, peer, &row)?,
            EnergyRequest::Calibrations => {
                let machine = self.node.to_string();
                self.read(conn, |_, _| EnergyQuestion::Calibrations { machine });
            }
            EnergyRequest::Zone => {
                // A zone without a name cannot be written.
                let zone = DateTimePrinter::new().time_zone_to_string(&self.electricity.zone).unwrap_or_default();
                self.reply(conn, &Reply::Energy(EnergyReply::Zone(zone)));
            }
        }
        Ok(())
    }

    fn used(&mut self, conn: ConnId, peer: Peer, asked: Option<&str>, by: EnergyBy) -> Outcome {
        let span = match asked {
            Some(text) => period(text)?,
            None => Period::month_of(self.now, &self.electricity.zone),
        };
        let (from, until) = self.bounds(span)?;
        let grain = match by {
            EnergyBy::Part => Some(span.grain()),
            EnergyBy::Hour => Some(Grain::Hour),
            EnergyBy::Day => Some(Grain::Day),
            EnergyBy::Month => Some(Grain::Month),
            EnergyBy::Year => Some(Grain::Year),
            EnergyBy::Machine => None,
            EnergyBy::Project | EnergyBy::Job => {
                let (since, until) = (Some(from), Some(until));
                let query = AccountQuery { all_users: true, since, until, duplicates: true, ..AccountQuery::default() };
                let (filter, live) = self.selection(peer, &query)?;
                let by_project = by == EnergyBy::Project;
                self.read(conn, |electricity, meters| EnergyQuestion::Owners {
                    from,
                    until: until.unwrap_or(from),
                    by_project,
                    filter,
                    live,
                    electricity,
                    meters,
                });
                return Ok(());
            }
        };
        self.read(conn, |electricity, meters| EnergyQuestion::Used { from, until, grain, electricity, meters });
        Ok(())
    }

    fn runs_of(&mut self, conn: ConnId, peer: Peer, target: JobTarget) -> Outcome {
        let targets = Some(vec![target]);
        let query = AccountQuery { targets, all_users: true, duplicates: true, ..AccountQuery::default() };
        let (filter, live) = self.selection(peer, &query)?;
        let room = self.room();
        self.read(conn, |electricity, meters| EnergyQuestion::Runs { filter, live, room, electricity, meters });
        Ok(())
    }

    fn sum_of(&mut self, conn: ConnId, peer: Peer, target: JobTarget) {
        let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
        let (room, record) = (self.room(), self.record_of(&target));
        self.read(conn, |electricity, meters| EnergyQuestion::Sum { target, record, only, room, electricity, meters });
    }

    /// What jobs have their parts of.
    fn room(&self) -> Room {
        let there = self.cluster_nodes();
        advice::room(&if there.is_empty() { self.node_rows() } else { there })
    }

    /// Reads on the archive's thread, once everything so far is on disk.
    fn read(&mut self, conn: ConnId, question: impl FnOnce(Arc<Electricity>, Vec<MeterRow>) -> EnergyQuestion) {
        self.write_energy(true);
        let question = question(self.electricity.clone(), self.meter_rows());
        self.journal.after(After::Read(conn, Box::new(Question::Energy(Box::new(question)))));
    }

    /// The first instant of a day, month or year, and the first one after it.
    pub(crate) fn day_bounds(&self, text: &str) -> Result<(Time, Time), Refusal> {
        let (from, until) = self.bounds(period(text)?)?;
        Ok((from, until))
    }

    fn bounds(&self, period: Period) -> Result<(Time, Time), Refusal> {
        period.bounds(&self.electricity.zone).ok_or_else(|| refuse(RefusalCode::InvalidTime, period.to_string()))
    }

    /// An order of an operator, and how history tells it.
    fn note_energy(&mut self, peer: Peer, write: EnergyWrite, text: String) -> Outcome {
        if !self.people.is_operator(peer.uid) {
            return Err(refuse(RefusalCode::AccessDenied, ""));
        }
        self.writable()?;
        self.journal.write(Write::Energy(Box::new(write)));
        let fact = Box::new(Fact::Noted { by: peer.uid, text });
        self.journal.write(Write::Event { at: self.now, base: None, fact });
        Ok(())
    }

    /// Lines of a calendar: they are tried together with those there are, and take effect when they are on disk.
    fn import(&mut self, conn: ConnId, peer: Peer, name: &str, lines: Vec<(String, String)>) -> Outcome {
        let other = |text: String| refuse(RefusalCode::Other, text);
        let calendar = Calendar::from_name(name).ok_or_else(|| other(format!("there is no calendar `{name}`")))?;
        let mut calendars = Calendars::stored(&self.reader).map_err(|fault| other(fault.to_string()))?;
        let known = self.reader.calendar(name).map_err(|fault| other(fault.to_string()))?;
        let mut all: BTreeMap<&str, &str> = known.iter().map(|line| (Calendar::key(line), line.as_str())).collect();
        all.extend(lines.iter().map(|(key, line)| (key.as_str(), line.as_str())));
        let count = all.len() as u64;
        *calendars.of(calendar) = calendar.text(all.into_values());
        let found = Electricity::load(&self.paths.config(), &self.file, &calendars);
        let electricity = Arc::new(found.map_err(|fault| other(fault.to_string()))?);
        let odd = if calendar == Calendar::Tempo { odd_days(&calendars.tempo) } else { Vec::new() };
        let text = format!("{} lines of the calendar {name} imported", lines.len());
        self.note_energy(peer, EnergyWrite::Calendar { name: name.to_owned(), lines }, text)?;
        self.journal.after(After::Tariffs(electricity));
        self.reply_when_safe(conn, Reply::Energy(EnergyReply::Imported { lines: count, odd }));
        Ok(())
    }

    /// What tells what the machine draws.
    pub(crate) fn meter_rows(&self) -> Vec<MeterRow> {
        let calibrated = self.reader.calibrations(&self.node).ok().and_then(|mut all| all.pop());
        let metering = self.metering.as_ref();
        // Before the first answer: the one that is asked first.
        let place = metering.map(|metering| metering.answering.unwrap_or(0));
        let about = metering.zip(place).and_then(|(metering, place)| metering.meters.get(usize::from(place)));
        let mut rows = vec![MeterRow {
            machine: self.node.to_string(),
            name: about.map_or_else(String::new, |meter| meter.about.name.clone()),
            uncertainty_permille: about.map_or(0, |meter| meter.about.uncertainty_permille),
            is_fallback: place.is_some_and(|place| place > 0),
            idle_mw: metering.map(|metering| metering.idle().0),
            calibrated: calibrated.map(|calibration| calibration.at),
            silent_ms: None,
            power_mw: None,
            faults: 0,
        }];
        rows.extend(self.agent_meters());
        rows
    }

    /// A calibration is on disk: idle power is shared by it from now on.
    pub(crate) fn calibrated(&mut self, calibration: &Calibration) {
        if let Some(metering) = &mut self.metering {
            metering.calibrated(calibration);
        }
    }

    fn add_indexes(&mut self, conn: ConnId, peer: Peer, indexes: &[SiteIndex]) -> Outcome {
        if indexes.len() > 100_000 || indexes.iter().any(|index| index.energy_uj < 0) {
            return Err(refuse(RefusalCode::Other, "an index is no negative number, and there are no 100 000 of them"));
        }
        for index in indexes {
            let (at, energy) = (index.at, Energy(index.energy_uj));
            let text = format!("index of the site's meter: {} Wh at {}", energy.0 / 3_600_000_000, at.0);
            self.note_energy(peer, EnergyWrite::Index(Index { at, energy }), text)?;
        }
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    fn calibrate(&mut self, conn: ConnId, peer: Peer, row: &CalibrationRow) -> Outcome {
        if row.idle_mw < 0 || row.per_cpu_mw < 0 {
            return Err(refuse(RefusalCode::Other, "no machine draws less than nothing"));
        }
        let calibration = Calibration {
            machine: self.node.clone(),
            at: self.now,
            idle: Power(row.idle_mw),
            per_cpu: Power(row.per_cpu_mw),
            uncertainty_permille: row.uncertainty_permille,
            factor_permille: row.factor_permille,
            gpu_idle: Power(0),
            source: row.source.clone(),
        };
        let text = format!("calibrated: {} mW idle, {} mW a CPU, by {}", row.idle_mw, row.per_cpu_mw, row.source);
        self.note_energy(peer, EnergyWrite::Calibration(calibration.clone()), text)?;
        self.journal.after(After::Calibrated(Box::new(calibration)));
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }
}

fn period(text: &str) -> Result<Period, Refusal> {
    text.parse().map_err(|wrong: String| refuse(RefusalCode::Other, wrong))
}

/// Prices from the hour of `now` on, to the end of a local day.
fn contract_report(electricity: &Electricity, now: Time, days: u32) -> ContractReport {
    let until = now + Span::minutes(i64::from(days) * 1440);
    let first = electricity.book.at(now).rate.contract;
    let steps = electricity.book.slices(now, until).into_iter().map(|slice| PriceStep {
        start: slice.start,
        end: slice.end,
        contract: slice.rate.contract.name.clone(),
        rate: slice.rate.name.to_owned(),
        microeur_per_kwh: slice.rate.microeur_per_kwh,
        is_known: slice.rate.is_known,
    });
    ContractReport {
        name: first.name.clone(),
        source: first.source.clone(),
        microeur_per_month: first.microeur_per_month,
        is_assumed: electricity.is_assumed,
        steps: steps.collect(),
    }
}

/// What breaks the rules of Tempo: which rule, and the day or year.
fn odd_days(text: &str) -> Vec<(String, String)> {
    let mut colours = Colours::default();
    if colours.import(text).is_err() {
        return Vec::new();
    }
    let told = |oddity: Oddity| match oddity {
        Oddity::RedDay(day) => ("red-day", day.to_string()),
        Oddity::RedInARow(day) => ("red-in-a-row", day.to_string()),
        Oddity::WhiteSunday(day) => ("white-sunday", day.to_string()),
        Oddity::TooManyRed(year, count) => ("too-many-red", format!("{year}: {count}")),
        Oddity::TooManyWhite(year, count) => ("too-many-white", format!("{year}: {count}")),
    };
    colours.oddities().into_iter().map(told).map(|(rule, what)| (rule.to_owned(), what)).collect()
}
