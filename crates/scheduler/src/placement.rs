//! Which cores and GPUs a job gets, out of those that are free: within one NUMA node if it fits (the fullest that still
//! fits, so that wide jobs find wide places), else on the fewest NUMA nodes of one socket, else on the fewest sockets.
//! Whole cores only. Must not know why something is free.

use std::cmp::Reverse;

use crate::by_node::{is_never_short, parts, with_memory};
use crate::resources::Need;
use crate::topology::Topology;

/// A place on the machine, by position in the topology's lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Cores, ascending.
    pub cores: Vec<u32>,
    /// GPUs, ascending.
    pub gpus: Vec<usize>,
}

/// Finds a place as [`place`] does, where each node has the memory for the cores that it gives: `memory` is what is free
/// on each, in MiB.
pub(crate) fn place_with_memory(
    need: &Need,
    free: &[bool],
    free_gpus: &[bool],
    memory: &[u64],
    topology: &Topology,
) -> Option<Place> {
    if need.memory == 0 || !topology.binds_memory() {
        return place(need, free, free_gpus, topology);
    }
    let found = place(need, &with_memory(need, free, memory, topology), free_gpus, topology)?;
    // Where cores differ in threads, a place may have fewer than was counted on, and so more memory for each.
    let has_memory = parts(need.memory, &found.cores, topology).iter().all(|(node, part)| part.memory <= memory[*node]);
    has_memory.then_some(found)
}

/// Whether a job has its place on the empty machine, as far as its memory can keep it from one.
pub(crate) fn has_memory_when_empty(need: &Need, topology: &Topology) -> bool {
    let placed = || {
        let memory: Vec<u64> = topology.nodes.iter().map(|node| node.amount.memory).collect();
        let (cores, gpus) = (vec![true; topology.cores.len()], vec![true; topology.gpus.len()]);
        place_with_memory(need, &cores, &gpus, &memory, topology).is_some()
    };
    need.memory <= topology.total.memory && (is_never_short(need, topology) || placed())
}

/// Finds a place for `need` among the cores and GPUs said to be free; `None` if it does not fit. Memory is not looked at.
pub(crate) fn place(need: &Need, free: &[bool], free_gpus: &[bool], topology: &Topology) -> Option<Place> {
    let capacity = |core: usize| (topology.cores[core].threads.len() as u32).min(need.threads);
    let mut room = vec![0u32; topology.domains.len()];
    for (core, place) in topology.cores.iter().enumerate().filter(|(core, _)| free[*core]) {
        room[place.domain as usize] += capacity(core);
    }
    if need.whole {
        let all = free.iter().all(|free| *free);
        let cores = (0..topology.cores.len() as u32).collect();
        return if all { Some(Place { cores, gpus: gpus(need, &[], free_gpus, topology)? }) } else { None };
    }
    let domains = domains(need, &room, free_gpus, topology)?;
    let mut cores = Vec::new();
    let mut left = need.cpus;
    for domain in &domains {
        let inside = topology.cores_in[*domain].iter().map(|core| *core as usize);
        let mut here: Vec<usize> = inside.filter(|core| free[*core]).collect();
        // Greatest first; between equals the one with more threads, then the lower number.
        here.sort_by_key(|core| (Reverse(capacity(*core)), Reverse(topology.cores[*core].threads.len()), *core));
        take(&here, &capacity, &mut left, &mut cores);
    }
    cores.sort_unstable();
    Some(Place { cores, gpus: gpus(need, &domains, free_gpus, topology)? })
}

/// Takes cores until `left` CPUs are covered: those that fill up exactly first, then the smallest that is enough.
fn take(here: &[usize], capacity: &dyn Fn(usize) -> u32, left: &mut u32, cores: &mut Vec<u32>) {
    let mut skipped = Vec::new();
    for core in here {
        if capacity(*core) <= *left {
            *left -= capacity(*core);
            cores.push(*core as u32);
        } else {
            skipped.push(*core);
        }
    }
    // What was skipped is more than enough, each alone.
    if *left > 0
        && let Some(core) = skipped.into_iter().min_by_key(|core| (capacity(*core), *core))
    {
        *left = 0;
        cores.push(core as u32);
    }
}

/// The domains to use, in the order in which they are filled.
fn domains(need: &Need, room: &[u32], free_gpus: &[bool], topology: &Topology) -> Option<Vec<usize>> {
    let near = |domain: usize| gpus_near(need, topology.domains[domain].numa, free_gpus, topology);
    let one = (0..room.len())
        .filter(|domain| room[*domain] >= need.cpus.max(1))
        .min_by_key(|domain| (need.gpus.saturating_sub(near(*domain)), room[*domain], *domain));
    if let Some(domain) = one {
        return Some(vec![domain]);
    }
    let inside = |socket: usize| -> Vec<(usize, u32)> {
        topology.sockets[socket].clone().map(|domain| (domain, room[domain])).collect()
    };
    let list: Vec<(usize, u32)> =
        topology.sockets.iter().map(|socket| room[socket.clone()].iter().sum()).enumerate().collect();
    let within = (list.iter())
        .filter(|(_, room)| *room >= need.cpus)
        .filter_map(|(socket, room)| Some((cover(need.cpus, inside(*socket))?, *room)))
        .min_by_key(|(domains, room)| (domains.len(), *room));
    if let Some((domains, _)) = within {
        return Some(domains);
    }
    let mut left = need.cpus;
    let mut chosen = Vec::new();
    for socket in cover(need.cpus, list.clone())? {
        let room = list[socket].1;
        chosen.extend(cover(left.min(room), inside(socket))?);
        left = left.saturating_sub(room);
    }
    Some(chosen)
}

/// The fewest of `items` (number, room) that hold `count`: the greatest first, and last the smallest that is enough.
fn cover(mut count: u32, mut items: Vec<(usize, u32)>) -> Option<Vec<usize>> {
    items.retain(|(_, room)| *room > 0);
    items.sort_unstable_by_key(|(item, room)| (Reverse(*room), *item));
    let mut chosen = Vec::new();
    let mut rest = items.as_slice();
    while let Some(((item, room), others)) = rest.split_first() {
        if *room >= count {
            let last = rest.iter().filter(|(_, room)| *room >= count).min_by_key(|(item, room)| (*room, *item))?;
            chosen.push(last.0);
            return Some(chosen);
        }
        chosen.push(*item);
        count -= room;
        rest = others;
    }
    None
}

fn usable<'a>(need: &'a Need, free: &'a [bool], topology: &'a Topology) -> impl Iterator<Item = usize> + 'a {
    (0..topology.gpus.len())
        .filter(|gpu| free[*gpu] && need.gpu_kind.is_none_or(|kind| kind == topology.gpus[*gpu].kind))
}

fn gpus_near(need: &Need, numa: u32, free: &[bool], topology: &Topology) -> u32 {
    usable(need, free, topology).filter(|gpu| topology.gpus[*gpu].numa == Some(numa)).count() as u32
}

/// GPUs on the chosen domains first, then the others.
fn gpus(need: &Need, domains: &[usize], free: &[bool], topology: &Topology) -> Option<Vec<usize>> {
    let near =
        |gpu: &usize| domains.iter().any(|domain| topology.gpus[*gpu].numa == Some(topology.domains[*domain].numa));
    let mut list: Vec<usize> = usable(need, free, topology).collect();
    list.sort_by_key(|gpu| (!near(gpu), *gpu));
    if list.len() < need.gpus as usize {
        return None;
    }
    list.truncate(need.gpus as usize);
    list.sort_unstable();
    Some(list)
}
