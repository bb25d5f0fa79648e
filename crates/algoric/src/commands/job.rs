//! `algoric job`: what a job was, what it took, and what its next run should ask for.

use api::{
    AccountQuery, EnergyReply, EnergyRequest, JobPrice, MoneyReply, MoneyRequest, OwnerRow, Reply, Request, RunAdvice,
    RunEnergy, RunsReport,
};
use model::{AccountRow, JobState, Span, Time, TimeLimit};
use portal::phrases::run;
use serde::Serialize;

use super::{
    House,
    energy::{ask, footnotes, grams},
    why::target,
};
use crate::{
    client::ClientError,
    console, exit,
    report::Fault,
    show,
    words::{Words, percent},
};

/// Shows what a job was, what it used and cost, and what its next run should ask for
#[derive(clap::Args)]
pub struct Args {
    /// The job, as squeue names it: 12, or 12_3 for a task of an array
    #[arg(value_name = "JOB")]
    job: String,

    /// Print JSON, for programs: microjoules, micro-euros, milligrams of CO2e, milliseconds
    #[arg(long)]
    json: bool,
}

/// All that is shown.
#[derive(Serialize)]
struct Page {
    runs: Vec<AccountRow>,
    energy: Vec<RunEnergy>,
    total: OwnerRow,
    price: JobPrice,
    next: Option<RunAdvice>,
}

/// Asks, and shows it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let target = target(&args.job)?;
    let mut centre = house.call()?;
    let query = AccountQuery { targets: Some(vec![target.clone()]), all_users: true, ..AccountQuery::default() };
    let rows = centre.collect(&Request::Accounts(query), |reply| match reply {
        Reply::Accounts(rows) => Some(rows),
        _ => None,
    })?;
    if rows.is_empty() {
        return Err(Fault::new("job-unknown", [("job", args.job.clone())]).into());
    }
    let EnergyReply::Runs(report) = ask(&mut centre, EnergyRequest::Runs(target.clone()))? else {
        return Err(ClientError::Unfit.into());
    };
    let Reply::Money(MoneyReply::Job(price)) = centre.ask(&Request::Money(Box::new(MoneyRequest::Job(target))))? else {
        return Err(ClientError::Unfit.into());
    };
    let words = &house.words;
    let RunsReport { total, runs: energy, meters, is_assumed, advice: next } = *report;
    if args.json {
        show::json(&Page { runs: rows, energy, total, price: *price, next })?;
        return Ok(exit::OK);
    }
    let now = Time(jiff::Timestamp::now().as_millisecond());
    let mut lines = about(&args.job, &rows, now, words);
    lines.extend(taken(&energy, &total, words));
    lines.extend(paid(&price, words));
    if let Some(advice) = &next {
        lines.push(String::new());
        lines.extend(advised(advice, &total, words));
    }
    let notes = footnotes(&meters, is_assumed, total.guessed_uj, words);
    if !notes.is_empty() && !energy.is_empty() {
        lines.push(String::new());
        lines.push(notes.trim_end().to_owned());
    }
    console::line(lines.join("\n"));
    Ok(exit::OK)
}

/// Its name and state, times, what it asked for and used.
fn about(name: &str, rows: &[AccountRow], now: Time, words: &Words) -> Vec<String> {
    let Some(first) = rows.first() else { return Vec::new() };
    let gaps = |more: &str| {
        words.with(
            "job-title",
            &[
                ("job", name.into()),
                ("name", first.name.to_string().into()),
                ("user", first.owner.user.as_str().into()),
                ("project", first.account.to_string().into()),
                ("state", more.into()),
            ],
        )
    };
    let mut lines = vec![gaps(&states(rows, words))];
    let starts = rows.iter().filter_map(|row| row.start);
    let time = |at: Option<Time>| at.map_or_else(|| "-".to_owned(), |at| words.time(at));
    let (start, end) = (starts.clone().min(), rows.iter().map(|row| row.end).max().flatten());
    let is_over = rows.iter().all(|row| row.state.is_final());
    lines.push(words.with(
        "job-times",
        &[
            ("submitted", words.time(first.submit).into()),
            ("started", time(start).into()),
            ("ended", time(end.filter(|_| is_over)).into()),
        ],
    ));
    let longest = rows.iter().filter_map(|row| elapsed(row, now)).max();
    lines.push(words.with(
        "job-asked",
        &[
            ("cpus", first.cpus.into()),
            ("memory", first.memory_mib.map_or_else(|| words.say("job-unlimited"), |mib| words.memory(mib)).into()),
            ("limit", limit(first.time_limit, words).into()),
            ("gpus", first.gpus.into()),
        ],
    ));
    if let Some(longest) = longest {
        let busy = rows.iter().filter_map(|row| Some(busy_milli(row, elapsed(row, now)?))).max().unwrap_or(0);
        let memory = rows.iter().filter_map(|row| row.usage).map(|usage| usage.max_rss_kib).max();
        lines.push(words.with(
            "job-used",
            &[
                ("busy", words.fixed(i64::try_from(busy).unwrap_or(i64::MAX), 1000, 1).into()),
                ("memory", memory.map_or_else(|| "-".to_owned(), |kib| words.memory(kib.div_ceil(1024))).into()),
                ("elapsed", words.span(longest).into()),
            ],
        ));
    }
    lines
}

