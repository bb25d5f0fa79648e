//! `cargo xtask shots DIR`: a picture of every page, in both languages, for a phone and for a desktop, as a browser draws
//! it: `page.language.width.png`. The pages are those of the browser tests, which this runs.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::{packages, tools};

/// `shots DIR`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    let [folder] = arguments else { bail!("name the folder for the pictures: cargo xtask shots DIR") };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {folder}"))?;
    let folder = Path::new(folder).canonicalize()?;
    for program in ["chromium", "chromedriver"] {
        if !tools::has(program) {
            bail!("{program} is missing: apt-get install chromium chromium-driver");
        }
    }
    let mut command = tools::command(
        "cargo",
        ["test", "--package", "algoric", "--test", "it", "browser::pages", "--", "--nocapture", "--test-threads=1"],
    );
    command.env("ALGORIC_SHOTS", &folder);
    if let Some(axe) = packages::axe(&tools::target()?) {
        command.env("ALGORIC_AXE", axe);
    }
    if !tools::run(&mut command)? {
        bail!("a page is not as it should be: see above");
    }
    let count =
        fs::read_dir(&folder)?.flatten().filter(|entry| entry.path().extension().is_some_and(|e| e == "png")).count();
    println!("{count} pictures in {}", folder.display());
    Ok(ExitCode::SUCCESS)
}
