//! A small centre, submissions in one line, and a loop that does what the real centre does: apply, decide, apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    ArraySpec, Dependency, DependencyKind, DependencyTerm, Exit, Gid, IndexSet, JobId, JobSpec, Machine, Memory,
    Outcome, Owner, RunId, Span, Text, Time, TimeLimit, Uid, Usage,
};
use scheduler::{Config, Event, Finished, Impossible, Partition, PreemptMode, Qos, Refusal, State, Weights, What};

/// One o'clock, so that instants read easily in failures.
pub const T0: Time = Time(3_600_000);

/// Seconds after [`T0`].
pub fn at(seconds: i64) -> Time {
    T0 + Span::seconds(seconds)
}

pub fn config() -> Config {
    let qos = |name: &str, priority, preempts: &[&str], preempt_mode| Qos {
        name: name.to_owned(),
        priority,
        preempts: preempts.iter().map(|name| (*name).to_owned()).collect(),
        preempt_mode,
        max_cpus_per_user: None,
        max_jobs_per_user: None,
        max_cpus: None,
        max_time: TimeLimit::Unlimited,
        operators_only: name == "urgent",
        flexible: name == "patient",
    };
    Config {
        machine: Machine::regular("vm", 1, 4, 1, 4_000),
        partitions: vec![Partition {
            name: "main".to_owned(),
            default: true,
            up: true,
            max_time: TimeLimit::Span(Span::minutes(600)),
            default_time: TimeLimit::Span(Span::minutes(60)),
            default_memory: Memory::PerCpu(100),
            max_cores: None,
            priority: 0,
            allow_users: Vec::new(),
            allow_accounts: Vec::new(),
        }],
        qos: vec![
            qos("normal", 100, &[], PreemptMode::Off),
            qos("low", 0, &[], PreemptMode::Suspend),
            qos("scavenge", 0, &[], PreemptMode::Requeue),
            qos("spare", 0, &[], PreemptMode::Cancel),
            qos("patient", 100, &[], PreemptMode::Off),
            qos("urgent", 1000, &["low", "scavenge", "spare"], PreemptMode::Off),
        ],
        weights: Weights { age: 1_000, fair_share: 10_000, size: 0, partition: 1_000, qos: 5_000 },
        half_life: Span::minutes(7 * 24 * 60),
        max_age: Span::minutes(7 * 24 * 60),
        shares: BTreeMap::new(),
        requeue_delay: Span::seconds(120),
        max_array: 1_000_001,
        max_jobs: 1_000_000,
        max_submit_per_user: 1_000_000,
        kill_on_invalid_dep: false,
        min_job_age: Span::seconds(300),
        max_finished: 10_000,
        backfill: true,
        backfill_depth: 1_000,
        flexible: scheduler::Flexible::default(),
        nodes: Vec::new(),
        power: scheduler::power::Power::AlwaysOn,
    }
}

/// A one-CPU job of alice.
pub fn spec() -> JobSpec {
    JobSpec {
        account: "proj".to_owned(),
        submit_host: "vm".to_owned(),
        submit_line: Text::from("sbatch --wrap true"),
        ..JobSpec::plain(Text::from("wrap"), owner("alice", 1001), Text::from("/home/alice"))
    }
}

pub fn owner(user: &str, uid: u32) -> Owner {
    Owner { uid: Uid(uid), gid: Gid(uid), user: user.to_owned(), group: user.to_owned() }
}

pub fn cpus(count: u32) -> JobSpec {
    let mut spec = spec();
    spec.request.cpus_per_task = Some(count);
    spec
}

pub fn minutes(spec: JobSpec, minutes: i64) -> JobSpec {
    JobSpec { time_limit: TimeLimit::Span(Span::minutes(minutes)), ..spec }
}

pub fn array(first: u32, last: u32, limit: Option<u32>) -> JobSpec {
    let tasks = IndexSet::from_ranges([(first, last, 1)]).unwrap();
    JobSpec { array: Some(ArraySpec { tasks, limit }), ..spec() }
}

