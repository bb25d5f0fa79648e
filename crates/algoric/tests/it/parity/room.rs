//! The user of the recordings, where the test runs as root: it runs itself again among mounts of its own, in which
//! `/etc/passwd` and `/etc/group` know `alice`.

use std::{env, fs, os::unix::fs::chown, path::Path, process::Command};

/// As in the recordings.
pub const USER: &str = "alice";
/// As in the recordings; her group's too.
pub const UID: u32 = 1001;

const INSIDE: &str = "ALGORIC_PARITY_INSIDE";

/// Whether `alice` is known here.
pub fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Runs the test again inside, and says whether it was good. `None`: there can be no inside here.
pub fn enter(test: &str) -> Option<bool> {
    if is_inside() || !nix::unistd::geteuid().is_root() {
        return None;
    }
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("home");
    fs::create_dir(&home).unwrap();
    open_to_all(place.path());
    chown(&home, Some(UID), Some(UID)).unwrap();
    let known = |file: &str, line: String| {
        let path = place.path().join(file);
        fs::write(&path, line + &fs::read_to_string(Path::new("/etc").join(file)).unwrap()).unwrap();
    };
    known("passwd", format!("{USER}:x:{UID}:{UID}::{}:/bin/bash\n", home.display()));
    known("group", format!("{USER}:x:{UID}:\n"));
    let script = "for f in passwd group; do mount --bind \"$0/$f\" /etc/$f || exit 99; done; exec \"$@\"";
    let unshare = |script: &str, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", script]).arg(place.path()).args(arguments);
        command.env(INSIDE, &home).status().is_ok_and(|status| status.success())
    };
    // In a container without the right to mount there is no inside.
    if !unshare(script, &["true"]) {
        return None;
    }
    let exe = env::current_exe().unwrap();
    Some(unshare(script, &[exe.to_str().unwrap(), "--exact", test, "--nocapture"]))
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}
