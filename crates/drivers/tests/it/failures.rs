//! What launcher and supervisors cannot do is not the run's failure: it is told as theirs, and the run can be tried
//! again.

use drivers::local::protocol::{Environment, Hook, HookKind, Launch, Order, Report};
use model::{JobId, Outcome, RunId, Span};

use crate::rig::{Mode, Rig, exited, modes, text};

/// Limits a process: the number of its descriptors, the size of its memory.
fn limit(pid: u32, resource: libc::__rlimit_resource_t, soft: Option<u64>) {
    // SAFETY: all zero is a valid limit; the pointers are to live variables of the right type.
    unsafe {
        let mut now: libc::rlimit = std::mem::zeroed();
        assert_eq!(libc::prlimit(pid as i32, resource, std::ptr::null(), &mut now), 0);
        now.rlim_cur = soft.unwrap_or(now.rlim_max);
        assert_eq!(libc::prlimit(pid as i32, resource, &now, std::ptr::null_mut()), 0);
    }
}

impl Rig {
    /// What the hook failed with.
    pub fn hook_failed(&mut self, run: RunId, kind: HookKind) -> String {
        self.wait(&format!("failure of {kind:?}"), |report| match report {
            Report::HookFailed { run: which, hook, error } if *which == run => {
                assert_eq!(*hook, kind, "{error}");
                Some(error.clone())
            }
            _ => None,
        })
    }

    /// The launch fails by our own fault, and says so in these words; after `mend` it goes as usual.
    fn check(&mut self, launch: Launch, script: &str, error: &str, mend: impl FnOnce(&Rig)) {
        let run = self.launch(launch.clone(), script);
        let said = self.hook_failed(run, HookKind::Launcher);
        assert!(said.contains(error), "{:?}: {said}", self.mode);
        let end = self.ended(run);
        assert_eq!((end.outcome, end.started), (Outcome::Lost, None));
        self.order(&Order::Forget(vec![run]));
        mend(self);
        let run = self.launch(launch, script);
        assert_eq!(self.outcome(run), exited(3), "{:?}: {error}", self.mode);
    }
}

/// No descriptors: no supervisor can be made; and a long script cannot be kept, and is sent again.
#[test]
fn a_launcher_that_cannot() {
    let short = "#!/bin/sh\nexit 3\n".to_owned();
    let long = format!("{short}{}\n", "#".repeat(100_000));
    // Root itself may need a privilege to limit other users' processes.
    for mode in modes().into_iter().filter(|mode| *mode != Mode::User) {
        for (script, error) in [(&short, "Too many open files"), (&long, "was not sent")] {
            let rig = &mut Rig::new(mode);
            limit(rig.launcher.id(), libc::RLIMIT_NOFILE, Some(3));
            let job = rig.job();
            rig.check(job, script, error, |rig| limit(rig.launcher.id(), libc::RLIMIT_NOFILE, None));
        }
    }
}

/// No memory: the supervisor is there, but leaves at once.
#[test]
fn a_supervisor_that_cannot_begin() {
    let rig = &mut Rig::new(modes()[0]);
    // When it has answered, it has grown as far as it does without jobs.
    let run = RunId { job: JobId(9999), attempt: 0 };
    rig.order(&Order::Resume { run });
    rig.wait("answer", |report| matches!(report, Report::Unknown { .. }).then_some(()));
    let pid = rig.launcher.id();
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    // Too little for the stack that jobs are born on.
    limit(pid, libc::RLIMIT_AS, Some(pages * 4096 + (200 << 10)));
    let job = rig.job();
    rig.check(job, "#!/bin/sh\nexit 3\n", "could not serve", |rig| {
        limit(rig.launcher.id(), libc::RLIMIT_AS, None);
    });
}

/// Something is in the way of the script.
#[test]
fn a_supervisor_that_cannot_go_on() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let job = rig.job();
        let place = rig.dir.join(format!("spool/jobs/job{:05}", job.run.job.0));
        std::fs::write(&place, "").unwrap();
        rig.check(job, "#!/bin/sh\nexit 3\n", "Not a directory", |_| std::fs::remove_file(&place).unwrap());
    }
}

/// A prolog that is not there has failed as much as one that says so.
#[test]
fn a_missing_prolog() {
    let rig = &mut Rig::new(modes()[0]);
    let mut job = rig.job();
    let path = text(rig.work("nothing"));
    job.prolog = Some(Hook { path, env: Environment::default(), limit: Span(1000) });
    let run = rig.launch(job, "#!/bin/sh\n");
    assert!(rig.hook_failed(run, HookKind::Prolog).contains("No such file"));
    assert!(matches!(rig.outcome(run), Outcome::LaunchFailed { error, .. } if error == "the prolog failed"));
}
