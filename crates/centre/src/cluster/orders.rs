//! What members want done on the cluster: by Slurm's own commands, run as the member by the launcher, so that Slurm itself
//! says who may do what. An operator's orders about others are run by the centre, which is Slurm's operator. Must not know
//! how a process is started.

use std::sync::Arc;

use api::{CancelFilter, JobForm, JobTarget, Refusal, RefusalCode, Reply, Request, Submission, UpdateChange};
use dialect::cluster::{
    nodes,
    orders::{self, complaint, submitted, would_start},
    pairs,
};
use drivers::local::protocol::{Command, Environment, Order};
use model::{CpuSet, JobId, JobSpec, JobState, Owner, QueueDetail, Span, Text, TimeLimit};
use store::{ClusterWrite, Write};

use super::{Queued, Said};
use crate::{
    complain::complain,
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    submit::is_short,
};

/// What an answer of one of Slurm's commands is for.
pub(crate) enum Doing {
    /// A submission: what is written once it has a number.
    Submit(ConnId, Arc<JobSpec>, Vec<u8>, Option<JobForm>),
    /// `--test-only`.
    Test(ConnId, Box<JobSpec>),
    /// The same, for a quote.
    Quote(ConnId, Box<JobSpec>),
    /// A job that waited here when the cluster came.
    Move(JobId, Arc<JobSpec>, store::BlobId),
    /// An order about so many jobs.
    Order(ConnId, u32),
    /// An order about machines, in a few words.
    Machines(String),
}

/// With more jobs in the queue than this, to work out when another one would start costs slurmctld too much to be asked
/// while somebody types.
const MOST_FOR_QUOTES: usize = 2000;

type Unanswered = Result<Option<Request>, Refusal>;

/// A start so soon is no wait.
const AT_ONCE: Span = Span::seconds(5);

/// Why Slurm would not take a job, if that is what it says.
fn refusal(said: &str) -> Option<String> {
    said.contains("allocation failure").then(|| complaint(said))
}

/// What of the caller's environment goes along: what describes another job is not this one's.
fn along(environment: &[(Text, Text)], more: Option<(&[u8], &[u8])>) -> Environment {
    let own = |name: &Text| ["SLURM_", "SBATCH_"].iter().any(|start| name.as_bytes().starts_with(start.as_bytes()));
    let kept = environment.iter().filter(|(name, _)| !own(name));
    let pairs: Vec<(&[u8], &[u8])> =
        kept.map(|(name, value)| (name.as_bytes(), value.as_bytes())).chain(more).collect();
    Environment::from_pairs(pairs)
}

