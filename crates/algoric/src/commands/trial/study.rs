//! The work that is submitted: scenarios of rain as a job array, then a map that depends on all of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, bail};
use kernels::study::FIRST_RUN_RAINS_MM_H;
use model::{AccountRow, ArrayPlace, JobId};

use super::centre::PrivateCentre;

/// The submitted study.
pub struct Study {
    /// The array of scenarios.
    pub array: JobId,
    /// The map.
    pub map: JobId,
    /// What the map job writes.
    pub picture: PathBuf,
    work: PathBuf,
}

impl Study {
    /// Writes the two scripts and gives them to `sbatch`, as a member would.
    ///
    /// # Errors
    /// With `sbatch`'s own words.
    pub fn submit(centre: &PrivateCentre) -> anyhow::Result<Self> {
        let work = centre.base().join("study");
        fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
        fs::write(work.join("flood.sh"), flood_script(centre.program()))?;
        fs::write(work.join("map.sh"), map_script(centre.program()))?;
        let array = sbatch(centre, &work, &["flood.sh"])?;
        let map = sbatch(centre, &work, &[&format!("--dependency=afterok:{array}"), "map.sh"])?;
        Ok(Self { array, map, picture: work.join("flood.png"), work })
    }

    /// Both submissions.
    pub fn jobs(&self) -> [JobId; 2] {
        [self.array, self.map]
    }

    /// How many scenarios and maps.
    pub fn tasks(&self) -> usize {
        FIRST_RUN_RAINS_MM_H.len() + 1
    }

    /// Which of the study's tasks a row of the accounts is about; the map is the last.
    pub fn task_of(&self, row: &AccountRow) -> Option<usize> {
        match &row.array {
            ArrayPlace::Task { base, index } if *base == self.array => Some(*index as usize),
            ArrayPlace::Single if row.id == self.map => Some(self.tasks() - 1),
            _ => None,
        }
    }

    /// What a row is about, for people.
    pub fn name_of(&self, row: &AccountRow) -> String {
        self.task_of(row).map_or_else(|| row.name.to_string(), name)
    }

    /// Where it wrote what it had to say.
    pub fn log_of(&self, row: &AccountRow) -> PathBuf {
        match self.task_of(row) {
            Some(task) if task + 1 < self.tasks() => self.work.join(format!("scenario-{task}.log")),
            _ => self.work.join("map.log"),
        }
    }
}

/// What a task is called: its rain, or what it makes.
pub fn name(task: usize) -> String {
    FIRST_RUN_RAINS_MM_H.get(task).map_or_else(|| "map".to_owned(), |rain| format!("{rain} mm/h"))
}

fn flood_script(program: &Path) -> String {
    let rains: Vec<String> = FIRST_RUN_RAINS_MM_H.iter().map(f64::to_string).collect();
    format!(
        "#!/bin/sh\n\
         #SBATCH --job-name=flood\n\
         #SBATCH --array=0-{last}\n\
         #SBATCH --cpus-per-task=1\n\
         #SBATCH --time=10\n\
         #SBATCH --output=scenario-%a.log\n\
         \n\
         # One scenario of rain (mm/h) for each task of the array.\n\
         set -- {rains}\n\
         shift \"$SLURM_ARRAY_TASK_ID\"\n\
         exec {program} kernel flood --rain \"$1\" --threads 1 --out \"scenario-$SLURM_ARRAY_TASK_ID\"\n",
        last = rains.len() - 1,
        rains = rains.join(" "),
        program = quoted(program),
    )
}

fn map_script(program: &Path) -> String {
    let scenarios: Vec<String> = (0..FIRST_RUN_RAINS_MM_H.len()).map(|task| format!("scenario-{task}")).collect();
    format!(
        "#!/bin/sh\n\
         #SBATCH --job-name=map\n\
         #SBATCH --time=10\n\
         #SBATCH --output=map.log\n\
         \n\
         exec {program} kernel flood-map --out flood.png {scenarios}\n",
        program = quoted(program),
        scenarios = scenarios.join(" "),
    )
}

/// One word for the shell, whatever is in it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "'\\''"))
}

fn sbatch(centre: &PrivateCentre, work: &Path, args: &[&str]) -> anyhow::Result<JobId> {
    let output = centre
        .command("sbatch")
        .arg("--parsable")
        .args(args)
        .current_dir(work)
        .stdin(Stdio::null())
        .output()
        .context("cannot start sbatch")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse() {
        Ok(number) if output.status.success() => Ok(JobId(number)),
        _ => bail!("{}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_survive_any_path() {
        let script = flood_script(Path::new("/a b/it's/algoric"));
        assert!(script.contains("exec '/a b/it'\\''s/algoric' kernel flood"), "{script}");
        assert!(script.contains("#SBATCH --array=0-5\n"), "{script}");
    }
}
