//! Members of the portal, their sessions, links and tokens, and what they may.

use model::Time;
use serde::{Deserialize, Serialize};

/// A secret on its way: a password, a code, the value of a cookie. What is printed of it never shows it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(..)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What somebody is to the centre. Several can be held at once; everybody is a visitor, who is known is a member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Role {
    /// Anybody.
    Visitor,
    /// Has logged in.
    Member,
    /// Answers for a project.
    Lead,
    /// Sees to money.
    Treasurer,
    /// Gives courses.
    Trainer,
    /// Runs the centre.
    Operator,
}

impl Role {
    /// All.
    pub const ALL: [Role; 6] =
        [Role::Visitor, Role::Member, Role::Lead, Role::Treasurer, Role::Trainer, Role::Operator];

    /// Those that an operator gives; the others follow from what somebody is.
    pub const GIVEN: [Role; 3] = [Role::Treasurer, Role::Trainer, Role::Operator];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Role::Visitor => "visitor",
            Role::Member => "member",
            Role::Lead => "lead",
            Role::Treasurer => "treasurer",
            Role::Trainer => "trainer",
            Role::Operator => "operator",
        }
    }

    /// Of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// About members and sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PeopleRequest {
    /// Who is this? Asked for each page. Answered by `Me`.
    WhoAmI,
    /// Begins a session. Answered by `Session`.
    LogIn {
        /// What they type.
        login: String,
        /// Likewise.
        password: Secret,
        /// By what program, as it says.
        agent: String,
    },
    /// Ends the session that asks. Answered by `Done`.
    LogOut,
    /// What a link is for, without using it. Answered by `Link`.
    SeeLink(Secret),
    /// Uses a link. Answered by `Session`.
    TakeLink(Box<TakeLink>),
    /// A new link that makes the first (or a further) operator. Answered by `Code`.
    FirstLink,
}

/// What somebody who was given a link says of themselves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TakeLink {
    /// The code.
    pub code: Secret,
    /// What they will log in by; for a new password it is not looked at.
    pub login: String,
    /// What they are called; likewise.
    pub name: String,
    /// Where letters go; may be empty.
    pub email: String,
    /// `fr` or `en`.
    pub language: String,
    /// Their password from now on.
    pub password: Secret,
    /// By what program, as it says.
    pub agent: String,
}

/// Answers about members and sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PeopleReply {
    /// Who asks.
    Me(Box<Me>),
    /// A session has begun.
    Session {
        /// What the browser keeps.
        secret: Secret,
        /// How long it is good without being used, in seconds.
        seconds: u32,
    },
    /// What a link is for.
    Link(LinkShown),
    /// A code, to be told to whom it is for: it is not known any more once this was said.
    Code {
        /// The code.
        code: Secret,
        /// The whole address.
        address: Secret,
        /// Until when it is good.
        expires: Time,
    },
    /// It is on disk.
    Done,
    /// It was not done, for a reason that a person can do something about.
    No(No),
}

/// Why something about people was not done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum No {
    /// The name or the password is wrong; nobody learns which.
    WrongPassword,
    /// An operator has not answered yet.
    NotYet,
    /// Tried too often; again after so many seconds.
    Wait(u32),
    /// Too many passwords are being looked at now.
    Busy,
    /// There is no such link, or it was used, or it is too old.
    NoLink,
    /// Somebody else has that name.
    LoginTaken,
    /// What they will log in by must be 2 to 32 small letters, digits, `-`, `_` or `.`, a letter first.
    LoginUnfit,
    /// A name is empty or too long.
    NameUnfit,
    /// No address for letters.
    EmailUnfit,
    /// A password has 10 characters at least, and is not one of those that everybody tries first.
    PasswordUnfit,
}

impl No {
    /// Its word, by which pages find what to say: `people-no-WORD`.
    pub fn word(&self) -> &'static str {
        match self {
            No::WrongPassword => "wrong-password",
            No::NotYet => "not-yet",
            No::Wait(_) => "wait",
            No::Busy => "busy",
            No::NoLink => "no-link",
            No::LoginTaken => "login-taken",
            No::LoginUnfit => "login-unfit",
            No::NameUnfit => "name-unfit",
            No::EmailUnfit => "email-unfit",
            No::PasswordUnfit => "password-unfit",
        }
    }
}

/// What a link is for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinkShown {
    /// `first`, `invite` or `reset`.
    pub kind: String,
    /// Whose password it sets.
    pub login: String,
    /// Where it was sent.
    pub email: String,
    /// The project that who takes it becomes a member of.
    pub project: Option<String>,
    /// Until when it is good.
    pub expires: Time,
    /// The account that will be linked at once.
    pub account: Option<String>,
}

/// A project of somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MyProject {
    /// Its name.
    pub name: String,
    /// `manager`, `member` or `viewer`.
    pub role: String,
    /// Waits until an account of the machine is linked to them.
    pub promised: bool,
}

/// Who asks, and what every page shows of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Me {
    /// Name of the centre.
    pub centre: String,
    /// Number of the member; `None`: a visitor, or a session that is over.
    pub member: Option<i64>,
    /// What they log in by.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// Linked account of the machine, if there is one; without it they look but do not compute.
    pub account: Option<String>,
    /// What this session's forms carry; empty for visitors.
    pub csrf: String,
    /// All roles, in order. A page shows by them what there is; what is allowed is decided where it is asked.
    pub roles: Vec<Role>,
    /// The chosen language; empty: as the browser says.
    pub language: String,
    /// Their projects.
    pub projects: Vec<MyProject>,
    /// For operators: how many people wait for an answer or an account.
    pub waiting: u32,
    /// Jobs run as the members who submit them, so that accounts can be made for them; else all are the account's of
    /// who runs the centre.
    pub every_user: bool,
}

impl Me {
    /// Whether they hold this role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
