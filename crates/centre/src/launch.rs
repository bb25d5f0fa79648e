//! From a start that is on disk to the order that the launcher gets: files, environment, limits.

use crate::complain::complain;
use std::sync::Arc;

use dialect::{
    environ::Variable,
    environment::{Borrowed, Place},
    patterns,
};
use drivers::local::{
    protocol::{Environment, Hook, Launch, ScriptId},
    system,
};
use model::{ArrayPlace, JobId, JobSpec, QueueRow, RunId, Span, Text};
use scheduler::{RequeueCause, What};
use store::StoredSubmission;

use crate::core::Centre;

/// An order to launch that waits until its start is on disk.
pub(crate) struct Draft {
    order: Box<Launch>,
    stored: Arc<StoredSubmission>,
}

/// An operator's script may take so long.
const HOOK_LIMIT: Span = Span::minutes(5);

impl Centre {
    /// A submission, remembered or read back.
    pub(crate) fn submission(&mut self, base: JobId) -> Option<Arc<StoredSubmission>> {
        if let Some(known) = self.submissions.get(base) {
            return Some(known);
        }
        match self.reader.submission(base) {
            Ok(Some(stored)) => Some(self.submissions.remember(stored)),
            Ok(None) => None,
            Err(fault) => {
                complain!("{fault}");
                None
            }
        }
    }

    /// Draws up the orders to launch whose starts are being written, while the disk is at work.
    pub(crate) fn draft_launches(&mut self) {
        let under_way = self.journal.launches_under_way();
        self.drafts.retain(|run, _| under_way.contains(run));
        for run in under_way {
            if !self.drafts.contains_key(&run)
                && let Some(draft) = self.draft(run)
            {
                self.drafts.insert(run, draft);
            }
        }
    }

    /// Sends a run to the launcher. Its start is on disk.
    pub(crate) fn launch(&mut self, run: RunId) {
        if self.live_run(run.job) != Some(run) {
            return;
        }
        let Some(draft) = self.drafts.remove(&run).or_else(|| self.draft(run)) else {
            complain!("run {run} has no submission to launch; `algoric check` tells more");
            return self.not_launched(run);
        };
        if let Err(fault) = self.link.launch(draft.order, &draft.stored.script) {
            complain!("run {run} could not be sent to the launcher: {fault}");
            self.not_launched(run);
        }
    }

    fn draft(&mut self, run: RunId) -> Option<Draft> {
        let base = self.state.job(run.job)?.base();
        let row = self.state.row(run.job, self.now)?;
        let stored = self.submission(base)?;
        let order = Box::new(self.launch_order(run, &row, &stored));
        Some(Draft { order, stored })
    }

    /// A run whose order to launch never left: it did not begin, and goes back to the queue, held, for an operator to see.
    fn not_launched(&mut self, run: RunId) {
        let wanted = self.state.ending(run).is_none();
        self.record_own(What::Ended { run, outcome: model::Outcome::Lost, usage: model::Usage::default() });
        if wanted {
            self.record_own(What::Requeued { id: run.job, cause: RequeueCause::NodeFailure, hold: true });
        }
    }

    fn launch_order(&self, run: RunId, row: &QueueRow, stored: &StoredSubmission) -> Launch {
        let spec = &stored.spec;
        let machine = &self.state.config().machine;
        let placement = self.state.job(run.job).and_then(|job| job.placement().cloned()).unwrap_or_default();
        // Without a script the owner's commands have their own files.
        let [stdout, stderr, stdin] = if spec.batch { files(row, spec, &self.node) } else { [const { None }; 3] };
        let stderr = (stderr != stdout).then_some(stderr).flatten();
        let (prolog, epilog) = (self.hook(&self.file.scripts.prolog, row), self.hook(&self.file.scripts.epilog, row));
        Launch {
            run,
            script: ScriptId(stored.script_id.0.cast_unsigned()),
            label: shown_id(row),
            speaker: format!("slurmstepd-{}", self.node),
            owner: spec.owner.clone(),
            args: spec.args.clone(),
            env: self.job_environment(run, row, stored, &placement),
            pid_variables: vec!["SLURM_TASK_PID".to_owned()],
            workdir: spec.workdir.clone(),
            stdin,
            stdout,
            stderr,
            open_mode: spec.open_mode,
            umask: spec.umask,
            limits: spec.limits.clone(),
            cpus: if machine.simulated { model::CpuSet::default() } else { placement.cpus },
            memory_mib: self.file.limits.confined(placement.memory_mib),
            gpus: placement.gpus,
            nice: 0,
            oom_score_adj: 0,
            prolog,
            epilog,
        }
    }

