//! The machines of a cluster and the centre, as they talk: the agent on a machine ([`agent`]), the way to the centre
//! ([`call`]), and the centre's side of it ([`gate`]). Both know each other by a key of Ed25519 ([`key`]), over TLS 1.3 with
//! those keys themselves (RFC 7250) in place of certificates: there is nobody to issue one, nothing runs out, and what is
//! compared is the key. Must not know what is done with a report, nor what a run is.

pub mod agent;
pub mod call;
pub mod gate;
pub mod key;

mod about;
mod http;
mod jobs;
mod look;
#[cfg(test)]
mod tests;
mod timed;
mod tls;

pub use look::look;
