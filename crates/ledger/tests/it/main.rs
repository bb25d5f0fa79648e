//! From tariffs to the accountant's file, each against a reference that is written differently or known by hand.
#![allow(clippy::unwrap_used)]

mod budgets;
mod chains;
mod costs;
mod exports;
mod histories;
mod invoices;
mod kept;
mod prices;
mod quotes;
mod tariffs;
mod world;

use jiff::tz::TimeZone;
use ledger::tariff::{Book, SHIPPED};
use model::Time;

/// An instant, as RFC 3339 writes it.
fn at(text: &str) -> Time {
    Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// France since 1996, without a zone database.
fn france() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

/// The shipped template.
fn shipped() -> Book {
    Book::parse(SHIPPED, france()).unwrap()
}