impl Centre {
    /// Passes an order on; what is none of Slurm's is given back.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn cluster_orders(&mut self, conn: ConnId, peer: Peer, request: Request) -> Unanswered {
        let is_there =
            |centre: &Self, target: &JobTarget| centre.cluster.as_ref().is_some_and(|cluster| cluster.has(target));
        match request {
            Request::Submit(submission) => self.submit_there(conn, peer, *submission)?,
            Request::Cancel(filter) if filter.targets.iter().any(|target| is_there(self, target)) => {
                self.cancel_there(conn, peer, &filter)?;
            }
            Request::Hold(target) if is_there(self, &target) => self.control(conn, peer, &["hold"], &target)?,
            Request::Release(target) if is_there(self, &target) => self.control(conn, peer, &["release"], &target)?,
            Request::Suspend(target) if is_there(self, &target) => self.control(conn, peer, &["suspend"], &target)?,
            Request::Resume(target) if is_there(self, &target) => self.control(conn, peer, &["resume"], &target)?,
            Request::Requeue { target, hold } if is_there(self, &target) => {
                self.control(conn, peer, &[if hold { "requeuehold" } else { "requeue" }], &target)?;
            }
            Request::Update { target, changes } if is_there(self, &target) => {
                let changes = changes.iter().map(change).collect::<Option<Vec<String>>>();
                let changes = changes.ok_or_else(|| {
                    refuse(RefusalCode::Other, "Slurm runs the jobs here: change this by its own scontrol update")
                })?;
                self.update_there(conn, peer, &target, &changes)?;
            }
            Request::Details(targets) if targets.iter().any(|target| is_there(self, target)) => {
                self.details_there(conn, peer, &targets)?;
            }
            Request::Wait(id) if is_there(self, &JobTarget { id, tasks: None }) => self.wait_there(conn, peer, id)?,
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    /// The wish as Slurm will see it: whose it is, and for which project. The rest is Slurm's to judge.
    pub(crate) fn admit_there(&mut self, peer: Peer, mut spec: JobSpec) -> Result<JobSpec, Refusal> {
        spec.owner = (*self.people.owner(peer.uid, peer.gid)).clone();
        let is_operator = self.people.is_operator(peer.uid);
        spec.account = self
            .people
            .account(&spec.owner.user, &spec.account, is_operator)
            .map_err(|name| refuse(RefusalCode::InvalidAccount, name))?;
        let park = self.cluster.as_ref().map(|cluster| &cluster.park);
        let partitions = park.map_or(&[][..], |park| &park.partitions);
        let named = partitions.iter().find(|partition| match spec.partition.as_str() {
            "" => partition.default,
            name => partition.name == name,
        });
        if let Some(partition) = named {
            spec.partition.clone_from(&partition.name);
            if spec.time_limit == TimeLimit::Default {
                spec.time_limit = match partition.default_time {
                    TimeLimit::Default => partition.max_time,
                    limit => limit,
                };
            }
        }
        if spec.qos.is_empty() {
            spec.qos = "normal".to_owned();
        }
        Ok(spec)
    }

    fn submit_there(&mut self, conn: ConnId, peer: Peer, submission: Submission) -> Result<(), Refusal> {
        let Submission { spec, script, environment, test_only, form } = submission;
        let spec = self.admit(peer, JobSpec { batch: true, ..spec }, &script, &environment)?;
        is_short(form.as_ref())?;
        let offered = self.offer(&spec)?;
        offered.as_ref().map_or(Ok(()), |offered| self.covered(offered))?;
        if test_only {
            let doing = Doing::Test(conn, Box::new(spec.clone()));
            self.try_there(&spec, script, &environment, doing);
            return Ok(());
        }
        let (owner, workdir, text) = (spec.owner.clone(), spec.workdir.clone(), Text::from(script.clone()));
        let (words, environment) = (orders::sbatch(&spec), along(&environment, None));
        let doing = Doing::Submit(conn, Arc::new(spec), script, form);
        self.run_as(owner, words, environment, workdir, text, doing);
        Ok(())
    }

    /// Has Slurm asked for a quote when a job would start, if that is cheap enough; `false`: it is not asked.
    pub(crate) fn quote_there(
        &mut self,
        conn: ConnId,
        spec: &JobSpec,
        script: Vec<u8>,
        environment: &[(Text, Text)],
    ) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        let is_own = |doing: &Doing| matches!(doing, Doing::Quote(_, other) if other.owner.uid == spec.owner.uid);
        // One at a time for each: forms ask as one types.
        if cluster.fault.is_some() || cluster.queue.len() > MOST_FOR_QUOTES || cluster.doing.values().any(is_own) {
            return false;
        }
        let doing = Doing::Quote(conn, Box::new(spec.clone()));
        self.try_there(spec, script, environment, doing);
        true
    }

    /// `sbatch --test-only` as the member.
    fn try_there(&mut self, spec: &JobSpec, script: Vec<u8>, environment: &[(Text, Text)], doing: Doing) {
        let mut words = orders::sbatch(spec);
        words.insert(1, b"--test-only".to_vec());
        let environment = along(environment, Some((b"SLURM_TIME_FORMAT", b"%s")));
        // The folder of a job that is only tried need not be there yet.
        self.run_as(spec.owner.clone(), words, environment, Text::from("/"), Text::from(script), doing);
    }

