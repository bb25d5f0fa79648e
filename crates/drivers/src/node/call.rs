//! The way from a machine to its centre. Must not know what is in a report.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::{http, key::Key, timed::Timed, tls};

/// A report takes no longer, whatever the network does.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Why the centre has not taken what was sent.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It is not there, or is somebody else.
    #[error("the centre at {centre}: {source}")]
    Way {
        /// Where it should be.
        centre: String,
        /// What happened.
        source: io::Error,
    },
    /// It says no.
    #[error("the centre says no ({status}): {why}")]
    Refused {
        /// Status of HTTP.
        status: u16,
        /// Why.
        why: String,
    },
}

/// Sends `body` to `path` of the centre at `HOST:PORT`, which must have the key `theirs`; says what it answered.
///
/// # Errors
/// [`CallError`].
pub fn post(centre: &str, own: &Key, theirs: [u8; 32], path: &str, body: &[u8]) -> Result<Vec<u8>, CallError> {
    let way = |source: io::Error| CallError::Way { centre: centre.to_owned(), source };
    let (status, said) = exchange(centre, own, theirs, path, body).map_err(way)?;
    if status == 200 {
        return Ok(said);
    }
    Err(CallError::Refused { status, why: node::report::plain(&String::from_utf8_lossy(&said)) })
}

fn exchange(centre: &str, own: &Key, theirs: [u8; 32], path: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let config = tls::client(own, theirs)?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in centre.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, LIMIT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                // The name is not sent: there is nothing to ask by it.
                let name = ServerName::from(address.ip());
                let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
                return http::ask(&mut StreamOwned::new(tls, Timed::new(stream, LIMIT)), path, body);
            }
            Err(fault) => last = fault,
        }
    }
    Err(last)
}
