//! Projects, members, operators and reservations: what the people of a centre change by command.

use model::Time;
use serde::{Deserialize, Serialize};

/// The three lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AdminKind {
    /// Who answers for jobs.
    Project,
    /// Who may use a project.
    Member,
    /// Who runs the centre.
    Operator,
}

/// List or change one of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Admin {
    /// All of them that the asker may see.
    List(AdminKind),
    /// A new project, or new facts about one.
    AddProject {
        /// Its name (`-A`).
        name: String,
        /// What it is.
        description: String,
        /// Its share of the machine, against 1 of others.
        shares: u32,
    },
    /// A project that takes no new jobs; its past stays.
    RemoveProject(String),
    /// A user becomes member of a project.
    AddMember {
        /// Login name.
        user: String,
        /// Project.
        project: String,
        /// Their default one.
        default: bool,
    },
    /// A user leaves a project.
    RemoveMember {
        /// Login name.
        user: String,
        /// Project.
        project: String,
    },
    /// A user becomes operator.
    AddOperator(String),
    /// A user is operator no more.
    RemoveOperator(String),
}

/// One line of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AdminRow {
    /// A project.
    Project {
        /// Name.
        name: String,
        /// What it is.
        description: String,
        /// Share.
        shares: u32,
        /// Its members.
        members: Vec<String>,
    },
    /// A membership.
    Member {
        /// Login name.
        user: String,
        /// Project.
        project: String,
        /// Their default.
        default: bool,
    },
    /// An operator.
    Operator {
        /// Login name.
        user: String,
        /// Named in the configuration file, so not removed by command.
        fixed: bool,
    },
}

/// A reservation as people write it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReservationSpec {
    /// Its name; empty: the centre makes one.
    pub name: String,
    /// From.
    pub start: Time,
    /// Until.
    pub end: Time,
    /// Cores; `None`: the whole machine.
    pub cores: Option<u32>,
    /// Login names.
    pub users: Vec<String>,
    /// Projects.
    pub accounts: Vec<String>,
    /// Flags as given.
    pub flags: Vec<String>,
}
