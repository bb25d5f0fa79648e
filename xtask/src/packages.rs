//! Debian packages that the tests need: installs what is missing where it is root, else says the one line to run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools;

/// Packages, what shows that they are there, and what cannot run without them.
struct Need {
    package: &'static str,
    program: &'static str,
    /// More to look for than the program: a file, or a module of Python.
    and: And,
    without: &'static str,
}

#[derive(Clone, Copy)]
enum And {
    Nothing,
    File(&'static str),
    PythonModule(&'static str),
}

impl Need {
    fn is_there(&self) -> bool {
        tools::has(self.program)
            && match self.and {
                And::Nothing => true,
                And::File(path) => Path::new(path).exists(),
                And::PythonModule(name) => {
                    let mut python = Command::new("/usr/bin/python3");
                    python.args(["-c", &format!("import {name}")]).output().is_ok_and(|output| output.status.success())
                }
            }
    }
}

const fn need(package: &'static str, program: &'static str, and: And, without: &'static str) -> Need {
    Need { package, program, and, without }
}

/// What a cluster needs cannot run without it.
const CLUSTER: &str = "a cluster of Slurm";

const NEEDS: &[Need] = &[
    need("qemu-system-x86", "qemu-system-x86_64", And::Nothing, "tests on cgroup v2"),
    need("busybox-static", "busybox", And::Nothing, "tests on cgroup v2"),
    need("cpio", "cpio", And::Nothing, "tests on cgroup v2"),
    need("calculix-ccx", "ccx", And::Nothing, "CalculiX's verification decks"),
    need("faketime", "faketime", And::Nothing, "a clock that jumps"),
    need("python3-minimal", "python3", And::Nothing, "captured sessions whose jobs are in Python"),
    need("systemd", "systemd-analyze", And::Nothing, "the check of the units"),
    need("python3-venv", "python3", And::PythonModule("ensurepip"), "programs from PyPI that drive Slurm"),
    need("poppler-utils", "pdftotext", And::Nothing, "invoices as people read them"),
    need("qpdf", "qpdf", And::Nothing, "the structure of invoices"),
    need("bc", "bc", And::Nothing, "Snakemake's workflow"),
    // Debian lets only one of both be installed; Lmod is unpacked beside it.
    need("environment-modules", "sh", And::File("/usr/share/modules/init/bash"), "environment modules in jobs"),
    need(
        "lua5.3 lua-posix lua-filesystem lua-term lua-json tcl",
        "lua5.3",
        And::File("/usr/share/lua/5.3/posix"),
        "Lmod in jobs",
    ),
    need("chromium", "chromium", And::Nothing, "pages in a browser"),
    need("chromium-driver", "chromedriver", And::Nothing, "pages in a browser"),
    need("npm", "npm", And::Nothing, "the check of accessibility"),
    need("openfoam", "interFoam", And::File("/usr/bin/mpirun"), "OpenFOAM's ship"),
    need("slurm-wlm munge", "slurmctld", And::File("/usr/sbin/munged"), CLUSTER),
    need("slurmdbd", "slurmdbd", And::Nothing, CLUSTER),
    need("mariadb-server", "mariadbd", And::Nothing, CLUSTER),
    need("iproute2", "ip", And::Nothing, CLUSTER),
    need("python3", "python3", And::PythonModule("urllib.request"), CLUSTER),
    need("openssh-server openssh-client", "sshd", And::File("/usr/bin/ssh"), CLUSTER),
    need(
        "openmpi-bin libopenmpi-dev gcc",
        "mpirun.openmpi",
        And::File("/usr/lib/x86_64-linux-gnu/openmpi/include"),
        CLUSTER,
    ),
];

/// CalculiX's decks: under /usr/share/doc, which slim images leave out when they install, and there partly compressed.
const DECKS_PACKAGE: &str = "calculix-ccx-test";
const DECKS: &str = "usr/share/doc/calculix-ccx-test/examples/test";

/// The checker of accessibility that the browser tests use; licence MPL-2.0, so it is fetched and not kept here.
const AXE: &str = "axe-core@4.14.1";

/// `axe.min.js` from the npm registry; `None` where it cannot be had.
pub fn axe(target: &Path) -> Option<PathBuf> {
    let file = target.join("axe/package/axe.min.js");
    if !file.exists() {
        let script =
            "set -e; rm -rf \"$1\"; mkdir -p \"$1\"; cd \"$1\"; npm pack --silent \"$2\" > /dev/null; tar xzf ./*.tgz";
        let output = Command::new("sh").args(["-c", script, "axe"]).arg(target.join("axe")).arg(AXE).output().ok()?;
        if !output.status.success() {
            println!("{}", String::from_utf8_lossy(&output.stderr).trim());
            return None;
        }
    }
    file.exists().then_some(file)
}

/// Installs what is missing, where we may. What is missing then, with what cannot run without it.
pub fn provide() -> Result<Vec<String>> {
    provide_for(|_| true)
}

/// The same for a cluster alone.
pub fn provide_for_cluster() -> Result<Vec<String>> {
    provide_for(|need| need.without == CLUSTER)
}

fn provide_for(wanted: fn(&Need) -> bool) -> Result<Vec<String>> {
    let missing = || NEEDS.iter().filter(|need| wanted(need) && !need.is_there()).collect::<Vec<_>>();
    let names: Vec<&str> = missing().iter().flat_map(|need| need.package.split(' ')).collect();
    if !names.is_empty() && tools::is_root() && tools::has("apt-get") {
        install(&missing().iter().map(|need| need.package).collect::<Vec<_>>())?;
    } else if !names.is_empty() {
        println!("to run all tests:  sudo apt-get install --no-install-recommends {}", names.join(" "));
    }
    Ok(missing().iter().map(|need| format!("{} (package {})", need.without, need.package)).collect())
}

/// Whether what the virtual machine needs is there; else what is not.
pub fn missing_for_vm() -> Option<&'static str> {
    let mut needs = NEEDS.iter().filter(|need| need.without.contains("cgroup"));
    needs.find(|need| !need.is_there()).map(|need| need.package)
}

/// Why there can be no machines of namespaces with Slurm on them; `None`: there can.
pub fn obstacle_for_cluster() -> Option<String> {
    if !tools::is_root() {
        return Some("only root can make machines of namespaces".into());
    }
    let need = NEEDS.iter().find(|need| need.without == CLUSTER && !need.is_there())?;
    Some(format!("package {} is missing", need.package))
}

/// Installs groups of packages.
fn install(groups: &[&str]) -> Result<()> {
    let _quiet = NoServices::begin()?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
        tools::run(&mut command)
    };
    let names: Vec<&str> = groups.iter().flat_map(|group| group.split(' ')).collect();
    let known = Command::new("apt-cache").arg("show").args(&names).output().is_ok_and(|output| output.status.success());
    if !known {
        apt(&["update", "-qq"])?;
    }
    // A machine that only runs tests is thrown away: there what stands in the way may go.
    let keep: &[&str] = if std::env::var_os("CI").is_some() { &[] } else { &["--no-remove"] };
    let install = |names: &[&str]| apt(&[&["install", "-y", "-qq", "--no-install-recommends"], keep, names].concat());
    // Lists may be older than the archive; one more try with new ones.
    if install(&names)? || known && apt(&["update", "-qq"])? && install(&names)? {
        return Ok(());
    }
    // What cannot be had keeps nothing else away.
    for group in groups {
        install(&group.split(' ').collect::<Vec<_>>())?;
    }
    Ok(())
}

