//! `srun` outside a job: a job of its own, with one step in it.

use dialect::{environ::Variable, environment, refusal::Refusal, srun::Srun};
use model::{Exit, JobId};

use super::{
    NAME, Session, door, drive, hook, not_started,
    plan::{self, Granted},
    request,
    session::variables,
};
use crate::{
    slurm::{allocation, asked, caller::Caller},
    step::{Channel, Ended, ToRunner},
};

/// Allocates, runs the step, gives the allocation back.
pub fn run(asked: &Srun, caller: &Caller) -> Result<u8, Refusal> {
    let door = door()?;
    let mut spec = asked.spec(&asked::context(NAME, caller, None)?);
    spec.args = vec![door.name().clone()];
    // The step's number and its job come with the grant.
    let step = Some(request(asked, JobId(0), &door, false));
    let wish = allocation::Wish { program: NAME, asked: &asked.asked, spec, step, test_only: asked.test_only };
    let Some((mut centre, granted)) = allocation::obtain(wish, caller)? else { return Ok(0) };
    hook(asked.prolog.as_ref());
    let own = own_variables(&granted, caller);
    let (number, cpus) = granted.step.unwrap_or_default();
    let environment = environment::complete(environment::without_nodes(variables(granted.environment)), own);
    let granted = Granted { job: granted.job, step: number, cpus, environment, kill_wait: granted.kill_wait };
    let ended = drive::called(NAME, &door, &mut centre).and_then(|mut runner| {
        let mut session = Session::new(centre);
        let ended =
            plan::step(asked, &granted, caller).and_then(|plan| drive::drive(plan, door, &mut runner, &mut session));
        finish(ended, session, &mut runner, &granted, caller)
    });
    hook(asked.epilog.as_ref());
    ended
}

/// The step is accounted for before the job ends, which ends as the step did.
fn finish(
    ended: Result<Ended, Refusal>,
    session: Session,
    runner: &mut Channel,
    granted: &Granted,
    caller: &Caller,
) -> Result<u8, Refusal> {
    let (ended, outcome) = match ended {
        Ok(ended) => {
            let code = ended.code;
            (ended, Ok(code))
        }
        Err(refusal) => (not_started(), Err(refusal)),
    };
    session.end(granted, &ended, true, caller);
    let exit = if ended.exit == Exit::default() { Exit { code: ended.code, signal: 0 } } else { ended.exit };
    runner.send(&ToRunner::Finish(exit), &[]).ok();
    outcome
}

/// What the tasks know of the job beside what `salloc` would tell.
fn own_variables(granted: &api::Granted, caller: &Caller) -> Vec<Variable> {
    let owner = caller.owner();
    environment::of_own_allocation(owner.uid.0, owner.gid.0, &granted.user, &granted.node, granted.cpus)
}
