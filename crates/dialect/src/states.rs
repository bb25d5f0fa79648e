//! Names of job states as options take them: `-t PENDING,R,failed`, `all`.

use model::JobState;

/// The states that Slurm names and we never show, long and short.
const FOREIGN: &[(&str, &str)] = &[
    ("BOOT_FAIL", "BF"),
    ("CONFIGURING", "CF"),
    ("RESIZING", "RS"),
    ("RESV_DEL_HOLD", "RD"),
    ("REQUEUE_FED", "RF"),
    ("REQUEUE_HOLD", "RH"),
    ("REVOKED", "RV"),
    ("SIGNALING", "SI"),
    ("SPECIAL_EXIT", "SE"),
    ("STAGE_OUT", "SO"),
    ("STOPPED", "ST"),
];

/// The list that error messages show.
pub const VALID: &str = "PENDING,RUNNING,SUSPENDED,COMPLETED,CANCELLED,FAILED,TIMEOUT,NODE_FAIL,PREEMPTED,BOOT_FAIL,\
                         DEADLINE,OUT_OF_MEMORY,COMPLETING,CONFIGURING,RESIZING,RESV_DEL_HOLD,REQUEUED,REQUEUE_FED,\
                         REQUEUE_HOLD,REVOKED,SIGNALING,SPECIAL_EXIT,STAGE_OUT,STOPPED";

/// The state of that name, in any case: none of ours (an empty list) for a state that cannot happen here; `None` for a
/// name that is none.
pub fn one(name: &[u8]) -> Option<&'static [JobState]> {
    let is = |long: &str, short: &str| {
        name.eq_ignore_ascii_case(long.as_bytes()) || name.eq_ignore_ascii_case(short.as_bytes())
    };
    if let Some(at) = JobState::ALL.iter().position(|state| is(state.text(), state.short())) {
        return Some(&JobState::ALL[at..=at]);
    }
    FOREIGN.iter().any(|(long, short)| is(long, short)).then_some(&[])
}

/// A list of states; `all` is all of them.
///
/// # Errors
/// The name that is none.
pub fn list(text: &[u8]) -> Result<Vec<JobState>, String> {
    let mut states = Vec::new();
    for name in text.split(|byte| *byte == b',').filter(|name| !name.is_empty()) {
        if name.eq_ignore_ascii_case(b"all") {
            return Ok(JobState::ALL.to_vec());
        }
        states.extend(one(name).ok_or_else(|| String::from_utf8_lossy(name).into_owned())?);
    }
    Ok(states)
}

/// Where Slurm's own numbering puts a state: the order of `squeue`'s default sort.
pub fn rank(state: JobState) -> u8 {
    match state {
        JobState::Pending => 0,
        JobState::Running => 1,
        JobState::Suspended => 2,
        JobState::Completed => 3,
        JobState::Cancelled => 4,
        JobState::Failed => 5,
        JobState::Timeout => 6,
        JobState::NodeFail => 7,
        JobState::Preempted => 8,
        JobState::Deadline => 10,
        JobState::OutOfMemory => 11,
        JobState::Requeued => 12,
        // A flag beside another state in Slurm, so after all of them.
        JobState::Completing => 13,
    }
}
