//! The files of a Slurm cluster, from a park. Must not know where they are put, nor when.
//!
//! What was tried with what: [`TRIED`] is the version that these files were run with, by a real cluster in the tests of
//! this project. Other versions are told apart, never called tried.

mod accounting;
mod conf;

use std::fmt::Write as _;

use crate::{Cgroup, Measured, Park, Secrets};

pub use accounting::tree;
pub use conf::{SWITCHES, conf};

/// The version of Slurm that all of this was run with (Debian 12's).
pub const TRIED: &str = "22.05.8";

/// How much is known about a version of Slurm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// Clusters were grown with it.
    Tried,
    /// Its documentation has every key that is written here, but nobody tried.
    Untried,
    /// It is older than keys that are written here.
    TooOld,
}

/// How much is known about `22.05.8-4+deb12u3`.
pub fn known(version: &str) -> Known {
    let plain = version.split(['-', '+', '~']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let release = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    match release {
        _ if plain == TRIED => Known::Tried,
        // `CgroupPlugin` and cgroup/v2 came with 22.05.
        release if release < (22, 5) => Known::TooOld,
        _ => Known::Untried,
    }
}

/// `cgroup.conf` for machines with such control groups.
pub fn cgroup(kind: Cgroup, has_gpus: bool) -> String {
    let plugin = match kind {
        Cgroup::V1 => "cgroup/v1",
        Cgroup::V2 => "cgroup/v2",
    };
    let devices = if has_gpus { "ConstrainDevices=yes\n" } else { "" };
    format!("{HEADER}CgroupPlugin={plugin}\nConstrainCores=yes\nConstrainRAMSpace=yes\n{devices}")
}

/// `gres.conf`: the GPUs that have a driver.
pub fn gres(park: &Park) -> String {
    let mut text = HEADER.to_owned();
    for machine in park.computing() {
        for gpu in park.measured.get(&machine.name).into_iter().flat_map(|measured| &measured.gpu) {
            if let Some(device) = &gpu.device {
                let _infallible = writeln!(text, "NodeName={} Name=gpu Type={} File={device}", machine.name, gpu.kind);
            }
        }
    }
    text
}

/// GPUs as a node's line has them: `gpu:tesla_k80:2`; empty without any.
fn gpus(measured: &Measured) -> String {
    let mut kinds: Vec<(&str, u32)> = Vec::new();
    for gpu in measured.gpu.iter().filter(|gpu| gpu.device.is_some()) {
        match kinds.iter_mut().find(|(kind, _)| *kind == gpu.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&gpu.kind, 1)),
        }
    }
    kinds.iter().map(|(kind, count)| format!("gpu:{kind}:{count}")).collect::<Vec<_>>().join(",")
}

/// Whether any machine has a GPU that can be given to jobs.
pub fn has_gpus(park: &Park) -> bool {
    park.computing().filter_map(|machine| park.measured.get(&machine.name)).any(|measured| !gpus(measured).is_empty())
}

/// `slurmdbd.conf`, which has the password of the database.
pub fn dbd(park: &Park, secrets: &Secrets) -> String {
    let controller = park.controller();
    format!(
        "{HEADER}AuthType=auth/munge\nDbdHost={}\nDbdAddr={}\nSlurmUser=slurm\nLogFile=/var/log/slurm/slurmdbd.log\n\
         PidFile=/run/slurmdbd.pid\nPrivateData=jobs,usage,users\nStorageType=accounting_storage/mysql\n\
         StorageHost=localhost\nStorageUser=slurm\nStoragePass={}\nStorageLoc={DATABASE}\n",
        conf::hostname(park, controller),
        controller.address,
        secrets.database_password
    )
}

/// What the database of accounting is called.
pub const DATABASE: &str = "slurm_acct_db";

/// Settings of MariaDB that slurmdbd asks for: large enough for years of jobs, small enough for a machine that computes.
pub fn mariadb(measured: &Measured) -> String {
    let pool_mib = (measured.memory_mib / 32).clamp(128, 4096);
    format!(
        "{HEADER}[mariadb]\ninnodb_buffer_pool_size = {pool_mib}M\ninnodb_log_file_size = 64M\n\
         innodb_lock_wait_timeout = 900\nmax_allowed_packet = 16M\nbind-address = 127.0.0.1\n"
    )
}

/// The lines of `/etc/hosts`.
pub fn hosts(park: &Park) -> String {
    park.machine.iter().fold(String::new(), |mut text, machine| {
        let own = conf::hostname(park, machine);
        let alias = if own == machine.name { String::new() } else { format!(" {own}") };
        let _infallible = writeln!(text, "{} {}{alias}", machine.address, machine.name);
        text
    })
}

/// The program that Slurm calls with machines to be switched (`n[1-3]`): it calls ours for each.
pub fn switch(program: &str, order: &str) -> String {
    format!(
        "#!/bin/sh\n# Slurm calls this with the machines that are to be switched {order}.\n\
         for machine in $(scontrol show hostnames \"$1\"); do\n    {program} power {order} \"$machine\" || \
         logger -t algoric \"{program} power {order} $machine failed\"\ndone\n"
    )
}

/// The first lines of each file.
const HEADER: &str = "# Written by `algoric grow plan`. Change park.toml and plan again, rather than this.\n";
