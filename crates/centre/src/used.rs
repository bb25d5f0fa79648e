//! What a project used, and its invoices, read back on the archive's thread. Must not know who may see them.

use std::collections::{BTreeMap, HashMap};

use api::{PortalReply, ProjectUsed, ProjectsReply, Refusal, RefusalCode, Reply, Sums};
use energy::period::{Grain, Period};
use jiff::{ToSpan, civil::Date};
use ledger::invoice::Document;
use model::{Time, Uid};
use store::{Reader, StoreError, Used};

use crate::money::archive::pieces;

/// So many applications are shown one by one.
const APPLICATIONS: usize = 40;

/// What a project used in a period.
#[derive(Debug)]
pub(crate) struct UsedQuestion {
    pub(crate) project: String,
    pub(crate) period: Period,
    pub(crate) from: Time,
    pub(crate) until: Time,
    pub(crate) now: Time,
    /// Hardware threads of a core.
    pub(crate) threads: u32,
    /// Of members, as far as they are known.
    pub(crate) names: HashMap<Uid, String>,
    /// Who asks, where they see only their own by name.
    pub(crate) only: Option<Option<Uid>>,
}

/// An issued document, with the names behind its numbers.
#[derive(Debug)]
pub(crate) struct InvoiceQuestion {
    pub(crate) number: String,
}

/// The first day of a period, and the first one after it.
fn days(period: Period) -> (Date, Date) {
    let first = period.first_day();
    let length = match period {
        Period::Year(_) => 1.year(),
        Period::Month(_) => 1.month(),
        Period::Day(_) => 1.day(),
    };
    (first, first.saturating_add(length))
}

/// Days since 1970.
fn number(day: Date) -> i64 {
    day.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |day| day.timestamp().as_second().div_euclid(86_400))
}

/// The part of a period in which a day is.
fn part(period: Period, day: Date) -> String {
    match period.grain() {
        Grain::Month => format!("{:04}-{:02}", day.year(), day.month()),
        _ => day.to_string(),
    }
}

/// Sums what a project used.
pub(crate) fn used(reader: &Reader, question: UsedQuestion) -> Result<Reply, StoreError> {
    let UsedQuestion { project, period, from, until, now, threads, mut names, only } = question;
    let (first, end) = days(period);
    let mut parts: BTreeMap<String, Used> = BTreeMap::new();
    for day in first.series(1.day()).take_while(|day| *day < end) {
        parts.entry(part(period, day)).or_default();
    }
    let (mut total, mut members, mut applications) = (Used::default(), HashMap::new(), HashMap::new());
    let mut active = std::collections::HashSet::new();
    let start = number(first);
    // Rows come day by day, those of a year month by month.
    let (mut last, mut name_of_part) = (start, part(period, first));
    let read = if matches!(period, Period::Year(_)) { Reader::used_by_month } else { Reader::used };
    read(reader, &project, start, number(end), &mut |row| {
        total += row.used;
        if row.used.runs > 0 {
            active.insert(row.uid);
        }
        if row.day != last {
            (last, name_of_part) = (row.day, part(period, first.saturating_add((row.day - start).days())));
        }
        if let Some(sum) = parts.get_mut(&name_of_part) {
            *sum += row.used;
        }
        let is_seen = only.is_none_or(|me| me == Some(row.uid));
        *members.entry(is_seen.then_some(row.uid)).or_insert_with(Used::default) += row.used;
        let application = if is_seen { row.application } else { String::new() };
        *applications.entry(application).or_insert_with(Used::default) += row.used;
    })?;
    let unknown = members.keys().flatten().any(|uid| !names.contains_key(uid));
    if unknown {
        names.extend(reader.pseudonyms()?);
    }
    let sums = |used: &Used| shown(used, threads);
    let members = members.iter().map(|(uid, used)| (uid.map_or_else(String::new, |uid| name(&names, uid)), sums(used)));
    let applications = applications.iter().map(|(name, used)| (name.clone(), sums(used)));
    let answer = ProjectUsed {
        period: period.to_string(),
        from,
        until,
        has_before: reader.first_used(&project)?.is_some_and(|day| day < start),
        has_after: until <= now,
        total: sums(&total),
        parts: parts.iter().map(|(name, used)| (name.clone(), sums(used))).collect(),
        members: greatest(members.collect(), usize::MAX),
        active: active.len() as u32,
        applications: greatest(applications.collect(), APPLICATIONS),
    };
    Ok(Reply::Portal(Box::new(PortalReply::Projects(ProjectsReply::Used(Box::new(answer))))))
}

