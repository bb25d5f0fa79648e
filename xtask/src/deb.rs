//! `cargo xtask deb`: the Debian package, made of the binary and `packaging/`, without debhelper.
//!
//! `--check` proves it: what is inside, with which rights; that the program in it runs; that units and maintainer
//! scripts are sound; and, as root, that it installs, upgrades, goes and comes back (`packaging/check-install.sh`).

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use crate::tools;

/// The commands that are links to the one binary. Not in /usr/bin: Slurm's own may be there.
const LINKS: &[&str] = &["sbatch", "squeue", "scancel", "sinfo", "sacct", "scontrol", "srun", "salloc"];
const LINKS_FOLDER: &str = "usr/lib/algoric/bin";
const BINARY: &str = "usr/bin/algoric";
const DOCS: &str = "usr/share/doc/algoric";

/// What is taken from `packaging/` as it is, where it goes, and its rights.
const FILES: &[(&str, &str, u32)] = &[
    ("algoric.service", "usr/lib/systemd/system/algoric.service", 0o644),
    ("algoric-launcher.service", "usr/lib/systemd/system/algoric-launcher.service", 0o644),
    ("algoric-jobs.service", "usr/lib/systemd/system/algoric-jobs.service", 0o644),
    ("60-algoric-energy.rules", "usr/lib/udev/rules.d/60-algoric-energy.rules", 0o644),
    ("profile.sh", "etc/profile.d/algoric.sh", 0o644),
    ("copyright", "usr/share/doc/algoric/copyright", 0o644),
    ("README.Debian", "usr/share/doc/algoric/README.Debian", 0o644),
    ("lintian-overrides", "usr/share/lintian/overrides/algoric", 0o644),
    ("postinst", "DEBIAN/postinst", 0o755),
    ("prerm", "DEBIAN/prerm", 0o755),
    ("postrm", "DEBIAN/postrm", 0o755),
];

