//! `scontrol show`: what is to be shown.

use super::Request;
use super::parse::{job_list, too_few};
use super::update::pair;
use crate::environ::{self, Variable};
use crate::refusal::Refusal;
use crate::values::hostlist;

/// What can be shown, and how many letters of each name are enough.
const ENTITIES: &[(&str, usize)] = &[
    ("aliases", 2),
    ("assoc_mgr", 2),
    ("bbstat", 2),
    ("burstbuffer", 2),
    ("config", 1),
    ("daemons", 1),
    ("dwstat", 2),
    ("federations", 3),
    ("frontends", 2),
    ("hostlist", 5),
    ("hostlistsorted", 9),
    ("hostnames", 5),
    ("jobs", 1),
    ("jobid", 5),
    ("licenses", 2),
    ("nodes", 1),
    ("nodename", 8),
    ("partitions", 1),
    ("partitionname", 13),
    ("reservations", 1),
    ("reservationname", 15),
    ("slurmd", 6),
    ("steps", 2),
    ("stepid", 6),
    ("topology", 1),
];

/// What is to be shown.
pub(super) fn parse(words: &[&[u8]], environ: &[Variable]) -> Result<Request, Refusal> {
    let Some((entity, rest)) = words.split_first() else { return Err(too_few("show")) };
    let (entity, inline) = match pair(entity) {
        Some((name, value)) => (name, Some(value)),
        None => (String::from_utf8_lossy(entity).to_ascii_lowercase(), None),
    };
    if rest.len() > 1 {
        return Err(Refusal::line("too many arguments for keyword:show", 1));
    }
    let value = inline.or_else(|| rest.first().copied());
    let text = value.map(|value| String::from_utf8_lossy(value).into_owned());
    let found = ENTITIES.iter().find(|(name, least)| entity.len() >= *least && name.starts_with(&entity));
    let Some((name, _)) = found else {
        // The blank at the end is Slurm's.
        return Err(Refusal::line(format!("invalid entity:{entity} for keyword:show "), 1));
    };
    match *name {
        "jobs" | "jobid" => {
            let bad = |_| Refusal::line("scontrol_print_job error: Invalid job id specified", 1);
            Ok(Request::ShowJobs(value.map(job_list).transpose().map_err(bad)?.unwrap_or_default()))
        }
        "steps" | "stepid" => {
            Ok(Request::ShowSteps(value.map(job_list).transpose()?.and_then(|list| list.into_iter().next())))
        }
        "nodes" | "nodename" => {
            let names = text.as_deref().unwrap_or_default();
            let expanded = hostlist::expand(names);
            Ok(Request::ShowNodes(expanded.ok_or_else(|| Refusal::line(format!("Node {names} not found"), 1))?))
        }
        "partitions" | "partitionname" => Ok(Request::ShowPartitions(text)),
        "reservations" | "reservationname" => Ok(Request::ShowReservations(text)),
        "config" => Ok(Request::ShowConfig),
        "hostnames" => hostnames(text, environ),
        "hostlist" | "hostlistsorted" => {
            let names = values_of(text, "hostlist")?;
            let mut names = hostlist::expand(&names).ok_or_else(|| Refusal::line("Invalid hostlist", 1))?;
            if *name == "hostlistsorted" {
                names.sort();
                names.dedup();
            }
            Ok(Request::Answer(format!("{}\n", hostlist::compress(&names))))
        }
        "daemons" => Ok(Request::Answer(String::from("slurmctld slurmd \n"))),
        "aliases" => Ok(Request::ShowAliases),
        "assoc_mgr" => Ok(Request::ShowAssociations),
        "slurmd" => Ok(Request::ShowDaemon),
        "frontends" => Ok(Request::Answer(String::from("No nodes in the system\n"))),
        "topology" => Err(Refusal::error("scontrol", "No topology information available", 0)),
        "licenses" => Ok(Request::Answer(String::from("No licenses configured in Slurm.\n"))),
        // Burst buffers, federations: nothing of the kind.
        _ => Ok(Request::Answer(String::new())),
    }
}

fn values_of(text: Option<String>, entity: &str) -> Result<String, Refusal> {
    text.ok_or_else(|| Refusal::line(format!("too few arguments for keyword:show {entity}"), 1))
}

fn hostnames(text: Option<String>, environ: &[Variable]) -> Result<Request, Refusal> {
    let list = text.or_else(|| {
        environ::non_empty(environ, "SLURM_JOB_NODELIST").map(|value| String::from_utf8_lossy(value).into_owned())
    });
    let list = values_of(list, "hostnames")?;
    let names = hostlist::expand(&list).ok_or_else(|| Refusal::line(format!("Invalid hostlist: {list}"), 1))?;
    Ok(Request::Answer(names.iter().map(|name| format!("{name}\n")).collect()))
}
