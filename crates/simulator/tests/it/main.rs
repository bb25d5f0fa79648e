//! Traces and random workloads, played and compared with what is known to be right.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

mod centre;
mod centre_park;
mod naive;
mod naive_centre;
mod naive_park;
mod naive_promises;
mod naive_thrift;
mod parks;
mod pools;
mod promises;
mod swf;
mod thrift_memory;
mod traces;
