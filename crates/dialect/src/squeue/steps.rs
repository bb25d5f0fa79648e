//! `squeue -s`: running steps.

use model::{ArrayPlace, StepId, StepRow};

use super::fields::put_place;
use super::{Options, UserPick};
use crate::text::{Clock, put, put_number, put_short_span, put_timestamp};

macro_rules! fields {
    ($($name:ident: $letter:literal, [$($long:literal),*], $heading:literal, $absent:literal;)*) => {
        /// One thing to show of a step.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Field { $($name),* }

        impl Field {
            /// The field of a letter of `-o`.
            pub fn of_letter(letter: u8) -> Option<Field> {
                match letter { $($letter if $letter != b' ' => Some(Field::$name),)* _ => None }
            }

            /// The field of a name of `-O`, in any case.
            pub fn named(name: &str) -> Option<Field> {
                let known: &[(Field, &[&str])] = &[$((Field::$name, &[$($long),*])),*];
                let is = |long: &&str| long.eq_ignore_ascii_case(name);
                known.iter().find(|(_, names)| names.iter().any(is)).map(|(field, _)| *field)
            }

            /// What stands above it.
            pub fn heading(self) -> &'static str {
                match self { $(Field::$name => $heading),* }
            }

            /// What Slurm shows for what steps here do not have.
            fn absent(self) -> &'static str {
                match self { $(Field::$name => $absent),* }
            }
        }
    };
}

// Name: letter of -o (blank: none), names of -O, heading, text where there is no such thing.
fields! {
    Gres: b'b', ["tres-per-node", "gres"], "TRES_PER_JOB", "(null)";
    StepId: b'i', ["StepID"], "STEPID", "";
    Name: b'j', ["StepName"], "NAME", "";
    TimeLimit: b'l', ["TimeLimit"], "TIME_LIMIT", "UNLIMITED";
    User: b'u', ["UserName"], "USER", "";
    Tasks: b'A', ["NumTasks"], "TASKS", "";
    Elapsed: b'M', ["TimeUsed"], "TIME", "";
    NodeList: b'N', ["Nodes"], "NODELIST", "";
    Partition: b'P', ["Partition"], "PARTITION", "";
    Start: b'S', ["StartTime"], "START_TIME", "";
    Uid: b'U', ["UserID"], "UID", "";
    ArrayJobId: b' ', ["ArrayJobID"], "ARRAY_JOB_ID", "0";
    ArrayTask: b' ', ["ArrayTaskID"], "ARRAY_TASK_ID", "N/A";
    Cluster: b' ', ["Cluster"], "CLUSTER", "";
    Container: b' ', ["Container"], "CONTAINER", "(null)";
    CpuFreq: b' ', ["CPUFreq"], "CPU_FREQ", "0-0:0";
    CpusPerTres: b' ', ["cpus-per-tres"], "CPUS_PER_TRES", "(null)";
    JobId: b' ', ["JobID"], "JOB_ID", "";
    MemPerTres: b' ', ["mem-per-tres"], "MEM_PER_TRES", "(null)";
    Network: b' ', ["Network"], "NETWORK", "(null)";
    Cpus: b' ', ["NumCPUs"], "NUM_CPUS", "";
    State: b' ', ["StepState"], "STATE", "RUNNING";
    TresBind: b' ', ["tres-bind"], "TRES_BIND", "(null)";
    TresFreq: b' ', ["tres-freq"], "TRES_FREQ", "(null)";
    TresPerStep: b' ', ["tres-per-step", "tres-per-job"], "TRES_PER_STEP", "(null)";
    TresPerSocket: b' ', ["tres-per-socket"], "TRES_PER_SOCKET", "(null)";
    TresPerTask: b' ', ["tres-per-task"], "TRES_PER_TASK", "(null)";
}

/// `%all`.
pub const ALL: &[u8] = b"%b|%i|%j|%l|%u|%A|%M|%N|%P|%S|%U|";

/// Writes the listing of steps; those that are not meant are left out.
pub fn print_steps(options: &Options, steps: &[StepRow], clock: &Clock<'_>, out: &mut Vec<u8>) {
    if !options.no_header {
        if options.long {
            out.extend_from_slice(crate::text::date_line(clock).as_bytes());
            out.push(b'\n');
        }
        options.step_format.write(out, |field, out| out.extend_from_slice(field.heading().as_bytes()));
    }
    let mut shown: Vec<&StepRow> = steps.iter().filter(|step| selects(options, step)).collect();
    // The batch script comes after the steps that it made.
    let number = |step: StepId| match step {
        StepId::Number(number) => u64::from(number),
        StepId::Batch => u64::MAX,
    };
    shown.sort_by(|a, b| (&a.partition, a.job, number(a.step)).cmp(&(&b.partition, b.job, number(b.step))));
    for step in shown {
        options.step_format.write(out, |field, out| put_step(options, field, step, clock, out));
    }
}

fn selects(options: &Options, step: &StepRow) -> bool {
    let filter = &options.filter;
    let wanted = options.steps.as_deref().unwrap_or_default();
    (wanted.is_empty()
        || wanted.iter().any(|pick| pick.covers(step.job, &step.array) && pick.covers_step(Some(step.step))))
        && filter.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(|pick| pick.covers(step.job, &step.array)))
        && filter.users.as_ref().is_none_or(|users| users.iter().any(|user: &UserPick| user.is(&step.owner)))
        && filter.partitions.as_ref().is_none_or(|names| names.iter().any(|name| **name == *step.partition))
        && filter.nodes.as_ref().is_none_or(|names| names.iter().any(|name| **name == *step.node))
}

fn put_step(options: &Options, field: Field, step: &StepRow, clock: &Clock<'_>, out: &mut Vec<u8>) {
    match (field, &step.array) {
        (Field::StepId, place) => {
            put_place(out, step.job, place);
            put(out, format_args!(".{}", step.step));
        }
        (Field::JobId, _) => put_number(out, step.job.0.into()),
        (Field::ArrayJobId, ArrayPlace::Task { base, .. }) => put_number(out, base.0.into()),
        (Field::ArrayTask, ArrayPlace::Task { index, .. }) => put_number(out, (*index).into()),
        (Field::Name, _) => out.extend_from_slice(step.name.as_bytes()),
        (Field::Partition, _) => out.extend_from_slice(step.partition.as_bytes()),
        (Field::User, _) => out.extend_from_slice(step.owner.user.as_bytes()),
        (Field::Uid, _) => put_number(out, step.owner.uid.0.into()),
        (Field::Elapsed, _) => put_short_span(out, clock.now - step.start),
        (Field::NodeList, _) => out.extend_from_slice(step.node.as_bytes()),
        (Field::Start, _) => put_timestamp(out, step.start, clock.zone),
        (Field::Tasks, _) => put_number(out, step.tasks.into()),
        (Field::Cpus, _) => put_number(out, step.cpus.into()),
        (Field::Cluster, _) => out.extend_from_slice(options.cluster.as_bytes()),
        (other, _) => out.extend_from_slice(other.absent().as_bytes()),
    }
}
