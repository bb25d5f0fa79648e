//! A file in a directory of its own, and small submissions.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc::channel},
};

use model::*;
use scheduler::{Finished, Placement, What};
use store::{Batch, BlobId, Db, Fact, Reader, Write, Writer};

pub struct File {
    _directory: tempfile::TempDir,
    pub path: PathBuf,
}

impl File {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("algoric.db");
        Db::open(&path).unwrap();
        Self { _directory: directory, path }
    }

    /// Writes one batch and waits until it is on disk.
    pub fn write(&self, writes: Vec<Write>) -> Result<(), store::StoreError> {
        let (db, _) = Db::open(&self.path)?;
        let (tell, hear) = channel();
        let writer = Writer::start(db, move |done| tell.send(done).unwrap()).unwrap();
        writer.send(Batch { number: 7, writes });
        let done = hear.recv().unwrap();
        assert_eq!(done.number, 7);
        done.result
    }

    pub fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap()
    }
}

pub fn spec(name: &str) -> JobSpec {
    let owner = Owner { uid: Uid(1001), gid: Gid(1001), user: "alice".into(), group: "alice".into() };
    JobSpec {
        account: "proj".into(),
        partition: "debug".into(),
        qos: "normal".into(),
        request: Request { memory: Memory::PerCpu(100), ..Request::default() },
        time_limit: TimeLimit::Span(Span::minutes(60)),
        // Not UTF-8, as file names may be.
        args: vec![Text::from(&b"caf\xe9"[..])],
        submit_host: "vm".into(),
        submit_line: Text::from("sbatch x.sh"),
        ..JobSpec::plain(Text::from(name), owner, Text::from("/home/alice/work"))
    }
}

pub fn event(at: i64, base: u32, what: What) -> Write {
    Write::Event { at: Time(at), base: Some(JobId(base)), fact: Box::new(Fact::Job(what)) }
}

/// The rows of a submission: script, environment, itself, its event.
pub fn submission(id: u32, spec: JobSpec) -> Vec<Write> {
    let (script, environment) = (BlobId(i64::from(id) * 2), BlobId(i64::from(id) * 2 + 1));
    let spec = Arc::new(spec);
    vec![
        Write::Blob { id: script, bytes: Arc::from(&b"#!/bin/sh\ntrue\n"[..]) },
        Write::Blob { id: environment, bytes: Arc::from(&b"A=1\0"[..]) },
        Write::Submission { id: JobId(id), at: Time(1000), spec: spec.clone(), script, environment },
        event(1000, id, What::Submitted { id: JobId(id), spec: Some(spec), known: Vec::new() }),
    ]
}

pub fn finished(job: u32, attempt: u32, state: JobState, exit: Exit) -> Finished {
    Finished {
        run: RunId { job: JobId(job), attempt },
        task: None,
        tasks: None,
        state,
        reason: Reason::None,
        exit,
        script_exit: exit,
        cancelled_by: None,
        eligible: Some(Time(1000)),
        start: Some(Time(2000)),
        end: Time(5000 + i64::from(attempt)),
        suspended: Span::ZERO,
        placement: Placement { cpus: [0, 1].into_iter().collect(), memory_mib: Some(200), gpus: vec![1] },
        usage: Usage { user_us: 10, system_us: 20, max_rss_kib: 30, read_bytes: 40, write_bytes: 50 },
        priority: 77,
        displaced_by: None,
    }
}

pub fn over(base: u32, finished: Finished) -> Write {
    Write::Run { base: JobId(base), finished: Box::new(finished), node: Arc::from("vm") }
}