/// Builds the binary and the package, says where it is, and checks it if asked.
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &["check"], &["profile", "binary"])?;
    let binary = match tools::option(arguments, "binary") {
        Some(file) => PathBuf::from(file),
        None => build(tools::option(arguments, "profile").unwrap_or("release"))?,
    };
    let package = pack(&binary)?;
    println!("{}", package.display());
    if arguments.iter().any(|argument| argument == "--check") {
        for left_out in check(&package)? {
            println!("not checked: {left_out}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The binary in this cargo profile, built if need be.
pub fn build(profile: &str) -> Result<PathBuf> {
    if !tools::run(&mut tools::command("cargo", ["build", "--package", "algoric", "--profile", profile]))? {
        bail!("the build failed");
    }
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(tools::target()?.join(folder).join("algoric"))
}

fn version() -> Result<String> {
    let metadata = tools::metadata(&["--no-deps"])?;
    let package = tools::entries(&metadata, "packages").find(|package| tools::text(package, "name") == "algoric");
    Ok(tools::text(package.context("there is no package 'algoric'")?, "version").to_owned())
}

/// Lays the package's tree and packs it; the package.
pub fn pack(binary: &Path) -> Result<PathBuf> {
    let version = version()?;
    let architecture = tools::output(&mut tools::command("dpkg", ["--print-architecture"]))?.trim().to_owned();
    let folder = tools::target()?.join("deb");
    let tree = folder.join("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| format!("cannot empty {}", tree.display()))?;
    }
    let sources = tools::root().join("packaging");
    place(binary, &tree.join(BINARY), 0o755)?;
    if tools::has("strip") {
        tools::output(Command::new("strip").arg("--strip-unneeded").arg(tree.join(BINARY)))?;
    }
    for (from, to, mode) in FILES {
        place(&sources.join(from), &tree.join(to), *mode)?;
    }
    let date = date()?;
    write(&tree.join(DOCS).join("changelog"), &changelog(&version, &date))?;
    write(
        &tree.join("usr/share/man/man1/algoric.1"),
        &read(&sources.join("algoric.1"))?.replace("@VERSION@", &version),
    )?;
    documents(&tree.join(DOCS))?;
    for page in ["usr/share/man/man1/algoric.1".to_owned(), format!("{DOCS}/changelog")] {
        tools::output(Command::new("gzip").arg("-9nf").arg(tree.join(page)))?;
    }
    for name in LINKS {
        let link = tree.join(LINKS_FOLDER).join(name);
        fs::create_dir_all(tree.join(LINKS_FOLDER)).context("cannot make the folder of links")?;
        symlink("../../../bin/algoric", &link).with_context(|| format!("cannot make {}", link.display()))?;
    }
    write(&tree.join("DEBIAN/conffiles"), "/etc/profile.d/algoric.sh\n")?;
    let glibc = glibc(&fs::read(tree.join(BINARY)).context("cannot read the binary")?);
    let control = read(&sources.join("control"))?
        .replace("@VERSION@", &version)
        .replace("@ARCHITECTURE@", &architecture)
        .replace("@GLIBC@", &glibc.context("the binary does not say which glibc it needs")?)
        .replace("@SIZE@", &kibibytes(&tree)?.to_string());
    write(&tree.join("DEBIAN/control"), &control)?;

    let package = folder.join(format!("algoric_{version}_{architecture}.deb"));
    // Sums of the files; folders readable by all whatever our umask; dates of the last commit, so that the same commit
    // gives the same package.
    let script = "set -e; cd \"$1\"; find . -type f ! -path './DEBIAN/*' -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 md5sum > DEBIAN/md5sums
        chmod 644 DEBIAN/md5sums; find . -type d -exec chmod 755 {} +
        dpkg-deb --root-owner-group --build . \"$2\" > /dev/null";
    let mut command = Command::new("sh");
    command.args(["-c", script, "pack"]).arg(&tree).arg(&package);
    tools::output(command.env("SOURCE_DATE_EPOCH", date.epoch))?;
    Ok(package)
}

/// When the source was last changed.
struct Date {
    epoch: String,
    /// As Debian's changelogs write it (RFC 5322).
    text: String,
}

fn date() -> Result<Date> {
    let git = tools::command("git", ["log", "-1", "--format=%ct"]).output();
    // A tree without its history is as new as the day it is packed.
    let epoch =
        git.ok().filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok());
    let epoch = epoch.map(|epoch| epoch.trim().to_owned()).filter(|epoch| !epoch.is_empty());
    let when = epoch.as_ref().map_or("now".to_owned(), |epoch| format!("@{epoch}"));
    let mut command = tools::command("date", ["-u", "-d", &when, "+%s|%a, %d %b %Y %T +0000"]);
    let line = tools::output(command.env("LC_ALL", "C"))?;
    let (epoch, text) = line.trim().split_once('|').context("date(1) says something else")?;
    Ok(Date { epoch: epoch.into(), text: text.into() })
}

fn changelog(version: &str, date: &Date) -> String {
    let author = "The Algoric authors <algoric@localhost>";
    format!(
        "algoric ({version}) unstable; urgency=medium\n\n  * See the project's history.\n\n -- {author}  {}\n",
        date.text
    )
}

/// The project's own documents, as far as there are any.
fn documents(to: &Path) -> Result<()> {
    let root = tools::root();
    let found = fs::read_dir(root.join("docs")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<PathBuf> = found.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    found
        .extend(["README.md", "ARCHITECTURE.md"].map(|name| root.join(name)).into_iter().filter(|path| path.is_file()));
    for path in found {
        place(&path, &to.join(path.file_name().unwrap_or_default()), 0o644)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(to: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))
        .with_context(|| format!("cannot make the folder of {}", to.display()))?;
    fs::write(to, text).with_context(|| format!("cannot write {}", to.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o644))
        .with_context(|| format!("cannot set the rights of {}", to.display()))
}

fn place(from: &Path, to: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))
        .with_context(|| format!("cannot make the folder of {}", to.display()))?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the rights of {}", to.display()))
}

/// The newest version of glibc whose symbols a binary asks for (`GLIBC_2.34` in its table of versions).
fn glibc(binary: &[u8]) -> Option<String> {
    let mark = b"GLIBC_2.";
    let after = binary
        .windows(mark.len())
        .enumerate()
        .filter(|(_, window)| window == mark)
        .map(|(at, _)| &binary[at + mark.len()..]);
    let minors = after.filter_map(|rest| {
        let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
        digits.reduce(|number, digit| number * 10 + digit)
    });
    minors.max().map(|minor| format!("2.{minor}"))
}

/// What the files under `folder` take, each rounded up to one KiB (Debian policy 5.6.20).
fn kibibytes(folder: &Path) -> Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry.context("cannot list the package's tree")?;
        let kind = entry.file_type().context("cannot see what a file is")?;
        total += match entry.metadata() {
            _ if kind.is_dir() => 1 + kibibytes(&entry.path())?,
            Ok(data) if kind.is_file() => data.len().div_ceil(1024),
            _ => 1,
        };
    }
    Ok(total)
}