/// While this lives, packages that bring services are installed without starting them. An administrator's own
/// policy, if there is one, stays in force instead.
struct NoServices(Option<PathBuf>);

const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_TEXT: &str =
    "#!/bin/sh\n# Written by algoric's `cargo xtask test` while it installs packages.\nexit 101\n";

impl NoServices {
    fn begin() -> Result<Self> {
        let path = Path::new(POLICY);
        // Ours from a run that was killed is replaced, and so goes away this time.
        if path.exists() && !fs::read_to_string(path).is_ok_and(|text| text == POLICY_TEXT) {
            return Ok(Self(None));
        }
        fs::write(path, POLICY_TEXT).with_context(|| format!("cannot write {POLICY}"))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {POLICY} executable"))?;
        Ok(Self(Some(path.into())))
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.0
            && let Err(error) = fs::remove_file(path)
        {
            eprintln!(
                "cannot remove {}: {error}; services are not started by packages while it is there",
                path.display()
            );
        }
    }
}

/// The folder of CalculiX's decks (`*.inp` with their `*.ref`), and its files too. `None` where they cannot be had.
pub fn decks(target: &Path) -> Option<PathBuf> {
    Some(unpacked(target, DECKS_PACKAGE, "find . -name '*.gz' -exec gunzip -f {} +")?.join(DECKS))
}

