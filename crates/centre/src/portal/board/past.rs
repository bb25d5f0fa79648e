//! What the file knows of energy, for pages: on the archive's thread, from hours, minutes and the sums of days. No run is
//! read, however many there are.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use api::{
    Board, BoardPast, BoardReply, EnergyBoard, MeterRow, PortalReply, PriceStep, ProjectBoard, ProjectEnergy,
    ProjectsBoard, RateRow, Reply, UsedRow,
};
use energy::{
    Flag, Interval, PerKwh,
    period::{Grain, Period},
    rollup::{HOUR, Row as RollUp},
};
use jiff::{Timestamp, ToSpan, Unit, Zoned, tz::TimeZone};
use model::{Span, Time};
use store::{Hour, Reader, StoreError, Used};

use super::Known;
use crate::{consumption::Sum, electricity::Electricity};

/// What is to be read.
#[derive(Debug)]
pub(crate) enum BoardQuestion {
    /// What the front page shows of the past, to go with what it shows of now.
    Now { board: Box<Board>, midnight: Time, electricity: Arc<Electricity>, known: Known },
    /// Energy of the machines.
    Energy {
        period: Period,
        machine: Option<String>,
        from: Time,
        until: Time,
        now: Time,
        electricity: Arc<Electricity>,
        meters: Vec<MeterRow>,
    },
    /// Energy of projects.
    Projects { period: Period, from: Time, until: Time, now: Time, projects: Vec<String>, zone: TimeZone },
    /// Energy of a project.
    Project { project: String, description: String, period: Period, from: Time, until: Time, now: Time, zone: TimeZone },
}

/// Power over the last day is shown by stretches of this length.
const STRETCH: Span = Span::minutes(5);
/// The latest jobs, whose waiting is shown.
const LATEST: u32 = 200;
/// So many applications of a project are told apart.
const MOST_APPLICATIONS: usize = 12;

/// Reads it.
pub(crate) fn reply(reader: &Reader, question: BoardQuestion) -> Result<Reply, StoreError> {
    let reply = match question {
        BoardQuestion::Now { mut board, midnight, electricity, known } => {
            board.past = past(reader, board.now, midnight, &electricity)?;
            *known.lock().unwrap_or_else(PoisonError::into_inner) = Some((board.now, board.past.clone()));
            BoardReply::Now(board)
        }
        BoardQuestion::Energy { period, machine, from, until, now, electricity, meters } => {
            let machines = match machine.clone() {
                Some(name) => vec![name],
                None => reader.metered()?,
            };
            let mut board = EnergyBoard {
                period: period.to_string(),
                machine,
                from,
                until,
                now,
                first: None,
                total: UsedRow::default(),
                parts: Vec::new(),
                machines: Vec::new(),
                power: Vec::new(),
                prices: Vec::new(),
                rates: Vec::new(),
                meters,
                is_assumed: electricity.is_assumed,
                carbon_source: electricity.factors.of_day(period.first_day()).source.clone(),
            };
            fill(reader, &mut board, period, &machines, &electricity)?;
            BoardReply::Energy(Box::new(board))
        }
        BoardQuestion::Projects { period, from, until, now, projects, zone } => {
            let (projects, first) = of_projects(reader, projects, period, &zone)?;
            let period = period.to_string();
            BoardReply::Projects(Box::new(ProjectsBoard { period, from, until, now, first, projects }))
        }
        BoardQuestion::Project { project, description, period, from, until, now, zone } => {
            let first = reader.first_used(&project)?.map(|day| noon(day, &zone));
            let (total, parts, applications) = of_project(reader, &project, period, &zone)?;
            let period = period.to_string();
            BoardReply::Project(Box::new(ProjectBoard {
                project,
                description,
                period,
                from,
                until,
                now,
                first,
                total,
                parts,
                applications,
            }))
        }
    };
    Ok(Reply::Portal(Box::new(PortalReply::Board(reply))))
}

/// An instant in a zone.
pub(super) fn local(at: Time, zone: &TimeZone) -> Zoned {
    Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone())
}

