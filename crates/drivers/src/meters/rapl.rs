//! The counters of Intel and AMD processors, as the kernel's powercap shows them
//! (Documentation/power/powercap/powercap.rst): microjoules, starting again from 0 at `max_energy_range_uj`.
//!
//! Only root may open them, but who has opened them may go on reading: that is checked when a file is opened.

use std::fs::{File, read_dir, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use energy::Energy;
use energy::meter::Channel;

use super::{About, Meter, MeterError, Scope};

/// Packages, and their memory where it has a counter of its own.
pub struct Rapl {
    zones: Vec<Zone>,
}

struct Zone {
    path: PathBuf,
    file: File,
    range: Option<Energy>,
}

impl Rapl {
    /// Opens all counters below `sys`.
    ///
    /// # Errors
    /// There are none, or they may not be read.
    pub fn open(sys: &Path) -> Result<Self, MeterError> {
        let mut zones = Vec::new();
        for path in zone_folders(&sys.join("class/powercap")) {
            let name = read_to_string(path.join("name")).unwrap_or_default();
            let is_package = is_top(&path) && name.trim().starts_with("package");
            // Cores and graphics are parts of their package, `psys` is all of it again.
            if is_package || !is_top(&path) && name.trim() == "dram" {
                zones.push(Zone::open(&path)?);
            }
        }
        if zones.is_empty() {
            let why = "this machine has no energy counters of its processors (RAPL: from 2011 on, not in most guests)";
            return Err(MeterError::Missing(why.into()));
        }
        Ok(Self { zones })
    }
}

impl Zone {
    fn open(folder: &Path) -> Result<Self, MeterError> {
        let path = folder.join("energy_uj");
        let file = File::open(&path).map_err(|source| MeterError::File { path: path.clone(), source })?;
        let range = read_to_string(folder.join("max_energy_range_uj")).ok().and_then(|text| text.trim().parse().ok());
        Ok(Self { path, file, range: range.filter(|range| *range > 0).map(Energy) })
    }

    fn read(&self) -> Result<Channel, MeterError> {
        let mut buffer = [0; 32];
        let count = self.file.read_at(&mut buffer, 0);
        let count = count.map_err(|source| MeterError::File { path: self.path.clone(), source })?;
        let text = String::from_utf8_lossy(&buffer[..count]);
        let counter = text.trim().parse().ok().filter(|counter| *counter >= 0).ok_or_else(|| {
            let found = super::excerpt(&buffer[..count]);
            MeterError::NotUnderstood { what: self.path.display().to_string(), found, expected: "microjoules" }
        })?;
        // It moves in steps of 15 to 61 microjoules, once in a millisecond.
        Ok(Channel::counter(Energy(counter), self.range, Energy(61)))
    }
}

impl Meter for Rapl {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        self.zones.iter().map(Zone::read).collect()
    }

    fn about(&self) -> About {
        let name = format!("RAPL counters of the processors ({})", self.zones.len());
        About { name, scope: Scope::Processors, uncertainty_permille: 50, pace: Duration::from_secs(1) }
    }
}

/// The files that count energy, of all zones below `sys`.
pub(crate) fn counters(sys: &Path) -> Vec<PathBuf> {
    let files = zone_folders(&sys.join("class/powercap")).into_iter().map(|folder| folder.join("energy_uj"));
    files.filter(|file| file.exists()).collect()
}

/// Folders `intel-rapl:0` and `intel-rapl:0:1` in order; the kernel lists both at the top, a copy may nest them.
fn zone_folders(powercap: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in list(powercap) {
        found.extend(list(&folder));
        found.push(folder);
    }
    // The same zone, seen at the top and below its package.
    found.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    found.dedup_by(|a, b| a.file_name() == b.file_name());
    found
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = read_dir(folder) else { return Vec::new() };
    let is_zone = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("intel-rapl:");
    entries.flatten().filter(is_zone).map(|entry| entry.path()).collect()
}

/// `intel-rapl:0`, but not `intel-rapl:0:1`.
fn is_top(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().matches(':').count() == 1)
}
