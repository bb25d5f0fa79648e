//! A centre of ours for each case, as the recorded machine was: two CPUs, project `proj`, numbers from 90001.

use std::{env, ffi::OsString, fs, os::unix::fs::chown, path::Path, process::Command};

use super::{
    case::{Case, FIRST_ID},
    play::{Typist, variables},
    room,
};
use crate::ward::{EXE, Ward};

const CONFIG: &str = r#"
name = "base"
[machine]
name = "vm"
cpus = 2
[limits]
kill_wait = 5
max_array = 20001
[[partition]]
name = "debug"
default = true
default_memory_per_cpu = "100M"
default_time = "60"
"#;

/// What all centres begin with.
pub struct Ours {
    template: Ward,
    user: String,
    home: OsString,
}

/// One case's centre.
pub struct Centre {
    ward: Ward,
    typist: Typist,
    user: String,
    host: String,
}

impl Ours {
    pub fn new() -> Self {
        let uid = if room::is_inside() { nix::unistd::Uid::from_raw(room::UID) } else { nix::unistd::getuid() };
        let known = nix::unistd::User::from_uid(uid).unwrap().unwrap();
        let mut template = Ward::new(CONFIG);
        template.start();
        let order = |words: &[&str]| {
            let ok = Command::new(EXE).args(words).env("ALGORIC_DATA", template.data()).status().unwrap().success();
            assert!(ok, "{words:?}");
        };
        order(&["project", "add", "proj"]);
        order(&["member", "add", &known.name, "-p", "proj", "--default"]);
        order(&["stop"]);
        let (_, other, _) = template.status().unwrap_or((0, 0, false));
        template.wait_gone(other);
        let file = rusqlite::Connection::open(template.data().join("db/algoric.db")).unwrap();
        let next = "INSERT OR REPLACE INTO meta (key, value) VALUES ('next_id', ?1)";
        file.execute(next, [FIRST_ID.to_string()]).unwrap();
        Self { template, user: known.name, home: known.dir.into() }
    }

    /// A new centre with the files of a case.
    pub fn centre(&self, case: &Case) -> Centre {
        let mut ward = Ward::new(CONFIG);
        let copied = Command::new("cp").arg("-a").arg(self.template.data().join(".")).arg(ward.data()).status();
        assert!(copied.unwrap().success());
        ward.start();
        let path =
            env::join_paths([ward.path("bin"), "/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()]).unwrap();
        let user = room::is_inside().then_some(room::UID);
        let mut variables = variables(&self.user, Path::new(&self.home));
        variables.push(("ALGORIC_DATA", ward.data().into()));
        let typist = Typist { directory: ward.path("out"), user, path, variables };
        if let Some(uid) = user {
            chown(&typist.directory, Some(uid), Some(uid)).unwrap();
        }
        typist.lay_out(case);
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
        Centre { ward, typist, user: self.user.clone(), host }
    }
}

impl Centre {
    pub fn type_line(&self, line: &str) -> String {
        let said = self.typist.type_line(&self.ours(line));
        if self.host == "vm" { said } else { said.replace(&self.host, "vm") }
    }

    /// What was recorded in the words of this machine.
    pub fn ours(&self, text: &str) -> String {
        let text = text.replace("/home/alice/work", &self.ward.path("out").display().to_string());
        if room::is_inside() {
            return text;
        }
        text.replace("alice", &self.user).replace(&room::UID.to_string(), &nix::unistd::getuid().to_string())
    }
}