fn past(reader: &Reader, now: Time, midnight: Time, electricity: &Electricity) -> Result<BoardPast, StoreError> {
    let mut today = Sum::default();
    let mut minutes = Vec::new();
    for machine in reader.metered()? {
        reader.hours(&machine, midnight, now)?.iter().for_each(|hour| today.add(hour, &electricity.factors));
        minutes.push(reader.minutes(&machine, now - Span::minutes(1440), now)?);
    }
    let mut waits = reader.latest_waits(LATEST)?;
    let middle = waits.len() / 2;
    let wait = (!waits.is_empty()).then(|| waits.select_nth_unstable(middle).1.0);
    Ok(BoardPast {
        today: today.row(String::new()),
        power: power(&minutes, now - Span::minutes(1440), now, STRETCH),
        wait_ms: wait,
        ended: reader.ended_since(midnight)?,
    })
}

/// Mean power of all machines together over stretches of equal length; `None` where no meter covers anything.
fn power(machines: &[Vec<RollUp>], from: Time, until: Time, stretch: Span) -> Vec<(Time, Option<i64>)> {
    let place = |at: Time| at.0.div_euclid(stretch.0);
    let mut all: BTreeMap<i64, i64> = BTreeMap::new();
    for rows in machines {
        let mut own: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for row in rows {
            let (energy, covered) = own.entry(place(row.start)).or_default();
            *energy = energy.saturating_add(row.energy.0);
            *covered = covered.saturating_add(row.covered_ms);
        }
        // A microjoule in a millisecond is a milliwatt.
        for (at, (energy, covered)) in own.into_iter().filter(|(_, (_, covered))| *covered > 0) {
            *all.entry(at).or_default() += energy / covered;
        }
    }
    let places = place(from)..place(Time(until.0 + stretch.0 - 1));
    places.map(|at| (Time(at * stretch.0), all.get(&at).copied())).collect()
}

/// The part of a period in which an instant is: its first instant, and the first after it.
fn part(at: Time, grain: Grain, zone: &TimeZone) -> (Time, Time) {
    let local = local(at, zone);
    let (first, span) = match grain {
        Grain::Hour => return (at, at + HOUR),
        Grain::Day => (Ok(local), 1.day()),
        Grain::Month => (local.first_of_month(), 1.month()),
        Grain::Year => (local.first_of_year(), 1.year()),
    };
    let start = first.and_then(|day| day.start_of_day());
    let ends = start.and_then(|start| Ok((start.timestamp(), start.checked_add(span)?.timestamp())));
    ends.map_or((at, at + HOUR), |(start, end)| (Time(start.as_millisecond()), Time(end.as_millisecond())))
}

fn fill(
    reader: &Reader,
    board: &mut EnergyBoard,
    period: Period,
    machines: &[String],
    electricity: &Electricity,
) -> Result<(), StoreError> {
    let (grain, is_year) = (period.grain(), matches!(period, Period::Year(_)));
    let mut total = Sum::default();
    let mut parts: BTreeMap<Time, Sum> = BTreeMap::new();
    let mut rates: BTreeMap<String, (PerKwh, i64)> = BTreeMap::new();
    let mut curves = Vec::new();
    for machine in machines {
        board.first = earlier(board.first, reader.first_hour(machine)?);
        let hours = reader.hours(machine, board.from, board.until)?;
        let mut sum = Sum::default();
        // Hours come in order: the part in which one is, is looked for once.
        let mut known: Option<(Time, Time)> = None;
        for hour in &hours {
            let at = hour.row.start;
            let (start, _) = *known.insert(match known {
                Some(known) if at < known.1 => known,
                _ => part(at, grain, &electricity.zone),
            });
            let mut one = Sum::default();
            one.add(hour, &electricity.factors);
            sum += one;
            *parts.entry(start).or_default() += one;
            if !is_year {
                by_rate(&mut rates, hour, electricity);
            }
        }
        total += sum;
        board.machines.push(sum.row(machine.clone()));
        curves.push(match period {
            Period::Day(_) => reader.minutes(machine, board.from, board.until)?,
            _ => hours.into_iter().map(|hour| hour.row).collect(),
        });
    }
    board.total = total.row(String::new());
    board.parts = parts.into_iter().map(|(start, sum)| (start, sum.row(String::new()))).collect();
    let known = board.until.min(board.now);
    board.power = match period {
        Period::Day(_) => power(&curves, board.from, known, STRETCH),
        Period::Month(_) => power(&curves, board.from, known, HOUR),
        Period::Year(_) => Vec::new(),
    };
    if !is_year {
        board.prices = prices(electricity, board.from, board.until);
    }
    let rate = |(rate, (price, energy_uj)): (String, (PerKwh, i64))| RateRow {
        rate,
        microeur_per_kwh: i64::try_from(price.0 / i128::from(energy_uj.max(1))).unwrap_or(0),
        energy_uj,
        microeur: price.rounded(),
    };
    board.rates = rates.into_iter().map(rate).collect();
    board.rates.sort_by_key(|rate| rate.microeur_per_kwh);
    Ok(())
}

