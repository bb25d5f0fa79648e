//! A centre of its own with something in it, for programs that look for holes: an operator who computes, a project, a job.
//! Must not know what looks.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tools;

/// Who runs the centre where we are root: then the first operator computes at once, as in any centre of an ordinary user.
const NOBODY: u32 = 65534;
const PASSWORD: &str = "sept bateaux rouges";

/// A centre of its own, with something in it.
pub struct Centre {
    binary: PathBuf,
    folder: PathBuf,
    data: PathBuf,
    log: PathBuf,
    up: Child,
    /// `http://127.0.0.1:4711`
    pub url: String,
}

impl Centre {
    /// In a new folder, by this program or the one that is built here.
    pub fn start(name: &str, binary: Option<&str>) -> Result<Self> {
        let binary = match binary {
            Some(binary) => Path::new(binary).canonicalize()?,
            None => {
                if !tools::run(&mut tools::command("cargo", ["build", "--package", "algoric"]))? {
                    bail!("it does not build");
                }
                tools::target()?.join("debug/algoric")
            }
        };
        let folder = std::env::temp_dir().join(format!("algoric-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        if tools::is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY))?;
        }
        let (data, log) = (folder.join("data"), folder.join("up.log"));
        let file = fs::File::create(&log)?;
        let mut command = ordinary(&binary);
        command.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        let up = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        let mut centre = Self { binary, folder, data, log, up, url: String::new() };
        let begun = Instant::now();
        while centre.link().is_none() {
            if begun.elapsed() > Duration::from_secs(30) {
                centre.stop();
                bail!("the centre does not start: {}", fs::read_to_string(&centre.log).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let link = centre.link().context("no link")?;
        centre.url = link.split("/first/").next().unwrap_or_default().to_owned();
        Ok(centre)
    }

    /// The link that makes the first operator.
    fn link(&self) -> Option<String> {
        let log = fs::read_to_string(&self.log).ok()?;
        log.split_whitespace().find(|word| word.contains("/first/")).map(str::to_owned)
    }

    fn said(&self, arguments: &[&str]) -> Result<String> {
        let output = ordinary(&self.binary).env("ALGORIC_DATA", &self.data).args(arguments).output()?;
        if !output.status.success() {
            bail!("algoric {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Where programs may write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An operator, a project, a job; then a token of the operator for everything.
    pub fn token(&self) -> Result<String> {
        self.prepare()?;
        let page = self.curl(&[], "/account")?;
        let mark = format!("X-Csrf: {}", mark(&page).context("nobody has logged in")?);
        let wish = "{\"name\":\"a scan\",\"scopes\":[\"read\",\"submit\",\"files\",\"manage\"],\"days\":1}";
        let sent = ["-H", &mark, "-H", "Content-Type: application/json", "-d", wish];
        let made: serde_json::Value = serde_json::from_str(&self.curl(&sent, "/api/v1/tokens")?)?;
        made["token"].as_str().map(str::to_owned).context("no token")
    }

    fn prepare(&self) -> Result<()> {
        let link = self.link().context("no link")?;
        let place = link.strip_prefix(&self.url).unwrap_or(&link).to_owned();
        let page = self.curl(&[], &place)?;
        let mark_field = format!("csrf={}", mark(&page).context("the page of the first link has no form")?);
        let (password, again) = (format!("password={PASSWORD}"), format!("again={PASSWORD}"));
        let mut fields = Vec::new();
        for field in [mark_field.as_str(), "login=ada", "name=Ada", "email=", "language=en", &password, &again] {
            fields.extend(["--data-urlencode", field]);
        }
        self.curl(&fields, &place)?;
        self.said(&["project", "add", "eau"])?;
        let bin = self.data.join("bin");
        self.said(&["commands", &bin.to_string_lossy()])?;
        let mut sbatch = ordinary(&bin.join("sbatch"));
        sbatch.env("ALGORIC_DATA", &self.data).current_dir("/").args([
            "-A",
            "eau",
            "-o",
            "/dev/null",
            "--wrap",
            "true",
        ]);
        sbatch.stdout(Stdio::null()).status()?;
        Ok(())
    }

    fn curl(&self, more: &[&str], path: &str) -> Result<String> {
        let jar = self.folder.join("cookies");
        let jar = jar.to_string_lossy();
        let mut command = Command::new("curl");
        command.args(["-s", "-b", &jar, "-c", &jar]).args(more).arg(format!("{}{path}", self.url));
        Ok(String::from_utf8_lossy(&command.output().context("curl cannot be started")?.stdout).into_owned())
    }

    /// Ends it, and removes its folder.
    pub fn stop(&mut self) {
        self.said(&["stop"]).ok();
        self.up.kill().ok();
        self.up.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A program that an ordinary user runs.
pub fn ordinary(program: &Path) -> Command {
    let mut command = Command::new(program);
    if tools::is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The mark of a page's forms.
fn mark(page: &str) -> Option<&str> {
    page.split_once("name=\"csrf\" value=\"")?.1.split('"').next()
}
