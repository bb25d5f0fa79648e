//! The account of the machine's energy between two commits: what was shared and is not in the file yet, and what a
//! restart takes up from it. Must not know when it is written, nor how anything is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use energy::account::Tariffs;
use energy::attribute;
use energy::live::{Holds, Live, Look, Record, Shared};
use energy::meter::Follower;
use energy::{Energy, Interval};
use model::{JobId, Machine, RunId, Span, Time};
use serde::{Deserialize, Serialize};
use store::{JobEnergy, Reader, Settled, StoreError};

/// So long what was shared may wait to be written: a crash finds it again in the meter's counter.
const PATIENCE: Span = Span::seconds(10);
/// So many records do not wait: they would be a long transaction.
const MOST_RECORDS: usize = 500;
/// Runs that were over so long before a meter answers again fell into its gap.
const GAP: Span = Span::minutes(5);

/// What a restart goes on from, as it is kept in the file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Resume {
    /// How far the machine's meters were followed,
    pub(crate) follower: Follower,
    /// and those of its GPUs, each.
    pub(crate) gpus: Vec<Follower>,
    /// CPU time of the machine up to which energy was shared.
    busy_us: u64,
    /// The start of the machine in which it was read last, where that is another machine.
    boot: String,
}

/// A run that is there, as the centre's state has it.
pub(crate) struct Running {
    pub(crate) run: RunId,
    pub(crate) start: Time,
    pub(crate) holds: Holds,
    /// Since when it stands still.
    pub(crate) suspended: Option<Time>,
}

/// A run that is over.
pub(crate) struct Over {
    pub(crate) run: RunId,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) holds: Holds,
    /// CPU time that it used in all.
    pub(crate) cpu_us: u64,
}

/// See the module.
pub(crate) struct Keeper {
    name: Arc<str>,
    /// What sharing needs to know of the machine.
    pub(crate) machine: attribute::Machine,
    live: Live<RunId>,
    resume: Resume,
    /// Shared since the last commit, and when the first of it was.
    shared: Vec<Shared>,
    since: Option<Time>,
    /// The meter was read for the first time: from there a restart goes on.
    is_news: bool,
    /// Records that a commit which failed did not write.
    unwritten: BTreeMap<(JobId, u32), JobEnergy>,
}

