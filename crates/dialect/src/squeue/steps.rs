//! `squeue -s`: running steps.

use model::{StepId, StepRow};

use super::fields::{Field, put_place};
use super::{Options, UserPick};
use crate::text::{Clock, put, put_number, put_short_span, put_timestamp};

/// Writes the listing of steps; those that are not meant are left out.
pub fn print_steps(options: &Options, steps: &[StepRow], clock: &Clock<'_>, out: &mut Vec<u8>) {
    if !options.no_header {
        if options.long {
            out.extend_from_slice(crate::text::date_line(clock).as_bytes());
            out.push(b'\n');
        }
        options.format.write(out, |field, out| out.extend_from_slice(field.step_heading().as_bytes()));
    }
    let mut shown: Vec<&StepRow> = steps.iter().filter(|step| selects(options, step)).collect();
    // The batch script comes after the steps that it made.
    let number = |step: StepId| match step {
        StepId::Number(number) => u64::from(number),
        StepId::Batch => u64::MAX,
    };
    shown.sort_by(|a, b| (&a.partition, a.job, number(a.step)).cmp(&(&b.partition, b.job, number(b.step))));
    for step in shown {
        options.format.write(out, |field, out| put_step(field, step, clock, out));
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

fn put_step(field: Field, step: &StepRow, clock: &Clock<'_>, out: &mut Vec<u8>) {
    match field {
        Field::JobId => {
            put_place(out, step.job, &step.array);
            put(out, format_args!(".{}", step.step));
        }
        Field::Name => out.extend_from_slice(step.name.as_bytes()),
        Field::Partition => out.extend_from_slice(step.partition.as_bytes()),
        Field::User => out.extend_from_slice(step.owner.user.as_bytes()),
        Field::Uid => put_number(out, step.owner.uid.0.into()),
        Field::Elapsed => put_short_span(out, clock.now - step.start),
        Field::TimeLimit => out.extend_from_slice(b"UNLIMITED"),
        Field::NodeList => out.extend_from_slice(step.node.as_bytes()),
        Field::Start => put_timestamp(out, step.start, clock.zone),
        Field::State => out.extend_from_slice(b"RUNNING"),
        Field::StateShort => out.extend_from_slice(b"R"),
        Field::Tasks => put_number(out, step.tasks.into()),
        Field::Cpus => put_number(out, step.cpus.into()),
        Field::Gres => out.extend_from_slice(b"N/A"),
        _ => {}
    }
}
