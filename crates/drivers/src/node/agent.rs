//! The agent of a machine: reads its meters, looks at its health, and tells the centre. What the centre has not got waits in
//! a file. It needs nobody: without a centre it goes on measuring, without a slurmd it names no jobs, without a meter it
//! says that it is there. Must not know what becomes of what it tells.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use node::health::{Finding, State};
use node::report::{About, Answer, MeterAbout, Report, Sample, VERSION, plain};
use node::settings::{self, Invitation};
use node::{Outbox, Settings};
use serde::{Deserialize, Serialize};

use super::{about, call, jobs::JobTimes, key::Key, look};
use crate::local::system;
use crate::meters::{Chain, MeterConfig, Roots, Scope, busy_us};

/// So many reports go out at once where many readings wait.
const AT_ONCE: usize = 16;
/// A look at health that takes longer hangs.
const HANGS: Duration = Duration::from_secs(300);

/// Where an agent keeps things.
#[derive(Clone, Debug)]
pub struct Places {
    /// Its own folder: its key, who its centre is, what waits.
    pub state: PathBuf,
    /// `node.toml`; beside it `probes.d/*.toml`.
    pub config: PathBuf,
}

/// Who its centre is, as it was told when it was let in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Centre {
    /// What this machine is called there.
    pub name: String,
    /// `HOST:PORT`.
    pub centre: String,
    /// The centre's key.
    pub key: String,
}

/// What is asked with an invitation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// What the machine is to be called.
    pub name: String,
    /// The invitation's word.
    pub word: String,
}

impl Places {
    /// This machine's key, made when it is first asked for.
    ///
    /// # Errors
    /// The file.
    pub fn key(&self) -> io::Result<Key> {
        fs::create_dir_all(&self.state)?;
        Key::at(&self.state.join("key"))
    }

    /// Its centre; `None`: it was never let in.
    ///
    /// # Errors
    /// The file.
    pub fn centre(&self) -> io::Result<Option<Centre>> {
        match fs::read(self.state.join("centre.json")) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Has this machine let in by an invitation.
    ///
    /// # Errors
    /// The centre is not there, is another one, or does not know the invitation; the files.
    pub fn enrol(&self, invitation: &Invitation) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let theirs = settings::key(&invitation.key).ok_or("the invitation has no key of a centre")?;
        let wish = Wish { name: invitation.name.clone(), word: invitation.word.clone() };
        let own = self.key()?;
        call::post(&invitation.centre, &own, theirs, "/v1/enrol", serde_json::to_string(&wish)?.as_bytes())?;
        let Invitation { name, centre, key, .. } = invitation.clone();
        let text = serde_json::to_string(&Centre { name, centre, key })?;
        Ok(put(&self.state.join("centre.json"), text.as_bytes())?)
    }

    /// What the operator wrote, the folder of probes included.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn settings(&self) -> Result<Settings<MeterConfig>, String> {
        let text = match fs::read_to_string(&self.config) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|fault| format!("{}: {fault}", self.config.display()))?,
        };
        let mut settings = Settings::parse(&self.config.display().to_string(), &text)?;
        let folder = self.config.parent().unwrap_or(Path::new("/")).join("probes.d");
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        files.sort();
        for path in files {
            let shown = path.display().to_string();
            let text = fs::read_to_string(&path).map_err(|fault| format!("{shown}: {fault}"))?;
            settings.probe.extend(settings::probes(&shown, &text)?);
        }
        Ok(settings)
    }
}

/// Whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// An agent at work.
pub struct Agent {
    own: Key,
    theirs: [u8; 32],
    centre: Centre,
    settings: Settings<MeterConfig>,
    chain: Chain,
    jobs: JobTimes,
    boot: String,
    about: About,
    health: Arc<Mutex<Health>>,
    outbox: Outbox,
    file: PathBuf,
    /// What the centre has of what seldom changes; `None`: nothing.
    told: Option<(About, Vec<Finding>)>,
    fault: String,
}

#[derive(Default)]
struct Health {
    findings: Vec<Finding>,
    /// Since when it is looked at.
    since: Option<Instant>,
}

impl Agent {
    /// Gets ready. `version`: the agent's, for people.
    ///
    /// # Errors
    /// What is missing: it was not let in, its files, its settings.
    pub fn open(places: &Places, version: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let centre =
            places.centre()?.ok_or("this machine was not let in by a centre: algoric node enrol INVITATION")?;
        let theirs = settings::key(&centre.key).ok_or("centre.json has no key")?;
        let settings = places.settings()?;
        let roots = Roots::default();
        // Cards are within what the machine draws.
        let main = settings.meter.iter().filter(|meter| !matches!(meter, MeterConfig::Nvml {}));
        let chain = Chain::new(main.map(|meter| (meter.open_late(&roots), meter.scale_permille())).collect());
        let modelled = settings.meter.iter().find_map(|meter| match meter {
            MeterConfig::Model { idle_watts, .. } => Some(*idle_watts),
            _ => None,
        });
        let mut about = about::about(version);
        about.idle_mw = settings.idle_watts.or(modelled).map(|watts| i64::from(watts) * 1000);
        about.most_mw = i64::from(settings.max_watts) * 1000;
        let meter = |one: crate::meters::About| MeterAbout {
            name: plain(&one.name),
            uncertainty_permille: one.uncertainty_permille,
            inside: matches!(one.scope, Scope::Processors | Scope::Estimate | Scope::Gpus),
            failing: None,
        };
        about.meters = chain.about().map(meter).collect();
        let file = places.state.join("waiting");
        let outbox = Outbox::read(&fs::read_to_string(&file).unwrap_or_default());
        put(&file, outbox.text().as_bytes())?;
        Ok(Self {
            own: places.key()?,
            theirs,
            centre,
            chain,
            jobs: JobTimes::default(),
            boot: system::boot_id()?,
            about,
            health: Arc::default(),
            outbox,
            file,
            told: None,
            fault: String::new(),
            settings,
        })
    }

