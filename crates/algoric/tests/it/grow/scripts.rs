//! What the scripts of steps do, run by a shell of this machine's in a folder of their own.

use std::{path::Path, process::Command};

use site::SCRIPTS;

/// The unit that the agent of a machine with systemd gets, written by the script itself, with a systemd that only says yes.
#[test]
fn systemd_finds_no_fault_in_the_agents_unit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agent");
    std::fs::create_dir_all(&folder).unwrap();
    let unit = folder.join("algoric-node.service");
    let (_, script) = SCRIPTS.iter().find(|(name, _)| *name == "node.sh").unwrap();
    let script = script
        .replace("/var/lib/algoric-node", &folder.to_string_lossy())
        .replace("/etc/systemd/system/algoric-node.service", &unit.to_string_lossy());
    std::fs::write(folder.join("centre.json"), "{}").unwrap();
    let line = format!(
        "has_systemd() {{ :; }}; systemctl() {{ echo \"$*\"; }}; sleep() {{ :; }}; PROGRAM=/bin/true NOTES={0}\n{script}\nact",
        folder.display()
    );
    let said = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let called = String::from_utf8(said.stdout).unwrap();
    assert!(called.ends_with("daemon-reload\nenable --quiet --now algoric-node\n"), "{called}");
    insta::assert_snapshot!(std::fs::read_to_string(&unit).unwrap(), @r"
    [Unit]
    Description=Reports this machine to its centre
    Wants=network-online.target
    After=network-online.target
    [Service]
    ExecStart=/bin/true node run
    Restart=always
    RestartSec=5
    Nice=10
    [Install]
    WantedBy=multi-user.target
    ");
    let verify = ["verify", "--man=no", "--recursive-errors=no"];
    match Command::new("systemd-analyze").args(verify).arg(&unit).output() {
        Ok(said) => {
            let text = String::from_utf8_lossy(&said.stderr);
            assert!(said.status.success() && !text.contains("algoric-node"), "{text}");
        }
        Err(_) => eprintln!("not looked at by systemd: no systemd-analyze here"),
    }
}

/// Without systemd a service that is told to end may take its time: it is not taken for the new one.
#[test]
fn who_ends_slowly_is_not_the_new_one() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow-service");
    std::fs::create_dir_all(&folder).unwrap();
    let check = |service: &str, expected: &str| {
        let made = r#"
            has_systemd() { false; }
            processes() { test -s pids && cat pids; }
            seq() { echo 1 2 3 4; }
            NOTES=$PWD/notes; rm -rf notes; echo 7 71 > pids
            start_with slurmd lib.sh; ls notes/started; cat pids"#;
        let (_, shared) = SCRIPTS.iter().find(|(name, _)| *name == "lib.sh").unwrap();
        std::fs::write(folder.join("lib.sh"), shared).unwrap();
        let script = format!(". ./lib.sh\n{made}")
            .replace("has_systemd() { false; }", &format!("has_systemd() {{ false; }}\n{service}"));
        let told = Command::new("sh").arg("-c").arg(script).current_dir(&folder).output().unwrap();
        let said = String::from_utf8(told.stdout).unwrap();
        assert_eq!(said.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{service}");
    };
    check("service() { (sleep 1; echo 8 > pids) & }", "slurmd 8");
    check("service() { echo 71 > pids; }", "!service-fails slurmd 71");
    check("service() { if [ $2 = start ]; then echo 9 > pids; else : > pids; fi; }", "slurmd 9");
}
