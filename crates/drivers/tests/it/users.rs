//! Who may do what: owners, strangers, and what lies where others write.

use std::os::unix::fs::symlink;

use drivers::local::link::Link;
use drivers::local::protocol::{Order, Report};

use model::{Gid, Outcome, Uid};

use crate::rig::{Mode, Rig, exited, modes, text};

fn owned(rig: &mut Rig, id: u32) -> drivers::local::protocol::Launch {
    let mut launch = rig.job();
    launch.owner.uid = Uid(id);
    launch.owner.gid = Gid(id);
    launch
}

#[test]
fn two_users() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let rig = &mut Rig::new(Mode::Cgroups);
    let first = owned(rig, 12345);
    let path = first.stdout.clone().unwrap();
    let first = rig.launch(
        first,
        "#!/bin/sh\numask 077; id -u > secret; echo mine; cat /proc/self/status | grep -c ^CapEff:.*0000000000000000\n",
    );
    assert_eq!(rig.outcome(first), exited(0));
    assert_eq!(rig.output(first), "mine\n1\n");
    // Another one can neither read it, nor write over the first one's output, nor see his script.
    let second = owned(rig, 65534);
    let second =
        rig.launch(second, "#!/bin/sh\nid -u; cat secret || ls ../spool/jobs || ls ../spool/slots || echo refused\n");
    assert_eq!(rig.outcome(second), exited(0));
    let output = rig.output(second);
    assert!(output.starts_with("65534\n") && output.ends_with("refused\n"), "{output}");
    let mut third = owned(rig, 65534);
    third.stdout = Some(path);
    let third = rig.launch(third, "#!/bin/sh\necho theirs\n");
    assert!(matches!(rig.outcome(third), Outcome::LaunchFailed { error, .. } if error.ends_with("Permission denied")));
    assert_eq!(rig.output(first), "mine\n1\n");
}

#[test]
fn links_lead_their_owner_only_where_he_may_go() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let rig = &mut Rig::new(Mode::Cgroups);
    let secret = rig.dir.join("root-only");
    std::fs::write(&secret, "untouched\n").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    symlink(&secret, rig.work("trap")).unwrap();
    let mut launch = owned(rig, 12345);
    launch.stdout = Some(text(rig.work("trap")));
    let run = rig.launch(launch, "#!/bin/sh\necho gotcha\n");
    assert!(matches!(rig.outcome(run), Outcome::LaunchFailed { error, .. } if error.ends_with("Permission denied")));
    // The engine's own lines go there as the owner, too: the path is exchanged while the job runs.
    let mut launch = owned(rig, 12345);
    launch.stdout = Some(text(rig.work("output")));
    let run = rig.launch(launch, "#!/bin/sh\necho ready; while :; do sleep 0.05; done\n");
    crate::rig::eventually("ready", || std::fs::read_to_string(rig.work("output")).unwrap_or_default() == "ready\n");
    std::fs::remove_file(rig.work("output")).unwrap();
    symlink(&secret, rig.work("output")).unwrap();
    let note = Some("a line".to_owned());
    rig.order(&Order::Terminate { run, note, kill_wait: model::Span::seconds(1) });
    rig.outcome(run);
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "untouched\n");
}

#[test]
fn a_users_launcher_takes_only_his_own() {
    let mode = *modes().last().unwrap();
    let rig = &mut Rig::new(mode);
    if mode != Mode::User && nix::unistd::geteuid().is_root() {
        return;
    }
    let job = owned(rig, 12345);
    let run = rig.launch(job, "#!/bin/sh\n");
    assert!(
        matches!(rig.outcome(run), Outcome::LaunchFailed { error, .. } if error.contains("need a launcher that is root"))
    );
}

const TICK: std::time::Duration = std::time::Duration::from_millis(5);

/// A launcher at a path takes whom it was told to, one at a time.
#[test]
fn the_door() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let rig = &mut Rig::new(Mode::Plain);
    let door = rig.dir.join("launcher.sock");
    rig.order(&Order::Quit);
    rig.launcher.wait().unwrap();
    rig.listen(&door, &[12345]);
    crate::rig::eventually("the door", || door.exists());
    // (who, whether somebody is inside already, whether he is greeted)
    let visit = |uid: u32| {
        // SAFETY: the child only opens a socket, reads, and leaves.
        match unsafe { nix::unistd::fork() }.unwrap() {
            nix::unistd::ForkResult::Child => {
                nix::unistd::setuid(uid.into()).unwrap();
                // A socket is there a moment before anybody listens at it.
                let mut tries = (0..1000).map(|_| (Link::connect(&door), std::thread::sleep(TICK)).0);
                let mut link = tries.find_map(Result::ok).unwrap();
                let mut reports = Vec::new();
                while reports.is_empty() && link.receive(&mut reports).unwrap() {
                    std::thread::sleep(TICK);
                }
                // SAFETY: leaves at once.
                unsafe { nix::libc::_exit(i32::from(matches!(reports.first(), Some(Report::Hello(_))))) }
            }
            nix::unistd::ForkResult::Parent { child } => match nix::sys::wait::waitpid(child, None).unwrap() {
                nix::sys::wait::WaitStatus::Exited(_, code) => code == 1,
                other => panic!("{other:?}"),
            },
        }
    };
    assert!(!visit(65534), "a stranger was let in");
    assert!(visit(12345), "a friend was not let in");
    assert!(visit(0), "the launcher left with its first centre, or keeps its place");
    rig.link = Link::connect(&door).unwrap();
    rig.greet();
    assert!(!visit(12345), "two at a time");
    let run = rig.run("#!/bin/sh\nexit 3\n");
    assert_eq!(rig.outcome(run), exited(3));
}

#[test]
fn a_spool_that_others_write_to_is_refused() {
    let rig = &mut Rig::new(modes()[0]);
    rig.order(&Order::Quit);
    rig.launcher.wait().unwrap();
    std::fs::set_permissions(rig.dir.join("spool"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let config = drivers::local::launcher::LauncherConfig {
        data: rig.dir.clone(),
        centre_id: "x".to_owned(),
        centre: drivers::local::launcher::Centre::Connected(drivers::local::link::pair().unwrap().0),
        cgroups: drivers::local::launcher::Cgroups::Off,
        boot_id: None,
    };
    // In a process of its own: it changes signals and descriptors before it looks.
    // SAFETY: the child only runs the launcher's set-up and leaves.
    match unsafe { nix::unistd::fork() }.unwrap() {
        nix::unistd::ForkResult::Child => {
            let refused = matches!(drivers::local::launcher::run(config), Err(drivers::local::Error::Unsafe { .. }));
            // SAFETY: leaves at once.
            unsafe { nix::libc::_exit(i32::from(!refused)) }
        }
        nix::unistd::ForkResult::Parent { child } => {
            let status = nix::sys::wait::waitpid(child, None).unwrap();
            assert_eq!(status, nix::sys::wait::WaitStatus::Exited(child, 0));
        }
    }
    std::fs::set_permissions(rig.dir.join("spool"), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    rig.restart();
}
