//! One's own tokens. A token makes no tokens: only somebody at a page does, or a command.

use api::{Ask, No, PeopleReply, PeopleRequest, PortalReply, Secret, TokenRow};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asked::{Asker, At, Json, Sent},
    done,
    problem::Trap,
    stamp,
};
use crate::{door::DoorError, visit::Visit};

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// Its number.
    id: i64,
    /// What it is called.
    name: String,
    /// What it is good for: `read`, `submit`, `files`, `manage`.
    scopes: Vec<String>,
    /// Since when.
    #[schema(format = DateTime)]
    created: String,
    /// Until when.
    #[schema(format = DateTime)]
    expires: String,
    /// When it was last used, to some minutes; `null`: never.
    #[schema(format = DateTime)]
    used: Option<String>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes,
            created: stamp(row.created),
            expires: stamp(row.expires),
            used: row.used.map(stamp),
        }
    }
}

async fn ask(visit: &Visit, request: PeopleRequest) -> Result<PeopleReply, Trap> {
    match visit.ask(Ask::People(request)).await? {
        PortalReply::People(PeopleReply::No(no)) => Err(refused(visit, &no)),
        PortalReply::People(reply) => Ok(reply),
        _ => Err(DoorError::Unfit.into()),
    }
}

fn refused(visit: &Visit, no: &No) -> Trap {
    let what = if matches!(no, No::TooMany) { "conflict" } else { "refused" };
    Trap::new(what, visit.t(&format!("people-no-{}", no.word())))
}

/// One's own tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", operation_id = "tokens",
    responses((status = 200, body = Vec<Token>)))]
pub async fn list(Asker(visit): Asker) -> Result<Json<Vec<Token>>, Trap> {
    match ask(&visit, PeopleRequest::Tokens).await? {
        PeopleReply::Tokens(rows) => Ok(Json(rows.into_iter().map(Token::from).collect())),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// A token to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is called.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// What it is good for: `read`, `submit`, `files`, `manage`.
    scopes: Vec<String>,
    /// For so many days.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// Told once, and known to nobody after that.
    token: String,
    /// Until when it is good.
    #[schema(format = DateTime)]
    expires: String,
}

/// Makes a token. By a session only: no token makes another one.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", operation_id = "create_token", request_body = NewToken,
    responses((status = 201, body = MadeToken)))]
pub async fn create(Asker(visit): Asker, Sent(new): Sent<NewToken>) -> Result<Response, Trap> {
    let NewToken { name, scopes, days } = new;
    match ask(&visit, PeopleRequest::CreateToken { name, scopes, days }).await? {
        PeopleReply::Token { token: Secret(token), expires } => {
            Ok((StatusCode::CREATED, Json(MadeToken { token, expires: stamp(expires) })).into_response())
        }
        _ => Err(DoorError::Unfit.into()),
    }
}

/// Ends a token: it is good for nothing any more.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "tokens", operation_id = "end_token",
    params(("token" = i64, Path, description = "Its number")),
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn end(Asker(visit): Asker, At(token): At<String>) -> Result<Response, Trap> {
    let number = token.parse().map_err(|_| Trap::missing(token))?;
    ask(&visit, PeopleRequest::EndToken(number)).await?;
    Ok(done())
}
