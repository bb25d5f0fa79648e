//! `cargo xtask bench portal`: how long pages take and how large they are, in a centre with a million jobs in its past,
//! 300 members and a month of samples; first one page after the other, then with a hundred browsers that load a page every
//! five seconds each. What is measured is from the request to the last byte of the answer, over loopback.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{cpu, idle};
use crate::demo::Stage;
use crate::{deb, tools};

/// Milliseconds of the median page, and of one in a hundred with all browsers at it; bytes that are transferred.
const GOAL_MEDIAN_MS: f64 = 20.0;
const GOAL_P99_MS: f64 = 100.0;
const GOAL_BYTES: usize = 60_000;
/// Browsers, and how often each loads a page.
const BROWSERS: usize = 100;
const EVERY: Duration = Duration::from_secs(5);
/// Tasks of an array.
const TASKS: u64 = 10_000;
/// Root starts the centre as somebody's of this machine, so that forms know a home; where there is nobody as this one.
const NOBODY_KNOWN: u32 = 54_321;
/// Every page of a member who runs the centre, and the lists that programs ask for.
const PAGES: &[&str] = &[
    "/visit",
    "/live/now",
    "/machines",
    "/live/machines",
    "/style",
    "/home",
    "/jobs",
    "/jobs?everybody=1",
    "/jobs?everybody=1&which=failed",
    "/jobs?state=FAILED",
    "/jobs/new",
    "/jobs/new/python",
    "/jobs/new/script",
    "/projects",
    "/projects/projet01",
    "/projects/projet01/members",
    "/projects/projet01/invoices",
    "/projects/projet01/report",
    "/energy/projects",
    "/energy/projects/projet01",
    "/files/at/home",
    "/files/bin",
    "/account",
    "/operator/members",
    "/operator/audit",
    "/api",
    "/api/v1/centre",
    "/api/v1/machines",
    "/api/v1/me",
    "/api/v1/jobs",
    "/api/v1/jobs?everybody=true&limit=500",
    "/api/v1/projects",
    "/api/v1/projects/projet01",
    "/api/v1/projects/projet01/members",
    "/api/v1/projects/projet01/budgets",
    "/api/v1/projects/projet01/usage",
    "/api/v1/projects/projet01/invoices",
    "/api/v1/energy",
    "/api/v1/energy/prices",
    "/api/v1/apps",
    "/api/v1/tokens",
];
const PASSWORD: &str = "une phrase assez longue";