/// `COMPLETED`, or of an array how many of each.
fn states(rows: &[AccountRow], words: &Words) -> String {
    if let [row] = rows {
        return row.state.text().to_owned();
    }
    let mut counts: Vec<(JobState, u32)> = Vec::new();
    for row in rows {
        match counts.iter_mut().find(|(state, _)| *state == row.state) {
            Some((_, count)) => *count += 1,
            None => counts.push((row.state, 1)),
        }
    }
    words.list(&counts.iter().map(|(state, count)| format!("{count} {}", state.text())).collect::<Vec<_>>())
}

fn elapsed(row: &AccountRow, now: Time) -> Option<Span> {
    let start = row.start?;
    Some(Span(((row.end.unwrap_or(now) - start).0 - row.suspended.0).max(0)))
}

fn busy_milli(row: &AccountRow, elapsed: Span) -> u64 {
    row.usage.map_or(0, |usage| model::busy_milli(usage.user_us + usage.system_us, elapsed))
}

fn limit(limit: TimeLimit, words: &Words) -> String {
    limit.span().map_or_else(|| words.say("job-unlimited"), |span| words.span(span))
}

/// Energy, money, carbon.
fn taken(energy: &[RunEnergy], total: &OwnerRow, words: &Words) -> Vec<String> {
    if energy.is_empty() {
        return vec![words.say("job-no-energy")];
    }
    let amount = |name: &'static str, uj: i64| (name, words.energy(uj).into());
    vec![
        words.with(
            "job-energy",
            &[
                amount("energy", total.energy_uj),
                amount("dynamic", total.dynamic_uj),
                amount("idle", total.idle_uj),
                amount("gpu", total.gpu_uj),
                ("gpus", i64::from(total.gpu_uj > 0).into()),
                ("measured", percent(total.measured_ms, total.length_ms).into()),
            ],
        ),
        words.with("job-cost", &[("euros", words.euros(total.microeur).into())]),
        words.with(
            "job-carbon",
            &[
                ("production", grams(total.production_mg, words).into()),
                ("lifecycle", grams(total.lifecycle_mg, words).into()),
            ],
        ),
    ]
}

/// What its project pays for it.
fn paid(price: &JobPrice, words: &Words) -> Vec<String> {
    let told = run::priced(price, words);
    let fact = |(label, text): &(String, String)| {
        words.with("job-price-fact", &[("label", label.as_str().into()), ("text", text.as_str().into())])
    };
    let facts = told.facts.iter().map(fact);
    let mut lines = facts.chain(told.notes.iter().cloned());
    let first = lines.next().map(|text| words.with("job-price-line", &[("text", text.into())]));
    first.into_iter().chain(lines.map(|line| format!("{:13}{line}", ""))).collect()
}

