//! Reads what [`SCRIPT`] printed on a machine. Must not know how it was run there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Card, Cgroup, Disk, Gpu, Identity, Measured};

/// POSIX sh for `sh -s`; the variable `HOME_FOLDER` is to be set before it.
pub const SCRIPT: &str = include_str!("probe.sh");

/// What a machine said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// What it is.
    pub measured: Measured,
    /// Its clock, seconds since 1970.
    pub now_s: i64,
}

/// Why that makes no sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProbeError {
    /// It ends too early, or does not begin.
    #[error("the machine said nothing that could be understood")]
    Cut,
    /// Something without which nothing can be planned.
    #[error("the machine did not say its {0}")]
    Missing(&'static str),
}

/// Reads it.
///
/// # Errors
/// [`ProbeError`]: it is cut, or name, clock, processors or memory are missing.
pub fn parse(text: &str) -> Result<Said, ProbeError> {
    let sections = sections(text);
    if sections.get("algoric-probe").is_none_or(|lines| lines != &["1"]) || !sections.contains_key("end") {
        return Err(ProbeError::Cut);
    }
    let lines = |name: &str| sections.get(name).map_or(&[][..], Vec::as_slice);
    let first = |name: &str| lines(name).first().map(|line| line.trim()).filter(|line| !line.is_empty());
    let need = |name: &'static str| first(name).ok_or(ProbeError::Missing(name));
    let (sockets, cores_per_socket, threads_per_core) = shape(lines("cpu")).ok_or(ProbeError::Missing("cpu"))?;
    let memory_kib = number(need("memory")?).ok_or(ProbeError::Missing("memory"))?;
    let measured = Measured {
        hostname: need("hostname")?.to_owned(),
        os: first("os").unwrap_or_default().to_owned(),
        slurm: first("slurm").filter(|version| *version != "(none)").map(str::to_owned),
        sockets,
        cores_per_socket,
        threads_per_core,
        memory_mib: memory_kib / 1024,
        cgroup: if first("cgroup") == Some("cgroup2fs") { Cgroup::V2 } else { Cgroup::V1 },
        home: first("home").map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")),
        bmc: first("bmc").filter(|address| *address != "0.0.0.0").map(str::to_owned),
        ids: lines("ids").iter().filter_map(|line| line.trim().parse().ok()).filter(is_system).collect(),
        munge: first("munge").and_then(identity),
        slurm_user: first("slurm_user").and_then(identity),
        gpu: gpus(lines("gpu"), lines("pci")),
        disk: lines("disk").iter().filter_map(|line| disk(line)).collect(),
        card: lines("card").iter().filter_map(|line| card(line)).collect(),
    };
    let now_s = need("now")?.parse().map_err(|_| ProbeError::Missing("now"))?;
    Ok(Said { measured, now_s })
}

fn sections(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        match line.strip_prefix("== ") {
            Some(name) => {
                current = name.trim();
                sections.entry(current).or_default();
            }
            None => sections.entry(current).or_default().push(line),
        }
    }
    sections
}

/// The number that a text begins with.
fn number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// Numbers that Debian gives to services: what is above belongs to people.
fn is_system(id: &u32) -> bool {
    (100..1000).contains(id) || (60_000..65_000).contains(id)
}

/// Sockets, cores of each, threads of each, from lines `CPU,CORE,SOCKET`. What is not regular (cores that are switched
/// off) is told as one socket, with one thread a core.
fn shape(lines: &[&str]) -> Option<(u32, u32, u32)> {
    let rows: Vec<Vec<u32>> = lines
        .iter()
        .filter(|line| !line.starts_with('#'))
        // A machine without sockets leaves that empty.
        .map(|line| line.split(',').map(|field| field.trim().parse().unwrap_or(0)).collect())
        .filter(|row: &Vec<u32>| row.len() == 3)
        .collect();
    let cpus = rows.len() as u32;
    let sockets = rows.iter().map(|row| row[2]).collect::<BTreeSet<_>>().len() as u32;
    let cores = rows.iter().map(|row| (row[2], row[1])).collect::<BTreeSet<_>>().len() as u32;
    if cpus == 0 {
        return None;
    }
    let is_regular = cores.is_multiple_of(sockets) && cpus.is_multiple_of(cores);
    Some(if is_regular { (sockets, cores / sockets, cpus / cores) } else { (1, cpus, 1) })
}

fn identity(line: &str) -> Option<Identity> {
    let (uid, gid) = line.split_once(':')?;
    Some(Identity { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

/// From the driver's list (`0, Tesla K80`), else from what sits in the slots: `01:00.0 "VGA…" "NVIDIA Corporation" "GK104…"`.
fn gpus(driven: &[&str], slots: &[&str]) -> Vec<Gpu> {
    let driven: Vec<Gpu> = driven
        .iter()
        .filter_map(|line| line.split_once(','))
        .filter_map(|(index, name)| {
            let index: u32 = index.trim().parse().ok()?;
            Some(Gpu { kind: plain(name), device: Some(format!("/dev/nvidia{index}")) })
        })
        .collect();
    if !driven.is_empty() {
        return driven;
    }
    let slot = |line: &&str| {
        let quoted: Vec<&str> = line.split('"').collect();
        let (maker, name) = (quoted.get(3)?, quoted.get(5)?);
        let is_computing = maker.starts_with("NVIDIA") || maker.starts_with("Advanced Micro Devices");
        is_computing.then(|| Gpu { kind: plain(name), device: None })
    };
    slots.iter().filter_map(slot).collect()
}

/// Lower case, without what Slurm's lists are made of.
fn plain(name: &str) -> String {
    let letters = name.trim().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let joined: String = letters.collect::<String>().to_lowercase();
    let parts: Vec<&str> = joined.split('_').filter(|part| !part.is_empty() && *part != "nvidia").collect();
    parts.join("_")
}

fn disk(line: &str) -> Option<Disk> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [name, bytes, rotates, "disk"] = fields[..] else { return None };
    let bytes: u64 = bytes.parse().ok()?;
    // Disks of memory have no size until somebody uses them.
    (bytes >> 30 > 0).then(|| Disk { name: name.to_owned(), gib: bytes >> 30, rotates: rotates == "1" })
}

fn card(line: &str) -> Option<Card> {
    let mut fields = line.split_whitespace();
    let (name, mac) = (fields.next()?, fields.next()?);
    // A card without a cable says -1, or nothing.
    let mbit = fields.next().and_then(|speed| speed.parse().ok());
    Some(Card { name: name.to_owned(), mac: mac.to_owned(), mbit })
}
