//! What a fresh login gives a user: `--get-user-env`, and `--export` without `ALL`. A login shell of theirs is asked, as
//! `su -` would start it.

use std::{
    io::Read as _,
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use dialect::{environ::Variable, sbatch};
use nix::unistd::{User, getuid};

/// What a login shell may take, as in Slurm.
const PATIENCE: Duration = Duration::from_secs(8);
/// So much of what it says is read.
const MOST: u64 = 4 << 20;
/// Parts what profiles print from what is asked for.
const MARK: &[u8] = b"\nalgoric-login-environment\n";
/// What every session begins with.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The variables of a login shell of the user; `None`: it said nothing in time.
pub fn environment() -> Option<Vec<Variable>> {
    let user = User::from_uid(getuid()).ok().flatten()?;
    let shell = user.shell.file_name()?;
    let mut login_name = std::ffi::OsString::from("-");
    login_name.push(shell);
    let mut child = Command::new(&user.shell)
        .arg0(login_name)
        .args(["-c", "echo; echo algoric-login-environment; exec env -0"])
        .env_clear()
        .envs([("HOME", user.dir.as_os_str()), ("SHELL", user.shell.as_os_str())])
        .envs([("USER", &user.name), ("LOGNAME", &user.name)])
        .envs([("PATH", PATH), ("TERM", "dumb")])
        .current_dir(if user.dir.is_dir() { user.dir.as_path() } else { std::path::Path::new("/") })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .ok()?;
    let mut out = child.stdout.take()?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        out.by_ref().take(MOST).read_to_end(&mut said).ok();
        tell.send(said).ok();
    });
    let said = told.recv_timeout(PATIENCE).ok();
    if said.is_none() {
        nix::sys::signal::killpg(nix::unistd::Pid::from_raw(child.id() as i32), nix::sys::signal::Signal::SIGKILL).ok();
    }
    child.wait().ok();
    let said = said?;
    let at = said.windows(MARK.len()).position(|window| window == MARK)?;
    let mut variables = sbatch::environment_file(&said[at + MARK.len()..]);
    // What the shell itself keeps there describes the shell, and the terminal that is none.
    let own = ["_", "PWD", "OLDPWD", "SHLVL", "TERM"];
    variables.retain(|(name, _)| !own.iter().any(|own| own.as_bytes() == name));
    Some(variables)
}

/// What goes along with a job over what a login gives.
pub fn over_login(login: Vec<Variable>, along: Vec<Variable>) -> Vec<Variable> {
    let mut all = login;
    all.retain(|(name, _)| !along.iter().any(|(given, _)| given == name));
    all.extend(along);
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn a_login_has_a_home_and_no_mark_of_ours() {
        let variables = environment().unwrap();
        let get = |name: &str| dialect::environ::get(&variables, name).map(<[u8]>::to_vec);
        let home = User::from_uid(getuid()).unwrap().unwrap().dir.into_os_string().into_vec();
        assert_eq!(get("HOME"), Some(home));
        assert_eq!(get("CARGO_MANIFEST_DIR"), None);
        let merged = over_login(variables, vec![(b"HOME".to_vec(), b"/x".to_vec())]);
        assert_eq!(dialect::environ::get(&merged, "HOME"), Some(b"/x".as_slice()));
    }
}
