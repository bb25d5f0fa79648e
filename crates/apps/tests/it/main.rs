//! What templates promise: wrong ones are explained, wrong values are refused, and what a value is made of reaches the
//! script byte for byte and is never run.
#![allow(clippy::unwrap_used)]
// Values are only worth something once a real shell has read them.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod hostile;
mod templates;
