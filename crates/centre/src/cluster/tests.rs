//! Whatever is read of an accounting in whatever order of windows, the file has each run once.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, fmt::Write as _, sync::mpsc::channel};

use dialect::cluster::accounting::{self, Accounted, COLUMNS};
use model::Time;
use proptest::prelude::*;
use store::{AccountFilter, Batch, ClusterWrite, Db, Reader, Write, Writer};

use super::usage::{sift, sorted};

/// A made row of the accounting, in the real one's form, and when it ended.
#[derive(Clone, Debug)]
struct Made {
    key: u32,
    job: u32,
    task: Option<u32>,
    end: i64,
    ran: i64,
    state: &'static str,
    steps: u32,
}

impl Made {
    fn text(&self, cpus: u32) -> String {
        let mut text = String::new();
        let base = self.job - self.task.unwrap_or(0);
        let shown = self.task.map_or(format!("{}", self.job), |task| format!("{base}_{task}"));
        for step in std::iter::once(None).chain((0..self.steps).map(Some)) {
            for column in COLUMNS {
                let suffix = step.map_or(String::new(), |step| format!(".{step}"));
                let value = match column {
                    "DBIndex" => self.key.to_string(),
                    "JobIDRaw" => format!("{}{suffix}", self.job),
                    "JobID" => format!("{shown}{suffix}"),
                    "State" if step.is_some() => "COMPLETED".to_owned(),
                    "State" => self.state.to_owned(),
                    "Submit" => (self.end - self.ran - 5).to_string(),
                    "Start" => (self.end - self.ran).to_string(),
                    "End" => self.end.to_string(),
                    "ElapsedRaw" => self.ran.to_string(),
                    "UID" => "1001".to_owned(),
                    "User" => "alice".to_owned(),
                    "Account" => "flood".to_owned(),
                    "AllocCPUS" => cpus.to_string(),
                    "AllocNodes" => "1".to_owned(),
                    "NodeList" => "n1".to_owned(),
                    "ExitCode" => "0:0".to_owned(),
                    "JobName" => format!("job\n{}", base),
                    _ => String::new(),
                };
                write!(text, "{value}^").unwrap();
            }
            text.push('\n');
        }
        text
    }
}

/// Jobs, tasks of arrays, requeues: some number has several rows, each a while after the one before.
fn history() -> impl Strategy<Value = Vec<Made>> {
    let one = (0u32..6, 1i64..50, 0i64..40, 0u32..3);
    proptest::collection::vec(one, 1..30).prop_map(|rows| {
        let (mut end, mut last) = (1_000_000, BTreeMap::new());
        let made = (1u32..).zip(rows).map(|(key, (job, pause, ran, steps))| {
            end += pause;
            let job = 100 + job;
            let state = if last.insert(job, key).is_some() { "COMPLETED" } else { "REQUEUED" };
            // Numbers from 103 on are tasks of the array 102.
            Made { key, job, task: (job > 102).then(|| job - 102), end, ran, state, steps }
        });
        made.collect()
    })
}

struct File {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        Db::open(&path).unwrap();
        Self { _folder: folder, path }
    }

    /// Reads a window, as the thread does.
    fn read(&self, jobs: Vec<Accounted>, part: usize) {
        let reader = Reader::open(&self.path).unwrap();
        let (tell, hear) = channel();
        let (db, _) = Db::open(&self.path).unwrap();
        let writer = Writer::start(db, move |done| tell.send(done).unwrap()).unwrap();
        let mut jobs = sorted(jobs).into_iter().peekable();
        while jobs.peek().is_some() {
            let runs = sift(&reader, jobs.by_ref().take(part).collect()).unwrap();
            writer.send(Batch { number: 1, writes: vec![Write::Cluster(Box::new(ClusterWrite::Runs(runs.into())))] });
            hear.recv().unwrap().result.unwrap();
        }
    }

    /// Everything that anybody asks of it.
    fn told(&self) -> String {
        let reader = Reader::open(&self.path).unwrap();
        let filter = AccountFilter { steps: true, duplicates: true, ..AccountFilter::default() };
        let mut rows = Vec::new();
        reader.accounts(&filter, Vec::new(), &mut |part| rows.extend(part)).unwrap();
        let marks: Vec<_> = (100..110).map(|job| reader.cluster_runs(model::JobId(job)).unwrap()).collect();
        format!("{rows:#?}{marks:#?}")
    }
}

fn within(history: &[Made], from: i64, to: i64, cpus: u32) -> Vec<Accounted> {
    let text: String =
        history.iter().filter(|made| made.end >= from && made.end <= to).map(|made| made.text(cpus)).collect();
    accounting::read(text.as_bytes(), "^").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Any windows that leave no gap, whatever they overlap and how often they are repeated, give the same file.
    #[test]
    fn windows_do_not_matter(
        history in history(),
        cuts in proptest::collection::vec((0i64..1500, 0i64..400, 1usize..7), 0..6),
    ) {
        let end = history.last().map_or(0, |made| made.end);
        let whole = File::new();
        whole.read(within(&history, 0, end, 2), 1000);
        let cut = File::new();
        let (mut reached, mut part) = (1_000_000, 3);
        for (step, overlap, size) in cuts {
            part = size;
            cut.read(within(&history, reached - overlap, reached + step, 2), part);
            reached += step;
        }
        cut.read(within(&history, reached - 1, end, 2), part);
        cut.read(within(&history, 0, end, 2), part);
        prop_assert_eq!(whole.told(), cut.told());
    }

    /// A row that changes after it was read ends as it would have been read later.
    #[test]
    fn a_later_truth_counts(history in history(), early in 0i64..1000) {
        let end = history.last().map_or(0, |made| made.end);
        let late = File::new();
        late.read(within(&history, 0, end, 3), 1000);
        let mended = File::new();
        mended.read(within(&history, 0, 1_000_000 + early, 2), 5);
        mended.read(within(&history, 0, end, 3), 5);
        prop_assert_eq!(late.told(), mended.told());
    }
}

/// A number of the machine that began the centre is not taken by a job of the cluster.
#[test]
fn numbers_do_not_repeat() {
    let file = File::new();
    let made = |key, job| Made { key, job, task: None, end: 1000, ran: 1, state: "COMPLETED", steps: 0 };
    file.read(accounting::read(made(1, 100).text(1).as_bytes(), "^").unwrap(), 10);
    let mut run =
        sift(&Reader::open(&file.path).unwrap(), accounting::read(made(9, 101).text(1).as_bytes(), "^").unwrap())
            .unwrap()
            .remove(0);
    let (tell, hear) = channel();
    let (db, _) = Db::open(&file.path).unwrap();
    let writer = Writer::start(db, move |done| tell.send(done).unwrap()).unwrap();
    let spec = run.spec.clone();
    run.finished.run.attempt = 0;
    let writes = vec![
        Write::Cluster(Box::new(ClusterWrite::Submitted {
            id: model::JobId(101),
            at: Time(1),
            spec,
            script: store::BlobId(0),
        })),
        Write::Run { base: model::JobId(101), finished: Box::new(run.finished), node: "vm".into() },
    ];
    writer.send(Batch { number: 1, writes });
    hear.recv().unwrap().result.unwrap();
    file.read(accounting::read(made(2, 101).text(1).as_bytes(), "^").unwrap(), 10);
    let reader = Reader::open(&file.path).unwrap();
    assert_eq!(reader.cluster_runs(model::JobId(101)).unwrap(), []);
    assert_eq!(reader.cluster_runs(model::JobId(100)).unwrap().len(), 1);
}
