//! What projects used is counted with the runs, whatever comes after what, and stays when runs and names go.

use std::sync::Arc;

use energy::account::JobAccount;
use energy::carbon::Carbon;
use energy::contract::Cost;
use energy::{Energy, PerKwh};
use model::*;
use store::{EnergyWrite, JobEnergy, MoneyWrite, Settled, Used, UsedDay, Write};

use crate::support::*;

/// A run's energy: it is settled where `end` is told.
pub fn energy(job: u32, end: Option<i64>, uj: i64) -> Write {
    let cost = Cost { price: PerKwh(i128::from(uj) * 3_600_000_000_000), estimated: Energy(0) };
    let job = JobEnergy {
        job: JobId(job),
        attempt: 0,
        machine: Arc::from("smp1"),
        start: Time(2000),
        end: end.map(Time),
        cpu_us: 1,
        cores: 1,
        memory_mib: 1,
        gpus: 0,
        measured_ms: 1,
        account: JobAccount {
            dynamic: Energy(uj),
            idle: Energy(0),
            gpu: Energy(0),
            cost,
            carbon: Carbon::from_sums(PerKwh(0), PerKwh(0), Energy(0)),
        },
    };
    let settled = Settled { machine: Arc::from("smp1"), samples: Vec::new(), jobs: vec![job], resume: String::new() };
    Write::Energy(Box::new(EnergyWrite::Settled(settled)))
}

pub fn entry(number: u64, text: String) -> Write {
    Write::Money(Box::new(MoneyWrite::Entry { number, text: text.into(), hash: "00".into() }))
}

fn run(id: u32, name: &str) -> Vec<Write> {
    let mut writes = submission(id, spec(name));
    writes.push(over(id, finished(id, 0, JobState::Completed, Exit::default())));
    writes.push(Write::Close(JobId(id)));
    writes
}

/// What is counted: application, runs, energy, price. Months always have what their days have, name by name.
fn counted(file: &File) -> Vec<(String, i64, i64, i64)> {
    months_are_their_days(file);
    let mut found = Vec::new();
    file.reader()
        .used("proj", -10, 10, &mut |row: UsedDay| {
            let Used { runs, energy_uj, price_microeur, .. } = row.used;
            found.push((row.application, runs, energy_uj, price_microeur));
        })
        .unwrap();
    found
}

fn months_are_their_days(file: &File) {
    type Sums = std::collections::BTreeMap<(i64, u32, String), Used>;
    let (mut days, mut months) = (Sums::new(), Sums::new());
    // These days are in two months at most: the last one of 1969, the first one of 1970.
    let month = |day: i64| if day < 0 { -31 } else { 0 };
    let add = |sums: &mut Sums, row: UsedDay| {
        *sums.entry((month(row.day), row.uid.0, row.application)).or_default() += row.used
    };
    file.reader().used("proj", -31, 31, &mut |row| add(&mut days, row)).unwrap();
    file.reader().used_by_month("proj", -31, 31, &mut |row| add(&mut months, row)).unwrap();
    assert_eq!(days, months);
}

fn row(application: &str, runs: i64, energy: i64, price: i64) -> (String, i64, i64, i64) {
    (application.to_owned(), runs, energy, price)
}

#[test]
fn runs_are_counted_when_they_are_over_and_their_energy_whenever_it_is_known() {
    let file = File::new();
    file.write(run(1, "flood_01")).unwrap();
    assert_eq!(counted(&file), [row("flood_", 1, 0, 0)]);
    // Not settled yet; then settled; then settled again.
    for (end, uj, sum) in [(None, 5, 0), (Some(5000), 7, 7), (Some(5000), 9, 9)] {
        file.write(vec![energy(1, end, uj)]).unwrap();
        assert_eq!(counted(&file), [row("flood_", 1, sum, 0)]);
    }
    // Its energy before the run itself.
    file.write(vec![energy(2, Some(5000), 100)]).unwrap();
    file.write(run(2, "flood_02")).unwrap();
    assert_eq!(counted(&file), [row("flood_", 2, 109, 0)]);
    let mut rows = Vec::new();
    file.reader().used("proj", -10, 10, &mut |row| rows.push(row)).unwrap();
    let used = Used {
        runs: 2,
        completed: 2,
        cpu_ms: 2 * 2 * 3000,
        used_us: 60,
        waited_ms: 2000,
        energy_uj: 109,
        electricity_microeur: 109,
        ..Used::default()
    };
    assert_eq!(rows, [UsedDay { day: rows[0].day, uid: Uid(1001), application: "flood_".into(), used }]);
    assert!((-1..=0).contains(&rows[0].day), "the first day of 1970, somewhere");
}

#[test]
fn what_never_started_is_not_counted_and_what_has_no_text_for_a_name_is() {
    let file = File::new();
    let mut writes = submission(1, spec("a"));
    let mut never = finished(1, 0, JobState::Cancelled, Exit::default());
    never.start = None;
    writes.push(over(1, never));
    writes.extend(submission(2, JobSpec { name: Text::from(&b"caf\xe9"[..]), ..spec("x") }));
    writes.push(over(2, finished(2, 0, JobState::Failed, Exit::default())));
    file.write(writes).unwrap();
    assert_eq!(counted(&file), [row("?", 1, 0, 0)]);
}

