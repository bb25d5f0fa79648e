//! What the launcher has Slurm do with machines of its cluster. `scontrol` is a script here that says what it was told.

use std::os::unix::fs::PermissionsExt;

use drivers::local::protocol::{MachineDeed, Order, Report};

use crate::rig::{Rig, modes};

/// Whom a script is run as, and its words, in brackets.
const ECHO: &str = "#!/bin/sh\nprintf '%s:' $(id -u)\nprintf ' [%s]' \"$@\"\necho no such machine >&2\nexit 3\n";

#[test]
fn orders_about_machines_reach_scontrol() {
    for mode in modes() {
        let mut rig = Rig::new(mode);
        let folder = rig.dir.join("bin");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("scontrol"), ECHO).unwrap();
        std::fs::set_permissions(folder.join("scontrol"), PermissionsExt::from_mode(0o755)).unwrap();
        let uid = rig.uid();
        let reason = "algoric: disk; $(reboot) 'now'".to_owned();
        for (number, machine, deed, code, output, complaint) in [
            (
                1,
                "n1",
                MachineDeed::Wake,
                Some(3),
                format!("{uid}: [update] [nodename=n1] [state=power_up]"),
                "no such machine\n",
            ),
            (
                2,
                "n1",
                MachineDeed::Drain { reason: reason.clone() },
                Some(3),
                format!("{uid}: [update] [nodename=n1] [state=drain] [reason={reason}]"),
                "no such machine\n",
            ),
            (3, "n1 state=down", MachineDeed::Sleep, None, String::new(), "these are no names of machines"),
        ] {
            rig.order(&Order::Machine { number, machines: vec![machine.to_owned()], deed });
            let told = rig.wait("answer", |report| match report {
                Report::Told { number: which, code, output, complaint } if *which == number => {
                    Some((*code, output.lossy().into_owned(), complaint.lossy().into_owned()))
                }
                _ => None,
            });
            assert_eq!(told, (code, output, complaint.to_owned()));
        }
    }
}
