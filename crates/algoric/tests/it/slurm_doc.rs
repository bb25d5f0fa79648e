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
| `srun` | steps inside a job, jobs of its own outside; options below |
| `salloc`, `sattach`, `sbcast` | on one machine |
| `squeue` | whole: all filters, every letter of `-o` and name of `-O`, `%all`, steps (`-s`), arrays (`-r`), `-i`, `--start`, `--json`, `--yaml`; no licences, federations or reserved cores, which show as Slurm shows nothing |
| `sinfo` | whole, `--json` and `--yaml` too; no features, weights or topologies |
| `sacct` | all fields (what is not measured is empty), `all`, `--json`, `--yaml`, `-B`, `--env-vars`; `-c` and `-f` are refused as where Slurm has no such file |
| `scancel` | whole; steps too (`12.0`, `12.batch`) |
| `scontrol` | `show` of `job, step, node, partition, reservation, config, hostnames, hostlist, hostlistsorted, aliases, assoc_mgr, slurmd` and of what there is not as Slurm answers; `hold`, `release`, `requeue`, `requeuehold`, `suspend`, `resume`, `top`, `update` (below), `create`, `delete reservation`, `write batch_script`, `listpids`, `pidinfo`, `notify`, `wait_job`, `completing`, `errnumstr`, `ping`, `version`; line by line from standard input without a keyword. `reconfigure`, `shutdown` and the like say what to do instead |
| `sprio` | the parts of our priorities: age, fair share, size, partition, QOS, nice |
| `sshare` | projects and their users: shares, faded use, the factor that priorities are made with |
| `sstat` | running steps: what the kernel says of their processes now; of one's own jobs, or as root |
| `sdiag` | counts and times of our scheduler since the centre was started; backfilling has no pass of its own |
| `sacctmgr` | `show` and `list` of `account, association, cluster, configuration, event, federation, problem, qos, reservation, resource, runawayjobs, stats, transaction, tres, user, wckey`, with `format=`, `where`, `withassoc`; changes are refused with the command of `algoric` that makes them |
| `seff` | as the script that comes with Slurm |
| `strigger` | `--get` (there are none); `--set` is refused with what to do instead |

`scontrol update job` changes `TimeLimit` (members: down; also `+N`, `-N`), `TimeMin`, `EndTime`, `StartTime`, `Deadline`,
`JobName`, `Comment`, `Account`, `QOS`, `Partition`, `Priority` (0 holds), `Nice` (members: up), `Dependency`,
`ArrayTaskThrottle`, `NumTasks`, `NumCPUs`, `NumNodes`, `CPUsPerTask`, `MinMemoryNode`, `MinMemoryCPU`, `Requeue`,
`ReservationName`, `MailType`, `MailUser`, `StdOut`, `StdErr`, `StdIn`, `WorkDir`, `WCKey`; of a machine `State` (`DRAIN`,
`RESUME`) and `Reason`; of a partition `State`, until the centre is started again; of a reservation all that `create` takes.

## What is different on purpose

| | Slurm | here |
|---|---|---|
| other people's jobs in `squeue` and `sacct` | shown, unless `PrivateData` is set | hidden from members; `private_jobs = false` shows them |
| requeue after a failure of a job's supervisor | requeued | `NODE_FAIL`, never started again by guess; a reboot of the machine requeues what allows it |
| `sacct` of waiting jobs | some minutes late | at once |
| `--export=NONE`, `--get-user-env` | a login shell is asked when the job starts | a login shell is asked when the job is submitted; if it says nothing within 8 seconds, `HOME`, `USER`, `LOGNAME`, `SHELL`, `PATH` from the password database |
| `srun --mpi` | `pmi2`, `pmix` and others, as the site has them | `none` and `pmi2` (PMI-1 and PMI-2: MPICH and its relatives); OpenMPI starts by its `mpirun` in the job |
| `sattach` | all output | what goes through `srun`, not what tasks write to files of `--output`; what is typed reaches steps of several tasks and those with `--pty` |
| mail | by the site's `MailProg` | by the server of `[mail]` in `config.toml`; letters wait there until it takes them |
| more memory than `--mem` | as the site has it (`ConstrainRAMSpace`, `AllowedRAMSpace`) | `OUT_OF_MEMORY` beyond 160 MiB more than asked (`memory_grace_mib`) |
| a folder of `--output` that is not there | the job fails, but starts late enough for programs that make it after `sbatch` | waited for, 3 s; then the job fails with 0:53 as there |
| default memory of a job | the site's `DefMemPerCPU` | the machine's memory divided by its CPUs, for each CPU asked for |
| `squeue --json` with filters | shows all jobs | shows those that the filters let through; without `-t` also those that ended lately, as Slurm |
| numbers of associations, sessions, reserved ports | shown | 0: there are none |
| `scontrol top` | for operators, unless the site allows it | for everybody, among one's own jobs |
| `scontrol notify` | shown by the step's `srun` | written to the job's error file |
| errors | Slurm's words | the same, and on a terminal one line of help after them (`algoric: ...`, English or French; `ALGORIC_ADVICE=always`: everywhere) |
| several nodes (`-N 2`), heterogeneous jobs | yes | one machine: such jobs wait with `PartitionConfig`, or are refused |
";

#[test]
fn the_page_is_what_the_code_says() {
    let page = format!(
        "{INTRO}\n## `sbatch`\n\n{}\n\n## `srun`\n\n{}\n\n## `salloc`\n\n{}\n\n## Differences\n\n{}\n",
        dialect::sbatch::table().trim(),
        dialect::srun::table().trim(),
        dialect::salloc::table().trim(),
        crate::parity::page().trim()
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/slurm.md");
    if std::env::var_os("ALGORIC_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/slurm.md is out of date: ALGORIC_BLESS=1 cargo nextest run -p algoric slurm_doc");
}
