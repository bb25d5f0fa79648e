//! `[power]`: machines that are switched off when nobody needs them. Must not know how a machine is switched.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use drivers::power::{PowerConfig, Programs, SwitchesConfig};
use model::{Machine, Span};
use scheduler::power::{Node, Power};
use serde::Deserialize;

/// `[power]`
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PowerSection {
    /// `always-on`, `off-after=TIME`, or `predictive=TIME` (so much longer may a job wait in the mean).
    pub policy: Option<String>,
    /// Who switches: `fake` plays a park, `command` calls programs, `switches` speaks to controllers and plugs. Without one
    /// nothing is switched.
    pub driver: Option<String>,
    /// The program that switches a machine on,
    pub on: Option<PathBuf>,
    /// the one that switches it off,
    pub off: Option<PathBuf>,
    /// and the one that prints `on`, `off` or `between`.
    pub state: Option<PathBuf>,
    /// The file that says how each machine is switched, for `switches`.
    pub switches: Option<PathBuf>,
    /// Seconds that a program, or a controller, may take.
    pub limit: Option<u32>,
    /// The machines: all of the centre's cores, in order. None: all of it is one machine.
    pub node: Vec<NodeSection>,
}

/// `[[power.node]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSection {
    /// Its name; of several alike, what is before their numbers.
    pub name: String,
    /// So many that are alike.
    #[serde(default = "one")]
    pub count: u32,
    /// Cores of each.
    pub cores: u32,
    /// Memory of each (`60G`); its share by cores unless said.
    pub memory: Option<String>,
    /// GPUs of each.
    #[serde(default)]
    pub gpus: u32,
    /// Seconds from the order to come up until it takes jobs.
    #[serde(default = "boot")]
    pub boot: u32,
    /// Seconds from the order to go off until it can be ordered up again.
    #[serde(default)]
    pub shutdown: u32,
    /// Seconds after which a boot has failed; three boots and a minute unless said.
    pub patience: Option<u32>,
}

fn one() -> u32 {
    1
}

fn boot() -> u32 {
    180
}

/// What is wrong: the key, and what would be right.
type Wrong = (String, String);

fn wrong(key: &str, text: impl Into<String>) -> Wrong {
    (format!("power: {key}"), text.into())
}

impl PowerSection {
    /// Which driver, if there is to be one.
    ///
    /// # Errors
    /// Keys that do not belong together.
    pub(crate) fn driver(&self) -> Result<Option<PowerConfig>, Wrong> {
        let need = |key: &str, program: &Option<PathBuf>| match program {
            Some(path) if path.is_absolute() => Ok(path.clone()),
            Some(_) => Err(wrong(key, "say the program's whole path, from / on")),
            None => Err(wrong(key, "the driver `command` needs this program")),
        };
        let limit = Duration::from_secs(self.limit.unwrap_or(30).max(1).into());
        match self.driver.as_deref() {
            None if self.policy.is_some() || !self.node.is_empty() => {
                Err(wrong("driver", "say fake, command or switches: nobody else can switch machines"))
            }
            None => Ok(None),
            Some("fake") => Ok(Some(PowerConfig::Fake)),
            Some("command") => Ok(Some(PowerConfig::Command(Programs {
                on: need("on", &self.on)?,
                off: need("off", &self.off)?,
                state: need("state", &self.state)?,
                limit,
            }))),
            Some("switches") => {
                let path = need_file(&self.switches)?;
                let said = |why: &dyn std::fmt::Display| wrong("switches", format!("{}: {why}", path.display()));
                let text = fs::read_to_string(&path).map_err(|error| said(&error))?;
                let config: SwitchesConfig = toml::from_str(&text).map_err(|error| said(&error))?;
                Ok(Some(PowerConfig::Switches(config, limit)))
            }
            Some(_) => Err(wrong("driver", "say fake, command or switches")),
        }
    }

    /// When machines without a job are off.
    pub(crate) fn policy(&self) -> Result<Power, Wrong> {
        let text = self.policy.as_deref().unwrap_or("always-on");
        match text.parse() {
            Ok(policy) => Ok(policy),
            Err(_) => Err(wrong("policy", "say always-on, off-after=600s or predictive=60s")),
        }
    }

    /// The machines, where something switches them.
    ///
    /// # Errors
    /// Names that come twice; other cores than the machine has.
    pub(crate) fn nodes(&self, machine: &Machine, memory: impl Fn(&str) -> Option<u64>) -> Result<Vec<Node>, Wrong> {
        if self.driver()?.is_none() {
            return Ok(Vec::new());
        }
        let have = machine.cores.len() as u32;
        let whole = || NodeSection {
            name: machine.name.clone(),
            count: 1,
            cores: have,
            memory: None,
            gpus: machine.gpus.len() as u32,
            boot: boot(),
            shutdown: 0,
            patience: None,
        };
        let sections = if self.node.is_empty() { vec![whole()] } else { self.node.clone() };
        let mut nodes = Vec::new();
        for section in &sections {
            let share = machine.memory_mib / u64::from(have.max(1)) * u64::from(section.cores);
            let said = section.memory.as_deref().map(|text| memory(text).ok_or_else(|| wrong("memory", text)));
            let memory_mib = said.transpose()?.unwrap_or(share);
            nodes.extend(section.each(memory_mib));
        }
        let cores: u32 = nodes.iter().map(|node| node.cores).sum();
        if cores != have || nodes.iter().any(|node| node.cores == 0) {
            let text = format!("the machines have {cores} cores together, there are {have}; each has at least one");
            return Err(wrong("node: cores", text));
        }
        let mut names = BTreeSet::new();
        match nodes.iter().find(|node| !names.insert(&node.name) || !is_name(&node.name)) {
            Some(node) => Err(wrong("node: name", format!("`{}` is no name, or comes twice", node.name))),
            None => Ok(nodes),
        }
    }
}

/// The file of `switches`.
fn need_file(path: &Option<PathBuf>) -> Result<PathBuf, Wrong> {
    path.clone().ok_or_else(|| wrong("switches", "the driver `switches` needs this file"))
}

/// Letters, digits, - and _: what a file and an argument can be called.
fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    name.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && name.chars().all(plain)
}

impl NodeSection {
    fn each(&self, memory_mib: u64) -> impl Iterator<Item = Node> {
        let seconds = |seconds: u32| Span::seconds(i64::from(seconds));
        let patience = self.patience.unwrap_or(self.boot.saturating_mul(3).saturating_add(60)).max(self.boot);
        let node = move |name: String| Node {
            name,
            cores: self.cores,
            memory_mib,
            gpus: self.gpus,
            boot: seconds(self.boot),
            shutdown: seconds(self.shutdown),
            patience: seconds(patience),
        };
        let alone = self.count == 1;
        let name = move |number| if alone { self.name.clone() } else { format!("{}{number}", self.name) };
        (1..=self.count).map(move |number| node(name(number)))
    }
}