impl Keeper {
    /// Takes up the account from the file: `running` are the runs that are there now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn restore(
        reader: &Reader,
        topology: &Machine,
        machine: attribute::Machine,
        running: Vec<Running>,
    ) -> Result<Self, StoreError> {
        let over = |run: store::EndedRun| Over {
            run: RunId { job: run.job, attempt: run.attempt },
            start: run.start,
            end: run.end,
            holds: holds(topology, run.cpus.iter(), run.memory_mib, &run.gpus),
            cpu_us: run.cpu_us,
        };
        let ended = |since| Ok(reader.runs_ended_since(since)?.into_iter().map(over).collect());
        Self::restore_of(reader, Arc::from(topology.name.as_str()), machine, running, ended)
    }

    /// The same of any machine: `ended` tells the runs that were over after an instant and have not got all of its energy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn restore_of(
        reader: &Reader,
        name: Arc<str>,
        machine: attribute::Machine,
        running: Vec<Running>,
        ended: impl FnOnce(Time) -> Result<Vec<Over>, StoreError>,
    ) -> Result<Self, StoreError> {
        let resume: Option<Resume> = reader.resume(&name)?.and_then(|text| match serde_json::from_str(&text) {
            Ok(resume) => Some(resume),
            Err(why) => {
                // Another version's: what was measured stays, and measuring begins anew.
                crate::complain::complain!("what was last known of the meter cannot be read: {why}");
                None
            }
        });
        let known_until = resume.as_ref().and_then(|resume| resume.follower.known_until());
        let resume = resume.unwrap_or_default();
        let mut live = Live::new(resume.busy_us);
        for Running { run, start, holds, suspended } in running {
            live.begin(run, start, holds);
            if let Some(since) = suspended {
                live.stand_still(run, since, true);
            }
        }
        let ended = known_until.map_or(Ok(Vec::new()), ended)?;
        for over in &ended {
            live.begin(over.run, over.start, over.holds.clone());
        }
        for open in reader.job_energy_open(&name)? {
            let run = RunId { job: open.job, attempt: open.attempt };
            let is_known = live.running().any(|live| live == run);
            let (start, cpu_us) = (open.start, open.cpu_us);
            live.restore(record(open));
            if !is_known {
                // In no record of ours (a backup came back): it gets nothing more.
                live.end(run, known_until.unwrap_or(start), cpu_us);
            }
        }
        for over in ended {
            live.end(over.run, over.end, over.cpu_us);
        }
        let (shared, unwritten) = (Vec::new(), BTreeMap::new());
        Ok(Self { name, machine, live, resume, shared, since: None, is_news: false, unwritten })
    }

    pub(crate) fn resume(&self) -> &Resume {
        &self.resume
    }

    pub(crate) fn live(&mut self) -> &mut Live<RunId> {
        &mut self.live
    }

    /// The machine was off for this interval, and its meter has not been read since.
    pub(crate) fn close(&mut self, follower: Follower, off: Interval) {
        self.resume.follower = follower;
        self.shared.push(self.live.off(&off));
        self.resume.busy_us = self.live.busy_us();
        self.since = Some(off.end);
    }

    /// The machine whose meters are read was started at `at`, in the boot of this name. Where its meter began anew with it,
    /// the time before is closed.
    pub(crate) fn booted(&mut self, boot: &str, at: Time, is_inside: bool) {
        if self.resume.boot == boot {
            return;
        }
        let is_other = !std::mem::replace(&mut self.resume.boot, boot.to_owned()).is_empty();
        let mut follower = self.resume.follower.clone();
        if is_other
            && is_inside
            && let Some(off) = follower.restarted(at)
        {
            self.close(follower, off);
        }
    }

    /// No meter answers: what comes later is a gap for the runs that are over by now.
    pub(crate) fn give_up(&mut self, now: Time) {
        self.live.give_up(now - GAP);
    }

    /// Takes note of what the meters said, and of the CPU times of that moment.
    pub(crate) fn settle(
        &mut self,
        follower: Follower,
        intervals: &[Interval],
        look: Look<RunId>,
        gpus: &GpuEnergy,
        tariffs: Tariffs<'_>,
    ) {
        let now = follower.known_until();
        let is_first = self.resume.follower.known_until().is_none();
        self.resume.follower = follower;
        self.resume.gpus.clone_from(&gpus.followers);
        if is_first && intervals.is_empty() {
            self.live.begin_measuring(&look);
            self.is_news = true;
        }
        let shared = self.live.share(&self.machine, intervals, look, &gpus.energies, tariffs);
        self.resume.busy_us = self.live.busy_us();
        self.shared.extend(shared);
        if let Some(now) = now {
            self.since = self.since.or(Some(now));
        }
    }

    /// Compares with the runs that there are: after what was not written was forgotten, or by chance.
    pub(crate) fn agree(&mut self, now: Time, running: Vec<Running>) {
        let mut there = BTreeSet::new();
        for Running { run, start, holds, suspended } in running {
            there.insert(run);
            self.live.begin(run, start, holds);
            self.live.stand_still(run, now, suspended.is_some());
        }
        let gone: Vec<RunId> = self.live.running().filter(|run| !there.contains(run)).collect();
        gone.into_iter().for_each(|run| self.live.vanish(run, now));
    }

    /// Whether what waits should be written.
    pub(crate) fn is_due(&self, now: Time) -> bool {
        let is_old = self.since.is_some_and(|since| (now - since).0.abs() >= PATIENCE.0);
        is_old || self.is_news || self.live.waiting() >= MOST_RECORDS
    }

    /// What waits to be written; nothing if there is nothing.
    pub(crate) fn take(&mut self, now: Time) -> Option<Settled> {
        self.give_up(now);
        let mut jobs = std::mem::take(&mut self.unwritten);
        let records = self.live.take_records();
        jobs.extend(records.into_iter().map(|record| ((record.job.job, record.job.attempt), self.stored(record))));
        self.since = None;
        let samples = std::mem::take(&mut self.shared);
        if samples.is_empty() && jobs.is_empty() && !std::mem::take(&mut self.is_news) {
            return None;
        }
        self.is_news = false;
        let resume = serde_json::to_string(&self.resume).unwrap_or_default();
        Some(Settled { machine: self.name.clone(), samples, jobs: jobs.into_values().collect(), resume })
    }

    /// What was taken could not be written.
    pub(crate) fn put_back(&mut self, settled: Settled) {
        let Settled { mut samples, jobs, .. } = settled;
        samples.append(&mut self.shared);
        self.shared = samples;
        for job in jobs {
            self.unwritten.entry((job.job, job.attempt)).or_insert(job);
        }
    }

    fn stored(&self, record: Record<RunId>) -> JobEnergy {
        let Record { job, start, end, holds, cpu_us, measured_ms, account } = record;
        JobEnergy {
            job: job.job,
            attempt: job.attempt,
            machine: self.name.clone(),
            start,
            end,
            cpu_us,
            cores: holds.cores,
            memory_mib: holds.memory_mib,
            gpus: holds.gpus.len() as u32,
            measured_ms,
            account,
        }
    }
}

/// What the GPUs drew since the last interval, each, and how far their meters were followed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct GpuEnergy {
    pub(crate) energies: Vec<Energy>,
    pub(crate) followers: Vec<Follower>,
}

/// What a run holds, in the terms of sharing.
pub(crate) fn holds(
    machine: &Machine,
    cpus: impl Iterator<Item = u32>,
    memory_mib: Option<u64>,
    gpus: &[u32],
) -> Holds {
    let cpus: BTreeSet<u32> = cpus.collect();
    let is_held = |core: &&model::Core| core.threads.iter().any(|thread| cpus.contains(thread));
    let cores = machine.cores.iter().filter(is_held).count() as u32;
    Holds { cores, memory_mib: memory_mib.unwrap_or(0), gpus: gpus.to_vec() }
}

/// As it was kept. Which GPUs it held is known of the run itself.
fn record(stored: JobEnergy) -> Record<RunId> {
    let JobEnergy { job, attempt, start, end, cpu_us, cores, memory_mib, measured_ms, account, .. } = stored;
    let holds = Holds { cores, memory_mib, gpus: Vec::new() };
    Record { job: RunId { job, attempt }, start, end, holds, cpu_us, measured_ms, account }
}