/// The folder of OpenFOAM's examples. `None` where they cannot be had, or there is no OpenFOAM.
pub fn foam_examples(target: &Path) -> Option<PathBuf> {
    tools::has("interFoam").then_some(())?;
    Some(unpacked(target, "openfoam-examples", "true")?.join("usr/share/doc/openfoam-examples/examples"))
}

/// The folder of Lmod, at home where it is unpacked. `None` where it cannot be had, or there is no Lua for it.
pub fn lmod(target: &Path) -> Option<PathBuf> {
    tools::has("lua5.3").then_some(())?;
    let at_home =
        "grep -rlI /usr/share/lmod usr/share/lmod/ | xargs sed -i \"s#/usr/share/lmod#$PWD/usr/share/lmod#g\"";
    Some(unpacked(target, "lmod", at_home)?.join("usr/share/lmod"))
}

/// A package's files under `target`, after a line of shell among them: for packages whose files slim images leave out when
/// they install (`/usr/share/doc`), or that cannot be installed. No privilege is needed, only package lists.
fn unpacked(target: &Path, package: &str, then: &str) -> Option<PathBuf> {
    let folder = target.join(package);
    let script = "set -e; rm -rf \"$1\"; mkdir -p \"$1\"; cd \"$1\"
        apt-get -qq -o APT::Sandbox::User=\"$(id -un)\" download \"$2\"; dpkg-deb -x ./*.deb .; rm ./*.deb
        eval \"$3\"; touch complete";
    if !folder.join("complete").is_file() {
        let mut command = Command::new("sh");
        command.args(["-c", script, "unpack"]).arg(&folder).args([package, then]);
        command.output().ok().filter(|output| output.status.success())?;
    }
    Some(folder)
}

/// Programs from PyPI that tests need: the folder under `target`, and what is asked for, each with its version.
pub struct Pypi {
    folder: &'static str,
    wanted: &'static str,
}

/// Programs that drive Slurm.
pub const CLIENTS: Pypi = Pypi { folder: "clients", wanted: "crates/algoric/tests/clients/requirements.txt" };
/// Programs that check invoices.
pub const CHECKERS: Pypi = Pypi { folder: "checkers", wanted: "crates/documents/tests/checkers/requirements.txt" };

/// The virtual environment with these programs. `None`, and the reason is said, where it cannot be made.
pub fn pypi(target: &Path, programs: &Pypi) -> Option<PathBuf> {
    let (venv, wanted) = (target.join(programs.folder), tools::root().join(programs.wanted));
    let script = "set -e; rm -rf \"$1\"; /usr/bin/python3 -m venv \"$1\"
        \"$1/bin/pip\" install -q --no-input --disable-pip-version-check -r \"$2\"; cp \"$2\" \"$1/complete\"";
    let is_complete =
        fs::read(venv.join("complete")).ok().is_some_and(|made| fs::read(&wanted).is_ok_and(|now| now == made));
    if !is_complete {
        let mut command = Command::new("sh");
        command.args(["-c", script, programs.folder]).arg(&venv).arg(&wanted);
        let output = command.output().ok()?;
        if !output.status.success() {
            println!("{}", String::from_utf8_lossy(&output.stderr).trim());
            return None;
        }
    }
    Some(venv)
}
