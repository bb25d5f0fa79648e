//! `algoric project`, `algoric member`, `algoric operator`: who may use the centre, and who runs it.

use api::{Admin, AdminKind, AdminRow, Reply, Request};
use clap::{Args, Subcommand};

use super::{
    House,
    money::{self, member::PersonCommand, project::PurseCommand},
    people,
};
use crate::{
    client::ClientError,
    console, exit,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// Lists or changes the projects that answer for jobs
#[derive(Subcommand)]
pub enum ProjectCommand {
    /// Makes a project, or changes its description and share (operators)
    Add {
        /// Its name, as sbatch --account takes it
        name: String,
        /// What it is
        #[arg(long, default_value = "", value_name = "TEXT")]
        description: String,
        /// Its share of the machine, against 1 of others
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        shares: u32,
    },
    /// Lists projects and their members
    List(Format),
    /// Lets a project take no new jobs; its past stays (operators)
    Remove {
        /// Its name
        name: String,
    },
    #[command(flatten)]
    Purse(PurseCommand),
}

/// Lists or changes who may use which project
#[derive(Subcommand)]
pub enum MemberCommand {
    /// Lets a user submit for a project (operators)
    Add {
        #[command(flatten)]
        member: Membership,
        /// Submissions without --account go to this project
        #[arg(long)]
        default: bool,
    },
    /// Lists members
    List(Format),
    /// Invites somebody to the pages, and to a project: prints a link that is good once (operators; for a project, also
    /// who leads it)
    Invite(people::InviteArgs),
    /// Takes a user out of a project (operators)
    Remove(Membership),
    #[command(flatten)]
    Person(PersonCommand),
}

/// A user and a project.
#[derive(Args)]
pub struct Membership {
    /// Login name
    user: String,
    /// The project
    #[arg(long, short)]
    project: String,
}

/// Lists or changes who runs the centre
#[derive(Subcommand)]
pub enum OperatorCommand {
    /// Makes a user an operator (operators)
    Add {
        /// Login name
        user: String,
    },
    /// Prints a new link by which somebody becomes an operator of the pages, once (operators)
    Link,
    /// Lists operators
    List(Format),
    /// Makes an operator a plain user again (operators)
    Remove {
        /// Login name
        user: String,
    },
}

/// Projects.
pub fn project(command: ProjectCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        ProjectCommand::Add { name, description, shares } => {
            change(Admin::AddProject { name, description, shares }, house)
        }
        ProjectCommand::List(format) => list::<ProjectRow>(AdminKind::Project, format, house),
        ProjectCommand::Remove { name } => change(Admin::RemoveProject(name), house),
        ProjectCommand::Purse(command) => money::project::run(command, house),
    }
}

/// Members.
pub fn member(command: MemberCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        MemberCommand::Add { member: Membership { user, project }, default } => {
            change(Admin::AddMember { user, project, default }, house)
        }
        MemberCommand::Invite(args) => people::invite(args, house),
        MemberCommand::List(format) => list::<MemberRow>(AdminKind::Member, format, house),
        MemberCommand::Remove(Membership { user, project }) => change(Admin::RemoveMember { user, project }, house),
        MemberCommand::Person(command) => money::member::run(command, house),
    }
}

/// Operators.
pub fn operator(command: OperatorCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        OperatorCommand::Add { user } => change(Admin::AddOperator(user), house),
        OperatorCommand::Link => people::operator_link(house),
        OperatorCommand::List(format) => list::<OperatorRow>(AdminKind::Operator, format, house),
        OperatorCommand::Remove { user } => change(Admin::RemoveOperator(user), house),
    }
}

fn change(order: Admin, house: &House) -> anyhow::Result<u8> {
    house.call()?.order(&Request::Admin(order))?;
    console::line(house.words.say("admin-done"));
    Ok(exit::OK)
}

fn list<T: Noun + TryFrom<AdminRow>>(kind: AdminKind, format: Format, house: &House) -> anyhow::Result<u8> {
    match house.call()?.ask(&Request::Admin(Admin::List(kind)))? {
        Reply::Admin(rows) => {
            let rows: Vec<T> = rows.into_iter().filter_map(|row| row.try_into().ok()).collect();
            show::list(&rows, format, &house.words)?;
            Ok(exit::OK)
        }
        _ => Err(ClientError::Unfit.into()),
    }
}

macro_rules! row {
    ($name:ident from $variant:ident { $($field:ident: $type:ty),* }) => {
        #[derive(serde::Serialize)]
        struct $name { $($field: $type),* }

        impl TryFrom<AdminRow> for $name {
            type Error = ();
            fn try_from(row: AdminRow) -> Result<Self, ()> {
                match row {
                    AdminRow::$variant { $($field),* } => Ok(Self { $($field),* }),
                    _ => Err(()),
                }
            }
        }
    };
}

row!(ProjectRow from Project { name: String, description: String, shares: u32, members: Vec<String> });
row!(MemberRow from Member { user: String, project: String, default: bool });
row!(OperatorRow from Operator { user: String, fixed: bool });

impl Noun for ProjectRow {
    const COLUMNS: &'static [Column] =
        &[text("column-project"), number("column-shares"), text("column-members"), text("column-description")];

    fn name(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, _words: &Words) -> Vec<String> {
        vec![self.name.clone(), self.shares.to_string(), self.members.join(","), self.description.clone()]
    }
}

impl Noun for MemberRow {
    const COLUMNS: &'static [Column] = &[text("column-user"), text("column-project"), text("column-default")];

    fn name(&self) -> String {
        self.user.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        vec![self.user.clone(), self.project.clone(), yes(self.default, words)]
    }
}

impl Noun for OperatorRow {
    const COLUMNS: &'static [Column] = &[text("column-user"), text("column-fixed")];

    fn name(&self) -> String {
        self.user.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        vec![self.user.clone(), yes(self.fixed, words)]
    }
}

fn yes(so: bool, words: &Words) -> String {
    if so { words.say("yes") } else { words.say("no") }
}
