//! A machine woken over the network by a magic packet: six times FF, then sixteen times the address of its card (AMD, Magic
//! Packet Technology, 20213). A packet switches nothing off: a program does. Must not know when.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use super::{Power, PowerError, Seen, Shutdown};
use crate::meters::MeterError;

/// One machine.
pub struct Wake {
    card: [u8; 6],
    broadcast: String,
    /// Where it is seen to be up.
    seen_at: String,
    shutdown: Shutdown,
    limit: Duration,
}

/// The six bytes of `00:25:90:aa:bb:cc`.
pub(super) fn card(text: &str) -> Option<[u8; 6]> {
    let bytes: Option<Vec<u8>> =
        text.split([':', '-']).map(|part| u8::from_str_radix(part, 16).ok().filter(|_| part.len() == 2)).collect();
    bytes?.try_into().ok()
}

/// What wakes the machine with this card.
fn packet(card: [u8; 6]) -> Vec<u8> {
    [[0xff; 6]].iter().chain(std::iter::repeat_n(&card, 16)).flatten().copied().collect()
}

impl Wake {
    /// The packet goes to `broadcast` (`10.0.0.255:9`); the machine is up when it answers at `seen_at` (`n1:22`), if only to
    /// refuse.
    pub fn new(card: [u8; 6], broadcast: String, seen_at: String, shutdown: Shutdown, limit: Duration) -> Self {
        Self { card, broadcast, seen_at, shutdown, limit }
    }
}

impl Power for Wake {
    fn on(&mut self, _: &str) -> Result<(), PowerError> {
        let send = || {
            let socket = UdpSocket::bind("0.0.0.0:0")?;
            socket.set_broadcast(true)?;
            socket.send_to(&packet(self.card), &self.broadcast)
        };
        send().map(drop).map_err(|source| MeterError::Unreachable { what: self.broadcast.clone(), source }.into())
    }

    fn off(&mut self, node: &str) -> Result<(), PowerError> {
        if self.state(node)? == Seen::Off { Ok(()) } else { self.shutdown.run(node) }
    }

    fn state(&mut self, _: &str) -> Result<Seen, PowerError> {
        let unknown = |source| MeterError::Unreachable { what: self.seen_at.clone(), source };
        let address = self.seen_at.to_socket_addrs().map_err(unknown)?.next();
        let address = address.ok_or_else(|| unknown(ErrorKind::NotFound.into()))?;
        match TcpStream::connect_timeout(&address, self.limit.min(Duration::from_secs(3))) {
            Ok(_) => Ok(Seen::On),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Seen::On),
            Err(_) => Ok(Seen::Off),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_read() {
        let check = |text: &str, expected: Option<[u8; 6]>| assert_eq!(card(text), expected, "{text}");
        check("00:25:90:aa:BB:cc", Some([0, 0x25, 0x90, 0xaa, 0xbb, 0xcc]));
        check("00-25-90-aa-bb-cc", Some([0, 0x25, 0x90, 0xaa, 0xbb, 0xcc]));
        check("00:25:90:aa:bb", None);
        check("0:25:90:aa:bb:cc", None);
        check("", None);
    }

    #[test]
    fn a_packet_has_its_shape() {
        let bytes = packet([1, 2, 3, 4, 5, 6]);
        assert_eq!(bytes.len(), 102);
        assert_eq!(bytes[..12], [255, 255, 255, 255, 255, 255, 1, 2, 3, 4, 5, 6]);
        assert_eq!(bytes[96..], [1, 2, 3, 4, 5, 6]);
    }
}
