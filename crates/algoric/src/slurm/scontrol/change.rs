//! What `scontrol` changes.

use api::{JobTarget, NeedsChange, QueueQuery, Reply, Request, ReservationSpec, UpdateChange};
use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    scontrol::{JobChange, NodeState, NumberChange, Request as Asked, ReservationChange, Targets},
};
use model::{Span, TimeLimit};

use super::{Caller, asked, failed, not_supported, tell};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Changes it.
pub fn run(asked: Asked, quiet: bool, caller: &Caller) -> Result<u8, Refusal> {
    let mut centre = caller.call().map_err(|error| failed(error).refusal(Action::Update))?;
    let sets_priority = match &asked {
        Asked::UpdateJobs { changes, .. } => changes.iter().any(|change| matches!(change, JobChange::Priority(1..))),
        _ => false,
    };
    let updates = matches!(&asked, Asked::UpdateJobs { .. });
    let mut hands = Hands { centre: &mut centre, quiet, caller, sets_priority, updates };
    match asked {
        Asked::Hold(jobs) => hands.each(&jobs, hold, |_, target| Ok(Request::Hold(target))),
        Asked::Release(jobs) => hands.each(&jobs, hold, |_, target| Ok(Request::Release(target))),
        Asked::Requeue { jobs, hold } => hands.each(&jobs, change, |_, target| Ok(Request::Requeue { target, hold })),
        Asked::Suspend(jobs) => hands.each(&jobs, change, |_, target| Ok(Request::Suspend(target))),
        Asked::Resume(jobs) => hands.each(&jobs, change, |_, target| Ok(Request::Resume(target))),
        Asked::UpdateJobs { jobs, changes } => hands.each(&jobs, change, |centre, target| {
            let changes = changes.iter().map(|change| wanted(change, &target, centre)).collect::<Result<_, _>>()?;
            Ok(Request::Update { target, changes })
        }),
        Asked::UpdateNodes { nodes, state, reason } => hands.update_node(&nodes, state, reason),
        Asked::CreateReservation(change) => hands.create_reservation(change),
        Asked::DeleteReservation(name) => {
            let refuse = |error| failed(error).refusal(Action::DeleteReservation { name: &name });
            hands.centre.order(&Request::Unreserve(name.clone())).map_err(refuse)?;
            Ok(0)
        }
        Asked::UpdatePartition { name, up } => {
            hands.centre.order(&Request::Partition { name, up }).map_err(operators_only)?;
            Ok(0)
        }
        Asked::UpdateReservation(change) => hands.update_reservation(change),
        Asked::Top(picks) => {
            let targets = picks.iter().map(|pick| JobTarget { id: pick.job, tasks: pick.tasks.clone() }).collect();
            let text: Vec<&str> = picks.iter().map(|pick| pick.text.as_str()).collect();
            let refuse = |error| failed(error).refusal(Action::ChangeJob { job: &text.join(",") });
            hands.centre.order(&Request::Top(targets)).map_err(refuse)?;
            Ok(0)
        }
        _ => Err(not_supported("")),
    }
}

fn hold(job: &str) -> Action<'_> {
    Action::Hold { job }
}

fn change(job: &str) -> Action<'_> {
    Action::ChangeJob { job }
}

/// What is refused to members is for Slurm a user that it does not know as an operator.
fn operators_only(error: ClientError) -> Refusal {
    match failed(error) {
        Refused::AccessDenied => Refused::InvalidUser.refusal(Action::Update),
        other => other.refusal(Action::Update),
    }
}

struct Hands<'a> {
    centre: &'a mut Client,
    quiet: bool,
    caller: &'a Caller,
    /// A priority is among the changes.
    sets_priority: bool,
    /// Jobs are updated.
    updates: bool,
}

