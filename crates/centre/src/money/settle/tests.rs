//! The same work costs the same, whichever engine ran it: from the record of a run to the lines of an issued invoice.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use dialect::cluster::accounting::{self, COLUMNS};
use jiff::tz::TimeZone;
use ledger::{
    book::Overrun,
    invoice::{
        Address, Asked, Customer, CustomerKind, Document, Fiscal, Language, SHIPPED, Seller, Status, issue, prepare,
    },
    journal::Journal,
    tariff::{self, Book, Category},
};
use model::CpuSet;
use proptest::prelude::*;

use super::*;
use crate::cluster::{ledger::held, told};

proptest! {
    /// The same record of usage is the same usage by either engine; all that comes after, up to the invoice, is the same
    /// code. Slurm counts threads, of whole cores.
    #[test]
    fn either_engine_holds_the_same(
        threads in 1u32..3,
        cores in 1u32..9,
        memory in proptest::option::of(0u64..100_000),
        gpus in 0u32..3,
        (start, ran, stopped) in (0i64..1_000_000, 0i64..100_000, 0i64..100_000),
    ) {
        let machine = Machine::regular("vm", 1, 8, threads, 100_000);
        let cpus: CpuSet = machine.cores.iter().take(cores as usize).flat_map(|core| core.threads.clone()).collect();
        let all: Vec<u32> = (0..gpus).collect();
        let (start, end, suspended) = (Time(start), Time(start + ran), Span(stopped.min(ran)));
        let here = Used { start, end, suspended, cpus: &cpus, memory_mib: memory, gpus: &all, is_exclusive: false };
        let there = held("vm".to_owned(), threads, (cpus.len() as u32, memory, gpus), (start, end - suspended));
        prop_assert_eq!(here.usage(&machine, "vm".to_owned()), there);
    }
}

/// A run of either engine: job, seconds from its start to its end, of these stopped, cores, memory (MiB), GPUs.
type Record = (u32, i64, i64, u32, u64, u32);

/// 5 October 2026 in the morning.
const BEGIN: i64 = 1_791_187_200;
const THREADS: u32 = 2;
const RECORDS: [Record; 5] = [
    (1, 3_600, 0, 4, 16_000, 0),
    (2, 86_399, 600, 8, 96_000, 0),
    (3, 1, 0, 1, 100, 0),
    (4, 7_777, 0, 3, 1_000, 2),
    (5, 12_345, 12_345, 2, 2_000, 0),
];

/// As the embedded engine's supervisor told it.
fn embedded(record: Record) -> Usage {
    let (job, ran, stopped, cores, memory, gpus) = record;
    let machine = Machine::regular("vm", 1, 8, THREADS, 100_000);
    let cpus: CpuSet = machine.cores.iter().take(cores as usize).flat_map(|core| core.threads.clone()).collect();
    let start = Time((BEGIN + i64::from(job) * 100_000) * 1000);
    let used = Used {
        start,
        end: start + Span::seconds(ran),
        suspended: Span::seconds(stopped),
        cpus: &cpus,
        memory_mib: Some(memory),
        gpus: &(0..gpus).collect::<Vec<_>>(),
        is_exclusive: false,
    };
    used.usage(&machine, "nehalem".to_owned())
}