fn by_rate(rates: &mut BTreeMap<String, (PerKwh, i64)>, hour: &Hour, electricity: &Electricity) {
    let (start, energy) = (hour.row.start, hour.row.energy);
    let interval = Interval { start, end: start + HOUR, energy, flag: Flag::Measured, source: 0 };
    for (slice, part) in electricity.book.split(&interval, energy) {
        let name = slice.rate.name;
        let (price, sum) = match rates.get_mut(name) {
            Some(known) => known,
            None => rates.entry(name.to_owned()).or_default(),
        };
        price.add(part, slice.rate.microeur_per_kwh);
        *sum = sum.saturating_add(part.0);
    }
}

fn prices(electricity: &Electricity, from: Time, until: Time) -> Vec<PriceStep> {
    let step = |slice: energy::contract::Slice<'_>| PriceStep {
        start: slice.start,
        end: slice.end,
        contract: slice.rate.contract.name.clone(),
        rate: slice.rate.name.to_owned(),
        microeur_per_kwh: slice.rate.microeur_per_kwh,
        is_known: slice.rate.is_known,
    };
    electricity.book.slices(from, until).into_iter().map(step).collect()
}

/// The first day of a period (0), or of the one after it (1), in days since 1970.
fn day_of(period: Period, after: i8) -> i64 {
    let first = period.first_day();
    let span = match period {
        Period::Year(_) => jiff::Span::new().years(after),
        Period::Month(_) => jiff::Span::new().months(after),
        Period::Day(_) => jiff::Span::new().days(after),
    };
    let day = first.checked_add(span).unwrap_or(first);
    let since = jiff::civil::Date::constant(1970, 1, 1).until((Unit::Day, day));
    since.map_or(0, |since| since.get_days().into())
}

/// The middle of a day since 1970.
fn noon(day: i64, zone: &TimeZone) -> Time {
    let date = jiff::civil::Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    let noon = date.ok().and_then(|date| date.at(12, 0, 0, 0).to_zoned(zone.clone()).ok());
    noon.map_or(Time(day * 86_400_000), |noon| Time(noon.timestamp().as_millisecond()))
}

/// The first of two instants, where there is one.
fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    [one, other].into_iter().flatten().min()
}

fn row(name: String, used: &Used) -> ProjectEnergy {
    ProjectEnergy {
        name,
        runs: used.runs,
        cpu_ms: used.cpu_ms,
        energy_uj: used.energy_uj,
        microeur: used.electricity_microeur,
        production_mg: used.production_mg,
        lifecycle_mg: used.lifecycle_mg,
    }
}

/// What each of them used, the greatest first, and the first day of any.
fn of_projects(
    reader: &Reader,
    projects: Vec<String>,
    period: Period,
    zone: &TimeZone,
) -> Result<(Vec<ProjectEnergy>, Option<Time>), StoreError> {
    let (mut rows, mut first) = (Vec::new(), None);
    // Of a month, and of a year, months are enough.
    let read = if matches!(period, Period::Day(_)) { Reader::used } else { Reader::used_by_month };
    for project in projects {
        first = earlier(first, reader.first_used(&project)?.map(|day| noon(day, zone)));
        let mut sum = Used::default();
        read(reader, &project, day_of(period, 0), day_of(period, 1), &mut |day| sum += day.used)?;
        if sum.runs > 0 {
            rows.push(row(project, &sum));
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.energy_uj));
    Ok((rows, first))
}