impl Hands<'_> {
    /// One order for each job; what is refused is told, and the others go on.
    fn each(
        &mut self,
        jobs: &Targets,
        action: fn(&str) -> Action<'_>,
        order: impl Fn(&mut Client, JobTarget) -> Result<Request, Refused>,
    ) -> Result<u8, Refusal> {
        let mut exit = 0;
        for (text, target) in self.targets(jobs)? {
            let done = order(self.centre, target).and_then(|request| self.centre.order(&request).map_err(failed));
            if let Err(refused) = done {
                let refusal = self.reworded(refused).refusal(action(&text));
                exit = if self.quiet { refusal.exit } else { tell(&refusal) };
            }
        }
        Ok(exit)
    }

    /// What members may only change one way is for Slurm a matter of permission.
    fn reworded(&self, refused: Refused) -> Refused {
        match refused {
            Refused::AccessDenied if self.sets_priority => {
                Refused::Other("Changes to job priority are not persistent, change nice instead".to_owned())
            }
            Refused::InvalidNice | Refused::InvalidTimeLimit if !self.caller.is_root() => Refused::AccessDenied,
            Refused::AlreadyDone if self.updates => Refused::JobFinished,
            other => other,
        }
    }

    /// By number, or all jobs of the caller with that name.
    fn targets(&mut self, jobs: &Targets) -> Result<Vec<(String, JobTarget)>, Refusal> {
        match jobs {
            Targets::Jobs(picks) => Ok(picks
                .iter()
                .map(|pick| (pick.text.clone(), JobTarget { id: pick.job, tasks: pick.tasks.clone() }))
                .collect()),
            Targets::Named(name) => {
                let users = Some(vec![self.caller.owner().uid.to_string()]);
                let request = Request::Queue(QueueQuery { users, ..QueueQuery::default() });
                let rows = self.centre.collect(&request, |reply| match reply {
                    Reply::Queue(rows) => Some(rows),
                    _ => None,
                });
                let rows = rows.map_err(|error| failed(error).refusal(Action::LoadJobs))?;
                let named = rows.into_iter().filter(|row| row.name.as_bytes() == name.as_bytes());
                Ok(named.map(|row| (row.id.to_string(), JobTarget { id: row.id, tasks: None })).collect())
            }
        }
    }

    fn update_node(
        &mut self,
        nodes: &[String],
        state: Option<NodeState>,
        reason: Option<String>,
    ) -> Result<u8, Refusal> {
        let refuse = |error| failed(error).refusal(Action::Update);
        let mut known = vec!["ALL".to_owned(), asked::node(self.centre).map_err(refuse)?];
        known.extend(asked::nodes(self.centre).map_err(refuse)?.into_iter().map(|node| node.name));
        if nodes.iter().any(|name| !known.contains(name)) {
            // Members are told first that they are none of the operators.
            let unknown = if self.caller.is_root() { Refused::InvalidNodeName } else { Refused::InvalidUser };
            return Err(unknown.refusal(Action::Update));
        }
        let request = match (state, reason) {
            (Some(NodeState::Resume), _) => Request::Drain(None),
            (Some(NodeState::Drain), Some(reason)) => Request::Drain(Some(reason)),
            (Some(NodeState::Drain), None) => {
                let text = "You must specify a reason when DOWNING or DRAINING a node. Request denied";
                return Err(Refusal::line(text, 1));
            }
            (Some(NodeState::Down), _) => return Err(not_supported("Drain the machine, and cancel its jobs.")),
            // A new reason for what is drained already.
            (None, Some(reason)) => Request::Drain(Some(reason)),
            (None, None) => return Err(not_supported("Only the state of a machine can be changed.")),
        };
        self.centre.order(&request).map_err(operators_only)?;
        Ok(0)
    }

    fn update_reservation(&mut self, change: ReservationChange) -> Result<u8, Refusal> {
        let refuse = |refused: Refused| {
            // As Slurm, which says it twice.
            let refused = if refused == Refused::AccessDenied { Refused::InvalidUser } else { refused };
            let text = refused.text();
            refused.refusal(Action::Reservation { doing: "updating" }).and(format!("slurm_update error: {text}"))
        };
        let wanted = change.name.clone().unwrap_or_default();
        let Reply::Reservations(specs) =
            self.centre.ask(&Request::Reservations).map_err(|error| refuse(failed(error)))?
        else {
            return Err(refuse(failed(ClientError::Unfit)));
        };
        let now =
            specs.into_iter().find(|spec| spec.name == wanted).ok_or_else(|| refuse(Refused::ReservationInvalid))?;
        self.centre.order(&Request::Reserve(changed(now, change))).map_err(|error| refuse(failed(error)))?;
        console::line("Reservation updated.");
        Ok(0)
    }

    fn create_reservation(&mut self, change: ReservationChange) -> Result<u8, Refusal> {
        let refuse = |error| failed(error).refusal(Action::Reservation { doing: "creating" });
        let before = names(self.centre).map_err(refuse)?;
        let now = self.caller.clock().now;
        self.centre.order(&Request::Reserve(reservation(change, now))).map_err(refuse)?;
        // The centre makes up the name of one that came without.
        let after = names(self.centre).map_err(refuse)?;
        if let Some(fresh) = after.iter().find(|name| !before.contains(name)) {
            console::line(format!("Reservation created: {fresh}"));
        }
        Ok(0)
    }
}

