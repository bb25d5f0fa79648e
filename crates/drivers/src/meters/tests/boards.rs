//! Boards' controllers: Redfish on a small server, IPMI on `ipmi_sim`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Peer, Roots, configured, free_port, installed, quick, said, serve_paths, write_files};

const POWER: &str = include_str!("../fixtures/redfish-power.json");
const ENVIRONMENT: &str = include_str!("../fixtures/redfish-environment.json");
const CHASSIS: (&str, &str) = (
    "/redfish/v1/Chassis",
    r#"{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/Enclosure"}]}"#,
);

#[test]
fn redfish_has_two_places_for_watts() {
    let check = |paths: &[(&'static str, &'static str)], expected: &str| {
        let text = format!("kind = \"redfish\"\naddress = \"http://{}\"", serve_paths(paths));
        let mut meter = configured(&text, &quick()).unwrap();
        let first = said(&mut *meter);
        assert!(first.contains(expected), "{first}");
        // What was found is asked again without looking for it.
        assert_eq!(said(&mut *meter), first);
    };
    check(&[CHASSIS, ("/redfish/v1/Chassis/1/Power", POWER)], "277000/-");
    check(
        &[CHASSIS, ("/redfish/v1/Chassis/1/EnvironmentMetrics", ENVIRONMENT), ("/redfish/v1/Chassis/1/Power", POWER)],
        "281400/-",
    );
    let text = r#"{"PowerControl":[{"PowerConsumedWatts":"277"}]}"#;
    check(&[CHASSIS, ("/redfish/v1/Chassis/Enclosure/Power", text)], "277000/-");
    let none = r#"{"PowerControl":[{"PowerConsumedWatts":null}]}"#;
    let twice = [CHASSIS, ("/redfish/v1/Chassis/1/Power", none), ("/redfish/v1/Chassis/Enclosure/Power", none)];
    check(&twice, "`null` at /PowerControl/0/PowerConsumedWatts, and not watts");
    check(&[("/redfish/v1/Chassis", r#"{"Members":[]}"#)], "not a chassis");
    check(&[], "status 404");
}

/// A controller with DCMI, which `ipmi_sim` does not have by itself: watts are read from a file.
const DCMI_MODULE: &str = include_str!("dcmi-module.c");

/// Starts `ipmi_sim` in `folder`; `None` where it is not installed.
fn start_controller(folder: &Path, with_dcmi: bool) -> Option<(Peer, u16)> {
    if !with_dcmi {
        return start_simulator(folder, "", "");
    }
    let (source, module, watts) = (folder.join("dcmi.c"), folder.join("dcmi.so"), folder.join("watts"));
    std::fs::write(&source, DCMI_MODULE).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).args([&module, &source]).output();
    if !built.is_ok_and(|built| built.status.success()) {
        eprintln!("not run: ipmi_sim's headers (libopenipmi-dev) or a C compiler are not installed");
        return None;
    }
    start_simulator(folder, &format!("loadlib \"{}\" \"{}\"\n", module.display(), watts.display()), "")
}

/// The same with more lines of its configuration, before the network's and after them.
pub(crate) fn start_simulator(folder: &Path, before: &str, after: &str) -> Option<(Peer, u16)> {
    let (simulator, _) = (installed("ipmi_sim")?, installed("ipmitool")?);
    let port = free_port();
    let mut lan = format!("name \"bmc\"\nset_working_mc 0x20\n{before}");
    lan.push_str(&format!("startlan 1\naddr 127.0.0.1 {port}\npriv_limit admin\n"));
    for level in ["callback", "user", "operator", "admin"] {
        lan.push_str(&format!("allowed_auths_{level} none md2 md5 straight\n"));
    }
    lan.push_str("guid a123456789abcdefa123456789ab0001\nendlan\n");
    lan.push_str(after);
    lan.push_str("user 2 true \"admin\" \"secret\" admin 10 none md2 md5 straight\n");
    let machine = "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n";
    write_files(folder, &[("lan.conf", &lan), ("machine", machine), ("state/x", "")]);
    let file = |name: &str| folder.join(name);
    let mut command = Command::new(simulator);
    command.arg("-n").arg("-c").arg(file("lan.conf")).arg("-f").arg(file("machine")).arg("-s").arg(file("state"));
    let peer = Peer(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    Some((peer, port))
}

fn controller(folder: &Path, port: u16, password: &str, roots: &Roots) -> Box<dyn super::Meter> {
    let file = folder.join("password");
    std::fs::write(&file, password).unwrap();
    let text = format!("kind = \"ipmi\"\naddress = \"127.0.0.1:{port}\"\nuser = \"admin\"\npassword_file = {file:?}");
    configured(&text, roots).unwrap()
}

/// Reads until the simulator has come up.
fn read_when_up(meter: &mut dyn super::Meter) -> String {
    let start = Instant::now();
    loop {
        let found = said(meter);
        if !found.contains("Unable to establish") || start.elapsed() > Duration::from_secs(20) {
            return found;
        }
    }
}

#[test]
fn ipmi_reads_a_simulated_controller() {
    let folder = tempfile::tempdir().unwrap();
    let roots = Roots { limit: Duration::from_secs(20), ..Roots::default() };
    std::fs::write(folder.path().join("watts"), "137").unwrap();
    let Some((_peer, port)) = start_controller(folder.path(), true) else { return };
    let mut meter = controller(folder.path(), port, "secret", &roots);
    assert_eq!(read_when_up(&mut *meter), "137000/-");
    std::fs::write(folder.path().join("watts"), "412").unwrap();
    assert_eq!(said(&mut *meter), "412000/-");
    let refused = said(&mut *controller(folder.path(), port, "wrong", &roots));
    assert!(refused.contains("refuses"), "{refused}");
}

#[test]
fn a_board_without_dcmi_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_peer, port)) = start_controller(folder.path(), false) else { return };
    let roots = Roots { limit: Duration::from_secs(20), ..Roots::default() };
    let found = read_when_up(&mut *controller(folder.path(), port, "secret", &roots));
    assert!(found.contains("refuses") && found.contains("DCMI"), "{found}");
}

#[test]
fn nobody_waits_for_a_controller() {
    if installed("ipmitool").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // It takes what is sent and never answers.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let port = silent.local_addr().unwrap().port();
    let found = said(&mut *controller(folder.path(), port, "secret", &quick()));
    assert!(found.contains("did not answer within 0.4 s"), "{found}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}