/// `bench portal [--jobs N] [--seconds N] [--binary FILE] [--data DIR] [--only TEXT]`: of the pages those with TEXT in their
/// address.
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &["jobs", "seconds", "binary", "data", "only"])?;
    let jobs = tools::option(arguments, "jobs").unwrap_or("1000000");
    let seconds = tools::option(arguments, "seconds").unwrap_or("60");
    let seconds: u64 = seconds.parse().with_context(|| format!("--seconds takes a number, not '{seconds}'"))?;
    let binary = match tools::option(arguments, "binary") {
        Some(file) => file.into(),
        None => deb::build("release")?,
    };
    // Where an ordinary user may go, too.
    let folder = std::env::temp_dir().join(format!("algoric-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let own = folder.join("algoric");
    fs::copy(&binary, &own).with_context(|| format!("copying {}", binary.display()))?;
    let binary = own;
    let only = tools::option(arguments, "only").unwrap_or_default();
    let measured = measure(&folder, &binary, jobs, tools::option(arguments, "data"), seconds, only);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    measured.map(|()| ExitCode::SUCCESS)
}

fn measure(folder: &Path, binary: &Path, jobs: &str, data: Option<&str>, seconds: u64, only: &str) -> Result<()> {
    let text = |path: &Path| path.to_str().map(String::from).context("a path that is no text");
    let stage = Stage::new(&text(&folder.join("stage"))?, Some(&text(binary)?))?;
    match data {
        // A made-up past from before: its files are taken as they are.
        Some(made) => {
            for part in ["config.toml", "db"] {
                let from = Path::new(made).join(part);
                ensure!(
                    tools::run(tools::command("cp", ["-a"]).arg(&from).arg(stage.data()))?,
                    "{} cannot be copied",
                    from.display()
                );
            }
        }
        None => {
            let begun = Instant::now();
            let said = stage.algoric([
                "demo".as_ref(),
                "fill".as_ref(),
                stage.data().as_os_str(),
                "--jobs".as_ref(),
                jobs.as_ref(),
            ])?;
            println!("{} ({:.0} s)", said.trim(), begun.elapsed().as_secs_f64());
        }
    }
    stage.commands()?;
    // An ordinary user's centre: there the first operator has an account, and sees what members see. The home is empty.
    let home = stage.folder.join("home");
    fs::create_dir_all(&home)?;
    let user = tools::is_root().then(ordinary);
    let centre = stage.start_as(user, &[("HOME", &home)])?;
    let status: serde_json::Value = serde_json::from_str(&stage.algoric(["status", "--json"])?)?;
    let address =
        status["url"].as_str().context("no address")?.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let pid: u32 = status["pid"].to_string().parse()?;
    let cookie = log_in(&stage, &address)?;
    let mut pages = pages(&address, &cookie, jobs.parse().unwrap_or(1_000_000))?;
    pages.extend(pages_of_arrays(&address, &cookie)?);
    pages.retain(|page| page.contains(only));
    let mut good = one_by_one(&address, &cookie, &pages)?;
    good &= all_at_once(&address, &cookie, &pages, seconds, pid)?;
    println!("resident memory of the centre: {:.0} MiB", idle::memory(&[pid], "VmRSS:").unwrap_or(0.0));
    println!("{}", if good { "all goals are reached" } else { "not all goals are reached" });
    stage.algoric(["stop"])?;
    centre.wait()
}

/// The first user of the system's list who is no program.
fn ordinary() -> u32 {
    let listed = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut uids = listed.lines().filter_map(|line| line.split(':').nth(2)?.parse().ok());
    uids.find(|uid| (1000..60_000).contains(uid)).unwrap_or(NOBODY_KNOWN)
}

/// An answer: its status, its headers, and how many bytes came.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    bytes: usize,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A connection that is kept, as browsers keep theirs.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self(BufReader::new(stream)))
    }

    fn ask(&mut self, method: &str, path: &str, cookie: &str, form: Option<&str>, gzip: bool) -> Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nAccept-Language: fr\r\n");
        if gzip {
            head += "Accept-Encoding: gzip\r\n";
        }
        if !cookie.is_empty() {
            head += &format!("Cookie: {cookie}\r\n");
        }
        let form = form.unwrap_or_default();
        if method == "POST" {
            head += "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
            head += &format!("Content-Length: {}\r\n", form.len());
        }
        self.0.get_mut().write_all(format!("{head}\r\n{form}").as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer> {
        let (mut bytes, mut line) = (0, String::new());
        bytes += self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no answer")?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            bytes += self.0.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new(), bytes };
        if let Some(length) = answer.header("content-length").and_then(|length| length.parse().ok()) {
            answer.body = vec![0; length];
            self.0.read_exact(&mut answer.body)?;
            answer.bytes += length;
        } else if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                line.clear();
                answer.bytes += self.0.read_line(&mut line)?;
                let length = usize::from_str_radix(line.trim(), 16)?;
                let mut chunk = vec![0; length + 2];
                self.0.read_exact(&mut chunk)?;
                answer.bytes += chunk.len();
                if length == 0 {
                    break;
                }
                chunk.truncate(length);
                answer.body.extend(chunk);
            }
        }
        Ok(answer)
    }
}

/// Makes the first operator by the one-time link, as a browser would; gives the session's cookie.
fn log_in(stage: &Stage, address: &str) -> Result<String> {
    let said = stage.algoric(["operator", "link"])?;
    let path =
        said.split_whitespace().find_map(|word| word.find("/first/").map(|at| &word[at..])).context("no link")?;
    let mut line = Line::open(address)?;
    let page = line.ask("GET", path, "", None, false)?;
    let visitor = cookies(&page);
    let html = String::from_utf8_lossy(&page.body).into_owned();
    let mark = html.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let secret = PASSWORD.replace(' ', "+");
    let form = format!(
        "csrf={mark}&login=mesure&name=Mesure&email=&language=fr&password={secret}&again={secret}&password_again={secret}"
    );
    let answer = line.ask("POST", path, &visitor, Some(&form), false)?;
    ensure!(answer.status == 303, "the first operator was not made: {}", String::from_utf8_lossy(&answer.body));
    Ok([visitor, cookies(&answer)].iter().filter(|cookies| !cookies.is_empty()).cloned().collect::<Vec<_>>().join("; "))
}

