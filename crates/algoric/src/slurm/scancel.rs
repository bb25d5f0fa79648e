//! `scancel`: ends jobs, or sends them a signal.

use std::io;

use api::{CancelFilter, JobTarget, QueueQuery, Reply, Request};
use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    scancel::{self, Options},
    values::jobs::{JobPick, StepPick},
};
use model::{QueueRecord, QueueRow};

use super::{
    caller::{self, Caller},
    refused::{failed, refused},
    tell,
};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Does it; the exit code is that of the first refusal.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = scancel::parse(&caller.args, &caller.environ)?;
    let user = match (&options.user, options.me) {
        (_, true) => Some(caller.owner().uid),
        (Some(name), _) => Some(caller::user(name).ok_or_else(|| scancel::invalid_user(name))?),
        (None, false) => None,
    };
    let mut centre = caller.call().map_err(|error| unreachable(error, &options))?;
    let must_look =
        options.interactive || !options.nodes.is_empty() || options.wckey.is_some() || options.reservation.is_some();
    let found = match must_look {
        true => look(&options, user, &mut centre)?,
        false => Some(plain(&options, user.map(|u| u.to_string()))),
    };
    if options.interactive && found.is_none() {
        // Nothing to ask about, though jobs were named.
        for pick in &options.jobs {
            tell(&Refused::InvalidJobId.refusal(Action::Kill { job: &pick.text, verbose: true }));
        }
        return Ok(u8::from(!options.jobs.is_empty()));
    }
    let mut exit = 0;
    for order in found.into_iter().flatten() {
        let code = give(order, &options, &mut centre);
        exit = if exit == 0 { code } else { exit };
    }
    Ok(exit)
}

/// No centre: told for each job that was named.
fn unreachable(error: ClientError, options: &Options) -> Refusal {
    let refused = failed(error);
    match options.jobs.first() {
        Some(pick) => refused.refusal(action(pick, options)),
        None => refused.refusal(Action::LoadJobs),
    }
}

fn action<'a>(pick: &'a JobPick, options: &Options) -> Action<'a> {
    let verbose = options.verbose > 0;
    match pick.step {
        Some(_) => Action::KillStep { step: &pick.text, verbose },
        None => Action::Kill { job: &pick.text, verbose },
    }
}

/// What the centre is asked to do, and how the user named it.
struct Order {
    filter: CancelFilter,
    picks: Vec<JobPick>,
}

/// Straight from the options: the centre itself looks which jobs they mean. Steps go one by one.
fn plain(options: &Options, user: Option<String>) -> Vec<Order> {
    let filter = CancelFilter {
        user,
        names: options.name.iter().cloned().collect(),
        partition: options.partition.clone(),
        account: options.account.clone(),
        qos: options.qos.clone(),
        states: options.state.into_iter().collect(),
        signal: options.signal,
        batch_only: options.batch,
        full: options.full,
        ..CancelFilter::default()
    };
    if options.jobs.is_empty() {
        return vec![Order { filter, picks: Vec::new() }];
    }
    let target = |pick: &JobPick| JobTarget { id: pick.job, tasks: pick.tasks.clone() };
    let (steps, jobs): (Vec<&JobPick>, Vec<&JobPick>) = options.jobs.iter().partition(|pick| pick.step.is_some());
    let mut orders = Vec::new();
    // One by one where it is told of each what became of it.
    let together = if options.verbose > 0 { 1 } else { jobs.len().max(1) };
    for jobs in jobs.chunks(together) {
        let filter = CancelFilter { targets: jobs.iter().map(|pick| target(pick)).collect(), ..filter.clone() };
        orders.push(Order { filter, picks: jobs.iter().map(|pick| (*pick).clone()).collect() });
    }
    for pick in steps {
        // A step that we never have is as good as one that is over.
        if let Some(StepPick::Step(step)) = pick.step {
            let filter = CancelFilter { targets: vec![target(pick)], step: Some(step), ..filter.clone() };
            orders.push(Order { filter, picks: vec![pick.clone()] });
        }
    }
    orders
}

