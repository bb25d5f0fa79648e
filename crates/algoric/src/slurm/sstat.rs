//! `sstat`: shows what running steps use, as the kernel has it at this moment.

use api::{JobTarget, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    sstat::{self, Row},
};
use model::{StepId, StepRow};

use super::{caller::Caller, processes, refused::failed};
use crate::{client::ClientError, console};

/// Shows it.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sstat::parse(&caller.args)?;
    let refuse = |error| failed(error).refusal(Action::Show("slurm_job_step_stat"));
    let mut centre = caller.call().map_err(refuse)?;
    let Reply::Steps(steps) = centre.ask(&Request::Steps(Vec::new())).map_err(refuse)? else {
        return Err(refuse(ClientError::Unfit));
    };
    let all = processes::all();
    let (mut rows, mut complaints) = (Vec::new(), Vec::new());
    for pick in &options.jobs {
        let mut own: Vec<&StepRow> = steps
            .iter()
            .filter(|step| pick.covers(step.job, &step.array) && pick.covers_step(Some(step.step)))
            .collect();
        if pick.step.is_none() && !options.all_steps {
            // The first that srun made; the batch script only where it is alone.
            let first = own.iter().copied().filter(|step| step.step != StepId::Batch).min_by_key(|step| step.step);
            own = first.into_iter().collect();
        }
        if own.is_empty() {
            let target = JobTarget { id: pick.job, tasks: pick.tasks.clone() };
            let query = api::QueueQuery { targets: Some(vec![target]), finished: true, ..Default::default() };
            let known = centre.collect(&Request::Queue(query), |reply| match reply {
                Reply::Queue(rows) => Some(rows),
                _ => None,
            });
            complaints.push(match known {
                Ok(rows) if !rows.is_empty() => format!("sstat: error: No steps running for job {}", pick.text),
                _ => format!("sstat: error: couldn't get steps for job {}", pick.text),
            });
        }
        rows.extend(own.into_iter().map(|step| row(step, &all)));
    }
    let mut out = Vec::new();
    sstat::print(&options, &rows, &mut out);
    console::print(out);
    complaints.iter().for_each(|line| console::complain(format!("{line}\n")));
    Ok(0)
}

fn row(step: &StepRow, all: &[processes::Process]) -> Row {
    let own = all.iter().filter(|process| process.job == step.job && process.step == step.step);
    Row {
        job: step.job,
        array: step.array.clone(),
        step: step.step,
        tasks: step.tasks,
        node: step.node.to_string(),
        usage: processes::usage(own.map(|process| process.pid)),
    }
}
