//! Files that are the same for everybody: style, pictures, the few lines of JavaScript. Their addresses carry a hash of
//! what is in them, so browsers keep them for ever; without it they ask again each time.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{fault::Fault, house::House};

/// One of them.
struct File {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    mark: String,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

// One line for each file of `static/`.
static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    [
        ("files.js", JS, include_str!("../static/files.js")),
        ("icon.svg", SVG, include_str!("../static/icon.svg")),
        ("jobs.css", CSS, include_str!("../static/jobs.css")),
        ("jobs.js", JS, include_str!("../static/jobs.js")),
        ("live.js", JS, include_str!("../static/live.js")),
        ("screen.css", CSS, include_str!("../static/screen.css")),
        ("screen.js", JS, include_str!("../static/screen.js")),
        ("project.js", JS, include_str!("../static/project.js")),
        ("style.css", CSS, include_str!("../static/style.css")),
    ]
    .map(|(name, kind, text)| {
        // Not against anybody: it only tells one release's file from another's.
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        File { name, kind, text, mark: format!("{:016x}", hasher.finish()) }
    })
    .into()
});

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/static/{name}", get(file))
}

/// The address of a file, with its mark.
pub fn address(name: &str) -> String {
    match FILES.iter().find(|file| file.name == name) {
        Some(file) => format!("/static/{name}?{}", file.mark),
        None => format!("/static/{name}"),
    }
}

async fn file(Path(name): Path<String>, RawQuery(mark): RawQuery, headers: HeaderMap) -> Result<Response, Fault> {
    let file = FILES.iter().find(|file| file.name == name).ok_or_else(Fault::missing)?;
    let tag = format!("\"{}\"", file.mark);
    let keep = match mark {
        Some(mark) if mark == file.mark => "public, max-age=31536000, immutable",
        _ => "public, no-cache",
    };
    let about = [(header::CACHE_CONTROL, keep.to_owned()), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(header::CONTENT_TYPE, file.kind)], file.text).into_response())
}
