//! The centre on the head of the cluster: how it is founded, started and killed, and what its ledger says. Must not know
//! what is shown with it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};

use super::slurm::{Cluster, HEAD};

/// Where its data is; embedded, its commands of Slurm's language are in [`COMMANDS`].
pub const DATA: &str = "/var/lib/algoric";
pub const COMMANDS: &str = "/home/embedded";

/// A core-second costs ten cents, and little memory nothing: every second is seen in euros.
pub const CORE_SECOND_MICROEUR: i64 = 100_000;

const TARIFFS: &str = r#"currency = "EUR"

[[tariff]]
version = "2026"
category = "company"
from = "2026-01-01"
source = "made for this demonstration"
kind = "one_part"
share_mib_per_core = 32768
price = { core_hour = 360, memory_gib_hour = 36 }
"#;

const CONFIG: &str = r#"name = "rack"
[money]
tariffs = 'tariffs.toml'
machine = 'blade'
status = 'vat'
settle_seconds = 1
[seller]
name = 'Mésocentre du Pays d’Auray'
siren = '123456782'
siret = '12345678200010'
vat_number = 'FR32123456782'
iban = 'FR76 3000 6000 0112 3456 7890 189'
email = 'tresorier@mesocentre.example'
address = { lines = ['12 quai de l’Exemple'], postcode = '56400', town = 'Auray', country = 'FR' }
"#;

/// Makes its data directory, with nothing in it but what its operator writes.
pub fn found(cluster: &Cluster) -> Result<()> {
    std::fs::write(cluster.home("config.toml"), CONFIG)?;
    std::fs::write(cluster.home("tariffs.toml"), TARIFFS)?;
    cluster.must("root", &format!("mkdir -p -m 755 {DATA} && mv /home/config.toml /home/tariffs.toml {DATA}"))?;
    cluster.must("root", &format!("algoric commands {COMMANDS}")).map(drop)
}

/// Says more in its configuration.
pub fn configure(cluster: &Cluster, lines: &str) -> Result<()> {
    cluster.must("root", &format!("printf '%s' '{lines}' >> {DATA}/config.toml")).map(drop)
}

/// Starts it, and waits until it serves.
pub fn up(cluster: &Cluster) -> Result<()> {
    let line =
        format!("setsid algoric --data {DATA} up --listen 127.0.0.1:8080 >> /var/log/algoric.log 2>&1 < /dev/null &");
    cluster.must("root", &line)?;
    cluster.until(&order("status"), Duration::from_secs(180))
}

/// Kills all its processes at once; how many there were.
pub fn kill(cluster: &Cluster) -> Result<usize> {
    cluster.rooms.kill(HEAD, "algoric")
}

/// One of its processes.
#[derive(Clone, Copy)]
pub enum Part {
    Launcher,
    Centre,
    Web,
}

/// Kills one of its processes, and waits until all that end with it have: all of them, but with the web process.
pub fn kill_part(cluster: &Cluster, part: Part) -> Result<usize> {
    let number =
        |key: &str| format!("$({} | grep -oE '\"{key}\": [0-9]+' | grep -oE '[0-9]+')", order("status --json"));
    let (line, then) = match part {
        Part::Launcher => (format!("kill -9 {}", number("launcher_pid")), "! pgrep -x algoric"),
        Part::Centre => (format!("kill -9 {}", number("pid")), "! pgrep -x algoric"),
        // The centre's other child starts it anew.
        Part::Web => {
            let line = format!(
                "l={}; for p in $(pgrep -x algoric -P {}); do [ $p = $l ] || pkill -9 -x algoric -P $p; done; true",
                number("launcher_pid"),
                number("pid")
            );
            (line, "true")
        }
    };
    cluster.must("root", &line)?;
    cluster.until(then, Duration::from_secs(180))?;
    Ok(1)
}

/// Has the pages' first operator made and `member`'s account linked to it, and a token of the member's kept at home.
pub fn link(cluster: &Cluster, member: &str) -> Result<()> {
    let script = crate::tools::root().join("xtask/demo/portal.py");
    std::fs::copy(script, cluster.home("portal.py")).context("copying portal.py")?;
    cluster.must("root", &format!("python3 /home/portal.py link {DATA} {member}"))?;
    let token = order("token create --scope read --scope submit | tail -1 > token");
    cluster.must(member, &token).map(drop)
}

/// A line of shell that calls the pages' interface as who has a token.
pub fn call(method: &str, path: &str, body: &str) -> String {
    let body = if body.is_empty() { String::new() } else { format!(" '{body}'") };
    format!("python3 /home/portal.py call $(cat token) {method} {path}{body}")
}

/// A line of shell that sees the pages as the member does who was linked.
pub fn browse(words: &str) -> String {
    format!("python3 /home/portal.py {words}")
}

/// What is said before a line that is typed with this program's own commands of Slurm's language.
pub fn own_commands() -> String {
    format!("export PATH={COMMANDS}:$PATH ALGORIC_DATA={DATA}; ")
}

/// One of its own commands, as a line of shell.
pub fn order(words: &str) -> String {
    format!("algoric --data {DATA} {words}")
}

/// One line of what was used.
#[derive(Clone, Debug)]
pub struct Used {
    pub job: u32,
    pub project: String,
    pub start_ms: i64,
    pub end_ms: i64,
    /// As it is written: it may have decimals.
    pub core_s: f64,
    pub amount_microeur: i64,
}

/// The table of usage, and what was read out of it.
pub fn usage(cluster: &Cluster) -> Result<(String, Vec<Used>)> {
    let table = cluster.must("root", &order("ledger usage"))?;
    let mut lines = table.lines();
    let names: BTreeMap<&str, usize> =
        lines.next().unwrap_or_default().split(',').enumerate().map(|(at, name)| (name, at)).collect();
    let used = |line: &str| -> Option<Used> {
        let fields: Vec<&str> = line.split(',').collect();
        let field = |name: &str| names.get(name).and_then(|at| fields.get(*at)).copied();
        Some(Used {
            job: field("job")?.split(['.', '_', '#']).next()?.parse().ok()?,
            project: field("project")?.to_owned(),
            start_ms: field("start_ms")?.parse().ok()?,
            end_ms: field("end_ms")?.parse().ok()?,
            core_s: field("core_s")?.parse().ok()?,
            amount_microeur: field("amount_microeur")?.parse().ok()?,
        })
    };
    let all = lines.map(|line| used(line).with_context(|| format!("usage: {line}"))).collect::<Result<Vec<_>>>()?;
    Ok((table.clone(), all))
}
