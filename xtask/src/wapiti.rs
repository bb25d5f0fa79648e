//! `cargo xtask wapiti`: a scanner for holes in web sites (Debian's `wapiti`) walks through a real centre's pages, once as a
//! visitor and once as the operator, follows every link, fills in every form, and attacks each field that it found. It must
//! find nothing.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    scanned::{Centre, ordinary},
    tools,
};

/// What it tries. Not: what asks other machines (`ssrf`, `xxe`, `wapp`, `nikto`), and guesses of passwords.
const ATTACKS: &str = "backup,blindsql,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss";
/// Findings that are none: of which kind, about what, and why.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "HTTP Secure Headers",
        "X-XSS-Protection",
        "browsers have dropped it; the policy forbids scripts that are not ours",
    ),
    ("Secure Flag cookie", "Secure flag is not set", "said where pages come by HTTPS, which they do not here"),
    ("HTTP Secure Headers", "Strict-Transport-Security", "said where pages come by HTTPS, which they do not here"),
];
/// Where it begins: a page of each place, as the front page sends members on to their own.
const BEGINNINGS: [&str; 12] = [
    "/visit",
    "/style",
    "/login",
    "/join",
    "/forgotten",
    "/home",
    "/jobs",
    "/jobs/new/script",
    "/files/at/home",
    "/projects/eau",
    "/operator/members",
    "/account",
];

/// `wapiti [--binary FILE] [--seconds N]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &["binary", "seconds"])?;
    if !tools::has("wapiti") {
        println!("NOT RUN: wapiti is missing: apt-get install wapiti");
        return Ok(ExitCode::SUCCESS);
    }
    let seconds = tools::option(arguments, "seconds").unwrap_or("300");
    let mut found = 0;
    for role in ["visitor", "operator"] {
        let mut centre = Centre::start("wapiti", tools::option(arguments, "binary"))?;
        let report = scan(&centre, role, seconds);
        centre.stop();
        found += told(role, &report?)?;
    }
    println!("wapiti: {found} findings");
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn scan(centre: &Centre, role: &str, seconds: &str) -> Result<Value> {
    let (folder, report) = (centre.folder(), centre.folder().join("report.json"));
    let mut wapiti = ordinary(Path::new("wapiti"));
    wapiti.current_dir(folder).env("HOME", folder).args(["-u", &format!("{}/", centre.url), "--scope", "folder"]);
    wapiti.args(["-m", ATTACKS, "-l", "2", "-v", "1", "--no-bugreport", "--max-attack-time", seconds]);
    wapiti.args(["--max-scan-time", seconds, "--max-links-per-page", "60", "-f", "json", "-o"]).arg(&report);
    wapiti.arg("--store-session").arg(folder).arg("--store-config").arg(folder);
    if role == "operator" {
        // By a token, as it would log itself out of a session. Not announced as other commands are: it is in it.
        wapiti.args(["-H", &format!("Authorization: Bearer {}", centre.token()?)]);
    }
    for place in BEGINNINGS {
        wapiti.args(["-s", &format!("{}{place}", centre.url)]);
    }
    // It fetches lists from the web at its start, wanted or not: it does without them.
    wapiti.env("https_proxy", "http://127.0.0.1:1").args(["-d", "4", "--max-files-per-dir", "40"]);
    if !wapiti.status().context("wapiti cannot be started")?.success() {
        bail!("wapiti did not come to its end");
    }
    let report = fs::read_to_string(&report).context("wapiti wrote no report")?;
    serde_json::from_str(&report).context("wapiti's report")
}

/// Says what was found; how much.
fn told(role: &str, report: &Value) -> Result<usize> {
    let mut count = 0;
    for group in ["vulnerabilities", "anomalies"] {
        for (kind, findings) in report[group].as_object().context("a report without findings")? {
            for finding in findings.as_array().into_iter().flatten() {
                let text = |key: &str| finding[key].as_str().unwrap_or_default();
                let (path, info) = (text("path"), text("info"));
                // No browser sends a token by itself; forms of sessions are tried by the program's own tests.
                if role == "operator" && kind == "Cross Site Request Forgery" {
                    continue;
                }
                if let Some((.., why)) = KNOWN.iter().find(|(known, about, _)| known == kind && info.starts_with(about))
                {
                    println!("as {role}: {kind}: {} {path}: {info} (none: {why})", text("method"));
                    continue;
                }
                println!("as {role}: {kind}: {} {path}: {info}", text("method"));
                count += 1;
            }
        }
    }
    println!("as {role}: {count} findings");
    Ok(count)
}
