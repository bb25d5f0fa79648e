//! Use of before that Slurm is told of. Its `RawUsage` can only be cleared, but a job adds to it what its partition's
//! weights make of its seconds: a job of seconds in a partition of great weight is use of any amount, in that association
//! only, which fades from then on as all other. `TRESMins`, by which budgets are held, counts the few seconds. Must not know
//! who used what, nor how a command is run.
//!
//! Nobody but root submits there (`RootOnly`), and as this also keeps such a job from starting, it is lifted once the
//! partition takes no more (`DRAIN`). Tried with 22.05.8.

use std::collections::BTreeMap;

use super::values;

/// What these partitions' names begin with; and the name of the jobs.
pub const NAME: &str = "algoric-past";

/// How long such a job runs, in seconds.
pub const RUNS: u64 = 4;

/// Whether a partition is one of them: its jobs are nobody's work.
pub fn is_past(partition: &str) -> bool {
    partition.starts_with(NAME)
}

/// A partition's name.
pub fn partition(place: usize) -> String {
    format!("{NAME}-{place}")
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// `scontrol`: makes a partition in which a CPU weighs so much; the other one does it to one that is left from before.
pub fn create(partition: &str, weight: u64) -> [Vec<String>; 2] {
    let (name, weights) = (format!("PartitionName={partition}"), format!("TRESBillingWeights=CPU={weight}"));
    let [new, old] = ["create", "update"].map(|verb| {
        words(&[verb, &name, "Nodes=ALL", "RootOnly=YES", "Hidden=YES", "State=UP", "MaxTime=1", &weights])
    });
    [new, old]
}

/// `scontrol`: what waits there starts, and nothing more comes.
pub fn open(partition: &str) -> Vec<String> {
    words(&["update", &format!("PartitionName={partition}"), "State=DRAIN", "RootOnly=NO"])
}

/// `scontrol`: it goes.
pub fn delete(partition: &str) -> Vec<String> {
    words(&["delete", &format!("PartitionName={partition}")])
}

/// `sbatch`: the job, as a member's for a project.
pub fn submit(partition: &str, account: &str, (uid, gid): (u32, u32)) -> Vec<String> {
    let mut list = words(&["--parsable", "--ntasks=1", "--mem=1", "--chdir=/", "--output=/dev/null", "--no-requeue"]);
    list.extend([
        format!("--job-name={NAME}"),
        format!("--partition={partition}"),
        format!("--account={account}"),
        format!("--uid={uid}"),
        format!("--gid={gid}"),
        format!("--wrap=sleep {RUNS}"),
    ]);
    list
}

/// `sacct`: all these jobs.
pub fn given_arguments() -> Vec<String> {
    let columns = "--format=JobIDRaw,Partition,Account,User,State,ElapsedRaw,AllocTRES";
    let name = format!("--name={NAME}");
    words(&["--allusers", "--allocations", "--parsable2", "--noheader", "--starttime=2020-01-01", &name, columns])
}

/// What `sacct` said of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Given {
    /// Billing-seconds by account and user.
    pub used: BTreeMap<(String, String), u64>,
    /// Numbers of jobs that are over.
    pub over: Vec<u32>,
}

/// Reads the answer to [`given_arguments`]. A line that is none is nothing.
pub fn given(said: &str) -> Given {
    let mut given = Given::default();
    for line in said.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let [job, partition, account, user, state, elapsed, tres] = fields[..] else { continue };
        if !is_past(partition) {
            continue;
        }
        if values::state(state).is_some_and(|(state, _)| state.is_final()) {
            given.over.extend(job.parse::<u32>());
        }
        let weight: u64 = values::tres(tres, "billing").and_then(|text| text.parse().ok()).unwrap_or(0);
        let used = weight.saturating_mul(elapsed.parse().unwrap_or(0));
        *given.used.entry((account.to_owned(), user.to_owned())).or_default() += used;
    }
    given
}

/// How heavy a CPU is to be so that a job's seconds come nearer to what is still to be told. A part is always left, the
/// first time a greater one: on a busy machine a job takes seconds longer, which would be too much, and nothing is taken
/// back.
pub fn weight(rest: u64, is_first: bool) -> u64 {
    let tenths = if is_first { 5 } else { 7 };
    (rest.saturating_mul(tenths) / 10 / RUNS).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    // As 22.05.8 printed it, but for the second and the last line, which are made.
    const SAID: &str = "2|algoric-past-0|paste|alice|COMPLETED|4|billing=1000000,cpu=1,mem=1M,node=1\n\
        7|algoric-past-0|paste|alice|COMPLETED|5|billing=10,cpu=1,mem=1M,node=1\n\
        8|algoric-past-1|paste|bob|PENDING|0|\n\
        9|debug|paste|alice|COMPLETED|9|billing=1,cpu=1,mem=1M,node=1\n\
        nonsense\n";

    #[test]
    fn what_was_told_is_the_sum_of_its_jobs() {
        let given = given(SAID);
        let of = |user: &str| given.used.get(&("paste".to_owned(), user.to_owned())).copied();
        assert_eq!((of("alice"), of("bob")), (Some(4_000_050), Some(0)));
        assert_eq!(given.over, [2, 7]);
    }

    #[test]
    fn jobs_that_take_seconds_longer_are_not_too_much() {
        for (wanted, late) in
            [1000_u64, 20_000, 4_000_000_000].into_iter().flat_map(|all| (0..4).map(move |late| (all, late)))
        {
            let mut told = 0;
            for round in 0..5 {
                told += weight(wanted.saturating_sub(told), round == 0) * (RUNS + late);
                if told * 100 >= wanted * 97 {
                    break;
                }
            }
            assert!((97..=103).contains(&(told * 100 / wanted)), "{told} of {wanted}, {late} s late");
        }
        assert_eq!(weight(0, true), 1);
    }

    #[test]
    fn only_root_submits_there_and_nobody_when_it_runs() {
        let [new, old] = create("algoric-past-3", 7);
        assert_eq!(new[1..], old[1..]);
        assert!(new.contains(&"RootOnly=YES".to_owned()) && new.contains(&"TRESBillingWeights=CPU=7".to_owned()));
        assert!(open("x").contains(&"State=DRAIN".to_owned()));
        assert!(is_past(&partition(3)) && !is_past("past"));
    }
}
