//! `cargo xtask demo month DIR`: October 2026 of a small centre in a few minutes: two members of two projects in two
//! categories compute on a machine with a metered plug and an HP/HC contract, across a change of tariff, a change of price
//! hours, the end of summer time and the end of the month; then a treasurer bills it. The clock of the centre is set by
//! libfaketime; between the hours that are played it jumps, and the machine was idle. Prices are large enough that
//! seconds are worth euros. Leaves documents and tables, and checks them with a script that knows only the tables.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::stage::{IDLE_W, Plug, Stage};
use crate::{packages, tools};

/// Prices for the demonstration: a core-second costs ten cents or so. The company's change in the middle of the month.
const TARIFFS: &str = r#"currency = "EUR"

[[tariff]]
version = "2026a"
category = "company"
from = "2026-01-01"
to = "2026-10-15"
source = "made for this demonstration"
kind = "two_part"
share_mib_per_core = 512
price = { core_hour = 360, memory_gib_hour = 36, kwh = 900 }

[[tariff]]
version = "2026b"
category = "company"
from = "2026-10-16"
source = "made for this demonstration"
kind = "two_part"
share_mib_per_core = 512
price = { core_hour = 400, memory_gib_hour = 40, kwh = 950 }

[[tariff]]
version = "2026"
category = "local_authority"
from = "2026-01-01"
source = "made for this demonstration"
kind = "one_part"
share_mib_per_core = 512
price = { core_hour = 500, memory_gib_hour = 50 }
"#;

/// When the month begins, by the centre's clocks.
const OPENING: &str = "2026-10-01T09:00:00";

/// Who computes: a user of every machine, a project, and who pays for it. Where this is not run by root, both are whoever
/// runs it.
struct Actor {
    uid: u32,
    user: &'static str,
    project: &'static str,
    customer: [&'static str; 8],
}

const ACTORS: [Actor; 2] = [
    Actor {
        uid: 1,
        user: "daemon",
        project: "carene",
        customer: [
            "C1",
            "--name",
            "Chantier du Loch SARL",
            "--category",
            "company",
            "--siren",
            "987654324",
            "--street",
        ],
    },
    Actor {
        uid: 2,
        user: "bin",
        project: "crue",
        customer: [
            "C2",
            "--name",
            "Commune de Pluvigner-sur-Exemple",
            "--category",
            "local_authority",
            "--siren",
            "123456709",
            "--street",
        ],
    },
];

/// Plays it.
pub fn main(stage: Stage) -> Result<ExitCode> {
    let Some(decks) = packages::decks(&tools::target()?).filter(|_| tools::has("ccx")) else {
        bail!("CalculiX and its decks cannot be had here: install calculix-ccx");
    };
    let library = faketime().context("libfaketime is not here: install faketime")?;
    let month = Month::new(stage, &decks, library)?;
    Ok(if month.play()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// libfaketime, where Debian puts it.
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.exists())
}

struct Month {
    stage: Stage,
    plug: Plug,
    library: PathBuf,
    /// By how much the centre's clock is off.
    offset: PathBuf,
    is_root: bool,
}

impl Month {
    fn new(mut stage: Stage, decks: &Path, library: PathBuf) -> Result<Self> {
        let plug = Plug::new(&stage.folder.join("truth.csv"), ahead(OPENING)?)?;
        let is_root = tools::is_root();
        let folder = stage.folder.clone();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        // Members must be able to read what they run, wherever the project was built.
        fs::create_dir(folder.join("bin"))?;
        fs::copy(&stage.binary, folder.join("bin/algoric")).context("copying the program")?;
        stage.binary = folder.join("bin/algoric");
        copy_all(decks, &folder.join("decks"))?;
        fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/structures/submit.sh"),
            folder.join("structures.sh"),
        )?;
        for actor in &ACTORS {
            let work = folder.join(actor.project);
            fs::create_dir(&work)?;
            if is_root {
                chown(&work, Some(actor.uid), None)?;
            }
        }
        let config = format!(
            "[energy]\nsample_seconds = 1\nidle_watts = {IDLE_W}\n[electricity]\nzone = 'Europe/Paris'\n\
             contract = 'Tarif Bleu professional HP/HC, 36 kVA, without tax'\n[[meter]]\nkind = 'shelly'\naddress = '{}'\n\
             [money]\ntariffs = 'tariffs.toml'\nmachine = 'blade'\nstatus = 'vat'\nsettle_seconds = 15\n\
             [seller]\nname = 'Mésocentre du Pays d’Auray'\nsiren = '123456782'\nsiret = '12345678200010'\n\
             vat_number = 'FR32123456782'\niban = 'FR76 3000 6000 0112 3456 7890 189'\nemail = 'tresorier@mesocentre.example'\n\
             address = {{ lines = ['12 quai de l’Exemple'], postcode = '56400', town = 'Auray', country = 'FR' }}\n",
            plug.address
        );
        fs::write(stage.data().join("config.toml"), config)?;
        fs::write(stage.data().join("tariffs.toml"), TARIFFS)?;
        stage.commands()?;
        let offset = folder.join("offset");
        Ok(Self { stage, plug, library, offset, is_root })
    }

