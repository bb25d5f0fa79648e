//! One's files: what is in a folder, what is in a file. Read by a process of the member's own, within the member's rights.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use files::{Entry, Kind, Place, Sort};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    MOST, Page, USUAL,
    asked::{Asked, Asker, Json},
    problem::Trap,
};
use crate::files::client::{Client, View};

/// Which folder.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FolderQuery {
    /// Its path from the root of the machine.
    #[param(example = "/home/alice")]
    path: String,
    /// The `next` of the part before.
    after: Option<u64>,
    /// So many at most, 1 to 500; without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Also names that begin with a dot.
    hidden: Option<bool>,
}

/// Something in a folder.
#[derive(Serialize, ToSchema)]
pub struct File {
    /// Its name; what is no text is shown as far as it is.
    name: String,
    /// `file`, `folder`, or `other`; of a link: of what it leads to.
    kind: String,
    /// It is a link.
    link: bool,
    /// Bytes.
    size: u64,
    /// When it was changed last.
    #[schema(format = DateTime)]
    modified: String,
    /// Permission bits, in octal.
    #[schema(example = "0644")]
    mode: String,
}

impl From<Entry> for File {
    fn from(entry: Entry) -> Self {
        let kind = match entry.kind {
            Kind::File => "file",
            Kind::Folder => "folder",
            _ => "other",
        };
        Self {
            name: entry.name.lossy().into_owned(),
            kind: kind.to_owned(),
            link: entry.link,
            size: entry.size,
            modified: super::stamp(model::Time(entry.modified_ns / 1_000_000)),
            mode: format!("{:04o}", entry.mode & 0o7777),
        }
    }
}

fn place(path: &str) -> Result<Place, Trap> {
    Place::of_machine(path).map_err(|wrong| Trap::missing(format!("{path}: {wrong}")))
}

/// What is in a folder, by name.
#[utoipa::path(get, path = "/api/v1/files", tag = "files", operation_id = "files", params(FolderQuery),
    responses((status = 200, body = Page<File>)))]
pub async fn list(Asker(visit): Asker, Asked(asked): Asked<FolderQuery>) -> Result<Json<Page<File>>, Trap> {
    let from = asked.after.unwrap_or(0);
    let view = View {
        from,
        count: asked.limit.unwrap_or(USUAL).clamp(1, MOST),
        sort: Sort::Name,
        hidden: asked.hidden.unwrap_or(false),
        ..View::default()
    };
    let client = Client::of(&visit).await?;
    let listing = client.list(&place(&asked.path)?, &view).await?;
    let next = from + listing.entries.len() as u64;
    let more = !listing.entries.is_empty() && next < listing.total;
    Ok(Json(Page {
        items: listing.entries.into_iter().map(File::from).collect(),
        next: more.then(|| next.to_string()),
    }))
}

/// Which part of which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContentQuery {
    /// Its path from the root of the machine.
    #[param(example = "/home/alice/slurm-1.out")]
    path: String,
    /// From which byte on; without it from the first.
    from: Option<u64>,
}

/// What is in a file, at most 256 KiB of it: ask again `from` where this ended.
#[utoipa::path(get, path = "/api/v1/files/content", tag = "files", operation_id = "file_content",
    params(ContentQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn content(Asker(visit): Asker, Asked(asked): Asked<ContentQuery>) -> Result<Response, Trap> {
    let client = Client::of(&visit).await?;
    let (bytes, _) = client.read(&place(&asked.path)?, asked.from.unwrap_or(0), files::CHUNK as u64, None).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
