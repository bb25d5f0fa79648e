//! `cargo xtask demo energy DIR`: a mixed day of a small centre in a few minutes, on this machine, metered by a plug that
//! this program plays: CalculiX decks, floods, waiting jobs, idle time, a centre that is killed, a plug that is unplugged.
//! Leaves the three tables of the account, the plug's true curve, and checks them with a script that knows neither.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};

use super::stage::{IDLE_W, PER_CPU_W, Plug, Stage};
use crate::{packages, tools};

/// An hour of the day that is played.
const HOUR: Duration = Duration::from_secs(10);

/// Plays it.
pub fn main(stage: Stage) -> Result<ExitCode> {
    let Some(decks) = packages::decks(&tools::target()?).filter(|_| tools::has("ccx")) else {
        bail!("CalculiX and its decks cannot be had here: install calculix-ccx");
    };
    let is_good = Day { stage, decks }.play()?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Day {
    stage: Stage,
    decks: PathBuf,
}

impl Day {
    /// Plays it, writes the tables, and says whether they are right.
    fn play(&self) -> Result<bool> {
        println!("a day of 24 hours in {} minutes: an hour is {} s", HOUR.as_secs() * 24 / 60, HOUR.as_secs());
        let plug = Plug::new(&self.stage.folder.join("truth.csv"), 0)?;
        let config = format!(
            "[energy]\nsample_seconds = 2\nidle_watts = {IDLE_W}\n[electricity]\nzone = 'Europe/Paris'\n\
             contract = 'Tarif Bleu HP/HC, 9 kVA, with tax'\n[[meter]]\nkind = 'shelly'\naddress = '{}'\n",
            plug.address
        );
        fs::write(self.stage.data().join("config.toml"), config)?;
        self.stage.commands()?;
        fs::create_dir(self.work())?;

        let centre = self.stage.start(&[])?;
        self.hour(0, "nobody is there");
        sleep(HOUR);
        self.hour(1, "an array of CalculiX decks, and jobs that wait");
        let decks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/structures/submit.sh");
        self.submit(&["--array=1-120".as_ref(), decks.as_os_str(), self.decks.as_os_str()])?;
        self.wrap(&["--mem=200"], "sleep 45")?;
        sleep(HOUR * 4);
        self.hour(5, "floods");
        for seed in 1..=3 {
            let program = self.stage.binary.display();
            let flood = format!("{program} kernel flood --size 300 300 --seed {seed} --out flood-{seed}");
            self.wrap(&["--ntasks=1", "--mem=300"], &flood)?;
        }
        self.wrap(&["--array=1-20"], "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")?;
        sleep(HOUR * 2);
        self.hour(7, "the centre is killed, and comes back");
        centre.kill()?;
        sleep(HOUR / 2);
        let centre = self.stage.start(&[])?;
        sleep(HOUR);
        self.hour(8, "the plug is unplugged for seven hours");
        plug.is_plugged.store(false, Ordering::Relaxed);
        sleep(HOUR * 7);
        plug.is_plugged.store(true, Ordering::Relaxed);
        self.hour(15, "an evening of both kinds, then idle time");
        self.submit(&["--array=121-180".as_ref(), decks.as_os_str(), self.decks.as_os_str()])?;
        self.wrap(&["--ntasks=1"], "sleep 20")?;
        sleep(HOUR * 7);
        // What still runs is ended, so that every job of the tables is over.
        for state in ["PENDING", "RUNNING"] {
            self.stage.command("scancel").args(["--state", state]).status()?;
        }
        sleep(HOUR * 2);
        let machine = tools::output(self.stage.command("sinfo").args(["-h", "-o", "%X %Y %m"]))?;
        self.stage.algoric(["stop"])?;
        centre.wait()?;
        self.stage.algoric(["energy".as_ref(), "export".as_ref(), self.stage.folder.as_os_str()])?;
        self.check(&machine)
    }

    fn hour(&self, hour: u32, what: &str) {
        println!("{hour:02}:00 {what}");
    }

    fn work(&self) -> PathBuf {
        self.stage.folder.join("work")
    }

    fn submit<A: AsRef<std::ffi::OsStr>>(&self, arguments: &[A]) -> Result<()> {
        let mut sbatch = self.stage.command("sbatch");
        sbatch.current_dir(self.work()).arg("--output=/dev/null").args(arguments);
        tools::output(&mut sbatch).map(|said| println!("      {said}"))
    }

    fn wrap(&self, options: &[&str], script: &str) -> Result<()> {
        self.submit(&[options, &["--wrap", script]].concat())
    }

    /// By a script that reads the tables only. `machine`: sockets, cores of each, memory in MiB.
    fn check(&self, machine: &str) -> Result<bool> {
        let mut numbers = machine.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
        let (Some(sockets), Some(cores), Some(memory)) = (numbers.next(), numbers.next(), numbers.next()) else {
            bail!("sinfo says {machine}");
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/energy/check.py");
        let mut check = Command::new("python3");
        check.arg(script).arg(&self.stage.folder).args(["--cores", &(sockets * cores).to_string()]);
        check.args(["--memory-mib", &memory.to_string(), "--per-cpu-watts", &PER_CPU_W.to_string()]);
        tools::run(check.arg("--truth").arg(self.stage.folder.join("truth.csv")))
    }
}
