//! Debian packages that the tests need: installs what is missing where it is root, else says the one line to run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools;

/// A package, a program that shows it is there, and what cannot run without it.
struct Need {
    package: &'static str,
    program: &'static str,
    without: &'static str,
}

const NEEDS: &[Need] = &[
    Need { package: "qemu-system-x86", program: "qemu-system-x86_64", without: "tests on cgroup v2" },
    Need { package: "busybox-static", program: "busybox", without: "tests on cgroup v2" },
    Need { package: "cpio", program: "cpio", without: "tests on cgroup v2" },
    Need { package: "calculix-ccx", program: "ccx", without: "CalculiX's verification decks" },
    Need { package: "faketime", program: "faketime", without: "a clock that jumps" },
    Need { package: "python3-minimal", program: "python3", without: "captured sessions whose jobs are in Python" },
    Need { package: "systemd", program: "systemd-analyze", without: "the check of the units" },
];

/// CalculiX's decks: under /usr/share/doc, which slim images leave out when they install, and there partly compressed.
const DECKS_PACKAGE: &str = "calculix-ccx-test";
const DECKS: &str = "usr/share/doc/calculix-ccx-test/examples/test";

/// Installs what is missing, where we may. What is missing then, with what cannot run without it.
pub fn provide() -> Result<Vec<String>> {
    let missing = || NEEDS.iter().filter(|need| !tools::has(need.program)).collect::<Vec<_>>();
    let names: Vec<&str> = missing().iter().map(|need| need.package).collect();
    if !names.is_empty() && tools::is_root() && tools::has("apt-get") {
        install(&names)?;
    } else if !names.is_empty() {
        println!("to run all tests:  sudo apt-get install --no-install-recommends {}", names.join(" "));
    }
    Ok(missing()
        .iter()
        .map(|need| format!("{} (no {}, package {})", need.without, need.program, need.package))
        .collect())
}

/// Whether what the virtual machine needs is there; else what is not.
pub fn missing_for_vm() -> Option<&'static str> {
    let mut needs = NEEDS.iter().filter(|need| need.without.contains("cgroup"));
    needs.find(|need| !tools::has(need.program)).map(|need| need.package)
}

fn install(names: &[&str]) -> Result<()> {
    let _quiet = NoServices::begin()?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
        tools::run(&mut command)
    };
    let known = Command::new("apt-cache").arg("show").args(names).output().is_ok_and(|output| output.status.success());
    if !known {
        apt(&["update", "-qq"])?;
    }
    let arguments = [&["install", "-y", "-qq", "--no-install-recommends"], names].concat();
    // Lists may be older than the archive; one more try with new ones.
    if !apt(&arguments)? && known && apt(&["update", "-qq"])? {
        apt(&arguments)?;
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

/// The folder of CalculiX's decks (`*.inp` with their `*.ref`), from the package unpacked under `target`, and its files too.
/// No privilege is needed, only package lists. `None` where there is no apt or no such package.
pub fn decks(target: &Path) -> Option<PathBuf> {
    let (unpacked, script) = (
        target.join(DECKS_PACKAGE),
        "set -e; rm -rf \"$1\"; mkdir -p \"$1\"; cd \"$1\"
        apt-get -qq -o APT::Sandbox::User=\"$(id -un)\" download \"$2\"; dpkg-deb -x ./*.deb .; rm ./*.deb
        find . -name '*.gz' -exec gunzip -f {} +; touch complete",
    );
    if !unpacked.join("complete").is_file() {
        let mut command = Command::new("sh");
        command.args(["-c", script, "decks"]).arg(&unpacked).arg(DECKS_PACKAGE);
        command.output().ok().filter(|output| output.status.success())?;
    }
    Some(unpacked.join(DECKS))
}
