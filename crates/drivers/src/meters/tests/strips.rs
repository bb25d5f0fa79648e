//! Power strips over SNMP: `snmpsimd` where it is installed, and answers made by hand.

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Peer, Roots, configured, free_port, installed, quick, said, write_files};

/// An APC rPDU2 with two outlets, an older APC in `old`, a Raritan with decimal digits in `raritan`.
const STRIPS: &[(&str, &str)] = &[
    (
        "data/apc.snmprec",
        "1.3.6.1.4.1.318.1.1.26.4.3.1.5.1|2|62\n1.3.6.1.4.1.318.1.1.26.4.3.1.9.1|2|170982\n\
        1.3.6.1.4.1.318.1.1.26.9.4.3.1.7.1|66|137\n1.3.6.1.4.1.318.1.1.26.9.4.3.1.7.2|66|88\n\
        1.3.6.1.4.1.318.1.1.26.9.4.3.1.7.3|2|-1\n1.3.6.1.4.1.318.1.1.26.9.4.3.1.11.1|66|4321\n",
    ),
    ("data/old.snmprec", "1.3.6.1.4.1.318.1.1.12.1.16.0|2|640\n"),
    (
        "data/raritan.snmprec",
        "1.3.6.1.4.1.13742.6.3.3.4.1.7.1.1.5|66|1\n1.3.6.1.4.1.13742.6.3.3.4.1.7.1.1.8|66|0\n\
        1.3.6.1.4.1.13742.6.3.5.4.1.7.1.4.5|66|0\n1.3.6.1.4.1.13742.6.5.2.3.1.4.1.1.5|66|6405\n\
        1.3.6.1.4.1.13742.6.5.2.3.1.4.1.1.8|66|7654321\n1.3.6.1.4.1.13742.6.5.4.3.1.4.1.4.5|66|212\n",
    ),
];

fn start_agent(folder: &std::path::Path) -> Option<(Peer, u16)> {
    let simulator = installed("snmpsimd")?;
    let port = free_port();
    write_files(folder, STRIPS);
    std::fs::create_dir_all(folder.join("cache")).unwrap();
    let mut command = Command::new(simulator);
    command.arg(format!("--data-dir={}", folder.join("data").display()));
    command.arg(format!("--cache-dir={}", folder.join("cache").display()));
    command.arg(format!("--agent-udpv4-endpoint=127.0.0.1:{port}"));
    if nix::unistd::geteuid().is_root() {
        // It refuses to be root.
        command.args(["--process-user=nobody", "--process-group=nogroup"]);
        let owned = Command::new("chown").args(["-R", "nobody"]).arg(folder).status().unwrap();
        assert!(owned.success());
    }
    let peer = Peer(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    Some((peer, port))
}

#[test]
fn strips_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_peer, port)) = start_agent(folder.path()) else { return };
    let roots = Roots { limit: Duration::from_secs(2), ..Roots::default() };
    let read = |make: &str, community: &str, outlets: &str| {
        let text = format!(
            "kind = \"pdu\"\nmake = \"{make}\"\naddress = \"127.0.0.1:{port}\"\ncommunity = \"{community}\"\n{outlets}"
        );
        said(&mut *configured(&text, &roots).unwrap())
    };
    let start = Instant::now();
    while read("apc", "apc", "").contains("cannot be reached") && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(read("apc", "apc", ""), "620000/61553520000000000");
    assert_eq!(read("apc", "apc", "outlets = [1, 2]"), "137000/1555560000000000 88000/-");
    assert_eq!(read("apc_old", "old", ""), "640000/-");
    assert_eq!(read("raritan", "raritan", ""), "640500/27555555600000000");
    assert_eq!(read("raritan", "raritan", "outlets = [4]"), "212000/-");
    let check = |found: String, part: &str| assert!(found.contains(part), "{found}");
    check(read("apc", "apc", "outlets = [3]"), "outlet 3, answers `-1`, and not watts");
    check(read("apc", "apc", "outlets = [9]"), "outlet 9, answers nothing, and not watts");
    check(read("raritan", "apc", ""), "answers nothing, and not watts");
    check(read("apc_old", "old", "outlets = [1]"), "know no outlets");
    check(read("apc", "wrong", ""), "or its community is another) did not answer within 2 s");
}

#[test]
fn other_datagrams_are_no_answer() {
    let check = |answers: &'static [&'static [u8]], part: &str| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok((_, from)) = socket.recv_from(&mut buffer) {
                for answer in answers {
                    socket.send_to(answer, from).unwrap();
                }
            }
        });
        let start = Instant::now();
        let text = format!("kind = \"pdu\"\nmake = \"apc\"\naddress = \"{address}\"");
        let found = said(&mut *configured(&text, &quick()).unwrap());
        assert!(found.contains(part) && start.elapsed() < Duration::from_secs(2), "{found}");
    };
    check(&[], "did not answer within 0.4 s");
    check(&[b"HTTP/1.1 400 Bad Request\r\n"], "`HTTP/1.1 400 Bad Request`, and not an answer of SNMP");
    check(&[b"\x30\x84\xff\xff\xff\xff"], "not an answer of SNMP");
    // A response to another question is passed over.
    check(
        &[b"\x30\x19\x02\x01\x01\x04\x06public\xa2\x0c\x02\x01\x63\x02\x01\x00\x02\x01\x00\x30\x01\x00"],
        "did not answer",
    );
    // The right number, and an error.
    check(
        &[b"\x30\x18\x02\x01\x01\x04\x06public\xa2\x0b\x02\x01\x01\x02\x01\x05\x02\x01\x00\x30\x00"],
        "refuses: error 5",
    );
    // The right number, and fewer answers than questions.
    check(
        &[b"\x30\x18\x02\x01\x01\x04\x06public\xa2\x0b\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x00"],
        "not an answer of SNMP",
    );
}