type OfProject = (ProjectEnergy, Vec<(Time, ProjectEnergy)>, Vec<ProjectEnergy>);

fn of_project(reader: &Reader, project: &str, period: Period, zone: &TimeZone) -> Result<OfProject, StoreError> {
    let mut total = Used::default();
    let mut days: BTreeMap<i64, Used> = BTreeMap::new();
    let mut applications: BTreeMap<String, Used> = BTreeMap::new();
    let read = if matches!(period, Period::Year(_)) { Reader::used_by_month } else { Reader::used };
    read(reader, project, day_of(period, 0), day_of(period, 1), &mut |day| {
        total += day.used;
        *days.entry(day.day).or_default() += day.used;
        match applications.get_mut(&day.application) {
            Some(sum) => *sum += day.used,
            None => *applications.entry(day.application).or_default() += day.used,
        }
    })?;
    let mut parts: BTreeMap<Time, Used> = BTreeMap::new();
    let grain = if matches!(period, Period::Year(_)) { Grain::Month } else { Grain::Day };
    for (day, used) in days {
        *parts.entry(part(noon(day, zone), grain, zone).0).or_default() += used;
    }
    let mut applications: Vec<(String, Used)> = applications.into_iter().collect();
    applications.sort_by_key(|(_, used)| std::cmp::Reverse(used.energy_uj));
    if applications.len() > MOST_APPLICATIONS {
        let mut rest = Used::default();
        applications.split_off(MOST_APPLICATIONS - 1).into_iter().for_each(|(_, used)| rest += used);
        applications.push((String::new(), rest));
    }
    let applications = applications.into_iter().map(|(name, used)| row(name, &used)).collect();
    let parts = parts.into_iter().map(|(start, used)| (start, row(String::new(), &used))).collect();
    Ok((row(project.to_owned(), &total), parts, applications))
}

#[cfg(test)]
mod tests {
    use energy::{Energy, Power};

    use super::*;

    fn minute(at: i64, watts: i64, covered_ms: i64) -> RollUp {
        let energy = Energy(watts * 1000 * covered_ms);
        let most = Power::watts(watts);
        RollUp { start: Time(at * 60_000), energy, unmeasured: Energy(0), covered_ms, most, flags: 1 }
    }

    #[test]
    fn power_adds_up_over_machines_and_not_over_time() {
        let one: Vec<RollUp> = (0..10).map(|at| minute(at, if at < 5 { 100 } else { 200 }, 60_000)).collect();
        // Half of a minute is known: its power is not half as much.
        let other = vec![minute(6, 50, 30_000)];
        let shown = power(&[one, other], Time(0), Time(15 * 60_000), STRETCH);
        let expected = [(0, Some(100_000)), (5, Some(250_000)), (10, None)];
        assert_eq!(shown, expected.map(|(at, power)| (Time(at * 60_000), power)));
    }

    #[test]
    fn parts_are_local_and_of_23_to_25_hours() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC);
        // 2026-10-25, the longest day, at noon; and the month that it is in.
        let noon = Time(1_792_926_000_000);
        let check = |grain, from: i64, hours: i64| {
            assert_eq!(part(noon, grain, &zone), (Time(from), Time(from + hours * 3_600_000)), "{grain:?}");
        };
        check(Grain::Hour, noon.0, 1);
        check(Grain::Day, 1_792_879_200_000, 25);
        check(Grain::Month, 1_790_805_600_000, 31 * 24 + 1);
    }

    #[test]
    fn periods_are_days_since_1970() {
        let days = |text: &str| text.parse::<Period>().map(|period| (day_of(period, 0), day_of(period, 1)));
        assert_eq!(days("1970-01-02"), Ok((1, 2)));
        assert_eq!(days("1970-02"), Ok((31, 59)));
        assert_eq!(days("2024"), Ok((19_723, 20_089)));
    }
}