#[test]
fn what_a_project_pays_is_counted_by_run() {
    let file = File::new();
    file.write([run(1, "hull"), run(2, "hull")].concat()).unwrap();
    let settle = |job: u32, amount: i64| {
        format!(r#"{{"what":{{"settle":{{"run":{{"job":{job},"attempt":0}},"counted":{{"amount":{amount}}}}}}}}}"#)
    };
    let back = r#"{"what":{"correct":{"run":{"job":1,"attempt":0},"counted":{"amount":-300}}}}"#.to_owned();
    let other = r#"{"what":{"pay":{"customer":"C1"}}}"#.to_owned();
    let entries = [settle(1, 500), settle(2, 70), back, other, "no json".to_owned(), settle(9, 1)];
    file.write(entries.into_iter().zip(1..).map(|(text, number)| entry(number, text)).collect()).unwrap();
    assert_eq!(counted(&file), [row("hull", 2, 0, 270)]);
}

#[test]
fn a_file_from_before_is_counted_as_one_from_now() {
    let file = File::new();
    file.write([run(1, "a1"), run(2, "a2"), run(3, "b")].concat()).unwrap();
    let text = r#"{"what":{"settle":{"run":{"job":3,"attempt":0},"counted":{"amount":11}}}}"#;
    file.write(vec![energy(1, Some(5000), 7), entry(1, text.to_owned())]).unwrap();
    let now = counted(&file);
    assert_eq!(now, [row("a", 2, 7, 0), row("b", 1, 0, 11)]);
    let sql = rusqlite::Connection::open(&file.path).unwrap();
    sql.execute_batch(
        "DROP TABLE agent; DROP TABLE agent_reading; DROP TABLE awaited; DROP TABLE form;
         DROP TRIGGER array_of_entry; DROP TRIGGER array_changes; DROP TRIGGER array_goes;
         DROP VIEW entry_priced; DROP VIEW task_used; DROP TABLE array_used; DROP INDEX ledger_entry_job;
         ALTER TABLE ledger_entry DROP COLUMN job; DROP TRIGGER usage_of_entry; DROP TRIGGER usage_with_energy; DROP TRIGGER usage_without_energy;
         DROP TRIGGER usage_of_new_run; DROP TRIGGER usage_of_old_run; DROP TRIGGER usage_of_run;
         DROP VIEW usage_change; DROP VIEW entry_paid; DROP VIEW run_used; DROP TABLE usage_day; DROP TABLE usage_month;
         ALTER TABLE project DROP COLUMN public; ALTER TABLE submission DROP COLUMN application;
         DROP INDEX submission_uid; DROP INDEX run_base; CREATE INDEX run_base ON run (base); DROP TABLE series;
         PRAGMA user_version = 6;",
    )
    .unwrap();
    drop(sql);
    store::Db::open(&file.path).unwrap();
    assert_eq!(counted(&file), now);
}

#[test]
fn what_was_used_stays_when_runs_and_names_go() {
    let file = File::new();
    file.write([run(1, "secret"), run(2, "plan")].concat()).unwrap();
    file.write(vec![Write::Prune(Time(i64::MAX / 2))]).unwrap();
    assert_eq!(counted(&file), [row("plan", 1, 0, 0), row("secret", 1, 0, 0)]);
    let erase = MoneyWrite::Erase { uid: Uid(1001), user: "alice".into(), pseudonym: "former-member-1".into() };
    file.write(vec![Write::Money(Box::new(erase))]).unwrap();
    assert_eq!(counted(&file), [row("erased", 2, 0, 0)]);
    file.write(run(3, "plan")).unwrap();
    file.write(vec![Write::Money(Box::new(MoneyWrite::Forget(Time(10 * 86_400_000))))]).unwrap();
    assert_eq!(counted(&file), [row("erased", 3, 0, 0)]);
}

#[test]
fn a_month_of_a_project_among_a_million_jobs() {
    let file = File::new();
    let sql = rusqlite::Connection::open(&file.path).unwrap();
    // Thirty projects of ten members with five applications, for a year: what a million jobs leave.
    sql.execute_batch(
        "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 547499)
         INSERT INTO usage_day SELECT 'p' || (i % 30), i / 1500, 1000 + i / 30 % 10, 'app' || (i / 300 % 5), 2, 2, 1, 1, 1, 1, 1, 1,
         1, 1 FROM n;",
    )
    .unwrap();
    let reader = file.reader();
    let read = |from, until| {
        let mut runs = 0;
        reader.used("p7", from, until, &mut |row| runs += row.used.runs).unwrap();
        runs
    };
    assert_eq!((read(100, 130), read(0, 365)), (30 * 50 * 2, 365 * 50 * 2));
    // By month: as much, of a thirtieth of the rows.
    let (mut runs, mut rows) = (0, 0);
    reader.used_by_month("p7", 0, 365, &mut |row| (runs, rows) = (runs + row.used.runs, rows + 1)).unwrap();
    assert_eq!((runs, rows), (365 * 50 * 2, 12 * 50));
}
