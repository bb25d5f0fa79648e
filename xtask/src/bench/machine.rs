//! On what a bench ran: without this its figures say nothing.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use super::Plan;
use super::figures::{median, percentile};

/// How many appends are forced to the disk, to know what one costs.
const APPENDS: usize = 200;

/// A few lines for people.
pub fn describe(plan: &Plan) -> Result<String> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = std::thread::available_parallelism()?;
    let load = read("/proc/loadavg");
    let kind = file_system(&read("/proc/self/mountinfo"), &fs::canonicalize(&plan.folder)?);
    let appends = appends(&plan.folder)?;
    let memory_only = ["tmpfs", "ramfs"].contains(&kind.as_str());
    Ok(format!(
        "machine  {cores} cores, {}; Linux {}; load {} before we began\n\
         cgroups  {}\n\
         disk     {kind}{}; a 4 KiB append that is forced to it: p50 {:.2} ms, p99 {:.2} ms\n\
         data     {}\n\
         round    {} jobs; {} pending; {} starts; {} rounds; Slurm a tenth of each, HyperQueue of the starts; bare: xargs -P2; sbatch: xargs -P8\n",
        model.unwrap_or("unknown"),
        read("/proc/sys/kernel/osrelease").trim(),
        load.split(' ').next().unwrap_or_default(),
        cgroups(),
        if memory_only { " (NO DISK: nothing here says what durability costs)" } else { "" },
        median(&appends),
        percentile(&appends, 99),
        plan.folder.display(),
        plan.jobs,
        plan.pending,
        plan.starts,
        plan.rounds,
    ))
}

fn cgroups() -> &'static str {
    let has = |name: &str| Path::new("/sys/fs/cgroup").join(name).exists();
    match (has("cgroup.controllers"), has("memory")) {
        (true, _) => "v2",
        (false, true) => "v1",
        (false, false) => "none",
    }
}

/// The kind of file system that holds `path`, by the text of `/proc/self/mountinfo` (proc(5)).
fn file_system(mounts: &str, path: &Path) -> String {
    let mounts = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        Some((before.split(' ').nth(4)?, after.split(' ').next()?))
    });
    let holding = mounts.filter(|(point, _)| path.starts_with(point));
    holding.max_by_key(|(point, _)| point.len()).map_or("unknown file system".into(), |(_, kind)| kind.into())
}

/// Milliseconds of each append.
fn appends(folder: &Path) -> Result<Vec<f64>> {
    let name = folder.join("appends");
    let mut file = File::create(&name).with_context(|| format!("cannot write {}", name.display()))?;
    let mut times = Vec::new();
    for _ in 0..APPENDS {
        let begun = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(name)?;
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_holds_a_path() {
        let mounts = "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
                      22 21 0:20 / /tmp rw shared:3 - tmpfs tmpfs rw\n\
                      23 21 0:21 / /tm rw - xfs /dev/b rw\n";
        let check = |path: &str, kind: &str| assert_eq!(file_system(mounts, Path::new(path)), kind, "{path}");
        check("/tmp/bench", "tmpfs");
        check("/srv/target", "ext4");
        check("/tmpfs", "ext4");
    }
}