/// Fails if anything about the package is wrong; else names what could not be checked here, and why.
pub fn check(package: &Path) -> Result<Vec<String>> {
    let mut left_out = Vec::new();
    contents(&tools::output(Command::new("dpkg-deb").arg("--contents").arg(package))?)?;
    let unpacked = package.with_extension("unpacked");
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked).with_context(|| format!("cannot empty {}", unpacked.display()))?;
    }
    tools::output(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&unpacked))?;
    let said = tools::output(Command::new(unpacked.join(BINARY)).arg("--version"))?;
    ensure!(said.contains(&version()?), "algoric --version says '{}'", said.trim());
    for script in ["postinst", "prerm", "postrm"] {
        tools::output(Command::new("sh").arg("-n").arg(unpacked.join("DEBIAN").join(script)))?;
    }
    if tools::has("systemd-analyze") {
        units(&unpacked)?;
    } else {
        left_out.push("the units (no systemd-analyze)".into());
    }
    if !tools::is_root() {
        left_out.push("installing (only as root)".into());
    } else if tools::output(&mut tools::command("unshare", ["--mount", "true"])).is_err() {
        left_out.push("installing (no mount namespaces here)".into());
    } else {
        let script = tools::root().join("packaging/check-install.sh");
        let good =
            tools::run(Command::new("unshare").args(["--mount", "--pid", "--fork", "bash"]).arg(script).arg(package))?;
        ensure!(good, "the package does not install as it should");
    }
    if tools::has("lintian") {
        let good = tools::run(
            Command::new("lintian").args(["--fail-on", "error,warning", "--tag-display-limit", "0"]).arg(package),
        )?;
        ensure!(good, "lintian found faults");
    } else {
        left_out.push("lintian (not installed)".into());
    }
    Ok(left_out)
}