/// The reservation with what is given put in the place of what it has.
fn changed(mut now: ReservationSpec, change: ReservationChange) -> ReservationSpec {
    let length = now.end - now.start;
    if let Some(start) = change.start {
        (now.start, now.end) = (start, start + length);
    }
    match (change.end, change.duration.flatten()) {
        (Some(end), _) => now.end = end,
        (None, Some(span)) => now.end = now.start + span,
        _ => {}
    }
    if let Some(cores) = change.core_count {
        now.cores = Some(cores);
    }
    if let Some(flags) = change.flags {
        now.flags = flags;
    }
    let merge = |list: &mut Vec<String>, wanted: Option<Vec<String>>| {
        let Some(wanted) = wanted else { return };
        if !wanted.iter().all(|name| name.starts_with(['+', '-'])) {
            *list = wanted;
            return;
        }
        for name in wanted {
            let plain = name[1..].to_owned();
            list.retain(|known| *known != plain);
            if name.starts_with('+') {
                list.push(plain);
            }
        }
    };
    merge(&mut now.users, change.users);
    merge(&mut now.accounts, change.accounts);
    now
}

fn names(centre: &mut Client) -> Result<Vec<String>, ClientError> {
    Ok(asked::reservations(centre)?.into_iter().map(|reservation| reservation.name).collect())
}

fn reservation(change: ReservationChange, now: model::Time) -> ReservationSpec {
    // What Slurm calls a reservation without an end lasts a year.
    const NO_END: Span = Span::minutes(365 * 24 * 60);
    let start = change.start.unwrap_or(now);
    let length = change.duration.flatten().unwrap_or(NO_END);
    ReservationSpec {
        name: change.name.unwrap_or_default(),
        start,
        end: change.end.unwrap_or(start + length),
        cores: change.core_count,
        users: change.users.unwrap_or_default(),
        accounts: change.accounts.unwrap_or_default(),
        flags: change.flags.unwrap_or_default(),
    }
}

