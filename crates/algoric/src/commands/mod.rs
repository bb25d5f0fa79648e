//! The commands of `algoric`, one a file. Each file has its `Args` (whose comments are the help) and a `run` that is
//! given them and the [`House`]; what can be decided without a centre is decided in the pure crates.

mod admin;
mod adopt;
mod cluster;
mod data;
mod demo;
mod doctor;
mod drain;
mod energy;
mod grow;
mod history;
mod job;
mod kernel;
mod links;
mod meter;
mod money;
mod node;
mod people;
mod power;
mod price;
pub mod quote;
mod reservation;
mod simulate;
mod status;
mod stop;
mod tariff;
mod trial;
mod up;
mod urgent;
mod web;
mod why;

use std::{ffi::OsString, path::PathBuf};

use clap::{Parser, Subcommand};

use crate::{
    client::{Client, ClientError},
    console, exit,
    place::{self, Place},
    report,
    words::Words,
};

/// The software of a small computing centre: from one machine, a place where members submit jobs.
///
/// `algoric try` shows it at work in less than a minute. `algoric up` starts a centre. `algoric commands DIR` puts
/// sbatch, squeue and the others there.
#[derive(Parser)]
#[command(name = "algoric", version, max_term_width = 100, disable_help_subcommand = true)]
struct CommandLine {
    /// Data directory of the centre that is meant [default: /var/lib/algoric where root has started that one, else
    /// ~/.local/share/algoric]
    #[arg(long, global = true, value_name = "DIR", env = place::VARIABLE, hide_env_values = true)]
    data: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Try(trial::Args),
    Up(up::UpArgs),
    #[command(hide = true)]
    Launcher(up::LauncherArgs),
    #[command(hide = true)]
    Centre(up::CentreArgs),
    Status(status::Args),
    Why(why::Args),
    Quote(quote::Args),
    History(history::Args),
    Job(job::Args),
    Simulate(simulate::Args),
    Stop(stop::Args),
    Urgent(urgent::Args),
    Drain(drain::DrainArgs),
    Resume(drain::ResumeArgs),
    #[command(subcommand)]
    Price(price::PriceCommand),
    #[command(subcommand)]
    Tariff(tariff::TariffCommand),
    #[command(subcommand)]
    Customer(money::customer::CustomerCommand),
    #[command(subcommand)]
    Ledger(money::ledger::LedgerCommand),
    #[command(subcommand)]
    Invoice(money::invoice::InvoiceCommand),
    #[command(subcommand)]
    Project(admin::ProjectCommand),
    #[command(subcommand)]
    Member(admin::MemberCommand),
    #[command(subcommand)]
    Operator(admin::OperatorCommand),
    #[command(subcommand)]
    Token(people::TokenCommand),
    #[command(subcommand)]
    Reservation(reservation::ReservationCommand),
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    Adopt(adopt::Args),
    Doctor(doctor::Args),
    #[command(subcommand)]
    Grow(grow::GrowCommand),
    Energy(energy::Args),
    #[command(subcommand)]
    Meter(meter::MeterCommand),
    #[command(subcommand)]
    Node(node::NodeCommand),
    #[command(subcommand)]
    Power(power::PowerCommand),
    Commands(links::Args),
    Backup(data::BackupArgs),
    Restore(data::RestoreArgs),
    Check(data::CheckArgs),
    #[command(subcommand, hide = true)]
    Demo(demo::DemoCommand),
    #[command(subcommand)]
    Kernel(kernel::KernelCommand),
}

/// What every command is given: which centre, and the reader's language.
pub struct House {
    /// The centre that is meant.
    pub place: Place,
    /// The reader's language.
    pub words: Words,
}

impl House {
    /// A connection to the centre.
    ///
    /// # Errors
    /// [`ClientError::NoCentre`].
    pub fn call(&self) -> Result<Client, ClientError> {
        Client::connect(&self.place)
    }
}

/// Reads the command line, does what it says, and returns what to exit with.
pub fn run(args: Vec<OsString>) -> u8 {
    let line = match CommandLine::try_parse_from(args) {
        Ok(line) => line,
        Err(shown) if shown.use_stderr() => {
            console::complain(shown.render().to_string());
            return exit::USAGE;
        }
        Err(shown) => {
            console::print(shown.render().to_string());
            return exit::OK;
        }
    };
    let place = line.data.filter(|data| !data.as_os_str().is_empty()).map_or_else(Place::find, Place::at);
    let house = House { place, words: Words::of_environment() };
    line.command.run(&house).unwrap_or_else(|error| report::report(&error, &house.words))
}

impl Command {
    fn run(self, house: &House) -> anyhow::Result<u8> {
        match self {
            Command::Try(args) => trial::run(&args, house),
            Command::Up(args) => up::up(&args, house),
            Command::Launcher(args) => up::launcher(&args, house),
            Command::Centre(args) => up::centre(&args, house),
            Command::Status(args) => status::run(&args, house),
            Command::Why(args) => why::run(&args, house),
            Command::Quote(args) => quote::run(args, house),
            Command::History(args) => history::run(&args, house),
            Command::Job(args) => job::run(&args, house),
            Command::Simulate(args) => simulate::run(&args, house),
            Command::Stop(args) => stop::run(&args, house),
            Command::Urgent(args) => urgent::run(&args, house),
            Command::Drain(args) => drain::drain(args, house),
            Command::Resume(args) => drain::resume(&args, house),
            Command::Customer(command) => money::customer::run(command, house),
            Command::Ledger(command) => money::ledger::run(command, house),
            Command::Invoice(command) => money::invoice::run(command, house),
            Command::Project(command) => admin::project(command, house),
            Command::Member(command) => admin::member(command, house),
            Command::Operator(command) => admin::operator(command, house),
            Command::Token(command) => people::token(command, house),
            Command::Reservation(command) => reservation::run(command, house),
            Command::Cluster(command) => cluster::run(command, house),
            Command::Adopt(args) => adopt::run(&args, house),
            Command::Doctor(args) => doctor::run(&args, house),
            Command::Grow(command) => grow::run(command, house),
            Command::Energy(args) => energy::run(&args, house),
            Command::Meter(command) => meter::run(command, house),
            Command::Price(command) => price::run(command, house),
            Command::Tariff(command) => tariff::run(command, house),
            Command::Node(command) => node::run(command, house),
            Command::Power(command) => power::run(command, house),
            Command::Commands(args) => links::run(&args, house),
            Command::Backup(args) => data::backup(&args, house),
            Command::Restore(args) => data::restore(&args, house),
            Command::Check(args) => data::check(&args, house),
            Command::Demo(command) => demo::run(&command, house),
            Command::Kernel(command) => kernel::run(command, house),
        }
    }
}