/// The advice in words.
fn advised(advice: &RunAdvice, total: &OwnerRow, words: &Words) -> Vec<String> {
    let told = run::advised(advice, total.energy_uj, words);
    let lead = Some(told.lead).filter(|lead| !lead.is_empty());
    let lines = told.lines.into_iter().map(|line| format!("  {line}"));
    told.remarks.into_iter().chain(lead).chain(lines).chain(told.notes).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use api::{PriceLine, PriceTerm};
    use jiff::tz::TimeZone;
    use model::{Exit, JobId, Memory, Owner, Reason, Uid, Usage};

    use super::*;
    use crate::words::Language;

    /// A run of an hour that had 8 CPUs and 16 GiB for a day, computed on one and held 1 GiB.
    fn row() -> AccountRow {
        AccountRow {
            id: JobId(12),
            array: model::ArrayPlace::Single,
            step: None,
            attempt: 0,
            name: "flood".into(),
            owner: Arc::new(Owner { uid: Uid(7), gid: model::Gid(7), user: "anne".to_owned(), group: "g".to_owned() }),
            account: "eau".into(),
            partition: "debug".into(),
            qos: "normal".into(),
            state: JobState::Completed,
            cancelled_by: None,
            reason: Reason::None,
            exit: Exit::default(),
            derived_exit: Exit::default(),
            submit: Time(0),
            eligible: Some(Time(0)),
            start: Some(Time(4000)),
            end: Some(Time(3_604_000)),
            suspended: Span(0),
            cpus_requested: 8,
            cpus: 8,
            tasks: 1,
            nodes: 1,
            memory: Memory::PerNode(16_384),
            memory_mib: Some(16_384),
            gpus: 0,
            time_limit: TimeLimit::Span(Span::minutes(1440)),
            priority: 1,
            usage: Some(Usage { user_us: 3_600_000_000, max_rss_kib: 1 << 20, ..Usage::default() }),
            node: "smp1".into(),
            workdir: "/".into(),
            submit_line: "sbatch".into(),
            comment: None,
            wckey: None,
            reservation: None,
            energy_uj: None,
        }
    }

    fn energy(row: &AccountRow) -> RunEnergy {
        let sums = OwnerRow {
            name: "12".to_owned(),
            runs: 1,
            energy_uj: 144_000_000_000,
            dynamic_uj: 36_000_000_000,
            idle_uj: 108_000_000_000,
            length_ms: 3_600_000,
            measured_ms: 3_600_000,
            microeur: 8000,
            production_mg: 784,
            lifecycle_mg: 2280,
            ..OwnerRow::default()
        };
        let (attempt, state) = (row.attempt, row.state);
        RunEnergy { job: row.id, attempt, state, cores: 8, row: sums }
    }

    /// As the centre advises on it.
    fn advice() -> RunAdvice {
        let lines = ["--cpus-per-task=1", "--mem=1280M", "--time=01:15:00"];
        RunAdvice {
            runs: 1,
            busy_milli: 1000,
            memory_mib: 1024,
            next_cpus: Some(1),
            next_limit_ms: Some(4_500_000),
            lines: lines.map(|line| format!("#SBATCH {line}")).into(),
            saved_uj: 94_500_000_000,
            saved_microeur: 5250,
            remarks: Vec::new(),
        }
    }

    /// Eight core-hours at 3.6 cents and forty watt-hours at 20 cents; half of the hours were given.
    fn price() -> JobPrice {
        let term = |resource: &str, quantity: i64, unit: i64, microeur: i64| PriceTerm {
            resource: resource.to_owned(),
            quantity,
            unit,
            microeur,
        };
        let line = PriceLine {
            tariff: "2026/company/blade".to_owned(),
            from: Time(4000),
            until: Time(3_604_000),
            terms: vec![
                term("core_hour", 28_800_000, 3_600_000, 36_000),
                term("kwh", 144_000_000_000, 3_600_000_000_000, 200_000),
            ],
            microeur: 296_000,
        };
        JobPrice {
            project: "eau".to_owned(),
            is_paid_for: true,
            priced: 1,
            work_microeur: 296_000,
            lines: vec![line],
            deductions: vec![("in_kind".to_owned(), 144_000)],
            paid_microeur: 152_000,
            vat_permille: 200,
            ..JobPrice::default()
        }
    }

    /// The page of such a run.
    fn page(row: AccountRow, language: Language) -> String {
        let words = Words::new(language, TimeZone::UTC);
        let (rows, energy) = (vec![row.clone()], vec![energy(&row)]);
        let total = energy[0].row.clone();
        let mut lines = about("12", &rows, Time(3_700_000), &words);
        lines.extend(taken(&energy, &total, &words));
        lines.extend(paid(&price(), &words));
        lines.extend(advised(&advice(), &total, &words));
        lines.join("\n")
    }

    #[test]
    fn the_page() {
        insta::assert_snapshot!(page(row(), Language::English));
        insta::assert_snapshot!(page(row(), Language::French));
    }
}
