//! Switches against real peers where there are some (`ipmi_sim`), and made ones elsewhere: small servers with made answers in
//! the shapes that DSP0266, shelly-api-docs.shelly.cloud and tasmota.github.io give; a card that is a socket.
#![allow(clippy::unwrap_used)]

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Power, Seen, Switches, SwitchesConfig};
use crate::meters::tests::boards::start_simulator;
use crate::meters::tests::{reply, serve};

const NODE: &str = "n1";

/// What an operator wrote.
fn configured(text: &str) -> Switches {
    let config: SwitchesConfig = toml::from_str(&format!("[[switch]]\nmachine = \"{NODE}\"\n{text}")).unwrap();
    Switches::open(&config, Duration::from_secs(20)).unwrap()
}

/// A program that writes down for which machine it was called.
fn program(folder: &Path) -> String {
    let path = folder.join("shutdown");
    std::fs::write(&path, format!("#!/bin/sh\necho \"$1\" >> {}/down\n", folder.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn until(power: &mut Switches, wanted: Seen) {
    let begun = Instant::now();
    while power.state(NODE).unwrap() != wanted {
        assert!(begun.elapsed() < Duration::from_secs(20), "never {wanted:?}");
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn who_is_not_named_cannot_be_switched() {
    let mut power = configured("kind = \"wake\"\ncard = \"00:25:90:aa:bb:cc\"\nshutdown = \"/bin/true\"");
    assert_eq!(power.on("n2").unwrap_err().to_string(), "nobody said how n2 is switched");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let check = |text: &str, expected: &str| {
        let config = toml::from_str::<SwitchesConfig>(&format!("[[switch]]\nmachine = \"n1\"\n{text}"));
        let said = match config {
            Ok(config) => Switches::open(&config, Duration::from_secs(1)).err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        assert!(said.as_ref().is_some_and(|said| said.contains(expected)), "{text}: {said:?}");
    };
    check("kind = \"wake\"\ncard = \"00:25\"\nshutdown = \"/bin/true\"", "`00:25` is no card");
    check("kind = \"ipmi\"\naddress = \"10.0.0.1\"\npasword_file = \"x\"", "pasword_file");
    check("kind = \"magic\"", "magic");
    check("kind = \"redfish\"\naddress = \"ftp://x\"", "no address");
    let twice = "kind = \"ipmi\"\naddress = \"a\"\n[[switch]]\nmachine = \"n1\"\nkind = \"ipmi\"\naddress = \"b\"";
    check(twice, "comes twice");
}

#[test]
fn ipmi_switches_a_simulated_board() {
    let folder = tempfile::tempdir().unwrap();
    // What `ipmi_sim` calls for the machine: it is on while there is a file.
    let control = folder.path().join("control");
    let script = "#!/bin/sh\nf=$(dirname \"$0\")/is-on\n[ \"$1\" = get ] && { [ -e $f ] && echo \"$2:1\" || echo \"$2:0\"; exit; }\n\
                  shift; while [ $# -ge 2 ]; do case $1:$2 in power:1) touch $f;; power:0|shutdown:*) rm -f $f;; esac; shift 2; done\n";
    std::fs::write(&control, script).unwrap();
    std::fs::set_permissions(&control, std::fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("chassis_control \"{}\"\n", control.display());
    let Some((_peer, port)) = start_simulator(folder.path(), "", &line) else { return };
    let password = folder.path().join("password");
    std::fs::write(&password, "secret").unwrap();
    let text =
        format!("kind = \"ipmi\"\naddress = \"127.0.0.1:{port}\"\nuser = \"admin\"\npassword_file = {password:?}");
    let mut power = configured(&text);
    let begun = Instant::now();
    while power.state(NODE).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", power.state(NODE));
    }
    assert_eq!(power.state(NODE).unwrap(), Seen::Off);
    power.on(NODE).unwrap();
    power.on(NODE).unwrap();
    until(&mut power, Seen::On);
    assert!(folder.path().join("is-on").exists());
    power.off(NODE).unwrap();
    until(&mut power, Seen::Off);
    power.off(NODE).unwrap();
    std::fs::write(&password, "wrong").unwrap();
    assert!(power.on(NODE).unwrap_err().to_string().contains("refuses"));
}

#[test]
fn redfish_resets_a_made_system() {
    let asked = Arc::new(Mutex::new(vec![]));
    let (log, state) = (asked.clone(), Mutex::new("Off"));
    let address = serve(move |request, stream| {
        let line = request.lines().next().unwrap_or_default();
        let mut state = state.lock().unwrap();
        if line.starts_with("POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset ") {
            log.lock().unwrap().push(request.lines().last().unwrap_or_default().to_owned());
            *state = if request.contains("\"On\"") { "On" } else { "PoweringOff" };
            return reply(stream, "204 No Content", "");
        }
        let body = match line.split(' ').nth(1) {
            Some("/redfish/v1/Systems") => r#"{"Members":[{"@odata.id":"/redfish/v1/Systems/1"}]}"#.to_owned(),
            Some("/redfish/v1/Systems/1") => format!(
                r##"{{"PowerState":"{state}","Actions":{{"#ComputerSystem.Reset":{{
                "target":"/redfish/v1/Systems/1/Actions/ComputerSystem.Reset",
                "ResetType@Redfish.AllowableValues":["On","ForceOff","GracefulShutdown"]}}}}}}"##
            ),
            _ => return reply(stream, "404 Not Found", "{}"),
        };
        reply(stream, "200 OK", &body);
    });
    let mut power = configured(&format!("kind = \"redfish\"\naddress = \"http://{address}\""));
    power.off(NODE).unwrap();
    power.on(NODE).unwrap();
    power.on(NODE).unwrap();
    assert_eq!(power.state(NODE).unwrap(), Seen::On);
    power.off(NODE).unwrap();
    assert_eq!(power.state(NODE).unwrap(), Seen::Between);
    assert_eq!(*asked.lock().unwrap(), [r#"{"ResetType":"On"}"#, r#"{"ResetType":"GracefulShutdown"}"#]);
}

#[test]
fn a_card_hears_its_packet() {
    let folder = tempfile::tempdir().unwrap();
    let card = UdpSocket::bind("127.0.0.1:0").unwrap();
    card.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let machine = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "kind = \"wake\"\ncard = \"00:25:90:aa:bb:cc\"\nbroadcast = \"{}\"\nseen_at = \"{}\"\nshutdown = \"{}\"",
        card.local_addr().unwrap(),
        machine.local_addr().unwrap(),
        program(folder.path())
    );
    let mut power = configured(&text);
    power.on(NODE).unwrap();
    let mut heard = [0; 200];
    let length = card.recv(&mut heard).unwrap();
    assert_eq!(length, 102);
    assert_eq!(heard[..6], [0xff; 6]);
    assert!(heard[6..102].chunks(6).all(|six| six == [0, 0x25, 0x90, 0xaa, 0xbb, 0xcc]));
    assert_eq!(power.state(NODE).unwrap(), Seen::On);
    power.off(NODE).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("down")).unwrap(), "n1\n");
    // A machine that refuses is up, too; one that says nothing is not.
    drop(machine);
    assert_eq!(power.state(NODE).unwrap(), Seen::On);
}