/// A change in the centre's words.
fn wanted(change: &JobChange, target: &JobTarget, centre: &mut Client) -> Result<UpdateChange, Refused> {
    Ok(match change.clone() {
        JobChange::TimeLimit(limit) => UpdateChange::TimeLimit(time_limit(limit, target, centre)?),
        JobChange::Priority(priority) => UpdateChange::Priority(priority),
        JobChange::Nice(nice) => UpdateChange::Nice(nice),
        JobChange::Name(name) => UpdateChange::Name(name),
        JobChange::Begin(begin) => UpdateChange::Begin(Some(begin)),
        JobChange::Deadline(deadline) => UpdateChange::Deadline(Some(deadline)),
        JobChange::Comment(comment) => UpdateChange::Comment(comment),
        JobChange::Partition(name) => UpdateChange::Partition(name),
        JobChange::Qos(name) => UpdateChange::Qos(name),
        JobChange::Account(name) => UpdateChange::Account(name),
        JobChange::Reservation(name) => UpdateChange::Reservation(Some(name).filter(|name| !name.is_empty())),
        JobChange::Dependency(dependency) => UpdateChange::Dependency(dependency),
        JobChange::ArrayLimit(limit) => UpdateChange::ArrayLimit(limit),
        JobChange::Requeue(requeue) => UpdateChange::Requeue(requeue),
        JobChange::TimeMin(least) => UpdateChange::TimeMin(least),
        JobChange::Cpus(least, _) => UpdateChange::Needs(NeedsChange::Cpus(least)),
        JobChange::Tasks(tasks) => UpdateChange::Needs(NeedsChange::Tasks(tasks)),
        JobChange::CpusPerTask(cpus) => UpdateChange::Needs(NeedsChange::CpusPerTask(cpus)),
        JobChange::Nodes(least, most) => UpdateChange::Needs(NeedsChange::Nodes(least, most)),
        JobChange::Memory(memory) => UpdateChange::Needs(NeedsChange::Memory(memory)),
        JobChange::MailUser(user) => UpdateChange::MailUser(user),
        JobChange::Mail(events) => UpdateChange::Mail(events),
        JobChange::StdOut(file) => UpdateChange::StdOut(file),
        JobChange::StdErr(file) => UpdateChange::StdErr(file),
        JobChange::StdIn(file) => UpdateChange::StdIn(file),
        JobChange::Workdir(directory) => UpdateChange::Workdir(directory),
        JobChange::Wckey(key) => UpdateChange::Wckey(key),
        // The limit that ends it then.
        JobChange::End(end) => UpdateChange::TimeLimit(until(end, target, centre)?),
        JobChange::Features(_) => return Err(Refused::InvalidFeature),
        JobChange::AdminComment(_) => return Err(Refused::AccessDenied),
    })
}

/// How long a running job may take to end then.
fn until(end: model::Time, target: &JobTarget, centre: &mut Client) -> Result<TimeLimit, Refused> {
    let request = Request::Queue(QueueQuery { targets: Some(vec![target.clone()]), ..QueueQuery::default() });
    let rows = centre.collect(&request, |reply| match reply {
        Reply::Queue(rows) => Some(rows),
        _ => None,
    });
    match rows.map_err(failed)?.first().and_then(|row| row.start) {
        Some(start) if end > start => Ok(TimeLimit::Span(Span((end - start).0.div_euclid(60_000) * 60_000))),
        Some(_) => Err(Refused::InvalidTime),
        None => Err(Refused::JobNotRunning),
    }
}

/// `+=` and `-=` start from what the job has.
fn time_limit(change: NumberChange, target: &JobTarget, centre: &mut Client) -> Result<TimeLimit, Refused> {
    let by = match change {
        NumberChange::To(limit) => return Ok(limit),
        NumberChange::Plus(span) => span.0,
        NumberChange::Minus(span) => -span.0,
    };
    let request = Request::Queue(QueueQuery { targets: Some(vec![target.clone()]), ..QueueQuery::default() });
    let rows = centre.collect(&request, |reply| match reply {
        Reply::Queue(rows) => Some(rows),
        _ => None,
    });
    match rows.map_err(failed)?.first().map(|row| row.time_limit) {
        Some(TimeLimit::Span(has)) if has.0 + by > 0 => Ok(TimeLimit::Span(Span(has.0 + by))),
        _ => Err(Refused::InvalidTimeLimit),
    }
}