pub fn after(kind: DependencyKind, jobs: &[u32]) -> JobSpec {
    let term = |job: &u32| DependencyTerm { kind, job: Some(JobId(*job)), task: None };
    depend(jobs.iter().map(term).collect(), false)
}

pub fn depend(terms: Vec<DependencyTerm>, any: bool) -> JobSpec {
    JobSpec { dependency: Some(Dependency { terms, any }), ..spec() }
}

pub fn ok() -> Outcome {
    Outcome::Exited(Exit { code: 0, signal: 0 })
}

pub fn failed(code: u8) -> Outcome {
    Outcome::Exited(Exit { code, signal: 0 })
}

/// The centre without its effects: a state, its clock, and all that happened.
pub struct Centre {
    pub state: State,
    pub now: Time,
    pub log: Vec<Event>,
    pub finished: Vec<Finished>,
}

impl Centre {
    pub fn new(config: Config) -> Self {
        Centre { state: State::new(config), now: T0, log: Vec::new(), finished: Vec::new() }
    }

    /// Applies one event, and checks everything.
    pub fn apply(&mut self, what: What) -> Result<Vec<Finished>, Impossible> {
        let event = Event { at: self.now, what };
        let result = self.state.apply(&event);
        self.state.check().unwrap_or_else(|fault| panic!("after {event:?}: {fault}"));
        if let Ok(finished) = &result {
            self.log.push(event);
            self.finished.extend(finished.iter().cloned());
        }
        result
    }

    /// Decides and applies until there is nothing to decide; says what was decided.
    pub fn settle(&mut self) -> Vec<What> {
        let mut all = Vec::new();
        loop {
            let decision = self.state.decide(self.now);
            self.state.check().unwrap_or_else(|fault| panic!("after deciding: {fault}"));
            if decision.events.is_empty() {
                return all;
            }
            for what in decision.events {
                self.apply(what.clone()).unwrap_or_else(|error| panic!("{what:?} was decided but: {error}"));
                all.push(what);
            }
            assert!(all.len() < 100_000, "the scheduler does not come to rest: {:?}", &all[all.len() - 6..]);
        }
    }

    pub fn go_to(&mut self, now: Time) -> Vec<What> {
        self.now = now;
        self.settle()
    }

    pub fn try_submit(&mut self, spec: JobSpec, is_operator: bool) -> Result<JobId, Refusal> {
        let spec = self.state.admit(spec, is_operator)?;
        let id = self.state.next_id();
        self.apply(What::Submitted { id, spec: Some(Arc::new(spec)), known: Vec::new() }).unwrap();
        Ok(id)
    }

    /// Submits as an operator would, and decides.
    pub fn submit(&mut self, spec: JobSpec) -> JobId {
        let id = self.try_submit(spec, true).unwrap();
        self.settle();
        id
    }

    pub fn run_of(&self, id: JobId) -> RunId {
        self.state.job(id).unwrap().run()
    }

    pub fn end(&mut self, id: JobId, outcome: Outcome) -> Finished {
        let run = self.run_of(id);
        let mut finished = self.apply(What::Ended { run, outcome, usage: Usage::default() }).unwrap();
        self.settle();
        assert_eq!(finished.len(), 1);
        finished.remove(0)
    }

    /// `id state reason` of all records, one a line, as `squeue` would list them with finished ones.
    pub fn list(&self) -> String {
        let mut lines = Vec::new();
        let filter = scheduler::RowFilter { finished: true, ..Default::default() };
        self.state.rows(&filter, self.now, &mut |row| {
            let place = match &row.array {
                model::ArrayPlace::Single => row.id.to_string(),
                model::ArrayPlace::Task { base, index } => format!("{base}_{index}({})", row.id),
                model::ArrayPlace::Pending { base, tasks, limit } => {
                    let limit = limit.map(|limit| format!("%{limit}")).unwrap_or_default();
                    format!("{base}_[{tasks}{limit}]")
                }
            };
            let dependency = if row.dependency.is_empty() { "(null)" } else { &row.dependency };
            lines.push(format!("{place} {} {} {dependency}", row.state, row.reason));
        });
        lines.join("\n")
    }
}