#[test]
fn plugs_are_switched_in_their_tongues() {
    /// A device: how it answers a path, given whether it is on, and what it is then.
    type Device = fn(&str, bool) -> (String, bool);
    let check = |kind: &str, device: Device| {
        let folder = tempfile::tempdir().unwrap();
        let is_on = Arc::new(Mutex::new(true));
        let inside = is_on.clone();
        let address = serve(move |request, stream| {
            let mut is_on = inside.lock().unwrap();
            let (body, now) = device(request.split(' ').nth(1).unwrap_or_default(), *is_on);
            *is_on = now;
            reply(stream, "200 OK", &body);
        });
        let shutdown = program(folder.path());
        let mut power = configured(&format!("kind = \"{kind}\"\naddress = \"{address}\"\nshutdown = \"{shutdown}\""));
        assert_eq!(power.state(NODE).unwrap(), Seen::On);
        power.off(NODE).unwrap();
        power.off(NODE).unwrap();
        assert_eq!((power.state(NODE).unwrap(), *is_on.lock().unwrap()), (Seen::Off, false));
        assert_eq!(std::fs::read_to_string(folder.path().join("down")).unwrap(), "n1\n", "{kind}: shut down once");
        power.on(NODE).unwrap();
        assert_eq!((power.state(NODE).unwrap(), *is_on.lock().unwrap()), (Seen::On, true));
    };
    check("shelly", |path, is_on| match path {
        "/shelly" => (r#"{"type":"SHPLG-S"}"#.into(), is_on),
        "/relay/0?turn=on" => (r#"{"ison":true}"#.into(), true),
        "/relay/0?turn=off" => (r#"{"ison":false}"#.into(), false),
        "/relay/0" => (format!(r#"{{"ison":{is_on}}}"#), is_on),
        _ => ("{}".into(), is_on),
    });
    check("shelly", |path, is_on| match path {
        "/shelly" => (r#"{"gen":2}"#.into(), is_on),
        "/rpc/Switch.Set?id=0&on=true" => (format!(r#"{{"was_on":{is_on}}}"#), true),
        "/rpc/Switch.Set?id=0&on=false" => (format!(r#"{{"was_on":{is_on}}}"#), false),
        "/rpc/Switch.GetStatus?id=0" => (format!(r#"{{"output":{is_on}}}"#), is_on),
        _ => ("{}".into(), is_on),
    });
    check("tasmota", |path, is_on| {
        let now = if path.ends_with("On") { true } else { is_on && !path.ends_with("Off") };
        let word = if now { "ON" } else { "OFF" };
        (if path.starts_with("/cm?cmnd=Power1") { format!(r#"{{"POWER":"{word}"}}"#) } else { "{}".into() }, now)
    });
}
