//! From a listening socket to requests: TLS where there is a certificate, and no more of anybody than there is room for:
//! so many connections, so many of one address, so much time for the head of a request, and for nothing to move
//! ([`crate::stall`]). Must not know pages.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::Service as _};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::stall;

/// Connections at once.
const MOST: usize = 1024;
/// Of one address; a training room has one.
const EACH: usize = 256;
/// So long may take the head of a request, or nothing come at all.
const HEAD: Duration = Duration::from_secs(10);
/// So long may take the beginning of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The head of a request, at most.
const HEAD_BYTES: usize = 32 << 10;

/// A certificate with its chain, and its key (PEM).
pub struct Certificate {
    /// The certificates.
    pub chain: Vec<u8>,
    /// The key.
    pub key: Vec<u8>,
}

impl Certificate {
    /// Whether it can be used.
    ///
    /// # Errors
    /// What is wrong with it, never what is in it.
    pub fn check(&self) -> io::Result<()> {
        self.acceptor().map(|_| ())
    }

    /// Makes it ready for use.
    ///
    /// # Errors
    /// What is wrong with it, never what is in it.
    fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let chain = CertificateDer::pem_slice_iter(&self.chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| wrong("the certificate is no PEM file"))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| wrong("the key is no PEM file of a key"))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| wrong("TLS cannot begin"))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|fault| wrong(&format!("the certificate and its key: {fault}")))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Who is connected, by address.
#[derive(Default)]
struct Crowd(Mutex<HashMap<IpAddr, usize>>);

/// A connection's place among those of its address.
struct Seat {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    /// A place, if this address has not too many.
    fn seat(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Seat> {
        let mut places = self.0.lock().ok()?;
        let taken = places.entry(address).or_default();
        if *taken >= most {
            return None;
        }
        *taken += 1;
        Some(Seat { crowd: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Ok(mut places) = self.crowd.0.lock() else { return };
        if let Some(taken) = places.get_mut(&self.address) {
            *taken -= 1;
            if *taken == 0 {
                places.remove(&self.address);
            }
        }
    }
}

/// Serves for ever. All connections of the proxy are one address's, so they are not counted.
///
/// # Errors
/// What is wrong with the certificate.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    certificate: Option<&Certificate>,
    proxy: Option<IpAddr>,
) -> io::Result<()> {
    let tls = certificate.map(Certificate::acceptor).transpose()?;
    let (room, crowd) = (Arc::new(Semaphore::new(MOST)), Arc::new(Crowd::default()));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return Ok(()) };
        let Ok((stream, peer)) = listener.accept().await else {
            // No descriptor is left, most likely: others will go.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let most = if proxy == Some(peer.ip().to_canonical()) { MOST } else { EACH };
        let Some(seat) = crowd.seat(peer.ip(), most) else { continue };
        let (app, tls) = (app.clone(), tls.clone());
        tokio::spawn(async move {
            begin(stream, peer, app, tls).await;
            drop((place, seat));
        });
    }
}

async fn begin(stream: TcpStream, peer: SocketAddr, app: Router, tls: Option<TlsAcceptor>) {
    stream.set_nodelay(true).ok();
    match tls {
        None => talk(stream, peer, app).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                talk(stream, peer, app).await;
            }
        }
    }
}

/// Answers requests until the other end has no more. What goes wrong is the other end's affair.
async fn talk(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, peer: SocketAddr, app: Router) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let body = |body| Body::new(stall::Sender::new(Body::new(body), stall::SENDING));
        TowerToHyperService::new(app.clone()).call(request.map(body))
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES).max_headers(64);
    let stream = stall::Listener::new(stream, stall::TAKING);
    builder.serve_connection(TokioIo::new(stream), service).await.ok();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nobody_takes_all_places() {
        let crowd = Arc::new(Crowd::default());
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let seats: Vec<Seat> = (0..5).filter_map(|_| crowd.seat(one, 3)).collect();
        assert_eq!(seats.len(), 3);
        assert!(crowd.seat(other, 3).is_some(), "others are let in");
        drop(seats);
        assert!(crowd.seat(one, 3).is_some(), "places are given back");
        assert!(crowd.0.lock().unwrap().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_without_its_key() {
        let certificate = Certificate { chain: b"nonsense".to_vec(), key: b"secret nonsense".to_vec() };
        let said = certificate.acceptor().err().unwrap().to_string();
        assert!(!said.contains("secret"), "{said}");
    }
}
