//! `algoric job`: what a job was, what it took, and what its next run should ask for.

use api::{AccountQuery, EnergyReply, EnergyRequest, OwnerRow, Reply, Request, RunEnergy, RunsReport};
use energy::{
    Energy,
    advice::{Advice, Bill, Ending, Remark, Room, Run, advise},
};
use model::{AccountRow, JobState, Memory, NodeRow, Span, Time, TimeLimit};
use serde::Serialize;

use super::{
    House,
    energy::{ask, footnotes, grams, percent},
    why::target,
};
use crate::{
    client::{Client, ClientError},
    console, exit,
    report::Fault,
    show,
    words::Words,
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
    next: Option<Next>,
}

/// What the next run should ask for.
#[derive(Serialize)]
struct Next {
    busy_milli: u64,
    memory_mib: u64,
    lines: Vec<String>,
    saved_uj: i64,
    saved_microeur: i64,
    remarks: Vec<&'static str>,
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
    let EnergyReply::Runs(report) = ask(&mut centre, EnergyRequest::Runs(target))? else {
        return Err(ClientError::Unfit.into());
    };
    let words = &house.words;
    let RunsReport { total, runs: energy, meters, is_assumed } = report;
    let next = advice(&rows, &energy, &total, &room(&mut centre)?);
    if args.json {
        let next = next.as_ref().map(|advice| to_json(advice, &rows));
        show::json(&Page { runs: rows, energy, total, next })?;
        return Ok(exit::OK);
    }
    let now = Time(jiff::Timestamp::now().as_millisecond());
    let mut lines = about(&args.job, &rows, now, words);
    lines.extend(taken(&energy, &total, words));
    if let Some(advice) = &next {
        lines.push(String::new());
        lines.extend(advised(advice, &rows, &total, words));
    }
    let notes = footnotes(&meters, is_assumed, total.guessed_uj, words);
    if !notes.is_empty() && !energy.is_empty() {
        lines.push(String::new());
        lines.push(notes.trim_end().to_owned());
    }
    console::line(lines.join("\n"));
    Ok(exit::OK)
}

/// The machine that jobs have their parts of.
fn room(centre: &mut Client) -> Result<Room, ClientError> {
    let Reply::Nodes(nodes) = centre.ask(&Request::Nodes)? else { return Err(ClientError::Unfit) };
    let cores = |node: &NodeRow| node.cpus.div_ceil(node.threads_per_core.max(1));
    let memory_mib = nodes.iter().map(|node| node.memory_mib).sum();
    Ok(Room { cores: nodes.iter().map(cores).sum(), memory_mib })
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
    row.usage.map_or(0, |usage| (usage.user_us + usage.system_us) / (elapsed.0.max(1) as u64))
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

/// Advice from the runs that are over; those that broke count only where there are no others.
fn advice(rows: &[AccountRow], energy: &[RunEnergy], total: &OwnerRow, room: &Room) -> Option<Advice> {
    let runs: Vec<Run> = rows.iter().filter_map(|row| run_of(row, energy)).collect();
    let whole: Vec<Run> = runs.iter().copied().filter(|run| run.ending != Ending::Broken).collect();
    let bill = Bill { total: Energy(total.energy_uj), idle: Energy(total.idle_uj), microeur: total.microeur };
    advise(if whole.is_empty() { &runs } else { &whole }, room, &bill)
}

fn run_of(row: &AccountRow, energy: &[RunEnergy]) -> Option<Run> {
    let usage = row.usage.filter(|_| row.state.is_final())?;
    let (start, end) = (row.start?, row.end?);
    let cores = energy.iter().find(|run| run.job == row.id && run.attempt == row.attempt).map(|run| run.cores);
    Some(Run {
        ending: match row.state {
            JobState::Completed => Ending::Done,
            JobState::Timeout => Ending::OutOfTime,
            JobState::OutOfMemory => Ending::OutOfMemory,
            _ => Ending::Broken,
        },
        elapsed: Span(((end - start).0 - row.suspended.0).max(0)),
        limit: row.time_limit.span(),
        cpus: row.cpus,
        cores: cores.unwrap_or(row.cpus),
        memory_mib: row.memory_mib,
        cpu_us: usage.user_us.saturating_add(usage.system_us),
        max_rss_kib: usage.max_rss_kib,
    })
}

/// The lines for the next script, in the form in which this one asked.
fn lines(advice: &Advice, row: &AccountRow) -> Vec<String> {
    let mut lines = Vec::new();
    let tasks = row.tasks.max(1);
    let cpus = match advice.next_cpus {
        // Tasks of several CPUs each keep their number; tasks of one CPU are fewer.
        Some(next) if tasks > 1 && row.cpus_requested <= tasks => {
            lines.push(format!("#SBATCH --ntasks={next}"));
            next
        }
        Some(next) => {
            let per_task = next.div_ceil(tasks);
            lines.push(format!("#SBATCH --cpus-per-task={per_task}"));
            per_task * tasks
        }
        None => row.cpus,
    };
    if let Some(mib) = advice.next_memory_mib {
        lines.push(match row.memory {
            Memory::PerCpu(_) => format!("#SBATCH --mem-per-cpu={}", amount(mib.div_ceil(cpus.max(1).into()))),
            _ => format!("#SBATCH --mem={}", amount(mib)),
        });
    } else if let (Memory::PerCpu(_), Some(next), Some(had)) = (row.memory, advice.next_cpus, row.memory_mib) {
        // Fewer CPUs must not mean less memory where all of it was needed.
        if u64::from(next) < u64::from(row.cpus) {
            lines.push(format!("#SBATCH --mem-per-cpu={}", amount(had.div_ceil(cpus.max(1).into()))));
        }
    }
    if let Some(limit) = advice.next_limit {
        lines.push(format!("#SBATCH --time={}", dialect::text::shown(|out| dialect::text::put_full_span(out, limit))));
    }
    lines
}

/// Memory as `--mem` takes it.
fn amount(mib: u64) -> String {
    dialect::text::shown(|out| dialect::text::put_memory(out, mib))
}

/// The advice in words.
fn advised(advice: &Advice, rows: &[AccountRow], total: &OwnerRow, words: &Words) -> Vec<String> {
    let mut said: Vec<String> =
        advice.remarks.iter().map(|remark| words.say(&format!("advice-{}", remark_name(*remark)))).collect();
    let Some(row) = rows.first() else { return said };
    let next = lines(advice, row);
    if next.is_empty() {
        return said;
    }
    said.push(words.say("advice-next"));
    said.extend(next.into_iter().map(|line| format!("  {line}")));
    if advice.saved > Energy::ZERO {
        said.push(words.with(
            "advice-saves",
            &[
                ("energy", words.energy(advice.saved.0).into()),
                ("euros", words.euros(advice.saved_microeur).into()),
                ("percent", percent(advice.saved.0, total.energy_uj).into()),
            ],
        ));
    }
    if advice.next_cpus.is_some() {
        said.push(words.say("advice-phases"));
    }
    if advice.next_limit.is_some() && advice.saved == Energy::ZERO {
        said.push(words.say("advice-sooner"));
    }
    said
}

fn remark_name(remark: Remark) -> &'static str {
    match remark {
        Remark::TooShort => "too-short",
        Remark::Broken => "broken",
        Remark::OutOfTime => "out-of-time",
        Remark::OutOfMemory => "out-of-memory",
        Remark::Fits => "fits",
    }
}

