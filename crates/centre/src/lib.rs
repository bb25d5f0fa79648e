//! The service: who asks for what, what is allowed, what is on disk, what the launcher is told. One thread decides; it
//! must not know SQL text, HTML, or how a process is started.

mod admin;
mod agents;
mod allocations;
mod amend;
mod bell;
mod cluster;
mod complain;
mod config;
mod connection;
mod consumption;
mod core;
mod counters;
mod doors;
mod electricity;
mod jobs;
mod journal;
mod launch;
mod learning;
mod listing;
mod mail;
mod metering;
mod metrics;
mod money;
mod opening;
mod owed;
mod paths;
mod people;
mod portal;
mod power;
mod quote;
mod reading;
mod recovery;
mod series;
mod service;
mod shares;
mod status;
mod steps;
mod submissions;
mod submit;
mod used;

pub use allocations::RUNNER;
pub use cluster::sight::hidden as hidden_by_slurm;
pub use config::{
    ConfigError, Engine, File as ConfigFile, PortalSection, TEMPLATE as CONFIG_TEMPLATE, load as load_config,
};
pub use electricity::{Calendars, Electricity};
pub use metering::Meters;
pub use opening::ServiceError;
pub use paths::{Paths, system_data};
pub use service::{Ended, Options, run};
