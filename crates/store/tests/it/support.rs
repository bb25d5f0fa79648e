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
    JobSpec {
        name: Text::from(name),
        owner: Owner { uid: Uid(1001), gid: Gid(1001), user: "alice".into(), group: "alice".into() },
        account: "proj".into(),
        partition: "debug".into(),
        qos: "normal".into(),
        request: Request {
            tasks: None,
            cpus_per_task: None,
            nodes: None,
            tasks_per_node: None,
            memory: Memory::PerCpu(100),
            gpus: 0,
            gpu_type: None,
            exclusive: false,
            threads_per_core: None,
        },
        time_limit: TimeLimit::Span(Span::minutes(60)),
        time_min: None,
        array: None,
        dependency: None,
        kill_on_invalid_dep: None,
        begin: None,
        deadline: None,
        hold: false,
        requeue: true,
        nice: 0,
        priority: None,
        signal: None,
        reservation: None,
        comment: None,
        wckey: None,
        mail: MailEvents::default(),
        mail_user: None,
        workdir: Text::from("/home/alice/work"),
        stdin: None,
        stdout: None,
        stderr: None,
        open_mode: OpenMode::Truncate,
        command: None,
        // Not UTF-8, as file names may be.
        args: vec![Text::from(&b"caf\xe9"[..])],
        export: None,
        get_user_env: false,
        umask: 0o022,
        limits: Limits::default(),
        submit_host: "vm".into(),
        submit_dir: Text::from("/home/alice/work"),
        submit_line: Text::from("sbatch x.sh"),
        features: None,
        batch: true,
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
