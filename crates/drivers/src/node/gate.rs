//! Where machines come in: a process of its own, without any privilege or file, that takes bytes from the network and hands
//! on what a known key sent. What it holds is bounded: connections, bytes, and the time of each. Must not know what a report
//! says, nor whose a key is.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{http, http::Status, key::Key, timed::Timed, tls};

/// So many are listened to at once;
const MOST: usize = 256;
/// from one address.
const MOST_EACH: usize = 64;
/// A connection is over after this.
const LIMIT: Duration = Duration::from_secs(10);
/// From one address so many at once, and so many more a second.
const BURST: f64 = 200.0;
const PACE: f64 = 50.0;
/// Addresses that are remembered.
const MOST_ADDRESSES: usize = 4096;

/// Who answers.
pub trait Answers: Send + Sync {
    /// Whether anything is taken from this key.
    fn is_known(&self, key: &[u8; 32]) -> bool;

    /// Answers what it sent, with a status of HTTP.
    fn answer(&self, key: &[u8; 32], path: &str, body: Vec<u8>) -> (u16, Vec<u8>);
}

/// Listens for ever.
///
/// # Errors
/// What cannot go on: no key, no listening.
pub fn serve(listener: &TcpListener, key: &Key, answers: Arc<dyn Answers>) -> io::Result<()> {
    let config = tls::server(key)?;
    let guests = Arc::new(Mutex::new(Guests::default()));
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(fault) if is_fatal(&fault) => return Err(fault),
            Err(_) => {
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let Ok(address) = stream.peer_addr().map(|address| address.ip()) else { continue };
        // Who comes too often is hung up on, before anything is computed for them.
        if !lock(&guests).enter(address, Instant::now()) {
            continue;
        }
        let guest = Guest { guests: guests.clone(), address };
        let (config, answers) = (config.clone(), answers.clone());
        let talk = move || {
            let guest = guest;
            // What goes wrong with a stranger is the stranger's.
            talk(stream, config, &*answers).ok();
            drop(guest);
        };
        thread::Builder::new().name("machine".to_owned()).stack_size(256 << 10).spawn(talk).ok();
    }
}

fn is_fatal(fault: &io::Error) -> bool {
    matches!(fault.raw_os_error(), Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK))
}

fn talk(stream: TcpStream, config: Arc<ServerConfig>, answers: &dyn Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut timed = Timed::new(stream, LIMIT);
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut timed)?;
    }
    let sent = tls.peer_certificates().and_then(|sent| sent.first());
    let key = sent.and_then(|sent| tls::public(sent)).ok_or(io::ErrorKind::PermissionDenied)?;
    let is_known = answers.is_known(&key);
    let mut stream = StreamOwned::new(tls, timed);
    let (status, body) = match http::request(&mut stream)? {
        Err(status) => (status, Vec::new()),
        // Who asks to be let in is not known yet.
        Ok((path, body)) if is_known || path == "/v1/enrol" => {
            let (status, body) = answers.answer(&key, &path, body);
            (Status(status), body)
        }
        Ok(_) => (Status(403), b"this key is not known here".to_vec()),
    };
    http::answer(&mut stream, status, &body)?;
    stream.conn.send_close_notify();
    stream.conn.complete_io(&mut stream.sock).map(drop)
}

/// Who is here, and who was lately.
#[derive(Default)]
struct Guests {
    all: usize,
    each: HashMap<IpAddr, Trace>,
}

struct Trace {
    here: usize,
    /// How many may come at once, as of then.
    room: f64,
    at: Instant,
}

impl Guests {
    fn enter(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.each.len() >= MOST_ADDRESSES {
            self.each.retain(|_, trace| trace.here > 0 || trace.refilled(now) < BURST);
        }
        if self.all >= MOST || (self.each.len() >= 2 * MOST_ADDRESSES && !self.each.contains_key(&address)) {
            return false;
        }
        let trace = self.each.entry(address).or_insert(Trace { here: 0, room: BURST, at: now });
        (trace.room, trace.at) = (trace.refilled(now), now);
        if trace.here >= MOST_EACH || trace.room < 1.0 {
            return false;
        }
        trace.room -= 1.0;
        trace.here += 1;
        self.all += 1;
        true
    }

    fn leave(&mut self, address: IpAddr) {
        self.all = self.all.saturating_sub(1);
        if let Some(trace) = self.each.get_mut(&address) {
            trace.here = trace.here.saturating_sub(1);
        }
    }
}

impl Trace {
    fn refilled(&self, now: Instant) -> f64 {
        (self.room + now.saturating_duration_since(self.at).as_secs_f64() * PACE).min(BURST)
    }
}

/// Leaves when it is dropped, also where its thread could not begin.
struct Guest {
    guests: Arc<Mutex<Guests>>,
    address: IpAddr,
}

impl Drop for Guest {
    fn drop(&mut self) {
        lock(&self.guests).leave(self.address);
    }
}

fn lock(guests: &Mutex<Guests>) -> std::sync::MutexGuard<'_, Guests> {
    guests.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_the_room() {
        let (mut guests, now) = (Guests::default(), Instant::now());
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        let enter = |guests: &mut Guests, n: u8, count: usize, now: Instant| {
            (0..count).filter(|_| guests.enter(address(n), now)).count()
        };
        assert_eq!(enter(&mut guests, 1, 500, now), MOST_EACH);
        assert_eq!(enter(&mut guests, 2, 10, now), 10);
        (0..MOST_EACH).for_each(|_| guests.leave(address(1)));
        // What is left of the burst, and then no more than the pace.
        let mut come_and_go = |now: Instant| {
            let mut one = || {
                let is_in = guests.enter(address(1), now);
                if is_in {
                    guests.leave(address(1));
                }
                is_in
            };
            (0..1000).filter(|_| one()).count()
        };
        assert_eq!(come_and_go(now), BURST as usize - MOST_EACH);
        assert_eq!(come_and_go(now + Duration::from_secs(1)), PACE as usize);
        assert_eq!(come_and_go(now + Duration::from_secs(100)), BURST as usize);
    }
}
