//! `algoric reservation`: the machine, or some of its cores, for some people and some time.

use api::{Reply, Request, ReservationSpec};
use clap::{Args, Subcommand};
use dialect::{
    text::Clock,
    values::{limit, when},
};
use model::{Span, Time};

use super::House;
use crate::{
    client::ClientError,
    console, exit,
    report::Fault,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// Lists or changes who has the machine to themselves, and when
#[derive(Subcommand)]
pub enum ReservationCommand {
    /// Makes a reservation (operators)
    Add(AddArgs),
    /// Lists reservations
    List(Format),
    /// Ends a reservation (operators)
    Remove {
        /// Its name
        name: String,
    },
}

/// What is reserved.
#[derive(Args)]
pub struct AddArgs {
    /// Its name, as sbatch --reservation takes it; default: one is made up
    #[arg(default_value = "", hide_default_value = true)]
    name: String,

    /// From when: now, 16:00, tomorrow, 2026-11-23T08:00, now+2hours
    #[arg(long, default_value = "now", value_name = "TIME")]
    start: String,

    /// Until when
    #[arg(long, value_name = "TIME", required_unless_present = "duration", conflicts_with = "duration")]
    end: Option<String>,

    /// For how long: 90 (minutes), 4:00:00, 2-0 (days)
    #[arg(long, value_name = "TIME")]
    duration: Option<String>,

    /// How many cores; default: the whole machine
    #[arg(long)]
    cores: Option<u32>,

    /// For these users
    #[arg(long, value_delimiter = ',', value_name = "USER,...", required_unless_present = "projects")]
    users: Vec<String>,

    /// For these projects
    #[arg(long, value_delimiter = ',', value_name = "PROJECT,...")]
    projects: Vec<String>,
}

impl Noun for ReservationSpec {
    const COLUMNS: &'static [Column] = &[
        text("column-name"),
        text("column-start"),
        text("column-end"),
        number("column-cores"),
        text("column-users"),
        text("column-projects"),
    ];

    fn name(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        vec![
            self.name.clone(),
            words.time(self.start),
            words.time(self.end),
            self.cores.map_or_else(|| words.say("all-cores"), |cores| cores.to_string()),
            self.users.join(","),
            self.accounts.join(","),
        ]
    }
}

/// Reservations.
pub fn run(command: ReservationCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        ReservationCommand::Add(args) => {
            let zone = crate::zone::of_process();
            let clock = Clock { now: Time(jiff::Timestamp::now().as_millisecond()), zone: &zone };
            house.call()?.order(&Request::Reserve(plan(args, &clock)?))?;
            console::line(house.words.say("reservation-added"));
        }
        ReservationCommand::List(format) => match house.call()?.ask(&Request::Reservations)? {
            Reply::Reservations(rows) => show::list(&rows, format, &house.words)?,
            _ => return Err(ClientError::Unfit.into()),
        },
        ReservationCommand::Remove { name } => {
            house.call()?.order(&Request::Unreserve(name))?;
            console::line(house.words.say("reservation-removed"));
        }
    }
    Ok(exit::OK)
}

/// The raw words as a plan, or the fault in them.
fn plan(args: AddArgs, clock: &Clock<'_>) -> Result<ReservationSpec, Fault> {
    let instant = |text: &str| when::parse(text.as_bytes(), clock, when::Lean::Future).map_err(|_| no_time(text));
    let start = instant(&args.start)?;
    let end = match (&args.end, &args.duration) {
        (Some(end), _) => instant(end)?,
        (None, Some(span)) => start + Span::minutes(limit::minutes(span.as_bytes()).ok_or_else(|| no_time(span))?),
        (None, None) => start,
    };
    if end <= start {
        return Err(Fault::new("reservation-backwards", []).code(exit::USAGE));
    }
    let AddArgs { name, cores, users, projects, .. } = args;
    Ok(ReservationSpec { name, start, end, cores, users, accounts: projects, flags: Vec::new() })
}

fn no_time(text: &str) -> Fault {
    Fault::new("no-time", [("text", text.to_owned())]).code(exit::USAGE)
}
