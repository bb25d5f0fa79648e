//! The door to the browser: one plain page that says the centre is here, `/healthz` and `/metrics` for those who watch it.
//! It shows nothing that belongs to anybody.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use crate::{
    metrics::{self, Board, Gauges, Shown},
    service::clock,
    status::resident_kib,
};

/// Opens the door on a thread of its own: who is slow or strange keeps nobody waiting but other visitors.
pub(crate) fn open(listener: TcpListener, board: Board) -> std::io::Result<()> {
    std::thread::Builder::new().name("door".to_owned()).stack_size(128 << 10).spawn(move || {
        for stream in listener.incoming() {
            let shown = board.lock().map(|board| board.clone()).unwrap_or_default();
            let Ok(stream) = stream else {
                // Out of descriptors, say: give others the time to close theirs.
                std::thread::sleep(Duration::from_millis(100));
                continue;
            };
            answer(stream, &shown).ok();
        }
    })?;
    Ok(())
}

fn answer(mut stream: TcpStream, shown: &Shown) -> std::io::Result<()> {
    stream.set_write_timeout(Some(Duration::from_millis(500)))?;
    let head = head(&mut stream)?;
    let line = String::from_utf8_lossy(&head);
    let path = line.split_whitespace().nth(1).unwrap_or("");
    let (status, kind, body) = match path {
        "/healthz" => ("200 OK", "text/plain", "ok\n".to_owned()),
        "/" => ("200 OK", "text/html; charset=utf-8", page(&shown.gauges)),
        "/metrics" => {
            let text = metrics::text(shown, clock(), resident_kib().unwrap_or(0));
            ("200 OK", "text/plain; version=0.0.4; charset=utf-8", text)
        }
        _ => ("404 Not Found", "text/plain", "nothing here\n".to_owned()),
    };
    let headers = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\n\r\n",
        body.len()
    );
    stream.write_all(headers.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// What a visitor asks, up to the empty line after it, or as much as came within a second; of what is longer, the
/// beginning.
fn head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let until = Instant::now() + Duration::from_secs(1);
    let (mut head, mut count) = (vec![0; 2048], 0);
    while count < head.len() && !head[..count].windows(4).any(|end| end == b"\r\n\r\n") {
        // No time at all would mean: for ever.
        stream.set_read_timeout(Some(until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))))?;
        match stream.read(&mut head[count..]) {
            Ok(0) | Err(_) => break,
            Ok(more) => count += more,
        }
        if Instant::now() >= until {
            break;
        }
    }
    head.truncate(count);
    Ok(head)
}

fn page(glance: &Gauges) -> String {
    let name: String = glance
        .name
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | ' '))
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{name}</title><style>body{{font:18px/1.5 system-ui;max-width:34em;margin:4em auto;padding:0 1em}}</style>\
         <h1>{name}</h1><p>{} of {} CPUs compute; {} jobs run, {} wait.</p>\
         <p lang=\"fr\">{} CPU sur {} calculent ; {} travaux en cours, {} en attente.</p></html>\n",
        glance.cpus_allocated,
        glance.cpus,
        glance.running,
        glance.pending,
        glance.cpus_allocated,
        glance.cpus,
        glance.running,
        glance.pending
    )
}
