//! What `scontrol` does around running jobs: their scripts, their processes, messages to them.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    thread,
    time::Duration,
};

use api::{JobTarget, Reply, Request};
use dialect::{refusal::Refusal, values::jobs::JobPick};
use model::{JobState, QueueDetail};

use super::{Caller, call, failed};
use crate::{client::ClientError, console, slurm::processes};

fn target(pick: &JobPick) -> JobTarget {
    JobTarget { id: pick.job, tasks: pick.tasks.clone() }
}

/// `write batch_script JOB [FILE]`: `-` is standard output.
pub fn write_script(job: &JobPick, file: Option<String>, quiet: bool, caller: &Caller) -> Result<u8, Refusal> {
    let answer = caller.call().and_then(|mut centre| centre.ask(&Request::Papers(target(job))));
    let script = match answer {
        // Slurm says why, and returns 0.
        Err(error) => return Err(Refusal::line(format!("job script retrieval failed: {}", failed(error).text()), 0)),
        Ok(Reply::Papers { script, .. }) if !script.is_empty() => script,
        Ok(_) => return Err(Refusal::line("job script retrieval failed: Job script not specified", 0)),
    };
    if file.as_deref() == Some("-") {
        console::print(script);
        return Ok(0);
    }
    let file = file.unwrap_or_else(|| format!("slurm-{}.sh", job.text));
    fs::write(&file, script).map_err(|fault| Refusal::line(format!("failed to open file `{file}`: {fault}"), 1))?;
    if !quiet {
        console::line(format!("batch script for job {} written to {file}", job.text));
    }
    Ok(0)
}

/// `listpids [JOB[.STEP]]`
pub fn list_pids(picks: &[JobPick], caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_get_job_steps");
    let answer = caller.call().and_then(|mut centre| centre.ask(&Request::Steps(Vec::new()))).map_err(&refuse)?;
    let Reply::Steps(steps) = answer else { return Err(refuse(ClientError::Unfit)) };
    let mut table = format!("{:<8} {:<8} {:<8} {:<7} {:<8}\n", "PID", "JOBID", "STEPID", "LOCALID", "GLOBALID");
    let all = processes::all();
    let mut found = false;
    for step in &steps {
        let wanted = |pick: &JobPick| pick.covers(step.job, &step.array) && pick.covers_step(Some(step.step));
        if !picks.is_empty() && !picks.iter().any(wanted) {
            continue;
        }
        found = true;
        for process in all.iter().filter(|process| process.job == step.job && process.step == step.step) {
            let (local, global) = match process.task {
                Some((global, local)) => (local.to_string(), global.to_string()),
                None => ("-".to_owned(), "-".to_owned()),
            };
            let (pid, job, step) = (process.pid, step.job.to_string(), step.step.to_string());
            table.push_str(&format!("{pid:<8} {job:<8} {step:<8} {local:<7} {global:<8}\n"));
        }
    }
    console::print(table);
    match picks.first() {
        Some(pick) if !found => {
            Err(Refusal::line(format!("There are no steps for job {} on node (null).", pick.text), 1))
        }
        _ => Ok(0),
    }
}

/// `pidinfo PID`
pub fn pid_info(pid: u32, caller: &Caller) -> Result<u8, Refusal> {
    let unknown = || Refusal::line("Failed to locate job for requested pid", 1);
    let process = processes::of_pid(pid).ok_or_else(unknown)?;
    let job = detail(&JobTarget { id: process.job, tasks: None }, caller).map_err(|_| unknown())?;
    let mut line = format!("Slurm job id {} ends at ", process.job).into_bytes();
    match job.row.end {
        Some(end) => dialect::text::put_timestamp(&mut line, end, caller.clock().zone),
        None => line.extend_from_slice(b"Unknown"),
    }
    line.push(b'\n');
    let left = job.row.end.map_or(0, |end| (end - caller.clock().now).as_seconds());
    line.extend(format!("slurm_get_rem_time is {left}\n").into_bytes());
    console::print(line);
    Ok(0)
}

/// `notify JOB TEXT`: into the job's own error file, where its owner looks; written with the caller's own rights.
pub fn notify(pick: &JobPick, text: &[u8], caller: &Caller) -> Result<u8, Refusal> {
    let fail = |text: String| Refusal::line(format!("job notify failure: {text}"), 1);
    let job = detail(&target(pick), caller).map_err(|error| fail(failed(error).text()))?;
    match job.row.state {
        JobState::Running | JobState::Suspended => {}
        _ => return Err(fail("Requested operation is presently disabled".to_owned())),
    }
    let path = String::from_utf8_lossy(job.files[1].as_bytes()).into_owned();
    let written = OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&[b"slurmstepd: ", text, b"\n"].concat()));
    written.map(|()| 0).map_err(|fault| fail(format!("{path}: {fault}")))
}

/// `wait_job JOB`: its machine is ready as soon as it has one.
pub fn wait_job(pick: &JobPick, caller: &Caller) -> Result<u8, Refusal> {
    loop {
        let trouble = || Refusal::line(format!("scontrol: Problem running job {}", pick.text), 1);
        let job = detail(&target(pick), caller).map_err(|_| trouble())?;
        match job.row.state {
            JobState::Pending => thread::sleep(Duration::from_millis(500)),
            JobState::Running | JobState::Suspended => {
                console::complain(format!("scontrol: Nodes are ready for job {}\n", pick.text));
                return Ok(0);
            }
            _ => return Err(trouble()),
        }
    }
}

/// One job, whole.
fn detail(target: &JobTarget, caller: &Caller) -> Result<QueueDetail, ClientError> {
    let mut centre = caller.call()?;
    let found = centre.collect(&Request::Details(vec![target.clone()]), |reply| match reply {
        Reply::Details(details) => Some(details),
        _ => None,
    })?;
    found.into_iter().next().ok_or(ClientError::Unfit)
}
