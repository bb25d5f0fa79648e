//! Several hundred times SIGKILL at random instants, under load: to the centre, to the launcher, to supervisors. In the
//! end every job is accounted for, none ran twice, none is called complete that was not seen to end.
//!
//! `ALGORIC_CRASH_KILLS` sets how many (default 240), `ALGORIC_CRASH_SEED` repeats a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ward::{EXE, Ward};

/// A small generator of numbers (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a job writes when it begins and when it ends: its number, its attempt, its supervisor.
const SCRIPT: &str = "echo $SLURM_JOB_ID ${SLURM_RESTART_COUNT:-0} $PPID >> begun; sleep 0.$((SLURM_JOB_ID % 7)); echo $SLURM_JOB_ID >> done";

#[test]
fn killed_at_any_instant_nothing_is_lost_and_nothing_runs_twice() {
    let seed = number("ALGORIC_CRASH_SEED", std::process::id().into()) | 1;
    let kills = number("ALGORIC_CRASH_KILLS", 240);
    eprintln!("ALGORIC_CRASH_SEED={seed}");
    let mut dice = Dice(seed);
    let mut ward = Ward::new("[machine]\ncpus = 6\n[limits]\nkill_wait = 1\nrequeue_delay = 0\n");
    ward.start();
    let stop = AtomicBool::new(false);
    let accepted: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    let killed_supervisors = {
        let (sbatch, out, data) = (ward.path("bin").join("sbatch"), ward.path("out"), ward.data());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let submitted = Command::new(&sbatch)
                            .args(["--parsable", "--mem=10", "-o", "/dev/null", "--wrap", SCRIPT])
                            .env("ALGORIC_DATA", &data)
                            .current_dir(&out)
                            .stderr(Stdio::null())
                            .output()
                            .unwrap();
                        if submitted.status.success() {
                            let id = String::from_utf8(submitted.stdout).unwrap().trim().parse().unwrap();
                            accepted.lock().unwrap().push(id);
                        }
                        sleep(Duration::from_millis(30));
                    }
                });
            }
            let result =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| torment(&mut ward, &mut dice, kills)));
            stop.store(true, Ordering::Relaxed);
            result.unwrap_or_else(|fault| std::panic::resume_unwind(fault))
        })
    };
    settle(&ward);
    judge(&ward, &accepted.into_inner().unwrap(), &killed_supervisors);
}

/// Kills; returns the supervisors among the dead.
fn torment(ward: &mut Ward, dice: &mut Dice, kills: u64) -> BTreeSet<i32> {
    let mut supervisors = BTreeSet::new();
    for _ in 0..kills {
        sleep(Duration::from_millis(dice.roll(150)));
        let Some((centre, launcher, _)) = ward.status() else { panic!("the centre does not answer") };
        let (victim, other) = match dice.roll(3) {
            0 => (centre, launcher),
            1 => (launcher, centre),
            _ => {
                if let Some(pid) = a_supervisor(ward, launcher) {
                    supervisors.insert(pid);
                    kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
                }
                continue;
            }
        };
        kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
        ward.wait_gone(other);
        ward.start();
    }
    supervisors
}

/// The supervisor of the job that began last, if it is still there and one of ours.
fn a_supervisor(ward: &Ward, launcher: i32) -> Option<i32> {
    let begun = fs::read_to_string(ward.path("out").join("begun")).ok()?;
    let pid: i32 = begun.lines().last()?.split(' ').nth(2)?.parse().ok()?;
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let ours = ward.data();
    let ours = ours.as_os_str().as_encoded_bytes();
    (pid != launcher && line.windows(ours.len()).any(|part| part == ours)).then_some(pid)
}

/// Waits until nothing waits or runs.
fn settle(ward: &Ward) {
    let begun = Instant::now();
    loop {
        let left = ward.command("squeue").arg("-h").output().unwrap();
        assert!(left.status.success());
        if left.stdout.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "still there: {}", String::from_utf8_lossy(&left.stdout));
        sleep(Duration::from_millis(100));
    }
}

fn judge(ward: &Ward, accepted: &[u32], killed_supervisors: &BTreeSet<i32>) {
    let listed = ward
        .command("sacct")
        .args(["-n", "-X", "-P", "-a", "-S", "2020-01-01", "-o", "JobIDRaw,State,ExitCode"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut states: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for line in listed.lines() {
        let mut fields = line.split('|');
        let id = fields.next().unwrap().parse().unwrap();
        states.entry(id).or_default().push(fields.next().unwrap());
    }
    let mut begun: BTreeMap<u32, Vec<(u32, i32)>> = BTreeMap::new();
    for line in fs::read_to_string(ward.path("out").join("begun")).unwrap().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        begun
            .entry(words[0].parse().unwrap())
            .or_default()
            .push((words[1].parse().unwrap(), words[2].parse().unwrap()));
    }
    let done: BTreeSet<u32> = fs::read_to_string(ward.path("out").join("done"))
        .unwrap_or_default()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    eprintln!(
        "{} accepted, {} accounted, {} supervisors killed",
        accepted.len(),
        states.len(),
        killed_supervisors.len()
    );
    assert!(accepted.len() > 100, "only {} jobs were accepted: too few to mean anything", accepted.len());
    for id in accepted {
        assert!(states.contains_key(id), "job {id} was accepted and is forgotten");
    }
    for (id, states) in &states {
        assert_eq!(states.len(), 1, "job {id} is accounted {states:?}");
        let starts = begun.get(id).map_or(&[][..], Vec::as_slice);
        assert!(starts.len() <= 1, "job {id} started {} times", starts.len());
        match states[0] {
            "COMPLETED" => assert!(starts.len() == 1 && done.contains(id), "job {id} completed without running"),
            "NODE_FAIL" => {
                let by = starts.first().map(|(_, supervisor)| supervisor);
                let known = by.is_none_or(|pid| killed_supervisors.contains(pid));
                assert!(known, "job {id} failed, but nobody killed its supervisor {by:?}");
            }
            other => panic!("job {id} is {other}"),
        }
    }
    let failed = states.values().filter(|states| states[0] == "NODE_FAIL").count();
    assert!(failed <= killed_supervisors.len(), "{failed} failed, {} supervisors killed", killed_supervisors.len());
    let integrity = Command::new(EXE).args(["check", "--data"]).arg(ward.data()).output().unwrap();
    assert!(integrity.status.success(), "{}", String::from_utf8_lossy(&integrity.stderr));
}
