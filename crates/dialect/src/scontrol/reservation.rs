//! Reservations: what `scontrol create`, `update` and `show` say of them.

use model::{Span, Time};

use super::Style;
use super::job::Layout;
use crate::text::{Clock, put, put_full_span, put_timestamp};

/// A reservation to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reservation {
    /// Its name.
    pub name: String,
    /// From when.
    pub start: Time,
    /// Until when.
    pub end: Time,
    /// On which machines.
    pub nodes: Vec<String>,
    /// How many cores.
    pub cores: u32,
    /// Its partition; empty: any.
    pub partition: String,
    /// `MAINT`, `IGNORE_JOBS`, ...
    pub flags: Vec<String>,
    /// Who may use it, by login name.
    pub users: Vec<String>,
    /// Which projects may.
    pub accounts: Vec<String>,
}

/// What `create` and `update` ask for; `None` is left as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReservationChange {
    /// `ReservationName`; the centre makes one up for a new reservation without.
    pub name: Option<String>,
    /// `StartTime`.
    pub start: Option<Time>,
    /// `EndTime`.
    pub end: Option<Time>,
    /// `Duration`; `Some(None)` has no end.
    pub duration: Option<Option<Span>>,
    /// `Users`, with `+` and `-` before a name where given.
    pub users: Option<Vec<String>>,
    /// `Accounts`, the same.
    pub accounts: Option<Vec<String>>,
    /// `Nodes`, ranges written out, or `ALL`.
    pub nodes: Option<Vec<String>>,
    /// `NodeCnt`.
    pub node_count: Option<u32>,
    /// `CoreCnt`.
    pub core_count: Option<u32>,
    /// `PartitionName`.
    pub partition: Option<String>,
    /// `Flags`, upper case.
    pub flags: Option<Vec<String>>,
    /// `Comment`.
    pub comment: Option<String>,
}

/// Writes one reservation.
pub fn put_reservation(reservation: &Reservation, style: Style, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut layout = Layout { out, one_line: style.one_line };
    put(layout.out, format_args!("ReservationName={} StartTime=", reservation.name));
    put_timestamp(layout.out, reservation.start, clock.zone);
    layout.out.extend_from_slice(b" EndTime=");
    put_timestamp(layout.out, reservation.end, clock.zone);
    layout.out.extend_from_slice(b" Duration=");
    put_full_span(layout.out, reservation.end - reservation.start);
    let or_null = |list: &[String]| if list.is_empty() { String::from("(null)") } else { list.join(",") };
    let partition = if reservation.partition.is_empty() { "(null)" } else { &reservation.partition };
    layout.line(format_args!(
        "Nodes={} NodeCnt={} CoreCnt={} Features=(null) PartitionName={partition} Flags={}",
        crate::values::hostlist::compress(&reservation.nodes),
        reservation.nodes.len(),
        reservation.cores,
        reservation.flags.join(",")
    ));
    layout.line(format_args!("TRES=cpu={}", reservation.cores));
    layout.line(format_args!(
        "Users={} Groups=(null) Accounts={} Licenses=(null) State={} BurstBuffer=(null) Watts=n/a",
        or_null(&reservation.users),
        or_null(&reservation.accounts),
        if (reservation.start..reservation.end).contains(&clock.now) { "ACTIVE" } else { "INACTIVE" }
    ));
    layout.line(format_args!("MaxStartDelay=(null)"));
    layout.end();
}