fn to_json(advice: &Advice, rows: &[AccountRow]) -> Next {
    Next {
        busy_milli: advice.busy_milli,
        memory_mib: advice.memory_mib,
        lines: rows.first().map(|row| lines(advice, row)).unwrap_or_default(),
        saved_uj: advice.saved.0,
        saved_microeur: advice.saved_microeur,
        remarks: advice.remarks.iter().map(|remark| remark_name(*remark)).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use model::{Exit, JobId, Owner, Reason, Uid, Usage};

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

    const ROOM: Room = Room { cores: 16, memory_mib: 32_768 };

    /// The page of such a run.
    fn page(row: AccountRow, language: Language) -> String {
        let words = Words::new(language, TimeZone::UTC);
        let (rows, energy) = (vec![row.clone()], vec![energy(&row)]);
        let total = energy[0].row.clone();
        let advice = advice(&rows, &energy, &total, &ROOM).unwrap();
        let mut lines = about("12", &rows, Time(3_700_000), &words);
        lines.extend(taken(&energy, &total, &words));
        lines.extend(advised(&advice, &rows, &total, &words));
        lines.join("\n")
    }

    #[test]
    fn the_page() {
        insta::assert_snapshot!(page(row(), Language::English));
        insta::assert_snapshot!(page(row(), Language::French));
    }

    #[test]
    fn lines_ask_as_the_script_did() {
        let check = |row: AccountRow, expected: &[&str]| {
            let rows = vec![row.clone()];
            let total = energy(&row).row;
            let advice = advice(&rows, &[energy(&row)], &total, &ROOM).unwrap();
            assert_eq!(lines(&advice, &row), expected);
        };
        check(row(), &["#SBATCH --cpus-per-task=1", "#SBATCH --mem=1280M", "#SBATCH --time=01:15:00"]);
        // Tasks of one CPU are fewer; tasks of several keep their number, each with fewer.
        check(
            AccountRow { tasks: 8, ..row() },
            &["#SBATCH --ntasks=1", "#SBATCH --mem=1280M", "#SBATCH --time=01:15:00"],
        );
        let two = Usage { user_us: 2 * 3_600_000_000, ..row().usage.unwrap() };
        check(
            AccountRow { tasks: 2, usage: Some(two), memory: Memory::PerCpu(2048), ..row() },
            &["#SBATCH --cpus-per-task=1", "#SBATCH --mem-per-cpu=640M", "#SBATCH --time=01:15:00"],
        );
        // All memory was needed: fewer CPUs need more each.
        let full = Usage { max_rss_kib: 15 << 20, ..row().usage.unwrap() };
        let limit = TimeLimit::Unlimited;
        check(
            AccountRow { usage: Some(full), memory: Memory::PerCpu(2048), time_limit: limit, ..row() },
            &["#SBATCH --cpus-per-task=1", "#SBATCH --mem-per-cpu=16G"],
        );
        check(AccountRow { state: JobState::Cancelled, ..row() }, &[]);
        check(
            AccountRow { state: JobState::OutOfMemory, ..row() },
            &["#SBATCH --cpus-per-task=1", "#SBATCH --mem=24G", "#SBATCH --time=01:15:00"],
        );
    }
}
