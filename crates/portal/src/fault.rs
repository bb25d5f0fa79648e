//! What a page says when there is none: what, why and what to do, in the reader's language. The inside text stays inside.

use std::sync::Arc;

use api::RefusalCode;
use askama::Template;
use axum::{
    extract::{Request, State, rejection::FormRejection},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};

use crate::{door::DoorError, house::House, page, visit, words::Language};

/// Why there is no page. `what` names words of `common.ftl`: `fault-WHAT` and `fault-WHAT-help`.
#[derive(Clone, Debug)]
pub struct Fault {
    status: StatusCode,
    what: &'static str,
    detail: String,
}

impl Fault {
    /// There is no such thing, or it is not theirs to see: nobody learns which.
    pub fn missing() -> Self {
        Self::of(StatusCode::NOT_FOUND, "missing")
    }

    /// They may not.
    pub fn forbidden() -> Self {
        Self::of(StatusCode::FORBIDDEN, "forbidden")
    }

    /// They must say who they are first.
    pub fn login() -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "login")
    }

    /// A form that cannot be understood.
    pub fn unreadable() -> Self {
        Self::of(StatusCode::BAD_REQUEST, "unreadable")
    }

    /// A form that another site sent, or one that was open too long.
    pub fn not_from_here() -> Self {
        Self::of(StatusCode::FORBIDDEN, "not-from-here")
    }

    /// The key of the words that say it in short.
    pub fn word(&self) -> String {
        format!("fault-{}", self.what)
    }

    /// As programs are told.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// With the words `fault-WHAT` and `fault-WHAT-help`.
    pub fn of(status: StatusCode, what: &'static str) -> Self {
        Self { status, what, detail: String::new() }
    }
}

impl Fault {
    /// What it is, and of what: for programs, which get no page.
    pub fn told(self) -> (&'static str, String) {
        (self.what, self.detail)
    }
}

impl From<DoorError> for Fault {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Refused(refusal) => {
                let (status, what) = match refusal.code {
                    RefusalCode::LogInFirst => (StatusCode::UNAUTHORIZED, "login"),
                    RefusalCode::AccessDenied => (StatusCode::FORBIDDEN, "forbidden"),
                    RefusalCode::InvalidJobId => (StatusCode::NOT_FOUND, "missing"),
                    RefusalCode::StorageFailed => (StatusCode::SERVICE_UNAVAILABLE, "storage"),
                    RefusalCode::ShuttingDown | RefusalCode::WrongVersion => (StatusCode::SERVICE_UNAVAILABLE, "away"),
                    _ => (StatusCode::BAD_REQUEST, "refused"),
                };
                Self { status, what, detail: refusal.detail }
            }
            DoorError::Away(_) => Self::of(StatusCode::SERVICE_UNAVAILABLE, "away"),
            DoorError::Frame(_) | DoorError::Unfit => Self::of(StatusCode::INTERNAL_SERVER_ERROR, "inside"),
        }
    }
}

impl From<FormRejection> for Fault {
    fn from(_: FormRejection) -> Self {
        Self::unreadable()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// For an address that is none.
pub async fn nothing_here() -> Fault {
    Fault::missing()
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage<'a> {
    lang: &'a str,
    title: &'a str,
    help: &'a str,
    detail: &'a str,
    home: &'a str,
}

/// Gives a fault its page, in the language of the request.
pub async fn put_into_words(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let language: Language = visit::language(request.headers());
    let asked = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let is_look = request.method() == axum::http::Method::GET;
    let response = next.run(request).await;
    let Some(fault) = response.extensions().get::<Fault>() else { return response };
    if fault.what == "login" && is_look {
        // Whoever only wanted to look logs in and is brought back.
        return Redirect::to(&format!("/login?next={}", page::quoted(&asked))).into_response();
    }
    let words = house.words(language);
    let page = FaultPage {
        lang: language.tag(),
        title: &words.say(&format!("fault-{}", fault.what)),
        help: &words.say(&format!("fault-{}-help", fault.what)),
        detail: &fault.detail,
        home: &words.say("fault-home"),
    };
    (fault.status, Html(page.render().unwrap_or_default())).into_response()
}