/// Where the centre's own conditions are not enough, or each job is asked about. `None`: there is no such job.
fn look(options: &Options, user: Option<model::Uid>, centre: &mut Client) -> Result<Option<Vec<Order>>, Refusal> {
    let load = |error| failed(error).refusal(Action::LoadJobs);
    let records = records(centre).map_err(load)?;
    let (mut orders, mut is_found) = (Vec::new(), false);
    for QueueRecord { row, wishes, .. } in records {
        let (wckey, reserved) = (wishes.wckey.as_deref(), wishes.reservation.as_deref());
        let wanted = options.selects(&row, user, wckey)
            && (options.reservation.is_none() || options.reservation.as_deref() == reserved);
        is_found |= wanted;
        if wanted && (!options.interactive || is_confirmed(&row)) {
            orders.push(one(&row, options));
        }
    }
    Ok(is_found.then_some(orders))
}

fn records(centre: &mut Client) -> Result<Vec<QueueRecord>, ClientError> {
    centre.collect(&Request::Records(QueueQuery::default()), |reply| match reply {
        Reply::Records(records) => Some(records),
        _ => None,
    })
}

/// Asks until the answer is one; at the end of input it is no.
fn is_confirmed(row: &QueueRow) -> bool {
    loop {
        console::print(Options::question(row));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        match read {
            Ok(0) | Err(_) => {
                console::line("");
                return false;
            }
            Ok(_) => match answer.trim_start().chars().next() {
                Some('y' | 'Y') => return true,
                Some('n' | 'N') => return false,
                _ => {}
            },
        }
    }
}

fn one(row: &QueueRow, options: &Options) -> Order {
    let filter = CancelFilter {
        targets: vec![JobTarget { id: row.id, tasks: None }],
        signal: options.signal,
        batch_only: options.batch,
        full: options.full,
        ..CancelFilter::default()
    };
    Order { filter, picks: Vec::new() }
}

/// What is said, if anything, of a job that is over or that nobody knows. Steps of it are a mistake, the job is none.
fn gone(pick: &JobPick, loud: bool, centre: &mut Client) -> u8 {
    if !loud {
        return 0;
    }
    let target = JobTarget { id: pick.job, tasks: pick.tasks.clone() };
    let query = QueueQuery { targets: Some(vec![target]), finished: true, ..QueueQuery::default() };
    let found = centre.collect(&Request::Queue(query), |reply| match reply {
        Reply::Queue(rows) => Some(rows),
        _ => None,
    });
    let (refused, action) = match (found, pick.step) {
        (Ok(rows), None) if !rows.is_empty() => (Refused::AlreadyDone, Action::Kill { job: &pick.text, verbose: true }),
        (_, None) => (Refused::InvalidJobId, Action::Kill { job: &pick.text, verbose: true }),
        (_, Some(_)) => (Refused::InvalidJobId, Action::KillStep { step: &pick.text, verbose: true }),
    };
    tell(&refused.refusal(action)).max(u8::from(pick.step.is_some()))
}

/// Gives one order and tells what was refused.
fn give(order: Order, options: &Options, centre: &mut Client) -> u8 {
    for pick in &order.picks {
        if let Some(line) = options.terminating(&pick.text, pick.step.is_some()) {
            console::complain(line + "\n");
        }
    }
    let named = |text: &str| order.picks.iter().find(|pick| pick.job.to_string() == text);
    let told = |refused: Refused, id: &str| {
        let refusal = match named(id) {
            Some(pick) => refused.refusal(action(pick, options)),
            None => refused.refusal(Action::Kill { job: id, verbose: options.verbose > 0 }),
        };
        tell(&refusal)
    };
    let first = order.picks.first().map(|pick| pick.job.to_string()).unwrap_or_default();
    match centre.ask(&Request::Cancel(order.filter)) {
        Ok(Reply::Matched { hit: 0, refused: list }) if list.is_empty() && order.picks.len() == 1 => {
            let loud = options.verbose > 0 && !options.quiet;
            order.picks.iter().map(|pick| gone(pick, loud || pick.step.is_some(), centre)).max().unwrap_or(0)
        }
        Ok(Reply::Matched { refused: list, .. }) => {
            let mut codes = list.into_iter().map(|(id, refusal)| told(refused(refusal), &id.to_string()));
            let code = codes.find(|code| *code != 0).unwrap_or(0);
            codes.for_each(drop);
            code
        }
        Ok(_) => told(failed(ClientError::Unfit), &first),
        Err(error) => told(failed(error), &first),
    }
}