    /// Lets the launcher run one of Slurm's commands as a member.
    pub(super) fn run_as(
        &mut self,
        owner: Owner,
        words: Vec<Vec<u8>>,
        env: Environment,
        workdir: Text,
        input: Text,
        doing: Doing,
    ) {
        let Some(cluster) = &mut self.cluster else { return };
        cluster.last_order += 1;
        let number = cluster.last_order;
        cluster.doing.insert(number, doing);
        let slurm = &cluster.slurm;
        let mut words: Vec<Text> = words.into_iter().map(Text::from).collect();
        if let (Some(folder), Some(first)) = (&slurm.folder, words.first_mut()) {
            *first = Text::from(folder.join(first.lossy().as_ref()).into_os_string().into_encoded_bytes());
        }
        let conf = slurm.conf.iter().map(|conf| ("SLURM_CONF", conf.as_os_str().as_encoded_bytes()));
        let env = env.and_pairs(conf);
        self.order(&Order::Command(Box::new(Command { number, owner, words, env, workdir, input })));
    }

    /// A command that ran as a member has ended.
    pub(crate) fn command_told(&mut self, number: u64, code: Option<u8>, output: &Text, said: &Text) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(doing) = cluster.doing.remove(&number) else { return };
        if !matches!(doing, Doing::Quote(..)) {
            cluster.look_soon();
        }
        let refused = || Reply::Refused(refuse(RefusalCode::Other, complaint(&said.lossy())));
        match doing {
            Doing::Submit(conn, spec, script, form) => match submitted(&output.lossy()).filter(|_| code == Some(0)) {
                Some(id) => self.has_number(conn, id, spec, script, form),
                None => self.reply(conn, &refused()),
            },
            Doing::Test(conn, spec) if code == Some(0) => {
                let name = || self.cluster.as_ref().map_or(String::new(), |cluster| cluster.park.name.clone());
                // A Slurm that words it otherwise has taken it all the same.
                let otherwise = || (self.state.next_id(), None, spec.request.cpus(), name(), spec.partition.clone());
                let told =
                    would_start(&said.lossy()).map(|(id, start, cpus, node, part)| (id, Some(start), cpus, node, part));
                let (id, start, cpus, node, partition) = told.unwrap_or_else(otherwise);
                self.reply(conn, &Reply::WouldStart { id, start, cpus, partition, node });
            }
            Doing::Quote(conn, spec) => match refusal(&said.lossy()).filter(|_| code != Some(0)) {
                Some(detail) => self.reply(conn, &Reply::Refused(refuse(RefusalCode::Other, detail))),
                None => {
                    let start = would_start(&said.lossy()).map(|(_, start, ..)| start).filter(|_| code == Some(0));
                    // Slurm counts whole seconds, and begins its work at the next one.
                    let start = start.map(|start| if start <= self.now + AT_ONCE { self.now } else { start });
                    let quote = self.quote_of(*spec, start);
                    self.reply(conn, &Reply::Quote(Box::new(quote)));
                }
            },
            Doing::Move(id, spec, script) => {
                match submitted(&output.lossy()).filter(|_| code == Some(0)) {
                    Some(there) => self.has_moved(id, there, spec, script),
                    None => self.has_not_moved(id, &complaint(&said.lossy())),
                }
                self.move_one();
            }
            Doing::Machines(_) if code == Some(0) => {}
            Doing::Machines(what) => complain!("{what}: {}", complaint(&said.lossy())),
            Doing::Order(conn, hit) if code == Some(0) => self.obeyed(conn, hit),
            Doing::Test(conn, _) | Doing::Order(conn, _) => self.reply(conn, &refused()),
        }
    }

    fn obeyed(&mut self, conn: ConnId, hit: u32) {
        let reply = if hit == 0 { Reply::Done } else { Reply::Matched { hit, refused: Vec::new() } };
        self.reply(conn, &reply);
    }

    /// Slurm has the job; its script is kept here for who looks at it later. Its number is said when that is on disk, and
    /// also if it cannot be written: Slurm has it all the same.
    fn has_number(&mut self, conn: ConnId, id: JobId, spec: Arc<JobSpec>, script: Vec<u8>, form: Option<JobForm>) {
        if self.degraded.is_some() {
            return self.reply(conn, &Reply::Submitted(id));
        }
        let (blob, is_new) = self.submissions.blob(script);
        if is_new {
            self.journal.write(Write::Blob { id: blob.id, bytes: blob.bytes });
        }
        let write = ClusterWrite::Submitted { id, at: self.now, spec, script: blob.id };
        self.journal.write(Write::Cluster(Box::new(write)));
        self.keep_form(id, form);
        self.reply_when_safe(conn, Reply::Submitted(id));
    }

    /// The jobs that a target means, as `scancel` and `scontrol` name them; all of one owner, whom the asker may stand for.
    fn meant_there(&mut self, peer: Peer, target: &JobTarget) -> Result<(Vec<Queued>, bool), Refusal> {
        let cluster = self.cluster.as_ref();
        let rows: Vec<Queued> = cluster.into_iter().flat_map(|cluster| cluster.meant(target)).cloned().collect();
        let rows: Vec<Queued> = rows.into_iter().filter(|row| !row.row.state.is_final()).collect();
        let is_own = rows.iter().all(|row| row.row.owner.uid == peer.uid);
        if !is_own && !self.people.is_operator(peer.uid) {
            return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
        }
        if rows.is_empty() {
            return Err(refuse(RefusalCode::AlreadyDone, target.id.to_string()));
        }
        Ok((rows, is_own))
    }

    /// Runs a command about jobs: as their owner, or as the centre itself for an operator.
    fn order_there(&mut self, conn: ConnId, peer: Peer, words: Vec<String>, is_own: bool, hit: u32) {
        if is_own && peer.uid != model::Uid::ROOT {
            let owner = (*self.people.owner(peer.uid, peer.gid)).clone();
            let words = words.into_iter().map(String::into_bytes).collect();
            let nowhere = Environment::default();
            return self.run_as(owner, words, nowhere, Text::from("/"), Text::default(), Doing::Order(conn, hit));
        }
        self.ask_there(conn, words, move |answer| match answer {
            Ok(_) if hit == 0 => Reply::Done,
            Ok(_) => Reply::Matched { hit, refused: Vec::new() },
            Err(fault) => Reply::Refused(refuse(RefusalCode::Other, fault)),
        });
    }

    /// Runs a command as the centre, on a thread of its own.
    fn ask_there(
        &mut self,
        conn: ConnId,
        words: Vec<String>,
        reply: impl FnOnce(Result<String, String>) -> Reply + Send + 'static,
    ) {
        let Some(cluster) = &self.cluster else { return };
        let (slurm, say, look) = (cluster.slurm.clone(), cluster.say.clone(), cluster.look.clone());
        let answer = move || {
            let (program, arguments) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
            let environment = [("TZ", "UTC"), ("SLURM_TIME_FORMAT", "%s")];
            let said = slurm.ask(program, arguments, &environment);
            let said = said.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|bad| bad.to_string());
            look.send(()).ok();
            say.say(Said::Answer(conn, Box::new(reply(said))));
        };
        if let Err(fault) = std::thread::Builder::new().name("slurm".to_owned()).spawn(answer) {
            self.reply(conn, &Reply::Refused(refuse(RefusalCode::Other, fault.to_string())));
        }
    }

    fn cancel_there(&mut self, conn: ConnId, peer: Peer, filter: &CancelFilter) -> Result<(), Refusal> {
        let (mut names, mut all_own, mut refused) = (Vec::new(), true, Vec::new());
        for target in &filter.targets {
            match self.meant_there(peer, target) {
                Ok((rows, is_own)) => {
                    let fits = |row: &&Queued| {
                        let state = row.row.state;
                        filter.states.is_empty() || filter.states.contains(&state)
                    };
                    names.extend(rows.iter().filter(fits).map(|row| name_of(row, target)));
                    all_own &= is_own;
                }
                Err(refusal) if refusal.code == RefusalCode::AlreadyDone => {}
                Err(refusal) => refused.push((target.id, refusal)),
            }
        }
        names.sort();
        names.dedup();
        if names.is_empty() {
            self.reply(conn, &Reply::Matched { hit: 0, refused });
            return Ok(());
        }
        let mut words = vec!["scancel".to_owned()];
        words.extend(filter.signal.map(|signal| format!("--signal={signal}")));
        words.extend(filter.batch_only.then(|| "--batch".to_owned()));
        words.extend(filter.full.then(|| "--full".to_owned()));
        let hit = names.len() as u32;
        words.extend(names);
        self.order_there(conn, peer, words, all_own, hit);
        Ok(())
    }

    fn control(&mut self, conn: ConnId, peer: Peer, verb: &[&str], target: &JobTarget) -> Result<(), Refusal> {
        let (rows, is_own) = self.meant_there(peer, target)?;
        let names: Vec<String> = rows.iter().map(|row| name_of(row, target)).collect();
        // Who suspends is an operator, whose job it ever is.
        let is_own = is_own && !["suspend", "resume"].contains(&verb[0]);
        if !is_own && !self.people.is_operator(peer.uid) {
            return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
        }
        let words = std::iter::once("scontrol").chain(verb.iter().copied()).map(str::to_owned);
        self.order_there(conn, peer, words.chain([names.join(",")]).collect(), is_own, 0);
        Ok(())
    }

    fn update_there(
        &mut self,
        conn: ConnId,
        peer: Peer,
        target: &JobTarget,
        changes: &[String],
    ) -> Result<(), Refusal> {
        let (rows, is_own) = self.meant_there(peer, target)?;
        let Some(name) = rows.first().map(|row| name_of(row, target)) else { return Ok(()) };
        let words = ["scontrol".to_owned(), "update".to_owned(), format!("JobId={name}")];
        self.order_there(conn, peer, words.into_iter().chain(changes.iter().cloned()).collect(), is_own, 0);
        Ok(())
    }

    /// Everything about some jobs: the mirror's row, and what Slurm says of each.
    fn details_there(&mut self, conn: ConnId, peer: Peer, targets: &[JobTarget]) -> Result<(), Refusal> {
        crate::listing::not_too_many(targets.len())?;
        let cluster = self.cluster.as_ref();
        let rows = targets.iter().flat_map(|target| cluster.into_iter().flat_map(|cluster| cluster.meant(target)));
        let rows: Vec<Queued> = rows.take(1000).cloned().collect();
        let rows: Vec<Queued> = rows.into_iter().filter(|row| self.may_see(peer.uid, row.row.owner.uid)).collect();
        let Some(first) = rows.first() else {
            return Err(refuse(RefusalCode::AccessDenied, targets.first().map_or(0, |target| target.id.0).to_string()));
        };
        let mut words: Vec<String> = ["scontrol", "-o", "show", "job"].map(str::to_owned).into();
        if rows.iter().all(|row| row.base == first.base) {
            words.push(first.base.to_string());
        }
        let now = self.now;
        self.ask_there(conn, words, move |said| match said {
            Err(fault) => Reply::Refused(refuse(RefusalCode::Other, fault)),
            Ok(said) => Reply::Details(rows.iter().map(|row| detail(row, &said, now)).collect()),
        });
        Ok(())
    }

    fn wait_there(&mut self, conn: ConnId, peer: Peer, id: JobId) -> Result<(), Refusal> {
        let found = self.cluster.as_ref().and_then(|cluster| {
            cluster.meant(&JobTarget { id, tasks: None }).next().map(|row| (row.base, row.row.owner.uid))
        });
        let Some((base, owner)) = found else { return Ok(()) };
        if !self.may_see(peer.uid, owner) {
            return Err(refuse(RefusalCode::AccessDenied, id.to_string()));
        }
        self.waiters.entry(base).or_default().push(conn);
        if let Some(conn) = self.conns.get(conn) {
            conn.waits_for = Some(base);
        }
        if let Some(cluster) = &mut self.cluster {
            cluster.waited.insert(base);
        }
        Ok(())
    }

    /// The batch with what the accounting told is on disk, or is not.
    pub(crate) fn usage_written(&self, is_written: bool) {
        if let Some(cluster) = &self.cluster {
            cluster.usage_written(is_written);
        }
    }
}

