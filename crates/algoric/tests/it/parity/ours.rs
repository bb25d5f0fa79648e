//! A centre of ours for each case, as the recorded machine was: two CPUs, project `proj`, numbers from 90001.

use std::{cell::RefCell, env, ffi::OsString, fs, os::unix::fs::chown, path::Path, process::Command};

use super::{
    case::{Case, FIRST_ID},
    play::{Typist, renumber_by, submitted, variables},
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
    host: String,
    /// From which recorded number on ours are how much greater: where one accepts what the other refuses.
    shifts: RefCell<Vec<(u32, i64)>>,
}

impl Ours {
    pub fn new() -> Self {
        let known = nix::unistd::User::from_name(room::USER).unwrap().unwrap();
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
        let mut variables = variables(&self.user, Path::new(&self.home));
        variables.push(("ALGORIC_DATA", ward.data().into()));
        let typist = Typist { directory: ward.path("out"), user: Some(room::UID), path, variables };
        chown(&typist.directory, Some(room::UID), Some(room::UID)).unwrap();
        typist.lay_out(case);
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
        Centre { ward, typist, host, shifts: RefCell::new(vec![(FIRST_ID, 0)]) }
    }
}

impl Centre {
    /// Types a recorded line, to which `recorded` was said, and gives what is said to it here, with recorded numbers.
    pub fn type_line(&self, line: &str, recorded: &str) -> String {
        let said = self.typist.type_line(&self.ours(&renumber_by(line, |number| self.our_number(number))));
        self.keep_step(recorded, &said);
        let said = renumber_by(&said, |ours| {
            (FIRST_ID..FIRST_ID + 100).rev().find(|number| self.our_number(*number) == Some(ours))
        });
        if self.host == "vm" { said } else { said.replace(&self.host, "vm") }
    }

    fn our_number(&self, recorded: u32) -> Option<u32> {
        let shifts = self.shifts.borrow();
        let (_, shift) = shifts.iter().rev().find(|(from, _)| (*from..FIRST_ID + 100).contains(&recorded))?;
        u32::try_from(i64::from(recorded) + shift).ok()
    }

    /// One job more there or here, and all later ones have other numbers.
    fn keep_step(&self, recorded: &str, said: &str) {
        let mut shifts = self.shifts.borrow_mut();
        let shift = shifts.last().map_or(0, |(_, shift)| *shift);
        match (submitted(recorded), submitted(said)) {
            (Some(theirs), None) => shifts.push((theirs + 1, shift - 1)),
            (Some(theirs), Some(ours)) => shifts.push((theirs, i64::from(ours) - i64::from(theirs))),
            (None, Some(ours)) => {
                shifts.push((u32::try_from(i64::from(ours) - shift).unwrap_or(ours), shift + 1));
            }
            (None, None) => {}
        }
    }

    /// What was recorded in the words of this machine.
    pub fn ours(&self, text: &str) -> String {
        text.replace("/home/alice/work", &self.ward.path("out").display().to_string())
    }
}