/// A user's name, as the system or the data file has it.
fn name(known: &HashMap<Uid, String>, uid: Uid) -> String {
    let system = || nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid.0)).ok().flatten().map(|user| user.name);
    known.get(&uid).cloned().or_else(system).unwrap_or_else(|| uid.to_string())
}

fn shown(used: &Used, threads: u32) -> Sums {
    Sums {
        runs: used.runs,
        completed: used.completed,
        core_ms: used.cpu_ms / i64::from(threads.max(1)),
        cpu_ms: used.used_us / 1000,
        waited_ms: used.waited_ms,
        energy_uj: used.energy_uj,
        electricity_microeur: used.electricity_microeur,
        production_mg: used.production_mg,
        lifecycle_mg: used.lifecycle_mg,
        price_microeur: used.price_microeur,
    }
}

/// The greatest first; the others, and those without a name, are together in the last.
fn greatest(rows: Vec<(String, Sums)>, most: usize) -> Vec<(String, Sums)> {
    let (mut named, rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(name, _)| !name.is_empty());
    named.sort_by(|(a, x), (b, y)| (y.core_ms, y.runs).cmp(&(x.core_ms, x.runs)).then_with(|| a.cmp(b)));
    let others = named.split_off(named.len().min(most));
    let mut sum: Option<Sums> = None;
    for (_, one) in rest.into_iter().chain(others) {
        let sum = sum.get_or_insert_with(Sums::default);
        add(sum, &one);
    }
    named.extend(sum.map(|sum| (String::new(), sum)));
    named
}

fn add(sum: &mut Sums, one: &Sums) {
    let pairs = [
        (&mut sum.runs, one.runs),
        (&mut sum.completed, one.completed),
        (&mut sum.core_ms, one.core_ms),
        (&mut sum.cpu_ms, one.cpu_ms),
        (&mut sum.waited_ms, one.waited_ms),
        (&mut sum.energy_uj, one.energy_uj),
        (&mut sum.electricity_microeur, one.electricity_microeur),
        (&mut sum.production_mg, one.production_mg),
        (&mut sum.lifecycle_mg, one.lifecycle_mg),
        (&mut sum.price_microeur, one.price_microeur),
    ];
    for (sum, more) in pairs {
        *sum = sum.saturating_add(more);
    }
}

/// An issued document with the names of its annex, in pieces.
pub(crate) fn invoice(reader: &Reader, number: &str, put: &mut dyn FnMut(Reply)) -> Result<Reply, StoreError> {
    let gone = || {
        let detail = format!("no document {number} was issued");
        Ok(Reply::Refused(Refusal { code: RefusalCode::Other, detail }))
    };
    let Some(body) = reader.document(number)? else { return gone() };
    let Ok(document) = serde_json::from_str::<Document>(&body) else { return gone() };
    let known: HashMap<Uid, String> = reader.pseudonyms()?.into_iter().collect();
    let numbers: std::collections::BTreeSet<u32> = document.annex.iter().filter_map(|row| row.member).collect();
    let names: BTreeMap<u32, String> = numbers.into_iter().map(|uid| (uid, name(&known, Uid(uid)))).collect();
    let names = serde_json::to_string(&names).unwrap_or_default();
    pieces(&format!("{{\"document\":{body},\"names\":{names}}}"), put);
    Ok(Reply::End)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_of_a_period() {
        for (text, first, end, inside, name) in [
            ("2026", "2026-01-01", "2027-01-01", "2026-11-22", "2026-11"),
            ("2026-11", "2026-11-01", "2026-12-01", "2026-11-22", "2026-11-22"),
            ("2026-12-31", "2026-12-31", "2027-01-01", "2026-12-31", "2026-12-31"),
        ] {
            let period: Period = text.parse().unwrap();
            let day = |text: &str| text.parse::<Date>().unwrap();
            assert_eq!(days(period), (day(first), day(end)), "{text}");
            assert_eq!(part(period, day(inside)), name, "{text}");
        }
        assert_eq!(number("1970-01-02".parse().unwrap()), 1);
        assert_eq!(number("1969-12-31".parse().unwrap()), -1);
    }

    #[test]
    fn of_many_the_greatest_are_shown_and_the_sum_stays() {
        let row = |name: &str, core_ms| (name.to_owned(), Sums { core_ms, runs: 1, ..Sums::default() });
        let rows = vec![row("b", 5), row("", 100), row("c", 1), row("a", 5)];
        assert_eq!(greatest(rows.clone(), 9), [row("a", 5), row("b", 5), row("c", 1), row("", 100)]);
        let few = greatest(rows, 1);
        assert_eq!((few[0].clone(), few[1].1.core_ms, few[1].1.runs, few.len()), (row("a", 5), 106, 3, 2));
    }
}
