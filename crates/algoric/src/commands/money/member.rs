//! `algoric member role`, `export`, `erase`: what a member is to a project, what is held about one, and forgetting one.

use api::MoneyRequest;

use super::{order, texts};
use crate::{commands::House, console, exit};

/// Roles, and what is held about people.
#[derive(clap::Subcommand)]
pub enum PersonCommand {
    /// Says what a member is to a project (treasurers)
    Role {
        /// Login name
        user: String,
        /// The project
        #[arg(long, short)]
        project: String,
        /// A viewer does not submit
        #[arg(value_parser = ["manager", "member", "viewer"])]
        role: String,
    },
    /// Prints everything that is held about a member as JSON (themselves, and operators)
    Export {
        /// Login name
        user: String,
    },
    /// Forgets who a member was; what was used and billed stays, under a number (operators)
    Erase {
        /// Login name
        user: String,
    },
}

/// Does it.
pub fn run(command: PersonCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        PersonCommand::Role { user, project, role } => order(MoneyRequest::Role { user, project, role }, house),
        PersonCommand::Erase { user } => order(MoneyRequest::Erase(user), house),
        PersonCommand::Export { user } => {
            texts(&mut house.call()?, MoneyRequest::Export(user), |text| {
                let about: serde_json::Value = serde_json::from_str(&text)?;
                console::line(serde_json::to_string_pretty(&about)?);
                Ok(())
            })?;
            Ok(exit::OK)
        }
    }
}
