//! Asks a device for numbers by SNMP version 2c (RFC 1905, 1901). Must not know what they mean.

use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::ber::{self, Reader};
use super::{MeterError, excerpt};

const VERSION_2C: i64 = 1;
const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;

/// A device that answers SNMP.
pub struct Agent {
    address: String,
    community: String,
    limit: Duration,
    last_id: i32,
}

impl Agent {
    /// A device at `host` or `host:port` (161 without).
    pub fn new(address: &str, community: &str, limit: Duration) -> Self {
        let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { address.to_owned() } else { format!("{address}:161") };
        // Where it starts does not matter: each question has a socket of its own, so no old answer reaches it.
        Self { address, community: community.into(), limit, last_id: 0 }
    }

    /// The numbers at these places, in this order; `None` where the device has none.
    ///
    /// # Errors
    /// No answer in time (asked twice: datagrams get lost), or none that can be read.
    pub fn get(&mut self, places: &[Vec<u32>]) -> Result<Vec<Option<i64>>, MeterError> {
        self.last_id = self.last_id.wrapping_add(1) & 0x7fff_ffff;
        let what = format!("SNMP agent at {}", self.address);
        let request = request(&self.community, self.last_id, places);
        let answer = self.exchange(&request).map_err(|source| match source.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                // One that does not like the community stays silent as well.
                MeterError::Late { what: format!("{what} (or its community is another)"), limit: self.limit }
            }
            _ => MeterError::Unreachable { what: what.clone(), source },
        })?;
        match parse(&answer, self.last_id) {
            Some((0, numbers)) if numbers.len() == places.len() => Ok(numbers),
            Some((status @ 1.., _)) => Err(MeterError::Refused { what, answer: format!("error {status}") }),
            _ => Err(MeterError::NotUnderstood { what, found: excerpt(&answer), expected: "an answer of SNMP" }),
        }
    }

    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let any = if self.address.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(any)?;
        // Only datagrams of that address are taken.
        socket.connect(&self.address)?;
        let mut buffer = [0; 4096];
        let half = self.limit / 2;
        for _attempt in 0..2 {
            socket.send(request)?;
            let until = Instant::now() + half;
            while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                socket.set_read_timeout(Some(left))?;
                match socket.recv(&mut buffer) {
                    // A late answer to the first of two is an answer, too; one to another question is not.
                    Ok(count) if is_answer(&buffer[..count], self.last_id) => return Ok(buffer[..count].to_vec()),
                    Ok(_) => {}
                    Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

/// What cannot be read at all is an answer as well: it will be said what came.
fn is_answer(datagram: &[u8], id: i32) -> bool {
    request_id(datagram).is_none_or(|found| found == i64::from(id))
}

fn request(community: &str, id: i32, places: &[Vec<u32>]) -> Vec<u8> {
    let binding = |place: &Vec<u32>| {
        let pair = [ber::oid(place), ber::encode(ber::NULL, &[])].concat();
        ber::encode(ber::SEQUENCE, &pair)
    };
    let bindings: Vec<u8> = places.iter().flat_map(binding).collect();
    let pdu = [ber::integer(id.into()), ber::integer(0), ber::integer(0), ber::encode(ber::SEQUENCE, &bindings)];
    let message =
        [ber::integer(VERSION_2C), ber::encode(ber::OCTETS, community.as_bytes()), ber::encode(GET, &pdu.concat())];
    ber::encode(ber::SEQUENCE, &message.concat())
}

/// The inside of a response.
fn response(datagram: &[u8]) -> Option<Reader<'_>> {
    let mut message = Reader(Reader(datagram).expect(ber::SEQUENCE)?);
    message.expect(ber::INTEGER)?;
    message.expect(ber::OCTETS)?;
    message.expect(RESPONSE).map(Reader)
}

fn request_id(datagram: &[u8]) -> Option<i64> {
    ber::signed(response(datagram)?.expect(ber::INTEGER)?)
}

/// Error status and numbers.
fn parse(datagram: &[u8], id: i32) -> Option<(i64, Vec<Option<i64>>)> {
    let mut pdu = response(datagram)?;
    let found = ber::signed(pdu.expect(ber::INTEGER)?)?;
    let status = ber::signed(pdu.expect(ber::INTEGER)?)?;
    pdu.expect(ber::INTEGER)?;
    let mut bindings = Reader(pdu.expect(ber::SEQUENCE)?);
    let mut numbers = Vec::new();
    while let Some(content) = bindings.expect(ber::SEQUENCE) {
        let mut binding = Reader(content);
        binding.expect(ber::OID)?;
        let (tag, content) = binding.next()?;
        numbers.push(number(tag, content));
    }
    (found == i64::from(id)).then_some((status, numbers))
}

/// Whole numbers of all kinds, and those that some devices write as texts; not so "no such object".
fn number(tag: u8, content: &[u8]) -> Option<i64> {
    match tag {
        ber::INTEGER => ber::signed(content),
        // Counter32, Gauge32, TimeTicks, Counter64.
        0x41 | 0x42 | 0x43 | 0x46 => i64::try_from(ber::unsigned(content)?).ok(),
        ber::OCTETS => std::str::from_utf8(content).ok()?.trim().parse().ok(),
        _ => None,
    }
}
