//! Plugs over HTTP: what they say, and all that goes wrong on the way.

use std::io::Write;
use std::time::{Duration, Instant};

use super::{configured, quick, reply, said, serve, serve_paths};

const GEN1: &str = include_str!("../fixtures/shelly-gen1-status.json");
const GEN2: &str = include_str!("../fixtures/shelly-gen2-switch.json");
const TASMOTA: &str = include_str!("../fixtures/tasmota-status8.json");
const TWO_OUTLETS: &str = include_str!("../fixtures/tasmota-two-outlets.json");

fn check(kind: &str, address: &str, expected: &str) {
    let text = format!("kind = \"{kind}\"\naddress = \"{address}\"");
    let found = said(&mut *configured(&text, &quick()).unwrap());
    // Numbers are compared whole, of errors a part.
    let is_number = expected.starts_with(|letter: char| letter.is_ascii_digit());
    assert!(if is_number { found == expected } else { found.contains(expected) }, "{found}");
}

#[test]
fn plugs_tell_watts_and_energy() {
    let first = serve_paths(&[("/shelly", r#"{"type":"SHPLG-S","auth":false}"#), ("/status", GEN1)]);
    check("shelly", &first, "182530/44444460000000");
    let later = serve_paths(&[("/shelly", r#"{"gen":3,"app":"Plus"}"#), ("/rpc/Switch.GetStatus?id=0", GEN2)]);
    check("shelly", &later, "182500/44444440800000");
    check("tasmota", &serve_paths(&[("/cm?cmnd=Status%208", TASMOTA)]), "183000/444441600000000");
    check("tasmota", &serve_paths(&[("/cm?cmnd=Status%208", TWO_OUTLETS)]), "183000/- 175000/-");
}

#[test]
fn what_is_no_number_is_no_measure() {
    let gen2 = |apower: &'static str| {
        serve(move |request, stream| {
            let is_hello = request.starts_with("GET /shelly ");
            let status = format!("{{\"apower\":{apower},\"aenergy\":{{\"total\":1}}}}");
            reply(stream, "200 OK", if is_hello { r#"{"gen":2}"# } else { &status });
        })
    };
    check("shelly", &gen2("\"17.5\""), "17500/3600000000");
    check("shelly", &gen2("null"), "`null` at /apower, and not watts");
    check("shelly", &gen2("\"nan\""), "at /apower, and not watts");
    check("shelly", &gen2("-12"), "`-12` at /apower, and not watts");
    check("shelly", &gen2("1e400"), "and not JSON");
    // Whether ten megawatts can be true is not asked here.
    check("shelly", &gen2("1e7"), "10000000000/3600000000");
    let invalid = r#"{"meters":[{"power":0.0,"is_valid":false,"total":7}]}"#;
    check("shelly", &serve_paths(&[("/shelly", r#"{"type":"SHPLG-S"}"#), ("/status", invalid)]), "not a valid measure");
    check(
        "tasmota",
        &serve_paths(&[("/cm?cmnd=Status%208", r#"{"StatusSNS":{"Time":"x"}}"#)]),
        "nothing at /StatusSNS/ENERGY/Power",
    );
    let login = r#"{"WARNING":"Need user=<username>&password=<password>"}"#;
    check("tasmota", &serve_paths(&[("/cm?cmnd=Status%208", login)]), "refuses: Need user");
}

#[test]
fn other_answers_say_what_they_are() {
    let page = "<!DOCTYPE html>\n<html><head><title>Router login</title>";
    check("tasmota", &serve_paths(&[("/cm?cmnd=Status%208", page)]), "answers a page of HTML");
    check("tasmota", &serve_paths(&[]), "refuses: status 404 (no such thing there");
    check("tasmota", &serve(|_, stream| reply(stream, "401 Unauthorized", "")), "status 401 (user or password)");
    check("tasmota", &serve(|_, stream| stream.write_all(b"SSH-2.0-dropbear\r\n").unwrap()), "not an answer of HTTP");
    check("tasmota", &serve(|_, _| {}), "nothing, and not an answer of HTTP");
    // More than any meter says.
    check(
        "tasmota",
        &serve(|_, stream| {
            let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b' '; 65_536]).is_ok() {}
        }),
        "and not JSON",
    );
}

#[test]
fn nobody_waits_for_a_plug() {
    let is_in_time = |address: &str, expected: &str| {
        let start = Instant::now();
        check("tasmota", address, expected);
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    };
    // It answers after 30 seconds.
    is_in_time(&serve(|_, _| std::thread::sleep(Duration::from_secs(30))), "did not answer within 0.4 s");
    // It answers a letter at a time, always in time for the next one.
    is_in_time(
        &serve(|_, stream| {
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n".iter().cycle() {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }),
        "did not answer within 0.4 s",
    );
    // It is unplugged: nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    is_in_time(&gone.to_string(), "cannot be reached");
}

#[test]
fn answers_in_pieces_and_with_a_login() {
    let pieces = serve(|request, stream| {
        assert!(request.contains("Authorization: Basic YWRtaW46c2VjcmV0\r\n"), "{request}");
        let body = if request.starts_with("GET /shelly ") { "{\"gen\":2}" } else { "{\"apower\":5}" };
        let (a, b) = body.split_at(4);
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n",
            b.len()
        )
        .unwrap();
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "secret\n").unwrap();
    let text = format!("kind = \"shelly\"\naddress = \"{pieces}\"\nuser = \"admin\"\npassword_file = {file:?}");
    assert_eq!(said(&mut *configured(&text, &quick()).unwrap()), "5000/-");
}
