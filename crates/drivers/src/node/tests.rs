//! A gate and who comes to it, over real sockets of this machine.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::call::{CallError, post};
use super::gate::{Answers, serve};
use super::key::Key;
use super::{timed::Timed, tls};

/// Knows one key, and remembers what came.
struct House {
    known: [u8; 32],
    heard: Mutex<Vec<(String, usize)>>,
}

impl Answers for House {
    fn is_known(&self, key: &[u8; 32]) -> bool {
        *key == self.known
    }

    fn answer(&self, _: &[u8; 32], path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        self.heard.lock().unwrap().push((path.to_owned(), body.len()));
        (200, body.into_iter().rev().collect())
    }
}

struct Rig {
    address: String,
    gate: Key,
    machine: Key,
    stranger: Key,
    house: Arc<House>,
    _folder: tempfile::TempDir,
}

fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let key = |name: &str| Key::at(&folder.path().join(name)).unwrap();
    let (gate, machine, stranger) = (key("gate"), key("machine"), key("stranger"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let house = Arc::new(House { known: machine.public, heard: Mutex::default() });
    let (key, answers) = (gate.clone(), house.clone());
    thread::spawn(move || serve(&listener, &key, answers));
    Rig { address, gate, machine, stranger, house, _folder: folder }
}

#[test]
fn a_key_is_made_once_and_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made = Key::at(&path).unwrap();
    assert_eq!(Key::at(&path).unwrap().public, made.public);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&path, b"junk").unwrap();
    assert!(Key::at(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"junk");
}

#[test]
fn a_known_key_is_answered() {
    let rig = rig();
    let said = post(&rig.address, &rig.machine, rig.gate.public, "/v1/report", b"abc").unwrap();
    assert_eq!(said, b"cba");
    let long = vec![b'x'; node::report::MOST_BYTES];
    assert_eq!(post(&rig.address, &rig.machine, rig.gate.public, "/v1/report", &long).unwrap().len(), long.len());
}

#[test]
fn a_wrong_key_is_refused_at_either_end() {
    let rig = rig();
    let refused = post(&rig.address, &rig.stranger, rig.gate.public, "/v1/report", b"abc").unwrap_err();
    assert!(matches!(refused, CallError::Refused { status: 403, .. }), "{refused}");
    // Who asks to be let in is heard, whatever key it has.
    assert!(post(&rig.address, &rig.stranger, rig.gate.public, "/v1/enrol", b"abc").is_ok());
    // A machine tells nothing to a centre that is another.
    let other = post(&rig.address, &rig.machine, rig.stranger.public, "/v1/report", b"secret").unwrap_err();
    assert!(other.to_string().contains("another key"), "{other}");
    assert_eq!(*rig.house.heard.lock().unwrap(), [("/v1/enrol".to_owned(), 3)]);
}

/// What the gate says to bytes that a known key sends.
fn said_to(rig: &Rig, bytes: &[u8]) -> String {
    let stream = TcpStream::connect(&rig.address).unwrap();
    let config = tls::client(&rig.machine, rig.gate.public).unwrap();
    let name = ServerName::from(stream.peer_addr().unwrap().ip());
    let tls = ClientConnection::new(config, name).unwrap();
    let mut stream = StreamOwned::new(tls, Timed::new(stream, Duration::from_secs(8)));
    stream.write_all(bytes).ok();
    stream.flush().ok();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok();
    String::from_utf8_lossy(&said).lines().next().unwrap_or("").to_owned()
}

#[test]
fn what_is_no_report_is_refused_before_it_is_read() {
    let rig = rig();
    let check = |bytes: &[u8], says: &str| assert_eq!(said_to(&rig, bytes), says);
    check(b"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed");
    check(b"POST /v1/report HTTP/1.1\r\n\r\n", "HTTP/1.1 411 Length Required");
    check(b"POST /v1/report HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", "HTTP/1.1 413 Content Too Large");
    check(b"POST /v1/report HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 411 Length Required");
    check(b"POST /v1/report HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 411 Length Required");
    check(&[b'x'; 9000], "HTTP/1.1 400 Bad Request");
    check(b"POST /v1/report HTTP/1.1\r\nContent-Length: 2\r\n\r\nabc", "HTTP/1.1 400 Bad Request");
    check(b"\x00\xff\x00\r\n\r\n", "HTTP/1.1 400 Bad Request");
    assert!(rig.house.heard.lock().unwrap().is_empty());
}

#[test]
fn who_says_nothing_or_nonsense_holds_up_nobody() {
    let rig = rig();
    // Half open: some say nothing, some the beginning of something, some junk, one a megabyte of it.
    let mut strangers: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&rig.address).unwrap()).collect();
    strangers.iter_mut().step_by(2).for_each(|stream| stream.write_all(b"\x16\x03\x01").unwrap());
    let mut junk = TcpStream::connect(&rig.address).unwrap();
    junk.write_all(&vec![0x55; 1 << 20]).ok();
    let begun = Instant::now();
    for _ in 0..20 {
        post(&rig.address, &rig.machine, rig.gate.public, "/v1/report", b"abc").unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // Each of them is hung up on.
    let mut byte = [0];
    strangers[0].set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(strangers[0].read(&mut byte).unwrap_or(0), 0);
}
