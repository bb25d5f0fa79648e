//! `sdiag`: how the scheduler does, in Slurm's layout. What we do not have (agents, a backfill pass of its own) is 0.

use model::{Time, Uid};

use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::text::{Clock, date_line, put};

const NAME: &str = "sdiag";

const OPTS: &[Opt] = &[
    opt("all", 'a', Arg::No),
    alias("cluster", 'M', Arg::Required, "clusters"),
    opt("clusters", ' ', Arg::Required),
    opt("help", 'h', Arg::No),
    opt("reset", 'r', Arg::No),
    opt("sort-by-id", 'i', Arg::No),
    opt("sort-by-time", 't', Arg::No),
    opt("sort-by-time2", 'T', Arg::No),
    opt("usage", ' ', Arg::No),
    opt("version", 'V', Arg::No),
];

/// How the counts of questions are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// Most asked first.
    #[default]
    Count,
    /// `-i`: by name.
    Name,
    /// `-t`: most time together first.
    Total,
    /// `-T`: most time each first.
    Average,
}

/// A command line of `sdiag`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// In which order.
    pub sort: Sort,
    /// `-r`: counts are to begin anew.
    pub reset: bool,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options: exit code 1.
pub fn parse(args: &[Vec<u8>]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let mut options = Options::default();
    for given in &line.given {
        match given.key {
            "help" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
            "usage" => return Err(Refusal::answer("Usage: sdiag [-M cluster] [-aritT]\n")),
            "version" => return Err(crate::refusal::version()),
            "reset" => options.reset = true,
            "sort-by-id" => options.sort = Sort::Name,
            "sort-by-time" => options.sort = Sort::Total,
            "sort-by-time2" => options.sort = Sort::Average,
            _ => {}
        }
    }
    Ok(options)
}

/// What the centre counted since it was started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Since when.
    pub since: Time,
    /// Commands that are connected.
    pub connections: u32,
    /// Submissions, starts, and ends: good, by people, otherwise.
    pub jobs: [u64; 5],
    /// Records that wait.
    pub pending: u32,
    /// Runs on the machine.
    pub running: u32,
    /// Passes over the queue: how many, all together, the last, the longest; microseconds.
    pub passes: [u64; 4],
    /// By kind: how often, microseconds.
    pub by_kind: Vec<(String, u64, u64)>,
    /// By user.
    pub by_user: Vec<(String, Uid, u64, u64)>,
}

/// Writes all of it.
pub fn print(options: &Options, counts: &Counts, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let stars = "*".repeat(55);
    let when = |time: Time| format!("{} ({})", date_line(&Clock { now: time, zone: clock.zone }), time.seconds());
    put(out, format_args!("{stars}\nsdiag output at {}\n", when(clock.now)));
    put(out, format_args!("Data since      {}\n{stars}\n", when(counts.since)));
    put(out, format_args!("Server thread count:  {}\n", counts.connections));
    out.extend_from_slice(b"Agent queue size:     0\nAgent count:          0\nAgent thread count:   0\n");
    out.extend_from_slice(b"DBD Agent queue size: 0\n\n");
    let [submitted, started, completed, cancelled, failed] = counts.jobs;
    put(out, format_args!("Jobs submitted: {submitted}\nJobs started:   {started}\nJobs completed: {completed}\n"));
    put(out, format_args!("Jobs canceled:  {cancelled}\nJobs failed:    {failed}\n\n"));
    put(out, format_args!("Job states ts:  {}\n", when(clock.now)));
    put(out, format_args!("Jobs pending:   {}\nJobs running:   {}\n\n", counts.pending, counts.running));
    put_passes(counts, clock, out);
    let backfill = [
        "Total backfilled jobs (since last slurm start)",
        "Total backfilled jobs (since last stats cycle start)",
        "Total backfilled heterogeneous job components",
        "Total cycles",
    ];
    out.extend_from_slice(b"\nBackfilling stats\n");
    backfill.iter().for_each(|line| put(out, format_args!("\t{line}: 0\n")));
    out.extend_from_slice(b"\tLast cycle when: N/A\n");
    for line in [
        "Last cycle",
        "Max cycle",
        "Last depth cycle",
        "Last depth cycle (try sched)",
        "Last queue length",
        "Last table size",
    ] {
        // The column of this one word stands a blank further, as Slurm has it.
        let blank = if line == "Max cycle" { " " } else { "" };
        put(out, format_args!("\t{line}: {blank}0\n"));
    }
    put_calls(options, counts, out);
}

fn put_passes(counts: &Counts, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let [passes, together, last, longest] = counts.passes;
    let minutes = ((clock.now - counts.since).as_seconds().max(60) / 60).unsigned_abs();
    out.extend_from_slice(b"Main schedule statistics (microseconds):\n");
    put(out, format_args!("\tLast cycle:   {last}\n\tMax cycle:    {longest}\n\tTotal cycles: {passes}\n"));
    if let Some(mean) = together.checked_div(passes) {
        put(out, format_args!("\tMean cycle:   {mean}\n\tMean depth cycle:  0\n"));
        put(out, format_args!("\tCycles per minute: {}\n", passes / minutes));
    }
    put(out, format_args!("\tLast queue length: {}\n", counts.pending));
}

fn put_calls(options: &Options, counts: &Counts, out: &mut Vec<u8>) {
    let average = |count: u64, total: u64| total.checked_div(count).unwrap_or(0);
    let mut kinds: Vec<&(String, u64, u64)> = counts.by_kind.iter().collect();
    match options.sort {
        Sort::Count => kinds.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count)),
        Sort::Name => kinds.sort(),
        Sort::Total => kinds.sort_by_key(|(_, _, total)| std::cmp::Reverse(*total)),
        Sort::Average => kinds.sort_by_key(|(_, count, total)| std::cmp::Reverse(average(*count, *total))),
    }
    out.extend_from_slice(b"\nRemote Procedure Call statistics by message type\n");
    for (at, (kind, count, total)) in kinds.iter().enumerate() {
        let name = format!("REQUEST_{}", kind.to_ascii_uppercase());
        let each = average(*count, *total);
        put(out, format_args!("\t{name:<40}({:5}) count:{count:<6} ave_time:{each:<6} total_time:{total}\n", at + 1));
    }
    let mut users: Vec<&(String, Uid, u64, u64)> = counts.by_user.iter().collect();
    users.sort_by_key(|(_, _, count, _)| std::cmp::Reverse(*count));
    out.extend_from_slice(b"\nRemote Procedure Call statistics by user\n");
    for (user, uid, count, total) in users {
        let each = average(*count, *total);
        let uid = uid.0;
        put(out, format_args!("\t{user:<16}({uid:8}) count:{count:<6} ave_time:{each:<6} total_time:{total}\n"));
    }
    out.extend_from_slice(b"\nPending RPC statistics\n\tNo pending RPCs\n");
}
