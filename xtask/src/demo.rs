//! `cargo xtask demo energy DIR`: a mixed day of a small centre in a few minutes, on this machine, metered by a plug that
//! this program plays: CalculiX decks, floods, waiting jobs, idle time, a centre that is killed, a plug that is unplugged.
//! Leaves the three tables of the account, the plug's true curve, and checks them with a script that knows neither.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::{packages, tools};

/// What the machine of the demonstration draws with nothing to do, and for each CPU that computes.
const IDLE_W: f64 = 400.0;
const PER_CPU_W: f64 = 25.0;
/// An hour of the day that is played.
const HOUR: Duration = Duration::from_secs(10);

/// `demo energy DIR [--binary FILE]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let [what, folder, options @ ..] = arguments else { bail!("usage: cargo xtask demo energy DIR [--binary FILE]") };
    tools::only(options, &[], &["binary"])?;
    if what != "energy" {
        bail!("there is no demonstration of '{what}', but one of energy");
    }
    let Some(decks) = packages::decks(&tools::target()?).filter(|_| tools::has("ccx")) else {
        bail!("CalculiX and its decks cannot be had here: install calculix-ccx");
    };
    let binary = match tools::option(options, "binary") {
        Some(file) => fs::canonicalize(file).with_context(|| format!("{file} is not there"))?,
        None => built()?,
    };
    fs::create_dir_all(folder).with_context(|| format!("making {folder}"))?;
    let folder = fs::canonicalize(folder)?;
    let is_good = Day { folder, binary, decks }.play()?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn built() -> Result<PathBuf> {
    if !tools::run(&mut tools::command("cargo", ["build", "--package", "algoric"]))? {
        bail!("it does not build");
    }
    Ok(tools::target()?.join("debug/algoric"))
}

struct Day {
    folder: PathBuf,
    binary: PathBuf,
    decks: PathBuf,
}

impl Day {
    /// Plays it, writes the tables, and says whether they are right.
    fn play(&self) -> Result<bool> {
        println!("a day of 24 hours in {} minutes: an hour is {} s", HOUR.as_secs() * 24 / 60, HOUR.as_secs());
        let is_plugged = Arc::new(AtomicBool::new(true));
        let plug = plug(self.folder.join("truth.csv"), is_plugged.clone())?;
        let data = self.folder.join("centre");
        fs::create_dir(&data).with_context(|| format!("{} must be a new folder", data.display()))?;
        let config = format!(
            "[energy]\nsample_seconds = 2\nidle_watts = {IDLE_W}\n[electricity]\nzone = 'Europe/Paris'\n\
             contract = 'Tarif Bleu HP/HC, 9 kVA, with tax'\n[[meter]]\nkind = 'shelly'\naddress = '{plug}'\n"
        );
        fs::write(data.join("config.toml"), config)?;
        self.algoric(["commands".as_ref(), self.folder.join("bin").as_os_str()])?;
        let work = self.folder.join("work");
        fs::create_dir(&work)?;

        let mut centre = self.start()?;
        self.hour(0, "nobody is there");
        sleep(HOUR);
        self.hour(1, "an array of CalculiX decks, and jobs that wait");
        let decks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/structures/submit.sh");
        self.submit(&["--array=1-120".as_ref(), decks.as_os_str(), self.decks.as_os_str()])?;
        self.wrap(&["--mem=200"], "sleep 45")?;
        sleep(HOUR * 4);
        self.hour(5, "floods");
        for seed in 1..=3 {
            let flood =
                format!("{} kernel flood --size 300,300 --seed {seed} --out flood-{seed}", self.binary.display());
            self.wrap(&["--ntasks=1", "--mem=300"], &flood)?;
        }
        self.wrap(&["--array=1-20"], "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")?;
        sleep(HOUR * 2);
        self.hour(7, "the centre is killed, and comes back");
        centre.kill()?;
        centre.wait()?;
        sleep(HOUR / 2);
        let mut centre = self.start()?;
        sleep(HOUR);
        self.hour(8, "the plug is unplugged for seven hours");
        is_plugged.store(false, Ordering::Relaxed);
        sleep(HOUR * 7);
        is_plugged.store(true, Ordering::Relaxed);
        self.hour(15, "an evening of both kinds, then idle time");
        self.submit(&["--array=121-180".as_ref(), decks.as_os_str(), self.decks.as_os_str()])?;
        self.wrap(&["--ntasks=1"], "sleep 20")?;
        sleep(HOUR * 7);
        // What still runs is ended, so that every job of the tables is over.
        for state in ["PENDING", "RUNNING"] {
            self.command("scancel").args(["--state", state]).status()?;
        }
        sleep(HOUR * 2);
        let machine = self.said(self.command("sinfo").args(["-h", "-o", "%X %Y %m"]))?;
        self.algoric(["stop"])?;
        centre.wait()?;
        self.algoric(["energy".as_ref(), "export".as_ref(), self.folder.as_os_str()])?;
        self.check(&machine)
    }

