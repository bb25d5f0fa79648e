//! The `SLURM_*` variables of jobs and steps.

use dialect::environ::Variable;
use dialect::environment::{self, Place, Step};
use model::{JobId, JobSpec, Memory};

use crate::facts;
use crate::rows::{spec, tasks};

/// The variables in a block of a capture that begins after `start`.
fn captured(start: &str) -> Vec<String> {
    let text = facts::text("env");
    let block = &text[text.find(start).unwrap_or_else(|| panic!("{start}"))..];
    let block: Vec<&str> = block.lines().skip(1).skip_while(|line| !line.contains("SLURM_")).collect();
    // Up to the limits that follow, and without what other programs said before.
    let mut lines: Vec<String> = text_before_variables(start)
        .into_iter()
        .chain(block.iter().take_while(|line| line.contains('=')).map(|line| (*line).to_owned()))
        .collect();
    lines.sort();
    lines
}

/// `ENVIRONMENT` and what sorts before `SLURM_`.
fn text_before_variables(start: &str) -> Vec<String> {
    let text = facts::text("env");
    let block = &text[text.find(start).unwrap_or_default()..];
    let names = ["ENVIRONMENT=", "FOO=", "HOSTNAME=", "SLURMD_NODENAME="];
    let before = block.lines().skip(1).take_while(|line| !line.starts_with("SLURM_"));
    before.filter(|line| names.iter().any(|name| line.starts_with(name))).map(str::to_owned).collect()
}

/// What we leave out, or what is another number each time.
const OURS_NOT: &[&str] =
    &["SLURM_CONF=", "SLURM_WORKING_CLUSTER=", "SLURM_SRUN_COMM_PORT=", "SLURM_STEP_LAUNCHER_PORT=", "SLURM_TASK_PID="];

fn check(ours: Vec<Variable>, start: &str, beside: &[&str]) {
    let mut expected = captured(start);
    expected.retain(|line| !OURS_NOT.iter().any(|name| line.starts_with(name)));
    expected.dedup();
    let mut shown: Vec<String> = ours
        .iter()
        .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect();
    shown.extend(beside.iter().map(|line| (*line).to_owned()));
    shown.retain(|line| !line.starts_with("SLURM_TASK_PID="));
    shown.sort();
    assert_eq!(shown, expected, "{start}");
}

fn place(job: u32, name: &'static str) -> Place<'static> {
    Place {
        job: JobId(job),
        array: None,
        name: name.as_bytes(),
        account: "proj",
        partition: "debug",
        qos: "normal",
        cluster: "base",
        node: "vm",
        cpus: 1,
        memory: Memory::PerCpu(100),
        gpus: &[],
        restarts: 0,
        pid: Some(1350),
    }
}

#[test]
fn batch_jobs() {
    let ours =
        environment::complete(vec![environment::niceness(0)], environment::batch(&spec(), &place(14, "env-plain.sh")));
    check(ours, "### output file slurm-14.out", &[]);

    let all = tasks("3-5:2");
    let task = Place { array: Some((JobId(15), 3, &all)), ..place(16, "env-array.sh") };
    let ours = environment::complete(vec![environment::niceness(0)], environment::batch(&spec(), &task));
    check(ours, "### output file slurm-15_3.out", &[]);

    let mut asked = JobSpec { export: Some("ALL,FOO=bar".into()), ..spec() };
    (asked.request.tasks, asked.request.cpus_per_task) = (Some(1), Some(2));
    let place = Place { cpus: 2, memory: Memory::PerNode(200), ..place(18, "named") };
    let ours = environment::complete(vec![environment::niceness(0)], environment::batch(&asked, &place));
    check(ours, "$ sbatch -n 1 -c 2 --mem=200M", &["FOO=bar"]);
}

#[test]
fn steps() {
    let mut asked = spec();
    asked.request.tasks = Some(2);
    let place = Place { cpus: 2, ..place(17, "env-srun.sh") };
    let caller = environment::complete(vec![environment::niceness(0)], environment::batch(&asked, &place));
    let step = Step {
        id: 0,
        tasks: 2,
        cpus_per_task: None,
        node: "vm",
        job_cpus: 2,
        umask: 0o22,
        gpus: &[],
        own_job: false,
        name: None,
    };
    let ours = environment::complete(caller, environment::step(&step));
    check(environment::complete(ours, environment::task(1, Some(1880))), "### output file slurm-17.out", &[]);
}

#[test]
fn allocations() {
    let mut asked = spec();
    asked.request.tasks = Some(1);
    let place = Place { memory: Memory::Default, ..place(20, "interactive") };
    check(environment::allocation(&asked, &place), "$ salloc -n1 bash -c 'env", &[]);
}

#[test]
fn what_is_not_always_there() {
    let place = Place { gpus: &[1, 3], restarts: 2, ..place(5, "x") };
    let ours = environment::batch(&spec(), &place);
    for (name, value) in [
        ("SLURM_RESTART_COUNT", Some("2")),
        ("CUDA_VISIBLE_DEVICES", Some("1,3")),
        ("SLURM_GPUS_ON_NODE", Some("2")),
        ("SLURM_NTASKS", None),
        ("SLURM_CPUS_PER_TASK", None),
        ("SLURM_ARRAY_TASK_ID", None),
    ] {
        let found = dialect::environ::get(&ours, name).map(|value| String::from_utf8_lossy(value).into_owned());
        assert_eq!(found.as_deref(), value, "{name}");
    }
    let caller = vec![(b"TMPDIR".to_vec(), b"/scratch".to_vec()), (b"SLURM_JOB_ID".to_vec(), b"1".to_vec())];
    let all = environment::complete(caller, ours);
    assert_eq!(dialect::environ::get(&all, "TMPDIR"), Some(&b"/scratch"[..]));
    assert_eq!(dialect::environ::get(&all, "SLURM_JOB_ID"), Some(&b"5"[..]));
}
