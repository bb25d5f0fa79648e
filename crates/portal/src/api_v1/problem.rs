//! Why there is no answer, as programs read it: RFC 9457, with what, where and what to do, in the language that was asked
//! for. The inside text stays inside.

use api::RefusalCode;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{door::DoorError, fault::Fault, files::client::Trouble, words::Words};

/// The kind of a problem's document.
pub const KIND: &str = "application/problem+json";

/// Why there is no answer (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: a place on the page that describes this API.
    #[serde(rename = "type")]
    #[schema(example = "/api#problem-missing")]
    kind: String,
    /// What, in words.
    title: String,
    /// The status of the answer.
    #[schema(example = 404)]
    status: u16,
    /// Where: the name, the number or the value at fault.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// What to do.
    help: String,
}

/// A problem that is not in words yet.
#[derive(Clone, Debug)]
pub struct Trap {
    status: StatusCode,
    what: &'static str,
    detail: String,
}

/// All kinds: their words are `fault-KIND` and `fault-KIND-help`.
pub const KINDS: [(StatusCode, &str); 12] = [
    (StatusCode::BAD_REQUEST, "request"),
    (StatusCode::UNAUTHORIZED, "token"),
    (StatusCode::FORBIDDEN, "forbidden"),
    (StatusCode::NOT_FOUND, "missing"),
    (StatusCode::METHOD_NOT_ALLOWED, "method"),
    (StatusCode::CONFLICT, "conflict"),
    (StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json"),
    (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
    (StatusCode::INTERNAL_SERVER_ERROR, "inside"),
    (StatusCode::SERVICE_UNAVAILABLE, "storage"),
    (StatusCode::SERVICE_UNAVAILABLE, "away"),
];

impl Trap {
    pub fn new(what: &'static str, detail: impl Into<String>) -> Self {
        let status =
            KINDS.iter().find(|(_, kind)| *kind == what).map_or(StatusCode::BAD_REQUEST, |(status, _)| *status);
        Self { status, what, detail: detail.into() }
    }

    /// There is no such thing, or it is not theirs to see.
    pub fn missing(detail: impl Into<String>) -> Self {
        Self::new("missing", detail)
    }

    /// A value that is none.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new("request", detail)
    }

    /// In somebody's language.
    pub fn told(self, words: &Words) -> Response {
        let problem = Problem {
            kind: format!("/api#problem-{}", self.what),
            title: words.say(&format!("fault-{}", self.what)),
            status: self.status.as_u16(),
            detail: self.detail,
            help: words.say(&format!("fault-{}-help", self.what)),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, KIND)], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Trap {
    /// Without words yet: [`super::in_words`] finds it and says it in the language of the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DoorError> for Trap {
    fn from(error: DoorError) -> Self {
        let DoorError::Refused(refusal) = error else {
            return Self::new(if matches!(error, DoorError::Away(_)) { "away" } else { "inside" }, "");
        };
        let what = match refusal.code {
            RefusalCode::LogInFirst => "token",
            RefusalCode::AccessDenied => "forbidden",
            RefusalCode::InvalidJobId => "missing",
            RefusalCode::InvalidTime => "request",
            RefusalCode::StorageFailed => "storage",
            RefusalCode::ShuttingDown | RefusalCode::WrongVersion => "away",
            RefusalCode::AlreadyDone
            | RefusalCode::JobFinished
            | RefusalCode::JobPending
            | RefusalCode::JobNotRunning
            | RefusalCode::Disabled => "conflict",
            RefusalCode::ScriptTooLarge | RefusalCode::EnvironmentTooLarge => "too-long",
            _ => "refused",
        };
        let detail = if refusal.detail.is_empty() { format!("{:?}", refusal.code) } else { refusal.detail };
        Self::new(what, detail)
    }
}

impl From<Fault> for Trap {
    fn from(fault: Fault) -> Self {
        let (what, detail) = fault.told();
        let what = match what {
            "not-from-here" => "forbidden",
            "login" => "token",
            "unreadable" => "request",
            what => what,
        };
        Self::new(what, detail)
    }
}

impl From<Trouble> for Trap {
    fn from(trouble: Trouble) -> Self {
        use files::Fault as Wrong;
        match trouble {
            Trouble::Door(error) => error.into(),
            Trouble::Fault(wrong) => {
                let what = match wrong {
                    Wrong::Unfit | Wrong::Missing | Wrong::Outside | Wrong::NotFolder | Wrong::NotFile => "missing",
                    Wrong::Denied => "forbidden",
                    Wrong::Exists | Wrong::Changed | Wrong::Elsewhere { .. } => "conflict",
                    _ => "refused",
                };
                Self::new(what, wrong.to_string())
            }
            Trouble::NotStarted | Trouble::Gone => Self::new("away", trouble.to_string()),
            Trouble::Unfit => Self::new("inside", ""),
        }
    }
}

/// As [`Trap::from`], for a project of that name: what is no project to somebody is missing.
pub fn of_project(error: DoorError) -> Trap {
    match error {
        DoorError::Refused(refusal) if refusal.code == RefusalCode::InvalidAccount => Trap::missing(refusal.detail),
        error => error.into(),
    }
}
