//! `squeue`: its command line, which jobs it shows, and how.
//!
//! Does not know where rows come from: the centre sends what [`Filter`] lets through, [`print()`] shows it.

mod fields;
mod options;
mod record;
mod sort;
mod steps;

pub(crate) use fields::{put_command, put_place, reason};
pub use options::{Filter, Options, UserPick, invalid_user, parse};
pub use record::Listing;
pub use steps::print_steps;

use model::{ArrayPlace, QueueDetail, QueueRow};

use crate::text::{Clock, put_number};
use crate::values::array::put_listed;
use fields::Line;

/// The rows of a listing: short ones, or whole jobs where the format needs them ([`Options::needs_detail`]).
#[derive(Clone, Copy, Debug)]
pub enum Jobs<'a> {
    /// The short facts.
    Rows(&'a [QueueRow]),
    /// Everything.
    Details(&'a [QueueDetail]),
}

impl<'a> Jobs<'a> {
    fn len(self) -> usize {
        match self {
            Jobs::Rows(rows) => rows.len(),
            Jobs::Details(details) => details.len(),
        }
    }

    fn row(self, at: usize) -> &'a QueueRow {
        match self {
            Jobs::Rows(rows) => &rows[at],
            Jobs::Details(details) => &details[at].row,
        }
    }

    fn detail(self, at: usize) -> Option<&'a QueueDetail> {
        match self {
            Jobs::Rows(_) => None,
            Jobs::Details(details) => Some(&details[at]),
        }
    }
}

/// Writes the listing: heading, and one line for each job in the order asked for. Rows that the filter does not let
/// through are left out.
pub fn print(options: &Options, jobs: Jobs<'_>, clock: &Clock<'_>, out: &mut Vec<u8>) {
    if options.long && !options.no_header {
        out.extend_from_slice(crate::text::date_line(clock).as_bytes());
        out.push(b'\n');
    }
    if !options.no_header {
        options.format.write(out, |field, out| out.extend_from_slice(field.heading().as_bytes()));
    }
    let order = sort::order(&options.sort, jobs, |row| options.filter.selects(row), clock);
    out.reserve(order.len() * 96);
    for at in order {
        let row = jobs.row(at);
        let mut line = Line { row, detail: jobs.detail(at), task: None, options, clock };
        match &row.array {
            ArrayPlace::Pending { tasks, .. } if options.each_task || options.filter.names_tasks(row) => {
                for task in tasks.iter().filter(|task| options.filter.selects_task(row, *task)) {
                    line.task = Some(task);
                    options.format.write(out, |field, out| line.put(field, out));
                }
            }
            _ => options.format.write(out, |field, out| line.put(field, out)),
        }
    }
}

/// A job's number as `squeue %i` shows it: `35`, `35_3`, `35_[4-9%2]`.
pub fn job_id(row: &QueueRow) -> String {
    crate::text::shown(|out| put_job_id(out, row, None, usize::MAX))
}

/// The same into a buffer; `task`: only that one of a pending array; lists of tasks are cut at `most` bytes.
fn put_job_id(out: &mut Vec<u8>, row: &QueueRow, task: Option<u32>, most: usize) {
    match &row.array {
        ArrayPlace::Single => put_number(out, row.id.0.into()),
        ArrayPlace::Task { base, index } => {
            put_number(out, base.0.into());
            out.push(b'_');
            put_number(out, (*index).into());
        }
        ArrayPlace::Pending { base, tasks, limit } => {
            put_number(out, base.0.into());
            out.push(b'_');
            match task {
                Some(task) => put_number(out, task.into()),
                None => {
                    out.push(b'[');
                    put_listed(out, tasks, *limit, most);
                    out.push(b']');
                }
            }
        }
    }
}
