//! `cargo xtask schemathesis`: a stranger's program (PyPI) reads the description of the API and calls everything in it with
//! what fits and what does not. It must find no fault of the server, and no answer that the description does not have.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tools;

const PACKAGE: &str = "schemathesis==4.32.5";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";
/// Who runs the centre where we are root: then the first operator computes at once, as in any centre of an ordinary user.
const NOBODY: u32 = 65534;
const PASSWORD: &str = "sept bateaux rouges";

/// `schemathesis [--binary FILE] [--examples N]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let value = |name: &str| arguments.iter().position(|known| known == name).and_then(|at| arguments.get(at + 1));
    let target = tools::target()?;
    let Some(program) = provide(&target) else {
        println!("NOT RUN: {PACKAGE} cannot be had (python3-venv, and PyPI)");
        return Ok(ExitCode::SUCCESS);
    };
    let binary = match value("--binary") {
        Some(binary) => Path::new(binary).canonicalize()?,
        None => {
            if !tools::run(&mut tools::command("cargo", ["build", "--package", "algoric"]))? {
                bail!("it does not build");
            }
            target.join("debug/algoric")
        }
    };
    let folder = std::env::temp_dir().join(format!("algoric-schemathesis-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    if is_root() {
        chown(&folder, Some(NOBODY), Some(NOBODY))?;
    }
    let mut centre = Centre::start(&binary, &folder)?;
    let outcome = centre.prepare().and_then(|token| {
        let mut command = Command::new(&program);
        command.current_dir(&folder).arg("run").arg(format!("{}/api/v1/openapi.json", centre.url));
        command.args(["--url", &centre.url, "--checks", CHECKS, "--suppress-health-check", "all", "--no-color"]);
        command.args(["--header", &format!("Authorization: Bearer {token}"), "--seed", "7"]);
        command.args(["--max-examples", value("--examples").map_or("30", String::as_str)]);
        // Not announced as other commands are: a token is in it.
        Ok(command.status().context("schemathesis cannot be started")?.success())
    });
    centre.stop();
    fs::remove_dir_all(&folder).ok();
    Ok(if outcome? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The program, in a virtual environment of its own.
fn provide(target: &Path) -> Option<PathBuf> {
    let folder = target.join("schemathesis");
    let program = folder.join("bin/schemathesis");
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !program.exists() {
        let made = quiet(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && quiet(Command::new(folder.join("bin/pip")).args(["install", "--quiet", PACKAGE]));
        if !made {
            return None;
        }
    }
    program.exists().then_some(program)
}

/// A centre of its own, with something in it.
struct Centre {
    binary: PathBuf,
    data: PathBuf,
    log: PathBuf,
    up: Child,
    url: String,
}

impl Centre {
    fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let (data, log) = (folder.join("data"), folder.join("up.log"));
        let file = fs::File::create(&log)?;
        let mut command = ordinary(binary);
        command.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        let up = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
        let mut centre = Self { binary: binary.to_owned(), data, log, up, url: String::new() };
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

    /// An operator, a project, a job, a token.
    fn prepare(&self) -> Result<String> {
        let link = self.link().context("no link")?;
        let place = link.strip_prefix(&self.url).unwrap_or(&link).to_owned();
        let jar = self.data.with_file_name("cookies");
        let page = self.curl(&jar, &[], &place)?;
        let mark_field = format!("csrf={}", mark(&page).context("the page of the first link has no form")?);
        let (password, again) = (format!("password={PASSWORD}"), format!("again={PASSWORD}"));
        let mut fields = Vec::new();
        for field in [mark_field.as_str(), "login=ada", "name=Ada", "email=", "language=en", &password, &again] {
            fields.extend(["--data-urlencode", field]);
        }
        self.curl(&jar, &fields, &place)?;
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
        let page = self.curl(&jar, &[], "/account")?;
        let mark = format!("X-Csrf: {}", mark(&page).context("nobody has logged in")?);
        let wish = "{\"name\":\"schemathesis\",\"scopes\":[\"read\",\"submit\",\"files\",\"manage\"],\"days\":1}";
        let sent = ["-H", &mark, "-H", "Content-Type: application/json", "-d", wish];
        let made: serde_json::Value = serde_json::from_str(&self.curl(&jar, &sent, "/api/v1/tokens")?)?;
        made["token"].as_str().map(str::to_owned).context("no token")
    }

    fn curl(&self, jar: &Path, more: &[&str], path: &str) -> Result<String> {
        let jar = jar.to_string_lossy();
        let mut command = Command::new("curl");
        command.args(["-s", "-b", &jar, "-c", &jar]).args(more).arg(format!("{}{path}", self.url));
        Ok(String::from_utf8_lossy(&command.output().context("curl cannot be started")?.stdout).into_owned())
    }

    fn stop(&mut self) {
        self.said(&["stop"]).ok();
        self.up.kill().ok();
        self.up.wait().ok();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// A program that an ordinary user runs.
fn ordinary(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The mark of a page's forms.
fn mark(page: &str) -> Option<&str> {
    page.split_once("name=\"csrf\" value=\"")?.1.split('"').next()
}