    fn hour(&self, hour: u32, what: &str) {
        println!("{hour:02}:00 {what}");
    }

    fn start(&self) -> Result<Child> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("centre.log"))?;
        let mut up = Command::new(&self.binary);
        up.args(["up", "--listen", "127.0.0.1:0"]).env("ALGORIC_DATA", self.folder.join("centre"));
        let up = up.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn().context("starting the centre")?;
        let begun = Instant::now();
        while !self.command("squeue").stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
            if begun.elapsed() > Duration::from_secs(20) {
                bail!("the centre does not come up: see {}", self.folder.join("centre.log").display());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(up)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        let work = self.folder.join("work");
        command.env("ALGORIC_DATA", self.folder.join("centre")).current_dir(work).stdin(Stdio::null());
        command
    }

    fn submit<A: AsRef<std::ffi::OsStr>>(&self, arguments: &[A]) -> Result<()> {
        let mut sbatch = self.command("sbatch");
        self.said(sbatch.args(["--output=/dev/null"]).args(arguments)).map(|said| print!("      {said}"))
    }

    fn wrap(&self, options: &[&str], script: &str) -> Result<()> {
        self.submit(&[options, &["--wrap", script]].concat())
    }

    fn algoric<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<()> {
        let mut command = Command::new(&self.binary);
        self.said(command.args(arguments).env("ALGORIC_DATA", self.folder.join("centre"))).map(|_| ())
    }

    fn said(&self, command: &mut Command) -> Result<String> {
        tools::output(command.stdin(Stdio::null()))
    }

    /// By a script that reads the tables only. `machine`: sockets, cores of each, memory in MiB.
    fn check(&self, machine: &str) -> Result<bool> {
        let mut numbers = machine.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
        let (Some(sockets), Some(cores), Some(memory)) = (numbers.next(), numbers.next(), numbers.next()) else {
            bail!("sinfo says {machine}");
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/energy/check.py");
        let mut check = Command::new("python3");
        check.arg(script).arg(&self.folder).args(["--cores", &(sockets * cores).to_string()]);
        check.args(["--memory-mib", &memory.to_string(), "--per-cpu-watts", &PER_CPU_W.to_string()]);
        tools::run(check.arg("--truth").arg(self.folder.join("truth.csv")))
    }
}

/// A Shelly plug of the second generation, until this program ends; unplugged, it does not answer. Its address. What it
/// measures is written down at each look, before it is rounded as plugs do.
fn plug(truth: PathBuf, is_plugged: Arc<AtomicBool>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("opening the plug's port")?;
    let address = listener.local_addr()?.to_string();
    let mut truth = fs::File::create(&truth).with_context(|| format!("writing {}", truth.display()))?;
    writeln!(truth, "at_ms,energy_uj")?;
    let (begun, busy_before) = (Instant::now(), busy_seconds()?);
    std::thread::spawn(move || {
        let mut last = (0.0, 0.0);
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 1024];
            let length = stream.read(&mut asked).unwrap_or(0);
            if !is_plugged.load(Ordering::Relaxed) {
                silent.push(stream);
                continue;
            }
            let seconds = begun.elapsed().as_secs_f64();
            let joules = IDLE_W * seconds + PER_CPU_W * (busy_seconds().unwrap_or(busy_before) - busy_before);
            let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            let is_question = String::from_utf8_lossy(&asked[..length]).contains("/rpc/");
            let body = if is_question {
                let watts = (joules - last.1) / f64::max(seconds - last.0, 0.001);
                last = (seconds, joules);
                format!(r#"{{"apower":{watts:.1},"aenergy":{{"total":{:.3}}}}}"#, joules / 3600.0)
            } else {
                r#"{"gen":2}"#.to_owned()
            };
            let answer = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            if answer.and_then(|()| writeln!(truth, "{at},{:.0}", joules * 1e6)).is_err() {
                return;
            }
        }
    });
    Ok(address)
}

/// CPU time that this machine has used since it started (proc(5)): user, nice, system, irq and softirq.
fn busy_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat").context("/proc/stat")?;
    let fields: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    let ticks: f64 = [0, 1, 2, 5, 6].iter().filter_map(|at| fields.get(*at)).sum();
    Ok(ticks / 100.0)
}