/// Fails unless a listing of `dpkg-deb --contents` has all that must be in the package, with its rights, and no more.
fn contents(listing: &str) -> Result<()> {
    let mut expected: Vec<String> = vec![format!("-rwxr-xr-x ./{BINARY}")];
    expected.extend(
        FILES.iter().filter(|(_, to, _)| !to.starts_with("DEBIAN/")).map(|(_, to, _)| format!("-rw-r--r-- ./{to}")),
    );
    expected.extend(LINKS.iter().map(|name| format!("lrwxrwxrwx ./{LINKS_FOLDER}/{name} -> ../../../bin/algoric")));
    expected.extend(
        ["usr/share/man/man1/algoric.1.gz", "usr/share/doc/algoric/changelog.gz"]
            .map(|path| format!("-rw-r--r-- ./{path}")),
    );
    let mut found = Vec::new();
    for line in listing.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [rights, owner, _, _, _, path @ ..] = words.as_slice() else { bail!("dpkg-deb says '{line}'") };
        ensure!(*owner == "root/root", "not root's: {line}");
        let entry = format!("{rights} {}", path.join(" "));
        let is_document = entry.starts_with(&format!("-rw-r--r-- ./{DOCS}/")) && entry.ends_with(".md");
        if rights.starts_with('d') {
            ensure!(*rights == "drwxr-xr-x", "a folder's rights: {line}");
        } else if !is_document {
            found.push(entry);
        }
    }
    let missing: Vec<_> = expected.iter().filter(|entry| !found.contains(entry)).collect();
    let surplus: Vec<_> = found.iter().filter(|entry| !expected.contains(entry)).collect();
    ensure!(missing.is_empty() && surplus.is_empty(), "the package lacks {missing:?} and has {surplus:?}");
    Ok(())
}

/// Fails on a fault in the units, or if the one that faces the network is less closed than it was.
fn units(unpacked: &Path) -> Result<()> {
    let folder = unpacked.join("usr/lib/systemd/system");
    // The units name the installed program; where the package is not installed, the unpacked one stands in for it.
    let script = "set -e; cd \"$1\"; sed -i \"s#^ExecStart=/usr/bin/algoric#ExecStart=$2#\" ./*.service
        systemd-analyze verify --man=no --recursive-errors=no ./*.service
        systemd-analyze security --offline=true --no-pager --threshold=15 ./algoric.service | tail -n 1";
    let mut command = Command::new("sh");
    command.args(["-c", script, "units"]).arg(folder).arg(unpacked.join(BINARY));
    ensure!(tools::run(&mut command)?, "systemd-analyze found faults in the units");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_counts() {
        assert_eq!(glibc(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0"), Some("2.34".into()));
        assert_eq!(glibc(b"GLIBC_PRIVATE"), None);
    }

    fn listing() -> String {
        let mut lines = vec![
            format!("-rwxr-xr-x root/root 9 2026-01-01 00:00 ./{BINARY}"),
            "drwxr-xr-x root/root 0 2026-01-01 00:00 ./usr/".into(),
        ];
        lines.extend(
            FILES
                .iter()
                .filter(|(_, _, mode)| *mode == 0o644)
                .map(|(_, to, _)| format!("-rw-r--r-- root/root 9 2026-01-01 00:00 ./{to}")),
        );
        lines.extend(LINKS.iter().map(|name| {
            format!("lrwxrwxrwx root/root 0 2026-01-01 00:00 ./{LINKS_FOLDER}/{name} -> ../../../bin/algoric")
        }));
        lines.extend(
            ["man/man1/algoric.1.gz", "doc/algoric/changelog.gz", "doc/algoric/README.md"]
                .map(|path| format!("-rw-r--r-- root/root 9 2026-01-01 00:00 ./usr/share/{path}")),
        );
        lines.join("\n")
    }

    #[test]
    fn contents_are_exact() {
        let check = |listing: &str, expected: Option<&str>| {
            let error = contents(listing).err().map(|error| error.to_string());
            assert!(
                error.is_some() == expected.is_some()
                    && error.iter().all(|error| error.contains(expected.unwrap_or(""))),
                "{error:?}"
            );
        };
        check(&listing(), None);
        check(&listing().replace("-> ../../../bin/algoric", "-> /usr/bin/algoric"), Some("lacks"));
        check(&listing().replacen("-rw-r--r-- root/root", "-rw-r--r-- me/me", 1), Some("not root's"));
        check(&listing().replace("drwxr-xr-x", "drwxrwxr-x"), Some("a folder's rights"));
        check(
            &format!("{}\n-rwxr-xr-x root/root 9 2026-01-01 00:00 ./usr/bin/sbatch", listing()),
            Some("has [\"-rwxr-xr-x ./usr/bin/sbatch\"]"),
        );
    }
}