/// A job as Slurm's commands name it: as its owner did, or by its record's number.
fn name_of(row: &Queued, target: &JobTarget) -> String {
    match (&row.row.array, &target.tasks) {
        (model::ArrayPlace::Pending { base, .. }, Some(tasks)) => format!("{base}_[{tasks}]"),
        _ => row.row.id.to_string(),
    }
}

/// A change in `scontrol update`'s words; `None`: it is made by Slurm's own command.
fn change(change: &UpdateChange) -> Option<String> {
    let clean = |text: &Text| String::from_utf8(text.as_bytes().to_vec()).ok();
    Some(match change {
        UpdateChange::TimeLimit(limit) => {
            format!("TimeLimit={}", dialect::text::shown(|out| dialect::text::put_full_limit(out, *limit)))
        }
        UpdateChange::Priority(priority) => format!("Priority={priority}"),
        UpdateChange::Nice(nice) => format!("Nice={nice}"),
        UpdateChange::Name(name) => format!("JobName={}", clean(name)?),
        UpdateChange::Comment(text) => format!("Comment={}", clean(text)?),
        UpdateChange::Partition(name) => format!("Partition={name}"),
        UpdateChange::Qos(name) => format!("QOS={name}"),
        UpdateChange::Account(name) => format!("Account={name}"),
        UpdateChange::ArrayLimit(limit) => format!("ArrayTaskThrottle={limit}"),
        _ => return None,
    })
}