fn cookies(answer: &Answer) -> String {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs: Vec<&str> = set.filter_map(|(_, value)| value.split(';').next()).collect();
    pairs.join("; ")
}

/// [`PAGES`], with what makes them long: a project's year, a day and a year of energy; and single jobs.
fn pages(address: &str, cookie: &str, jobs: u32) -> Result<Vec<String>> {
    let today = jiff::Zoned::now().date();
    let (day, month, year) = (today.to_string(), today.strftime("%Y-%m").to_string(), today.year());
    let mut pages: Vec<String> = PAGES.iter().copied().map(String::from).collect();
    // One from the middle, one of the last.
    let (middle, late) = (jobs / 2, jobs - jobs.min(jobs / 100_000 + 20));
    pages.extend(["", "/national"].map(|part| format!("/jobs/{middle}{part}")));
    pages.push(format!("/jobs/{late}"));
    pages.extend(["", "/price", "/history"].map(|part| format!("/api/v1/jobs/{middle}{part}")));
    pages.push(format!("/projects/projet01?period={year}"));
    pages.push(format!("/projects/projet01/report?year={}", year - 1));
    for place in ["/energy", "/energy/projects", "/energy/projects/projet01"] {
        for period in [&day, &month, &(year - 1).to_string()] {
            pages.push(format!("{place}?period={period}"));
        }
    }
    let mut line = Line::open(address)?;
    let machines = String::from_utf8(line.ask("GET", "/machines", cookie, None, false)?.body)?;
    if let Some(name) = machines.split("href=\"/machines/").nth(1).and_then(|rest| rest.split('"').next()) {
        pages.extend([format!("/machines/{name}"), format!("/energy/machine/{name}")]);
    }
    let mut there = Vec::new();
    for page in pages {
        let answer = line.ask("GET", &page, cookie, None, true)?;
        if answer.status == 200 {
            there.push(page);
        } else {
            // A form needs an account that the system knows.
            ensure!(page.starts_with("/jobs/new/"), "{page} answers {}", answer.status);
            println!("left out, it answers {}: {page}", answer.status);
        }
    }
    Ok(there)
}

/// Two arrays of ten thousand tasks, submitted by the form: one is over, of the other some thousands are and the rest is held,
/// so that nothing runs while pages are measured. Their pages, lists of their tasks, some tasks, and what programs ask.
fn pages_of_arrays(address: &str, cookie: &str) -> Result<Vec<String>> {
    let mut line = Line::open(address)?;
    let form = line.ask("GET", "/jobs/new/script", cookie, None, false)?;
    if form.status != 200 {
        println!("left out, as nobody has an account: arrays");
        return Ok(Vec::new());
    }
    let html = String::from_utf8_lossy(&form.body).into_owned();
    let mark = html.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let (whole, count) = array(&mut line, cookie, mark, TASKS)?;
    println!("an array that is over, with {count} tasks: {whole}");
    let (page, count) = array(&mut line, cookie, mark, TASKS / 4)?;
    let held = line.ask("POST", &format!("{page}/act"), cookie, Some(&format!("csrf={mark}&what=hold")), false)?;
    ensure!(held.status == 303, "the array is not held: {} {}", held.status, String::from_utf8_lossy(&held.body));
    println!("an array of which more than {count} tasks are over, the others held: {page}");
    std::thread::sleep(Duration::from_secs(5));
    let parts = ["", "?state=pending", "?state=completed", "_0", "_9000", "/national"];
    let calls = ["", "/tasks", "/why", "/price"].map(|part| format!("/api/v1{page}{part}"));
    let mut pages: Vec<String> = parts.into_iter().map(|part| format!("{page}{part}")).chain(calls).collect();
    pages.extend(["", "_9000"].map(|part| format!("{whole}{part}")));
    pages.extend(["/tasks", "/price"].map(|part| format!("/api/v1{whole}{part}")));
    Ok(pages)
}