    fn job_environment(
        &self,
        run: RunId,
        row: &QueueRow,
        stored: &StoredSubmission,
        placement: &scheduler::Placement,
    ) -> Environment {
        let spec = &stored.spec;
        let place = self.place(run, row, spec, placement);
        if !spec.batch {
            return Environment::from_pairs(dialect::environment::allocation(spec, &place));
        }
        let ours = dialect::environment::batch(spec, &place);
        let caller = stored.environment.split(|byte| *byte == 0).filter_map(|entry| {
            let at = entry.iter().position(|byte| *byte == b'=')?;
            Some((&entry[..at], &entry[at + 1..]))
        });
        let mut caller: Vec<Borrowed<'_>> = caller.collect();
        let usual_niceness = dialect::environment::niceness(0);
        let own = if spec.get_user_env { own_environment(spec.owner.uid) } else { Vec::new() };
        for (name, value) in &own {
            if !caller.iter().any(|(known, _)| known == name) {
                caller.push((name, value));
            }
        }
        // What did not come from a command (the portal) is submitted by nobody's process.
        let (name, value) = &usual_niceness;
        if !caller.iter().any(|(known, _)| known == name) {
            caller.push((name, value));
        }
        Environment::from_pairs(dialect::environment::completed(caller, &ours))
    }

    /// What describes a running allocation to its owner's commands.
    pub(crate) fn allocation_environment(&mut self, id: JobId) -> Vec<(Text, Text)> {
        let run = self.live_run(id);
        let base = self.state.job(id).map_or(id, |job| job.base());
        let (Some(run), Some(row), Some(stored)) = (run, self.state.row(id, self.now), self.submission(base)) else {
            return Vec::new();
        };
        let placement = self.state.job(id).and_then(|job| job.placement().cloned()).unwrap_or_default();
        let place = self.place(run, &row, &stored.spec, &placement);
        let pairs = dialect::environment::allocation(&stored.spec, &place);
        pairs.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect()
    }

    fn place<'a>(
        &'a self,
        run: RunId,
        row: &'a QueueRow,
        spec: &'a JobSpec,
        placement: &'a scheduler::Placement,
    ) -> Place<'a> {
        let array = match (&row.array, &spec.array) {
            (ArrayPlace::Task { base, index }, Some(array)) => Some((*base, *index, &array.tasks)),
            _ => None,
        };
        Place {
            job: run.job,
            array,
            name: row.name.as_bytes(),
            account: &row.account,
            partition: &row.partition,
            qos: &row.qos,
            cluster: &self.name,
            node: &self.node,
            cpus: row.cpus,
            memory: spec.request.memory,
            gpus: &placement.gpus,
            restarts: run.attempt,
            pid: None,
        }
    }

    fn hook(&self, path: &Option<String>, row: &QueueRow) -> Option<Hook> {
        let path = path.as_ref()?;
        let pairs = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
            ("SLURM_JOB_ID", row.id.to_string()),
            ("SLURM_JOB_UID", row.owner.uid.to_string()),
            ("SLURM_JOB_USER", row.owner.user.clone()),
            ("SLURM_JOB_PARTITION", row.partition.to_string()),
            ("SLURM_JOB_ACCOUNT", row.account.to_string()),
            ("SLURM_JOB_NAME", row.name.lossy().into_owned()),
            ("SLURM_CLUSTER_NAME", self.name.clone()),
            ("SLURMD_NODENAME", self.node.to_string()),
        ];
        Some(Hook { path: Text::from(path.as_str()), env: Environment::from_pairs(pairs), limit: HOOK_LIMIT })
    }
}

/// What every session of a user starts with, for jobs that take no environment along (`--export=NONE` and lists): from
/// the password database. What login scripts would add is not there.
fn own_environment(uid: model::Uid) -> Vec<Variable> {
    let Ok(Some(account)) = system::account_of(uid) else { return Vec::new() };
    let path = |path: std::path::PathBuf| path.into_os_string().into_encoded_bytes();
    let name = account.name.into_bytes();
    let own = [
        ("HOME", path(account.home)),
        ("SHELL", path(account.shell)),
        ("USER", name.clone()),
        ("LOGNAME", name),
        ("PATH", b"/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin".to_vec()),
    ];
    own.into_iter().map(|(name, value)| (name.as_bytes().to_vec(), value)).collect()
}

/// Output, error and input, patterns filled in; `None`: `/dev/null`.
pub(crate) fn files(row: &QueueRow, spec: &JobSpec, node: &str) -> [Option<Text>; 3] {
    let facts = patterns::Facts::of_record(row.id, &row.array, row.name.as_bytes(), &row.owner.user, node);
    patterns::batch_files(spec, &facts).map(|file| (file.as_bytes() != b"/dev/null").then_some(file))
}

/// The job as its owner names it.
pub(crate) fn shown_id(row: &QueueRow) -> String {
    match &row.array {
        ArrayPlace::Single => row.id.to_string(),
        ArrayPlace::Task { base, index } => format!("{base}_{index}"),
        ArrayPlace::Pending { base, tasks, .. } => format!("{base}_[{tasks}]"),
    }
}