    /// Serves for ever; `say` is told what an operator should read in the log.
    ///
    /// # Errors
    /// No thread.
    pub fn serve(mut self, say: impl Fn(&str)) -> io::Result<()> {
        self.watch_health()?;
        let period = Duration::from_secs(self.settings.sample_seconds.clamp(1, 30).into());
        loop {
            let begun = Instant::now();
            self.read_meters();
            match self.tell() {
                Ok(()) if !self.fault.is_empty() => {
                    self.fault.clear();
                    say("the centre takes reports again");
                }
                Ok(()) => {}
                Err(fault) if fault.to_string() != self.fault => {
                    self.fault = fault.to_string();
                    say(&format!("{fault}; what was measured waits here"));
                }
                Err(_) => {}
            }
            thread::sleep((begun + period).saturating_duration_since(Instant::now()));
        }
    }

    /// On a thread of its own: a disk may take its time, and a file system for ever.
    fn watch_health(&self) -> io::Result<()> {
        let (health, expect, probes) = (self.health.clone(), self.settings.expect.clone(), self.settings.probe.clone());
        let pause = Duration::from_secs(self.settings.health_seconds.clamp(1, 3600).into());
        let watch = move || loop {
            lock(&health).since = Some(Instant::now());
            let findings = look::look(&expect, &probes);
            *lock(&health) = Health { findings, since: None };
            thread::sleep(pause);
        };
        thread::Builder::new().name("health".to_owned()).spawn(watch).map(drop)
    }

    fn findings(&self) -> Vec<Finding> {
        let health = lock(&self.health);
        let mut findings = health.findings.clone();
        if health.since.is_some_and(|since| since.elapsed() > HANGS) {
            let text = "the look at this machine does not end: a file system or a disk that hangs?".to_owned();
            findings.push(Finding { name: "health".to_owned(), state: State::Bad, text });
        }
        findings
    }

    fn read_meters(&mut self) {
        let look = self.chain.read(Instant::now());
        for failure in look.failures {
            if let Some(meter) = self.about.meters.get_mut(usize::from(failure.source)) {
                meter.failing = Some(plain(&failure.error.to_string()));
            }
        }
        let Some((source, channels)) = look.answer else { return };
        if let Some(meter) = self.about.meters.get_mut(usize::from(source)) {
            meter.failing = None;
        }
        self.about.answering = Some(source);
        let (wall_ms, up_ms) = (about::wall_ms(), about::up_ms());
        let proc = Path::new("/proc");
        let busy_us = busy_us(proc).unwrap_or_default();
        let mut jobs = self.jobs.look(&self.settings.scontrol, proc);
        jobs.truncate(node::report::MOST_JOBS);
        let boot = self.boot.clone();
        let line = self.outbox.push(Sample { number: 0, boot, wall_ms, up_ms, source, channels, busy_us, jobs });
        let kept = match line {
            Some(line) => {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.file);
                file.and_then(|mut file| file.write_all(line.as_bytes()))
            }
            None => put(&self.file, self.outbox.text().as_bytes()),
        };
        // A full disk: what is in memory is told all the same.
        kept.ok();
    }

    /// Tells the centre what it has not got.
    fn tell(&mut self) -> Result<(), call::CallError> {
        for _ in 0..AT_ONCE {
            let was_anchored = self.outbox.is_anchored();
            let report = self.report();
            let said = call::post(&self.centre.centre, &self.own, self.theirs, "/v1/report", report.text().as_bytes())?;
            let answer: Answer = serde_json::from_slice(&said).map_err(|fault| call::CallError::Way {
                centre: self.centre.centre.clone(),
                source: io::Error::other(fault),
            })?;
            match answer.tell_all && report.about.is_none() {
                true => self.told = None,
                false => self.note_told(report),
            }
            self.outbox.anchor(answer.taken);
            let before = self.outbox.len();
            self.outbox.taken(answer.taken);
            if self.outbox.len() != before || !was_anchored {
                put(&self.file, self.outbox.text().as_bytes()).ok();
            }
            if self.outbox.is_empty() && self.told.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn note_told(&mut self, report: Report) {
        let (mut about, mut health) = self.told.take().unwrap_or_default();
        about = report.about.unwrap_or(about);
        health = report.health.unwrap_or(health);
        self.told = Some((about, health));
    }

    fn report(&self) -> Report {
        let (findings, told) = (self.findings(), self.told.as_ref());
        Report {
            version: VERSION,
            name: self.centre.name.clone(),
            boot: self.boot.clone(),
            wall_ms: about::wall_ms(),
            up_ms: about::up_ms(),
            lost: self.outbox.lost(),
            readings: self.outbox.part(),
            about: told.is_none_or(|(about, _)| *about != self.about).then(|| self.about.clone()),
            health: told.is_none_or(|(_, health)| *health != findings).then_some(findings),
        }
    }
}

fn lock(health: &Mutex<Health>) -> std::sync::MutexGuard<'_, Health> {
    health.lock().unwrap_or_else(PoisonError::into_inner)
}
