//! Which accounts are asked for: jobs, users, states, and the window of time.

use model::{AccountRow, JobState, Text, Time, TimeLimit};

use super::{Options, place};
use crate::squeue::UserPick;
use crate::values::jobs::JobPick;

/// What the centre needs to know to look for rows; `None` lets all through.
///
/// The window: without states, a job is in it that was eligible (or at least submitted) before its end and had not
/// ended before its start. With states, a job must have been in one of them inside the window: pending from when it was
/// submitted to its start, running from start to end, ended at its end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// `-j`.
    pub jobs: Option<Vec<JobPick>>,
    /// `-u`, or the caller alone.
    pub users: Option<Vec<UserPick>>,
    /// Start of the window.
    pub since: Option<Time>,
    /// End of the window; `None`: now.
    pub until: Option<Time>,
    /// When the question was asked.
    pub now: Time,
    /// `-A`.
    pub accounts: Option<Vec<String>>,
    /// `-M`.
    pub clusters: Option<Vec<String>>,
    /// `-g`: names or numbers of groups.
    pub groups: Option<Vec<String>>,
    /// `--name`.
    pub names: Option<Vec<Text>>,
    /// `-N`.
    pub nodes: Option<Vec<String>>,
    /// `-r`.
    pub partitions: Option<Vec<String>>,
    /// `-q`.
    pub qos: Option<Vec<String>>,
    /// `-s`.
    pub states: Option<Vec<JobState>>,
    /// `-W`.
    pub wckeys: Option<Vec<String>>,
    /// `-I`, least and greatest.
    pub cpus: Option<(u32, u32)>,
    /// `-i`, least and greatest.
    pub node_count: Option<(u32, u32)>,
    /// `-k`.
    pub limit_min: Option<TimeLimit>,
    /// `-K`.
    pub limit_max: Option<TimeLimit>,
}

/// Whether a job's row is asked for. Steps go with their job; of them this says only whether they are meant by number
/// (`-j 35.0`) and not left out (`-X`).
pub fn selects(options: &Options, row: &AccountRow) -> bool {
    let query = &options.query;
    let picked = |pick: &JobPick| {
        pick.covers(row.id, &row.array) && (row.step.is_none() && pick.step.is_none() || pick.covers_step(row.step))
    };
    if row.step.is_some() {
        return !options.allocations && query.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(picked));
    }
    query.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(|pick| pick.covers(row.id, &row.array)))
        && query.selects_facts(row)
        && query.in_window(row)
}

impl Query {
    fn selects_facts(&self, row: &AccountRow) -> bool {
        fn among(list: &Option<Vec<String>>, name: &str) -> bool {
            list.as_ref().is_none_or(|list| list.iter().any(|wanted| wanted == name))
        }
        let group = |wanted: &String| *wanted == row.owner.group || *wanted == row.owner.gid.to_string();
        let span = |limit: TimeLimit| limit.span().map_or(i64::MAX, |span| span.0);
        let cpus = if row.cpus > 0 { row.cpus } else { row.cpus_requested };
        self.users.as_ref().is_none_or(|users| users.iter().any(|user| user.is(&row.owner)))
            && among(&self.accounts, &row.account)
            && among(&self.partitions, &row.partition)
            && among(&self.qos, &row.qos)
            && among(&self.nodes, &row.node)
            && self.groups.as_ref().is_none_or(|groups| groups.iter().any(group))
            && self.names.as_ref().is_none_or(|names| names.contains(&row.name))
            && self.wckeys.as_ref().is_none_or(|keys| row.wckey.as_ref().is_some_and(|key| keys.contains(key)))
            && self.cpus.is_none_or(|(least, most)| (least..=most).contains(&cpus))
            && self.node_count.is_none_or(|(least, most)| (least..=most).contains(&row.nodes))
            && self.limit_min.is_none_or(|least| span(row.time_limit) >= span(least))
            && self.limit_max.is_none_or(|most| span(row.time_limit) <= span(most))
    }

    fn in_window(&self, row: &AccountRow) -> bool {
        let since = self.since.unwrap_or(Time(i64::MIN));
        let until = self.until.unwrap_or(self.now);
        // A held job has no time from which it could have run.
        let waiting = row.eligible.filter(|eligible| *eligible <= self.now).unwrap_or(row.submit);
        let overlaps = |from: Time, to: Option<Time>| from <= until && to.is_none_or(|to| to >= since);
        let Some(states) = &self.states else { return overlaps(waiting, row.end) };
        states.iter().any(|state| match state {
            JobState::Pending => overlaps(waiting, row.start.or(row.end)),
            JobState::Running => row.start.is_some_and(|start| overlaps(start, row.end)),
            JobState::Suspended | JobState::Completing => row.state == *state && overlaps(waiting, row.end),
            ended => row.state == *ended && row.end.is_some_and(|end| since <= end && end <= until),
        })
    }
}

/// The rows to show, in order.
pub(super) fn chosen<'a>(options: &Options, rows: &'a [AccountRow]) -> Vec<&'a AccountRow> {
    let mut sorted: Vec<&AccountRow> = rows.iter().collect();
    sorted.sort_by_key(|row| place(row));
    let mut latest = std::collections::HashMap::new();
    if !options.duplicates {
        for row in &sorted {
            let attempt = latest.entry(row.id).or_insert(row.attempt);
            *attempt = row.attempt.max(*attempt);
        }
    }
    // The job whose steps may follow, if it was chosen.
    let mut current = None;
    sorted.retain(|row| {
        let run = (row.id, row.attempt);
        if latest.get(&row.id).is_some_and(|latest| *latest != row.attempt) {
            return false;
        }
        if row.step.is_some() {
            return current.is_none_or(|(job, chosen)| job != run || chosen) && selects(options, row);
        }
        let chosen = selects(options, row);
        current = Some((run, chosen));
        // `-j 35.0` alone shows the step without its job.
        let whole = |pick: &JobPick| pick.step.is_none() && pick.covers(row.id, &row.array);
        chosen && options.query.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(whole))
    });
    sorted
}
