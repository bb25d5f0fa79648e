//! What commands do with people of the pages: links, invitations, tokens. Must not know who may.

use api::{No, PeopleReply, PeopleRequest, PortalReply, Reply, Request, Role, Secret, TokenRow};
use clap::Subcommand;
use model::Time;

use super::House;
use crate::{
    client::ClientError,
    console, exit,
    show::{self, Column, Format, Noun, number, text},
    words::Words,
};

/// Makes and ends tokens, by which programs act in one's name
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Makes a token and prints it, once
    Create {
        /// What it is called
        #[arg(long, default_value = "algoric token create", value_name = "TEXT")]
        name: String,
        /// What it is good for; may be said more than once
        #[arg(long, required = true, value_parser = ["read", "submit", "files", "manage"])]
        scope: Vec<String>,
        /// For so many days
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
    },
    /// Lists one's tokens
    List(Format),
    /// Ends a token
    Revoke {
        /// Its number, as `algoric token list` shows it
        id: i64,
    },
}

/// Whom to invite.
#[derive(clap::Args)]
pub struct InviteArgs {
    /// Where the invitation is sent, if the centre sends letters
    #[arg(long, default_value = "", hide_default_value = true)]
    email: String,
    /// The project that who accepts becomes a member of
    #[arg(long, short)]
    project: Option<String>,
    /// And as what
    #[arg(long = "as", default_value = "member", value_parser = ["manager", "member", "viewer"])]
    project_role: String,
    /// A role in the centre that who accepts gets
    #[arg(long, value_parser = ["treasurer", "trainer", "operator"])]
    role: Vec<String>,
    /// It is good for so many days
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
}

/// Asks about people; what cannot be done is an error that says why.
fn ask(request: PeopleRequest, house: &House) -> anyhow::Result<PeopleReply> {
    let Reply::Portal(reply) = house.call()?.ask(&Request::People(Box::new(request)))? else {
        return Err(ClientError::Unfit.into());
    };
    match *reply {
        PortalReply::People(PeopleReply::No(no)) => anyhow::bail!(said(&no, &house.words)),
        PortalReply::People(reply) => Ok(reply),
        _ => Err(ClientError::Unfit.into()),
    }
}

fn said(no: &No, words: &Words) -> String {
    words.say(&format!("people-no-{}", no.word()))
}

/// Prints a link, and how long it is good.
fn print_link(reply: PeopleReply, house: &House) -> anyhow::Result<u8> {
    let PeopleReply::Code { address: Secret(address), code: Secret(code), expires, .. } = reply else {
        return Err(ClientError::Unfit.into());
    };
    let until = house.words.time(expires);
    console::line(address);
    let gaps = [("until", until.into()), ("code", code.into())];
    console::complain(format!("{}\n", house.words.with("people-link-once", &gaps)));
    Ok(exit::OK)
}

/// `algoric operator link`
pub fn operator_link(house: &House) -> anyhow::Result<u8> {
    print_link(ask(PeopleRequest::FirstLink, house)?, house)
}

/// `algoric member invite`
pub fn invite(args: InviteArgs, house: &House) -> anyhow::Result<u8> {
    let InviteArgs { email, project, project_role, role, days } = args;
    let roles = role.iter().filter_map(|name| Role::of_name(name)).collect();
    let project = project.map(|project| (project, project_role));
    print_link(ask(PeopleRequest::Invite { email, roles, project, days }, house)?, house)
}

/// `algoric token`
pub fn token(command: TokenCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        TokenCommand::Create { name, scope, days } => {
            let PeopleReply::Token { token: Secret(token), expires } =
                ask(PeopleRequest::CreateToken { name, scopes: scope, days }, house)?
            else {
                return Err(ClientError::Unfit.into());
            };
            console::line(token);
            let until = house.words.time(expires);
            console::complain(format!("{}\n", house.words.with("people-token-once", &[("until", until.into())])));
            Ok(exit::OK)
        }
        TokenCommand::List(format) => {
            let PeopleReply::Tokens(rows) = ask(PeopleRequest::Tokens, house)? else {
                return Err(ClientError::Unfit.into());
            };
            let rows: Vec<TokenShown> = rows.into_iter().map(TokenShown::from).collect();
            show::list(&rows, format, &house.words)?;
            Ok(exit::OK)
        }
        TokenCommand::Revoke { id } => {
            ask(PeopleRequest::EndToken(id), house)?;
            console::line(house.words.say("admin-done"));
            Ok(exit::OK)
        }
    }
}

/// A token, as a line.
#[derive(serde::Serialize)]
struct TokenShown {
    id: i64,
    name: String,
    scopes: Vec<String>,
    expires: Time,
    used: Option<Time>,
}

impl From<TokenRow> for TokenShown {
    fn from(row: TokenRow) -> Self {
        let TokenRow { id, name, scopes, expires, used, .. } = row;
        Self { id, name, scopes, expires, used }
    }
}

impl Noun for TokenShown {
    const COLUMNS: &'static [Column] = &[
        number("column-id"),
        text("column-name"),
        text("column-scopes"),
        text("column-until"),
        text("column-last-used"),
    ];

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let used = self.used.map_or(String::new(), |used| words.time(used));
        vec![self.id.to_string(), self.name.clone(), self.scopes.join(","), words.time(self.expires), used]
    }
}
