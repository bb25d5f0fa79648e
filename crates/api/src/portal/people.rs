//! Members of the portal, their sessions, links and tokens, and what they may.

use model::Time;
use serde::{Deserialize, Serialize};

use super::No;

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
    /// Sends a link for a new password to whoever has this login or address, if anybody has. Answered by `Done`, whether
    /// there is somebody or not.
    AskReset(String),
    /// Asks to become a member, which an operator answers. Answered by `Done`.
    Join {
        /// Who; there is no code.
        who: Box<TakeLink>,
        /// What they say of what they want.
        note: String,
    },
    /// One's own account: profile, sessions, tokens. Answered by `Account`.
    Account,
    /// Changes one's profile. Answered by `Done`.
    SetProfile {
        /// What one is called.
        name: String,
        /// Where letters go.
        email: String,
        /// `fr`, `en`, or empty.
        language: String,
    },
    /// Changes one's password; every session ends, and a new one begins. Answered by `Session`.
    SetPassword {
        /// The one that holds.
        old: Secret,
        /// The one to be.
        new: Secret,
        /// By what program, as it says.
        agent: String,
    },
    /// Ends one of one's own sessions; `None`: all but the one that asks. Answered by `Done`.
    EndSession(Option<i64>),
    /// Makes a token. Answered by `Token`.
    CreateToken {
        /// What it is called.
        name: String,
        /// What it is good for: `read`, `submit`, `files`, `manage`.
        scopes: Vec<String>,
        /// For so many days.
        days: u32,
    },
    /// One's own tokens. Answered by `Tokens`.
    Tokens,
    /// Ends one of one's own tokens. Answered by `Done`.
    EndToken(i64),
    /// Everybody, for operators. Answered by `Members`.
    Members,
    /// Makes an invitation. Answered by `Code`.
    Invite {
        /// Where it is sent, if letters are sent at all; may be empty.
        email: String,
        /// Roles that who takes it gets: of an operator only.
        roles: Vec<Role>,
        /// The project that who takes it becomes a member of, and as what (`manager`, `member`, `viewer`).
        project: Option<(String, String)>,
        /// It is good for so many days.
        days: u32,
    },
    /// Takes an invitation back, or any other link. Answered by `Done`.
    EndInvitation(i64),
    /// What an operator does to somebody. Answered by `Done`, or by `Code` for a new link.
    Change {
        /// Whom.
        person: i64,
        /// What.
        change: MemberChange,
    },
    /// What was changed, the newest first. Answered by `Trail`.
    Trail {
        /// Lines older than this one; `None`: from the newest on.
        before: Option<i64>,
        /// Of this person only.
        person: Option<i64>,
    },
}

/// What an operator does to somebody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MemberChange {
    /// Gives or takes a role.
    Role {
        /// Which.
        role: Role,
        /// Gives.
        is: bool,
    },
    /// Links an account of this machine that there is.
    Link(String),
    /// Takes the link away; the account stays.
    Unlink,
    /// Makes an account of this name, and links it.
    MakeAccount(String),
    /// Keeps them out: sessions and tokens end, an account that was made for them is closed.
    Lock,
    /// Lets them in again.
    Unlock,
    /// They have gone: kept out for good. What they did stays theirs.
    Archive,
    /// A link by which they set a new password.
    Reset,
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
    /// One's own account.
    Account(Box<AccountShown>),
    /// A new token, which is not known any more once this was said.
    Token {
        /// The token.
        token: Secret,
        /// Until when it is good.
        expires: Time,
    },
    /// One's tokens.
    Tokens(Vec<TokenRow>),
    /// Everybody, and links that are good.
    Members {
        /// In the order in which they came.
        members: Vec<MemberRow>,
        /// The newest first.
        invitations: Vec<InvitationRow>,
        /// Accounts of this machine that could be linked, and are not.
        accounts: Vec<String>,
    },
    /// A part of the trail of changes, the newest first.
    Trail(Vec<TrailRow>),
    /// A code, to be told to whom it is for: it is not known any more once this was said.
    Code {
        /// The code.
        code: Secret,
        /// The whole address.
        address: Secret,
        /// Until when it is good.
        expires: Time,
        /// Where it was sent.
        sent: Option<String>,
    },
    /// It is on disk.
    Done,
    /// It was not done, for a reason that a person can do something about.
    No(No),
}

/// One's own account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountShown {
    /// Where letters go.
    pub email: String,
    /// Since when they are a member.
    pub created: Time,
    /// The last used first.
    pub sessions: Vec<SessionRow>,
    /// The newest first.
    pub tokens: Vec<TokenRow>,
}

/// A session, as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its number.
    pub id: i64,
    /// Since when.
    pub created: Time,
    /// When it was last used, to some minutes.
    pub used: Time,
    /// From where it was begun.
    pub address: String,
    /// By what program.
    pub agent: String,
    /// It is the one that asks.
    pub this: bool,
}

/// A token, as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Since when.
    pub created: Time,
    /// Until when.
    pub expires: Time,
    /// When it was last used, to some minutes.
    pub used: Option<Time>,
}

/// Somebody, as operators see them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MemberRow {
    /// Their number.
    pub id: i64,
    /// What they log in by.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// Where letters go.
    pub email: String,
    /// `waiting`, `active`, `locked` or `archived`.
    pub state: String,
    /// What they said when they asked to join.
    pub note: String,
    /// The linked account of this machine.
    pub account: Option<String>,
    /// That account was made for them.
    pub made: bool,
    /// All roles, in order.
    pub roles: Vec<Role>,
    /// Roles that were not given here but follow from their account (`config.toml`, `algoric operator add`), and can only
    /// be taken away there.
    pub fixed: Vec<Role>,
    /// Their projects.
    pub projects: Vec<MyProject>,
    /// Since when.
    pub created: Time,
    /// When they last logged in.
    pub seen: Option<Time>,
}

/// A link that is good, as operators see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InvitationRow {
    /// Its number.
    pub id: i64,
    /// `first`, `invite` or `reset`.
    pub kind: String,
    /// Where it was sent.
    pub email: String,
    /// The project.
    pub project: Option<String>,
    /// Roles that who takes it gets.
    pub roles: Vec<String>,
    /// Who made it.
    pub author: String,
    /// Until when it is good.
    pub expires: Time,
}

/// A line of the trail of changes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TrailRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Time,
    /// Who, if it is somebody of the pages.
    pub person: Option<i64>,
    /// As they were called.
    pub who: String,
    /// From where.
    pub address: String,
    /// What.
    pub action: String,
    /// Of what, in words.
    pub detail: String,
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