/// The mirror's row with what `scontrol -o show job` says of it.
fn detail(row: &Queued, said: &str, now: model::Time) -> QueueDetail {
    let of_it = |line: &&str| pairs::value(&pairs::pairs(line), "JobId") == Some(row.row.id.to_string().as_str());
    let line = said.lines().find(of_it).unwrap_or("");
    let pairs = pairs::pairs(line);
    // Members' texts may look like further pairs: what Slurm writes last is the last of its name.
    let last = |name: &str| pairs.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| Text::from(*value));
    let file = |name| last(name).unwrap_or_else(|| Text::from("/dev/null"));
    let mut full = row.row.clone();
    let number = |name| pairs::value(&pairs, name).and_then(|text| text.parse().ok());
    full.restarts = number("Restarts").unwrap_or(0);
    full.tasks = number("NumTasks").unwrap_or(1);
    full.cpus_per_task = number("CPUs/Task").unwrap_or(1);
    let spec = JobSpec {
        account: full.account.to_string(),
        partition: full.partition.to_string(),
        qos: full.qos.to_string(),
        request: model::Request {
            tasks: Some(full.tasks),
            cpus_per_task: Some(full.cpus_per_task),
            nodes: Some((full.nodes, full.nodes)),
            memory: full.memory,
            gpus: full.gpus,
            exclusive: row.exclusive,
            ..model::Request::default()
        },
        time_limit: full.time_limit,
        comment: row.comment.clone(),
        reservation: row.reservation.clone(),
        command: Some(row.command.clone()).filter(|command| !command.is_empty()),
        hold: full.state == JobState::Pending && full.priority == 0,
        requeue: nodes::setting(line, "Requeue") != Some("0"),
        nice: full.nice,
        stdout: last("StdOut"),
        ..JobSpec::plain(full.name.clone(), (*full.owner).clone(), row.workdir.clone())
    };
    QueueDetail {
        row: full,
        spec: Arc::new(spec),
        cpu_ids: CpuSet::default(),
        gpu_ids: Vec::new(),
        files: [file("StdOut"), file("StdErr"), file("StdIn")],
        suspended_since: None,
        considered: Some(now),
    }
}
