//! Why something about members was not done, as a kind that pages have words for.

use serde::{Deserialize, Serialize};

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
    /// The new password was typed in two ways.
    NotTheSame,
    /// There is no such person.
    NobodyThere,
    /// There is no such account on this machine, or it is one of the system's own.
    NoAccount,
    /// That account is somebody else's already.
    AccountTaken,
    /// In this centre only the account of who runs it can be linked.
    OwnAccountOnly,
    /// An account's name: small letters, digits, `-` and `_`, a letter first, 32 at most; and none that there is.
    AccountUnfit,
    /// The system did not make the account.
    AccountFailed(String),
    /// They would be nobody's operator any more: there must be one who can log in.
    LastOperator,
    /// The role follows from `config.toml`: it is taken away there.
    RoleFixed,
    /// There is no such project, or it is not theirs to invite to.
    NoProject,
    /// A token has a name, something that it is good for, and 1 to 366 days.
    TokenUnfit,
    /// They have as many as one may have.
    TooMany,
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
            No::NotTheSame => "not-the-same",
            No::NobodyThere => "nobody-there",
            No::NoAccount => "no-account",
            No::AccountTaken => "account-taken",
            No::OwnAccountOnly => "own-account-only",
            No::AccountUnfit => "account-unfit",
            No::AccountFailed(_) => "account-failed",
            No::LastOperator => "last-operator",
            No::RoleFixed => "role-fixed",
            No::NoProject => "no-project",
            No::TokenUnfit => "token-unfit",
            No::TooMany => "too-many",
            No::NoLink => "no-link",
            No::LoginTaken => "login-taken",
            No::LoginUnfit => "login-unfit",
            No::NameUnfit => "name-unfit",
            No::EmailUnfit => "email-unfit",
            No::PasswordUnfit => "password-unfit",
        }
    }
}