/// As Slurm's accounting tells it: the row is made, in the form of 22.05.8.
fn accounted(record: Record) -> Usage {
    let (job, ran, stopped, cores, memory, gpus) = record;
    let start = BEGIN + i64::from(job) * 100_000;
    let cpus = cores * THREADS;
    let gres = if gpus > 0 { format!(",gres/gpu={gpus}") } else { String::new() };
    let tres = format!("billing={cpus},cpu={cpus}{gres},mem={memory}M,node=1");
    let mut row = String::new();
    for column in COLUMNS {
        let value = match column {
            "DBIndex" | "JobID" | "JobIDRaw" => job.to_string(),
            "State" => "COMPLETED".to_owned(),
            "Submit" | "Eligible" | "Start" => start.to_string(),
            "End" => (start + ran).to_string(),
            "ElapsedRaw" => (ran - stopped).to_string(),
            "UID" => "1001".to_owned(),
            "User" => "alice".to_owned(),
            "Account" => "flood".to_owned(),
            "Partition" => "main".to_owned(),
            "AllocCPUS" => cpus.to_string(),
            "AllocNodes" => "1".to_owned(),
            "AllocTRES" | "ReqTRES" => tres.clone(),
            "NodeList" => "n1".to_owned(),
            "ExitCode" => "0:0".to_owned(),
            _ => String::new(),
        };
        write!(row, "{value}^").unwrap();
    }
    let read = accounting::read((row + "\n").as_bytes(), "^").unwrap();
    let run = told::run(read.into_iter().next().unwrap(), 0, false).unwrap();
    let over = &run.finished;
    let when = (over.start.unwrap(), over.end - over.suspended);
    held("nehalem".to_owned(), THREADS, (run.cpus, over.placement.memory_mib, run.gpus), when)
}

/// October's invoice of these usages.
fn invoice(usages: impl Iterator<Item = (u32, Usage)>) -> Document {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let tariffs = Book::parse(tariff::SHIPPED, zone.clone()).unwrap();
    let mut journal = Journal::default();
    let mut entries = Vec::new();
    for (job, usage) in usages {
        let end = usage.end;
        let lines = price(&tariffs, Category::Company, &[usage]).unwrap();
        let ended =
            Ended { project: "flood".into(), member: 7, run: RunId { job: JobId(job), attempt: 0 }, usage: lines };
        let what = book::settle(&journal, ended, Overrun::Centre).unwrap();
        entries.push(journal.post(end, Day::of(end, &zone), what).unwrap().entry);
    }
    let address = Address {
        lines: vec!["1, rue du Port".into()],
        postcode: "56400".into(),
        town: "Auray".into(),
        country: "FR".into(),
    };
    let customer = Customer {
        id: "C1".into(),
        name: "C1 SARL".into(),
        kind: CustomerKind::Business,
        category: Category::Company,
        language: Language::Fr,
        address: address.clone(),
        siren: "987654321".into(),
        vat_number: String::new(),
        terms_days: 30,
    };
    let seller = Seller {
        name: "Fablab du Loch".into(),
        address,
        siren: "123456789".into(),
        siret: "12345678900012".into(),
        vat_number: "FR00123456789".into(),
        ..Seller::default()
    };
    let (fiscal, today) = (Fiscal::parse(SHIPPED).unwrap(), "2026-11-02".parse().unwrap());
    let regime = fiscal.regime(Status::Vat, today).unwrap();
    let asked = Asked { journal: &journal, entries: &entries, customer: &customer, projects: &["flood"], regime };
    let draft = prepare(&asked, "2026-10".parse().unwrap(), today).unwrap();
    issue(&draft, &journal, &seller, &fiscal, Status::Vat, today).unwrap().1
}

/// The history of the embedded engine and its twin in Slurm's accounting are two invoices that are the same, line by line, job
/// by job, tax by tax, to the hash of the ledger that they stand on.
#[test]
fn the_same_records_are_the_same_invoice() {
    let each = |usage: fn(Record) -> Usage| RECORDS.into_iter().map(move |record| (record.0, usage(record)));
    let (here, there) = (invoice(each(embedded)), invoice(each(accounted)));
    for (one, other) in here.lines.iter().zip(&there.lines) {
        assert_eq!(one, other);
    }
    assert_eq!(here.annex, there.annex);
    assert_eq!(here, there);
    assert!(here.lines.len() >= 2 && here.total > model::Money::ZERO && here.annex.len() == 4, "{here:#?}");
    // A second more is another invoice.
    let longer = |record: Record| {
        embedded((record.0, record.1 + i64::from(record.0 == 2), record.2, record.3, record.4, record.5))
    };
    assert_ne!(invoice(RECORDS.into_iter().map(|record| (record.0, longer(record)))), there);
}
