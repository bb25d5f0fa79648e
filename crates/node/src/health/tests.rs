//! The trees are made, in the shapes that the kernel and smartctl document, but for the first lines of `/proc/mounts` and
//! `/proc/meminfo`, which were copied from a virtual machine.
#![allow(clippy::unwrap_used)]

use super::*;

/// A machine on which all is well, with a change.
fn tree(changes: &[(&str, Option<&str>)]) -> Tree {
    let made = [
        ("/sys/devices/system/cpu/online", "0-3\n"),
        ("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "0\n"),
        ("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "0\n"),
        ("/proc/meminfo", "MemTotal:       16314572 kB\nMemFree:         1000 kB\n"),
        ("/sys/devices/system/edac/mc/mc0/ce_count", "0\n"),
        ("/sys/devices/system/edac/mc/mc0/ue_count", "0\n"),
        ("/sys/devices/system/edac/mc/mc0/rank0/ce_count", "77\n"),
        ("/sys/class/hwmon/hwmon0/name", "coretemp\n"),
        ("/sys/class/hwmon/hwmon0/temp1_input", "52000\n"),
        ("/sys/class/hwmon/hwmon0/temp1_crit", "100000\n"),
        ("/sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n"),
        ("/sys/class/hwmon/hwmon0/temp2_input", "-128000\n"),
        ("/sys/class/hwmon/hwmon1/name", "nvme\n"),
        ("/sys/class/hwmon/hwmon1/temp1_input", "38000\n"),
        ("/sys/class/hwmon/hwmon1/fan1_input", "99000\n"),
        ("/sys/class/net/eth0/device/uevent", "DRIVER=igb\n"),
        ("/sys/class/net/eth0/operstate", "up\n"),
        ("/sys/class/net/eth0/speed", "1000\n"),
        ("/sys/class/net/eth1/device/uevent", "DRIVER=igb\n"),
        ("/sys/class/net/eth1/operstate", "down\n"),
        ("/sys/class/net/eth1/speed", "-1\n"),
        ("/sys/class/net/br0/operstate", "up\n"),
        (
            "/proc/mounts",
            "/dev/vda / ext4 rw,relatime,errors=remount-ro 0 0\nproc /proc proc ro 0 0\nhead:/home /home nfs4 rw 0 0\n",
        ),
        ("statfs//", "1000 500 1000 900"),
        ("statfs//home", "1000 100 0 0"),
        ("smart/sda", include_str!("../../tests/fixtures/smart-ata-made.json")),
        ("smart/nvme0", include_str!("../../tests/fixtures/smart-nvme-made.json")),
    ];
    let mut tree: Tree = made.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    for (path, text) in changes {
        match text {
            Some(text) => drop(tree.insert((*path).to_owned(), (*text).to_owned())),
            None => drop(tree.remove(*path)),
        }
    }
    tree
}

fn expect() -> Expect {
    Expect {
        cpus: Some(4),
        memory_mib: Some(16_000),
        network: [("eth0".to_owned(), 1000)].into(),
        mounts: vec!["/home".to_owned()],
        ..Expect::default()
    }
}

#[test]
fn a_machine_that_is_well_says_so_of_each_part() {
    let found = examine(&tree(&[]), &expect());
    let lines: Vec<String> = found.iter().map(|one| format!("{} {:?} {}", one.name, one.state, one.text)).collect();
    assert_eq!(
        lines,
        [
            "cpus Good 4 processors",
            "cpu-errors Good never slowed down by heat",
            "memory Good 15932 MiB",
            "memory-errors Good 0 corrected",
            "temperature Good coretemp Package id 0 52 of 100 °C",
            "smart.nvme0 Good well, as it says",
            "smart.sda Good well, as it says",
            "network.eth0 Good 1000 Mbit/s",
            "file-systems Good 2 mounted, none full",
        ]
    );
}

#[test]
fn each_fault_is_found_and_nothing_else() {
    let check = |changes: &[(&str, Option<&str>)], name: &str, text: &str| {
        let bad: Vec<Finding> =
            examine(&tree(changes), &expect()).into_iter().filter(|one| one.state == State::Bad).collect();
        let expected = [Finding::new(name, State::Bad, text)];
        assert_eq!(bad, expected, "{changes:?}");
    };
    check(&[("/sys/devices/system/cpu/online", Some("0,2-3\n"))], "cpus", "3 of 4 processors are there");
    let slowed = "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count";
    check(&[(slowed, Some("12"))], "cpu-errors", "slowed down by heat 12 times since the start");
    check(&[("/proc/meminfo", Some("MemTotal: 8000000 kB\n"))], "memory", "7812 of 16000 MiB are there");
    let controller = "/sys/devices/system/edac/mc/mc0/";
    check(&[(&format!("{controller}ce_count"), Some("3"))], "memory-errors", "3 errors corrected since the start");
    let lost = "1 errors that could not be corrected";
    check(&[(&format!("{controller}ue_count"), Some("1"))], "memory-errors", lost);
    let hot = [("/sys/class/hwmon/hwmon0/temp1_input", Some("100000"))];
    check(&hot, "temperature", "too hot: coretemp Package id 0 100 of 100 °C");
    let warm = [("/sys/class/hwmon/hwmon1/temp1_input", Some("96000"))];
    check(&warm, "temperature", "too hot: nvme 96 of 95 °C");
    check(&[("/sys/class/net/eth0/speed", Some("100"))], "network.eth0", "100 of 1000 Mbit/s");
    check(&[("/sys/class/net/eth0/operstate", Some("down"))], "network.eth0", "it has no link");
    let home = "/dev/vda / ext4 rw 0 0\n";
    check(&[("/proc/mounts", Some(home))], "file-systems", "/home is not mounted");
    check(&[("statfs//home", Some("1000 40 0 0"))], "file-systems", "/home is 96 % full");
    check(&[("statfs//", Some("1000 500 100 2"))], "file-systems", "/ has 98 % of its inodes used");
    let broken = "/dev/vda / ext4 ro,errors=remount-ro 0 0\nhead:/home /home nfs4 rw 0 0\n";
    check(&[("/proc/mounts", Some(broken))], "file-systems", "/ became read-only by an error");
    let ata = include_str!("../../tests/fixtures/smart-ata-made.json");
    let failing = ata.replace(r#""passed": true"#, r#""passed": false"#);
    check(&[("smart/sda", Some(&failing))], "smart.sda", "the disk says that it fails");
    let pending = ata.replace(r#""value": 0, "string": "0""#, r#""value": 8, "string": "8""#);
    check(&[("smart/sda", Some(&pending))], "smart.sda", "Current_Pending_Sector: 8");
}

#[test]
fn what_is_not_told_is_unknown_and_never_bad() {
    for finding in examine(&Tree::new(), &Expect::default()) {
        assert_eq!(finding.state, State::Unknown, "{finding:?}");
    }
    let found = examine(&tree(&[("smart/sda", Some("<html>"))]), &expect());
    assert!(found.iter().any(|one| one.name == "smart.sda" && one.state == State::Unknown));
    // What is expected of a card that is not there is another matter.
    let found = examine(&Tree::new(), &expect());
    assert!(found.iter().any(|one| one.name == "network.eth0" && one.state == State::Bad));
}

#[test]
fn a_probe_is_judged_by_what_it_ends_with() {
    let probe = Probe {
        name: "ib".to_owned(),
        command: Command::Line(r#"check "two words" '' x"#.to_owned()),
        ok_exitcode: vec![0, 2],
        timeout: 5,
    };
    assert_eq!(probe.words(), ["check", "two words", "", "x"]);
    let check = |ended, said, state, text: &str| {
        assert_eq!(probe.finding(ended, said), Finding::new("ib", state, text));
    };
    check(Ok(Some(0)), "\n  link up\nmore\n", State::Good, "link up");
    check(Ok(Some(2)), "", State::Good, "");
    check(Ok(Some(1)), "", State::Bad, "it ended with 1");
    check(Ok(Some(1)), "no link\u{1b}[31m", State::Bad, "it ended with 1: no link[31m");
    check(Ok(None), "", State::Bad, "it was ended by a signal");
    check(Err("it took longer than 5 s"), "", State::Bad, "it took longer than 5 s");
}