    fn play(&self) -> Result<bool> {
        println!("October 2026, of which a few minutes are played; the machine is idle between them");
        self.clock(OPENING, "the centre opens")?;
        let preload: [(&str, &Path); 4] = [
            ("LD_PRELOAD", &self.library),
            ("FAKETIME_TIMESTAMP_FILE", &self.offset),
            ("FAKETIME_NO_CACHE", Path::new("1")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
        ];
        let centre = self.stage.start(&preload)?;
        self.found()?;
        let structures = "../structures.sh ../decks";

        self.clock("2026-10-15T23:59:40", "CalculiX decks, while the company's tariff changes at midnight")?;
        self.submit(0, &format!("-t 2 --mem=700 --array=1-25 {structures}"))?;
        self.submit(0, "-t 2 -n 1 --mem=1200 --wrap=\"timeout 35 sh -c 'while :; do :; done'; true\"")?;
        self.settle()?;

        self.clock("2026-10-20T21:59:45", "floods, while off-peak hours begin at 22:00")?;
        for seed in 1..=2 {
            let flood = format!("../bin/algoric kernel flood --size 200 200 --seed {seed} --out flood-{seed}");
            self.submit(1, &format!("-t 2 -n 1 --mem=700 --wrap=\"{flood}\""))?;
        }
        self.submit(1, "-t 2 -n 1 --mem=100 --wrap='sleep 25'")?;
        self.settle()?;

        self.clock("2026-10-25T02:59:45", "a job across the end of summer time: 3 o'clock is 2 o'clock again")?;
        self.submit(0, "-t 2 -n 1 --mem=100 --wrap='sleep 25'")?;
        self.settle()?;

        self.clock("2026-10-31T23:59:40", "one job ends before the month does, one after it")?;
        self.submit(1, "-t 2 -n 1 --mem=100 --wrap='sleep 8'")?;
        self.submit(1, "-t 2 -n 1 --mem=100 --wrap='sleep 30'")?;
        self.settle()?;

        self.clock("2026-11-02T10:00:00", "the treasurer bills October")?;
        self.bill()?;
        self.algoric(&["stop"])?;
        centre.wait()?;
        self.check()
    }

    /// Jumps to a local instant of the centre, at once and for all its processes.
    fn clock(&self, local: &str, what: &str) -> Result<()> {
        let ahead = ahead(local)?;
        println!("{} {what}", local.replace('T', " "));
        // Replaced at once, so that nobody reads half of it.
        let next = self.offset.with_extension("next");
        fs::write(&next, format!("{:+.3}\n", ahead as f64 / 1000.0))?;
        fs::set_permissions(&next, fs::Permissions::from_mode(0o644))?;
        fs::rename(next, &self.offset)?;
        self.plug.ahead_ms.store(ahead, Ordering::Relaxed);
        // Let the meter see the jump before anything runs.
        sleep(Duration::from_secs(3));
        Ok(())
    }

    fn algoric(&self, arguments: &[&str]) -> Result<String> {
        self.stage.algoric(arguments)
    }

    /// Projects, members, customers, budgets.
    fn found(&self) -> Result<()> {
        for actor in &ACTORS {
            self.algoric(&["project", "add", actor.project])?;
            let place = ["1, rue de l’Exemple", "--postcode", "56330", "--town", "Pluvigner"];
            self.algoric(&[&["customer", "add"], &actor.customer[..], &place].concat())?;
            self.algoric(&["project", "customer", actor.project, actor.customer[0]])?;
            self.algoric(&["project", "budget", actor.project, "50000 EUR", "--period", "month"])?;
            if self.is_root {
                self.algoric(&["member", "add", actor.user, "--project", actor.project])?;
            }
        }
        self.algoric(&["project", "in-kind", "crue", "0.002", "--note", "flood study in the public interest"])?;
        Ok(())
    }

    /// As the actor, in the actor's folder; the line is a shell's.
    fn submit(&self, actor: usize, line: &str) -> Result<()> {
        let actor = &ACTORS[actor];
        let mut shell = Command::new("sh");
        let sbatch = self.stage.folder.join("bin/sbatch");
        shell.args(["-c", &format!("exec {} --output=/dev/null -A {} {line}", sbatch.display(), actor.project)]);
        shell.current_dir(self.stage.folder.join(actor.project)).env("ALGORIC_DATA", self.stage.data());
        if self.is_root {
            shell.uid(actor.uid).gid(actor.uid);
        }
        tools::output(&mut shell).map(|said| print!("      {}: {said}", actor.project))
    }

    /// Waits until all is over and has its price.
    fn settle(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            sleep(Duration::from_secs(1));
            let queue = tools::output(self.stage.command("squeue").arg("-h"))?;
            let balance: serde_json::Value = serde_json::from_str(&self.algoric(&["project", "balance", "--json"])?)?;
            let rows = balance.as_array().map_or(&[][..], Vec::as_slice);
            if queue.is_empty() && rows.iter().all(|row| row["reserved_microeur"] == 0) {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(300) {
                bail!("what was submitted does not end:\n{queue}");
            }
        }
    }

    /// Prepare, look, issue; a credit note; a payment; and every table.
    fn bill(&self) -> Result<()> {
        self.algoric(&["invoice", "prepare", "2026-10"])?;
        print!("{}", self.algoric(&["invoice", "review"])?);
        self.algoric(&["invoice", "review", "--accept"])?;
        self.algoric(&["invoice", "issue"])?;
        // The company's dearest job was worth nothing, by the centre's fault, as it says later: its price is given back.
        let usage = self.algoric(&["ledger", "usage"])?;
        let of_company = |line: &&str| line.contains(",C1,") && line.contains(",F2026-");
        let amount = |line: &&str| line.split(',').nth(12).and_then(|amount| amount.parse::<i64>().ok());
        let line =
            usage.lines().filter(of_company).max_by_key(amount).context("nothing of the company's was billed")?;
        let (job, invoice) = (line.split(',').next().unwrap_or_default(), line.rsplit(',').next().unwrap_or_default());
        self.algoric(&["invoice", "credit-note", invoice, "--job", job, "--note", "the centre's files were lost"])?;
        self.algoric(&["invoice", "review", "--accept"])?;
        self.algoric(&["invoice", "issue"])?;
        let issued: serde_json::Value = serde_json::from_str(&self.algoric(&["invoice", "list", "--json"])?)?;
        let of_town = issued.as_array().into_iter().flatten().find(|row| row["customer"] == "C2");
        let open = of_town.and_then(|row| row["open"].as_i64()).context("nothing of the town's was billed")?;
        let euros = format!("{}.{:02} EUR", open / 1_000_000, open % 1_000_000 / 10_000);
        self.algoric(&["invoice", "pay", "C2", &euros, "--id", "bank-1"])?;
        print!("{}", self.algoric(&["invoice", "list"])?);
        print!("{}", self.algoric(&["ledger", "verify"])?);
        self.algoric(&["invoice", "pdf", "invoices"])?;
        let tariffs = self.stage.data().join("tariffs.toml");
        let tariffs = tariffs.to_str().context("the folder's name is no text")?;
        for (file, arguments) in [
            ("invoices.csv", &["invoice", "csv"][..]),
            ("fec.txt", &["invoice", "fec", "2026"]),
            ("usage.csv", &["ledger", "usage"]),
            ("postings.csv", &["ledger", "postings"]),
            ("tariffs.json", &["tariff", "show", tariffs, "--machine", "blade", "--table"]),
        ] {
            fs::write(self.stage.folder.join(file), self.algoric(arguments)?)?;
        }
        Ok(())
    }

    /// By a script that reads what was left only.
    fn check(&self) -> Result<bool> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/money/check.py");
        tools::run(Command::new("python3").arg(script).arg(&self.stage.folder).arg("--demo"))
    }
}

/// How far a local instant of the centre is ahead of now, in milliseconds. Of an hour that comes twice the first is meant.
fn ahead(local: &str) -> Result<i64> {
    let zone = TimeZone::get("Europe/Paris").context("no time zones are installed: install tzdata")?;
    let wanted = local.parse::<DateTime>()?.to_zoned(zone)?.timestamp().as_millisecond();
    Ok(wanted - SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
