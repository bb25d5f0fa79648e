//! Members' files: browsing, reading, changing. Everything is done by a process of the member's own ([`client`]), within
//! the member's rights.

pub mod client;
