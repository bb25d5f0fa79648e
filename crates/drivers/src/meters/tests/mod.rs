//! Meters against made answers, small servers, and real peers where they are installed (`ipmi_sim`, `snmpsimd`): what
//! a peer needs and is not there is said, and the rest is tested.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

pub(crate) mod boards;
mod cards;
mod chain;
mod files;
mod plugs;
mod strips;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use super::{Meter, MeterConfig, MeterError, Roots};

/// The meter that an operator wrote this of.
fn configured(text: &str, roots: &Roots) -> Result<Box<dyn Meter>, MeterError> {
    toml::from_str::<MeterConfig>(text).unwrap().open(roots)
}

/// What it says as `milliwatts/microjoules` for each channel (`-` for none), or its error.
fn said(meter: &mut dyn Meter) -> String {
    let number = |number: Option<i64>| number.map_or("-".into(), |number| number.to_string());
    match meter.read() {
        Ok(channels) => {
            let channel = |channel: &energy::meter::Channel| {
                let energy = channel.counter.map(|counter| counter.energy.0);
                format!("{}/{}", number(channel.power.map(|power| power.0)), number(energy))
            };
            channels.iter().map(channel).collect::<Vec<_>>().join(" ")
        }
        Err(error) => error.to_string(),
    }
}

fn quick() -> Roots {
    Roots { limit: Duration::from_millis(400), ..Roots::default() }
}

/// A server on this machine that answers each request by `answer`, until the test's process ends. Returns `host:port`.
pub(crate) fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            answer(&String::from_utf8_lossy(&request), &mut stream);
        }
    });
    address
}

/// A server that knows these paths.
fn serve_paths(paths: &[(&'static str, &'static str)]) -> String {
    let paths = paths.to_vec();
    serve(move |request, stream| {
        let path = request.split(' ').nth(1).unwrap_or("");
        let body = paths.iter().find(|(known, _)| *known == path).map(|(_, body)| *body);
        reply(stream, if body.is_some() { "200 OK" } else { "404 Not Found" }, body.unwrap_or("{}"));
    })
}

pub(crate) fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    // Who asked may have gone.
    let _sent = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

/// Writes files below a folder, by their paths.
fn write_files(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Where a program of the system is; `None`, and said, where it is not installed.
fn installed(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin")]).map(|folder| folder.join(program));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        eprintln!("not run: {program} is not installed");
    }
    found
}

/// A peer that ends with the test.
pub(crate) struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// A UDP port that nobody has, for now.
fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
