//! What machines' shells read.

use std::path::Path;
use std::process::Command;

use site::shell::{Order, Parts, quoted, reasons, text};
use site::{SCRIPTS, Work, plan};

use crate::{first, secrets};

#[test]
fn each_script_has_what_its_work_needs() {
    for work in Work::ALL {
        let name = format!("{}.sh", work.name());
        let (_, script) = SCRIPTS.iter().find(|(known, _)| *known == name).unwrap();
        let has = |function: &str| script.lines().any(|line| line.starts_with(&format!("{function}() {{")));
        assert!(has("check"), "{name}");
        assert_eq!(has("act"), !work.is_gate(), "{name}");
        assert_eq!(has("undo"), !work.is_gate(), "{name}");
        assert_eq!(has("give"), work.is_given(), "{name}");
        assert_eq!(has("release"), work.is_released(), "{name}");
    }
}

#[test]
fn a_text_does_nothing_unless_it_is_whole() {
    let plan = plan(&first(), &secrets()).unwrap();
    let step = plan.stages.iter().flatten().find(|step| step.id == "file:munge.key@neh1").unwrap();
    let parts = Parts { shared: "# shared", script: "check() { :; }", content: Some("it's"), given: None, now_s: 7 };
    let shown = text(step, Order::Act, parts);
    insta::assert_snapshot!(shown, @r"
    NOW=7
    MODE='400'
    OWNER='munge'
    TO='/etc/munge/munge.key'
    content() { printf %s 'it'\''s'; }
    # shared
    check() { :; }
    alone && { act; check; }
    ");
    // Only functions and variables before the last line: a connection that breaks has called nothing.
    for (name, script) in SCRIPTS {
        let loose = script.lines().filter(|line| !line.starts_with([' ', '#', '}']) && !line.is_empty());
        for line in loose {
            let is_function = line.contains("() {") || line.contains("() (");
            let is_variable =
                line.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase()));
            let is_setting = ["umask 022", "eval \"$(content)\"", "grant all on"].iter().any(|it| line.starts_with(it));
            assert!(is_function || is_variable || is_setting, "{name}: {line}");
        }
    }
}

#[test]
fn words_are_quoted_and_reasons_are_read() {
    assert_eq!(quoted("a b'c\n$d"), "'a b'\\''c\n$d'");
    let said = reasons("noise\n!clock-off 312\n!no-apt\n");
    let said: Vec<(&str, &str)> = said.iter().map(|it| (it.word.as_str(), it.value.as_str())).collect();
    assert_eq!(said, [("clock-off", "312"), ("no-apt", "")]);
}

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
