//! What every demonstration stands on: a centre of its own in a folder, and a plug that this program plays. Must not know
//! what is played.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::tools;

/// What the machine of a demonstration draws with nothing to do, and for each CPU that computes.
pub const IDLE_W: f64 = 400.0;
pub const PER_CPU_W: f64 = 25.0;

/// A centre in a new folder.
pub struct Stage {
    pub folder: PathBuf,
    pub binary: PathBuf,
}

impl Stage {
    /// In this folder, with this program or the one that is built here.
    pub fn new(folder: &str, binary: Option<&str>) -> Result<Self> {
        let binary = match binary {
            Some(file) => fs::canonicalize(file).with_context(|| format!("{file} is not there"))?,
            None => built()?,
        };
        fs::create_dir_all(folder).with_context(|| format!("making {folder}"))?;
        let folder = fs::canonicalize(folder)?;
        let data = folder.join("centre");
        fs::create_dir(&data).with_context(|| format!("{} must be a new folder", data.display()))?;
        Ok(Self { folder, binary })
    }

    /// Where the centre's data is.
    pub fn data(&self) -> PathBuf {
        self.folder.join("centre")
    }

    /// Puts sbatch and the others into `bin/`.
    pub fn commands(&self) -> Result<()> {
        self.algoric(["commands".as_ref(), self.folder.join("bin").as_os_str()]).map(|_| ())
    }

    /// Starts the centre, with more in its environment, and waits until it serves.
    pub fn start(&self, environment: &[(&str, &Path)]) -> Result<Centre> {
        self.start_as(None, environment)
    }

    /// The same as an ordinary user, to whom all of the folder is given: a centre of that user's own.
    pub fn start_as(&self, user: Option<u32>, environment: &[(&str, &Path)]) -> Result<Centre> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("centre.log"))?;
        let mut up = Command::new(&self.binary);
        up.args(["up", "--listen", "127.0.0.1:0"]).env("ALGORIC_DATA", self.data()).envs(environment.iter().copied());
        if let Some(user) = user {
            if !tools::run(tools::command("chown", ["-R", &format!("{user}:{user}")]).arg(&self.folder))? {
                bail!("{} cannot be given to user {user}", self.folder.display());
            }
            up.uid(user).gid(user);
        }
        let up = up.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn().context("starting the centre")?;
        let up = Centre(up);
        let begun = Instant::now();
        while !self.command("squeue").stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
            if begun.elapsed() > Duration::from_secs(20) {
                bail!("the centre does not come up: see {}", self.folder.join("centre.log").display());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(up)
    }

    /// A command of Slurm's language, for this centre.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        command.env("ALGORIC_DATA", self.data()).stdin(Stdio::null());
        command
    }

    /// What one of `algoric`'s own commands says.
    pub fn algoric<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env("ALGORIC_DATA", self.data()).current_dir(&self.folder);
        tools::output(command.stdin(Stdio::null()))
    }
}

/// A centre that serves; it ends with this.
pub struct Centre(Child);

impl Centre {
    /// As a crash would end it.
    pub fn kill(mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Until it has ended by itself, as `stop` makes it.
    pub fn wait(mut self) -> Result<()> {
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }
}

/// The program, built here.
pub fn built() -> Result<PathBuf> {
    if !tools::run(&mut tools::command("cargo", ["build", "--package", "algoric"]))? {
        bail!("it does not build");
    }
    Ok(tools::target()?.join("debug/algoric"))
}

/// A Shelly plug of the second generation, until this program ends; unplugged, it does not answer. What it measures is
/// written down at each look, before it is rounded as plugs do.
pub struct Plug {
    /// Where it answers.
    pub address: String,
    /// Whether it does.
    pub is_plugged: Arc<AtomicBool>,
    /// How far its clock is ahead of this machine's, in milliseconds: what is skipped is idle time.
    pub ahead_ms: Arc<AtomicI64>,
}

impl Plug {
    /// Plugs it in, with a clock that is so far ahead; its true curve goes to `truth`.
    pub fn new(truth: &Path, ahead: i64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("opening the plug's port")?;
        let address = listener.local_addr()?.to_string();
        let mut file = fs::File::create(truth).with_context(|| format!("writing {}", truth.display()))?;
        writeln!(file, "at_ms,energy_uj")?;
        let plug =
            Self { address, is_plugged: Arc::new(AtomicBool::new(true)), ahead_ms: Arc::new(AtomicI64::new(ahead)) };
        let (is_plugged, ahead_ms) = (plug.is_plugged.clone(), plug.ahead_ms.clone());
        let curve = Curve { begun: Instant::now(), ahead_ms: ahead, busy_before: busy_seconds()? };
        std::thread::spawn(move || {
            let mut last = (0.0, 0.0);
            // Whoever asks an unplugged plug waits for ever.
            let mut silent = Vec::new();
            for mut stream in listener.incoming().flatten() {
                let mut asked = [0; 1024];
                let length = stream.read(&mut asked).unwrap_or(0);
                if !is_plugged.load(Ordering::Relaxed) {
                    silent.push(stream);
                    continue;
                }
                let ahead = ahead_ms.load(Ordering::Relaxed);
                let (seconds, joules) = curve.at(ahead);
                let is_question = String::from_utf8_lossy(&asked[..length]).contains("/rpc/");
                let body = if is_question {
                    let watts = (joules - last.1) / f64::max(seconds - last.0, 0.001);
                    last = (seconds, joules);
                    format!(r#"{{"apower":{watts:.1},"aenergy":{{"total":{:.3}}}}}"#, joules / 3600.0)
                } else {
                    r#"{"gen":2}"#.to_owned()
                };
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64;
                let answer = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                if answer.and_then(|()| writeln!(file, "{},{:.0}", now + ahead, joules * 1e6)).is_err() {
                    return;
                }
            }
        });
        Ok(plug)
    }
}

/// What the machine has drawn since the plug was plugged in.
struct Curve {
    begun: Instant,
    ahead_ms: i64,
    busy_before: f64,
}

impl Curve {
    /// Seconds and joules, by a clock that is so far ahead.
    fn at(&self, ahead_ms: i64) -> (f64, f64) {
        let seconds = self.begun.elapsed().as_secs_f64() + (ahead_ms - self.ahead_ms) as f64 / 1000.0;
        let busy = busy_seconds().unwrap_or(self.busy_before) - self.busy_before;
        (seconds, IDLE_W * seconds + PER_CPU_W * busy)
    }
}

/// CPU time that this machine has used since it started (proc(5)): user, nice, system, irq and softirq.
fn busy_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat").context("/proc/stat")?;
    let first = text.lines().next().unwrap_or_default();
    let fields: Vec<f64> = first.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let ticks: f64 = [0, 1, 2, 5, 6].iter().filter_map(|at| fields.get(*at)).sum();
    Ok(ticks / 100.0)
}
