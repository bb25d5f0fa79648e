//! Has a machine carry out one step's order. Must not know what was done before, nor what comes next.

use std::{
    collections::BTreeSet,
    sync::{Mutex, OnceLock},
    time::Duration,
};

use drivers::remote::{Carried, Host, RemoteError, Said, Ssh};
use site::{
    Step, probe,
    shell::{self, Order, Parts, Reason},
};

use super::folder::Loaded;

/// All machines of a plan.
pub struct Caller<'a> {
    ssh: Ssh,
    loaded: &'a Loaded,
    /// Machines that did not answer: they are not waited for again.
    silent: Mutex<BTreeSet<String>>,
    /// This program, as it is brought to machines.
    own: OnceLock<Result<Carried, String>>,
}

/// What became of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is as it should be.
    Well,
    /// It is not, and why.
    Not(Vec<Reason>),
    /// The machine could not be asked, and why.
    Silent(String),
}

impl<'a> Caller<'a> {
    /// The machines of this plan.
    pub fn new(ssh: Ssh, loaded: &'a Loaded) -> Self {
        Self { ssh, loaded, silent: Mutex::default(), own: OnceLock::new() }
    }

    /// Has a step's machine carry out an order.
    pub fn call(&self, step: &Step, order: Order) -> Outcome {
        if order == Order::Undo && step.work.is_released() {
            match self.say(&self.loaded.plan.controller, step, Order::Release, None) {
                Ok(said) if said.is_success => {}
                Ok(said) => return Outcome::Not(reasons(&said)),
                Err(why) => return Outcome::Silent(why),
            }
        }
        let mut given = None;
        if step.work.is_brought() && order != Order::Undo {
            match self.bring(step, order) {
                Ok(digest) => given = Some(digest),
                Err(why) => return Outcome::Silent(why),
            }
        }
        let asks = if step.work.is_gate() { Order::Check } else { Order::Act };
        if order == asks && step.work.is_given() {
            // The same script on the controller says what is compared with, or what it takes.
            match self.say(&self.loaded.plan.controller, step, Order::Give, None) {
                Ok(said) if said.is_success => given = Some(said.output),
                Ok(said) => return Outcome::Not(reasons(&said)),
                Err(why) => return Outcome::Silent(why),
            }
        }
        match self.say(&step.machine, step, order, given.as_deref()) {
            Ok(said) if said.is_success => Outcome::Well,
            Ok(said) => Outcome::Not(reasons(&said)),
            Err(why) => Outcome::Silent(why),
        }
    }

    /// What a machine is now.
    pub fn probe(&self, machine: &str) -> Result<probe::Said, String> {
        let text = probe_text(&self.loaded.plan.home);
        let said = self.ask(machine, &text, Duration::from_secs(60))?;
        probe::parse(&said.output).map_err(|error| error.to_string())
    }

    fn say(&self, machine: &str, step: &Step, order: Order, given: Option<&str>) -> Result<Said, String> {
        let script = |name: &str| self.loaded.scripts.get(name).map_or("", String::as_str);
        let content = step.file.as_ref().and_then(|name| self.loaded.plan.files.iter().find(|file| file.name == *name));
        let parts = Parts {
            shared: script("lib.sh"),
            script: script(&format!("{}.sh", step.work.name())),
            content: content.map(|file| file.text.as_str()),
            given,
            now_s: super::now_s(),
        };
        self.ask(machine, &shell::text(step, order, parts), Duration::from_secs(step.work.limit_s()))
    }

    /// The digest of this program, which is brought to the step's machine where it is to be put there.
    fn bring(&self, step: &Step, order: Order) -> Result<String, String> {
        let own = self.own.get_or_init(|| Carried::own().map_err(|error| format!("this program's own file: {error}")));
        let own = own.as_ref().map_err(Clone::clone)?;
        if order == Order::Act {
            let to = format!("{}.algoric-brought", step.set.get("TO").map_or("", String::as_str));
            let limit = Duration::from_secs(step.work.limit_s());
            let said = self.reach(&step.machine, |host| self.ssh.put(host, &to, own, limit))?;
            if !said.is_success {
                return Err(said.complaint);
            }
        }
        Ok(own.digest().to_owned())
    }

    fn ask(&self, machine: &str, text: &str, limit: Duration) -> Result<Said, String> {
        self.reach(machine, |host| self.ssh.run(host, text, limit))
    }

    fn reach(&self, machine: &str, talk: impl Fn(&Host) -> Result<Said, RemoteError>) -> Result<Said, String> {
        let silent = || self.silent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let target = self.loaded.plan.targets.iter().find(|target| target.name == machine);
        let Some(target) = target.filter(|_| !silent().contains(machine)) else {
            return Err("it did not answer before".to_owned());
        };
        let host = Host { host: target.host.clone(), port: target.port, login: target.login.clone() };
        talk(&host).map_err(|error| {
            if matches!(error, RemoteError::Unreachable(_)) {
                silent().insert(machine.to_owned());
            }
            error.to_string()
        })
    }
}

/// The text that asks a machine what it is.
pub fn probe_text(home: &str) -> String {
    format!("HOME_FOLDER={}\n{}", shell::quoted(home), probe::SCRIPT)
}

/// What a script said; where it said nothing, the last that its programs complained of.
fn reasons(said: &Said) -> Vec<Reason> {
    let mut reasons = shell::reasons(&said.output);
    let last = said.complaint.lines().map(str::trim).rfind(|line| !line.is_empty());
    if let Some(last) = last {
        reasons.push(Reason { word: "complaint".to_owned(), value: last.to_owned() });
    }
    if reasons.is_empty() {
        reasons.push(Reason { word: "nothing".to_owned(), value: String::new() });
    }
    reasons
}
