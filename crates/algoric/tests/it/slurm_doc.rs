//! `docs/slurm.md` is what the code says: its tables of options are made from the option tables themselves.
//! `ALGORIC_BLESS=1` writes it anew.

const INTRO: &str = "\
# What works of Slurm

Algoric speaks the language of Slurm 22.05 (Debian 12). This page says what each option does here, so that nobody finds
out by surprise. The tables of options are generated from the code (`crates/algoric/tests/it/slurm_doc.rs`).

## Commands

| command | here |
|---|---|
| `sbatch` | whole; options below |
| `squeue` | listings, formats (`-o`, `-O`), selection, sorting, steps (`-s`), arrays (`-r`); not `--json`, `--yaml`, `-i` |
| `scancel` | whole, but for single steps of `srun` (`12.0`): end `srun` in the job instead |
| `sinfo` | listings and formats; not `--json`, `--yaml` |
| `sacct` | listings, all fields (what is not measured is empty); not `--json`, `-B`, `-c`, `-f`, `--env-vars` |
| `scontrol` | `show job, node, partition, config, step, reservation`, `hold`, `release`, `requeue`, `requeuehold`, `suspend`, `resume`, `update` of jobs, nodes (drain, resume) and reservations, `ping`, `version`; not interactive |
| `srun` | steps inside a job; options below. Outside a job it is refused with what to do instead |
| `salloc` | refused with what to do instead |
| `sstat`, `sattach`, `sbcast`, `sprio`, `sshare`, `sacctmgr`, `strigger` | not there yet |

## What is different on purpose

| | Slurm | here |
|---|---|---|
| other people's jobs in `squeue` and `sacct` | shown, unless `PrivateData` is set | hidden from members; `private_jobs = false` shows them |
| requeue after a failure of a job's supervisor | requeued | `NODE_FAIL`, never started again by guess; a reboot of the machine requeues what allows it |
| `sacct` of waiting jobs | some minutes late | at once |
| `--export=NONE` | the login environment, by a login shell | `HOME`, `USER`, `LOGNAME`, `SHELL`, `PATH` from the password database |
| default memory of a job | the site's `DefMemPerCPU` | the machine's memory divided by its CPUs, for each CPU asked for |
| several nodes (`-N 2`), heterogeneous jobs | yes | one machine: such jobs wait with `PartitionConfig`, or are refused |
";

#[test]
fn the_page_is_what_the_code_says() {
    let page = format!(
        "{INTRO}\n## `sbatch`\n\n{}\n## `srun`\n\n{}\n",
        dialect::sbatch::table().trim(),
        dialect::srun::table().trim()
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/slurm.md");
    if std::env::var_os("ALGORIC_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/slurm.md is out of date: ALGORIC_BLESS=1 cargo nextest run -p algoric slurm_doc");
}
