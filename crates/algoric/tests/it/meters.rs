//! `algoric meter test` with a plug that the test serves, one that is gone, and an estimate.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use crate::program::Call;

/// A Tasmota plug that draws 183 W, for the rest of the test's process. Returns `host:port`.
pub fn plug() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _asked = stream.read(&mut [0; 1024]);
            let body = r#"{"StatusSNS":{"ENERGY":{"Total":123.456,"Power":183}}}"#;
            let _sent = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    address
}

fn test_meters(config: &str, args: &[&str]) -> (String, i32) {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("config.toml"), config).unwrap();
    let said = Call::new("algoric", data.path()).args(["meter", "test"]).args(args).run();
    (said.stdout + &said.stderr, said.code)
}

const MODEL: &str = "[[meter]]\nkind = \"model\"\nidle_watts = 60\nmilliwatts_per_cpu = 0\n";

#[test]
fn each_meter_says_what_it_is() {
    let config = format!("[[meter]]\nkind = \"tasmota\"\naddress = \"{}\"\n{MODEL}", plug());
    let (said, code) = test_meters(&config, &[]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(code, 0, "{said}");
    assert!(lines[1].starts_with("Tasmota plug at 127.0.0.1") && lines[1].contains("the wall socket"), "{said}");
    assert!(lines[1].contains("183.0") && lines[1].contains("123.4 kWh") && lines[1].contains("2.0 %"), "{said}");
    assert!(lines[2].contains("nothing: an estimate") && lines[2].contains("30.0 %"), "{said}");
    let (json, _) = test_meters(&config, &["--json"]);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&rows[0]["milliwatts"], &rows[0]["counter_uj"]), (&183_000.into(), &444_441_600_000_000u64.into()));
    // The kernel's clock of the estimate ticks in hundredths of a second.
    let watts = rows[1]["milliwatts"].as_i64().unwrap();
    assert!((54_000..66_000).contains(&watts), "{watts}");
}

#[test]
fn one_that_does_not_answer_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (said, code) = test_meters(&format!("[[meter]]\nkind = \"shelly\"\naddress = \"{gone}\"\n{MODEL}"), &[]);
    assert!(
        said.contains("[[meter]] shelly does not answer: 127.0.0.1/shelly cannot be reached: Connection refused"),
        "{said}"
    );
    assert_eq!(code, 1);
    let (said, code) = test_meters("[[meter]]\nkind = \"shely\"\n", &[]);
    assert!(said.contains("unknown variant `shely`") && code != 0, "{said}");
}

#[test]
fn without_any_the_machine_is_looked_over() {
    let (said, code) = test_meters("", &[]);
    assert!(said.starts_with("No [[meter]] in ") && said.contains("config.toml"), "{said}");
    // What this machine has by itself differs; if it has nothing, an estimate is proposed.
    assert_eq!(code == 1, said.contains("[[meter]]\nkind = \"model\"\n"), "{said}");
}