/// Submits an array, and waits until so many of its tasks are over; its page, and how many are.
fn array(line: &mut Line, cookie: &str, mark: &str, enough: u64) -> Result<(String, u64)> {
    let script = format!("%23!/bin/sh%0A%23SBATCH+-t+1+--mem=10+--array=0-{}+-o+/dev/null%0Atrue%0A", TASKS - 1);
    let body = format!("csrf={mark}&do=submit&folder=/tmp&script={script}");
    let made = line.ask("POST", "/jobs/new/script", cookie, Some(&body), false)?;
    let place = made.header("location").and_then(|place| place.split('?').next()).map(str::to_owned);
    let page = place.with_context(|| format!("no array: {} {}", made.status, String::from_utf8_lossy(&made.body)))?;
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(500));
        let told = line.ask("GET", &format!("/api/v1{page}"), cookie, None, false)?;
        let told: serde_json::Value = serde_json::from_slice(&told.body)?;
        let states = told["states"].as_array().context("no states")?;
        let over = states.iter().filter_map(|state| state["count"].as_u64()).sum();
        if over >= enough {
            return Ok((page, over));
        }
    }
    anyhow::bail!("{page} does not come to {enough} tasks in five minutes")
}

fn one_by_one(address: &str, cookie: &str, pages: &[String]) -> Result<bool> {
    println!("\n{:30} {:>10} {:>10} {:>10}", "page", "median ms", "worst ms", "bytes");
    let mut line = Line::open(address)?;
    let (mut medians, mut largest) = (Vec::new(), 0);
    for page in pages {
        let (mut times, mut bytes) = (Vec::new(), 0);
        for _ in 0..25 {
            let begun = Instant::now();
            let answer = line.ask("GET", page, cookie, None, true)?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
            ensure!(answer.status == 200, "{page} answers {}", answer.status);
            bytes = answer.bytes;
        }
        times.sort_by(f64::total_cmp);
        println!("{page:30} {:10.2} {:10.2} {bytes:10}", times[times.len() / 2], times[times.len() - 1]);
        medians.push(times[times.len() / 2]);
        largest = largest.max(bytes);
    }
    medians.sort_by(f64::total_cmp);
    let (middle, worst) = (medians[medians.len() / 2], medians[medians.len() - 1]);
    println!("the median page: {middle:.2} ms (goal: {GOAL_MEDIAN_MS}); the slowest page's median: {worst:.2} ms");
    println!("the largest page: {largest} bytes (goal: {GOAL_BYTES})");
    Ok(worst <= GOAL_MEDIAN_MS && largest <= GOAL_BYTES)
}

fn all_at_once(address: &str, cookie: &str, pages: &[String], seconds: u64, pid: u32) -> Result<bool> {
    let (begun, next) = (Instant::now(), AtomicUsize::new(0));
    let before = cpu::of_threads(&[pid]);
    let browse = |number: usize| -> Result<Vec<f64>> {
        // They did not all come at once.
        std::thread::sleep(EVERY * u32::try_from(number)? / u32::try_from(BROWSERS)?);
        let (mut line, mut times) = (Line::open(address)?, Vec::new());
        while begun.elapsed() < Duration::from_secs(seconds) {
            let page = &pages[next.fetch_add(1, Ordering::Relaxed) % pages.len()];
            let asked = Instant::now();
            let answer = line.ask("GET", page, cookie, None, true)?;
            times.push(asked.elapsed().as_secs_f64() * 1000.0);
            ensure!(answer.status == 200, "{page} answers {}", answer.status);
            std::thread::sleep(EVERY.saturating_sub(asked.elapsed()));
        }
        Ok(times)
    };
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let browsers: Vec<_> = (0..BROWSERS).map(|number| scope.spawn(move || browse(number))).collect();
        for browser in browsers {
            times.extend(browser.join().map_err(|_| anyhow::anyhow!("a browser broke down"))??);
        }
        anyhow::Ok(())
    })?;
    times.sort_by(f64::total_cmp);
    let at = |permille: usize| times[(times.len() * permille / 1000).min(times.len() - 1)];
    println!(
        "\n{BROWSERS} browsers, a page every {} s each: {} pages; p50 {:.2} ms, p99 {:.2} ms (goal: {GOAL_P99_MS}), worst {:.2} ms",
        EVERY.as_secs(),
        times.len(),
        at(500),
        at(990),
        times[times.len() - 1]
    );
    if let (Some(before), Some(after)) = (before, cpu::of_threads(&[pid])) {
        println!(
            "processor time of the centre meanwhile: {:.1} % of a core",
            (after - before) / seconds as f64 * 100.0
        );
    }
    Ok(at(990) <= GOAL_P99_MS)
}
