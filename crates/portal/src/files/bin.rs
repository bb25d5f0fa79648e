//! The bin: what was thrown away, back again or gone for good.

use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use files::{BinItem, Kind, Place, Reply, Request, Root};
use serde::Deserialize;

use super::{
    Step,
    client::{Client, Trouble},
    no_account, roots, shown,
};
use crate::{
    fault::Fault,
    page::show,
    visit::{Posted, Visit},
};

/// Things on one page.
const PAGE: u32 = 100;

#[derive(Deserialize)]
pub struct Look {
    #[serde(default)]
    page: u64,
}

/// One line.
struct Row {
    name: String,
    was: String,
    when: String,
    stamp: String,
    root: String,
    id: String,
    size: String,
}

#[derive(Template)]
#[template(path = "files/bin.html")]
struct Page<'a> {
    visit: &'a Visit,
    roots: Vec<Step>,
    rows: Vec<Row>,
    total: u64,
    page: u64,
    pages: u64,
}

pub async fn page(visit: Visit, Query(look): Query<Look>) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return no_account(&visit);
    }
    let client = Client::of(&visit).await?;
    let number = look.page.max(1);
    let from = (number - 1).saturating_mul(u64::from(PAGE));
    let (Reply::Bin { items, total }, _) = client.ask(Request::Bin { from, count: PAGE }).await? else {
        return Err(Trouble::Unfit.into());
    };
    let pages = total.div_ceil(u64::from(PAGE)).max(1);
    let rows = items.iter().map(|item| Row::new(&visit, item)).collect();
    show(&Page { roots: roots(&visit, &client), rows, total, page: number, pages, visit: &visit })
}

impl Row {
    fn new(visit: &Visit, item: &BinItem) -> Self {
        let was = item.was.as_bytes();
        let name =
            was.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty()).unwrap_or(item.id.as_bytes());
        // As the bin keeps it: local time without a zone.
        let when: Option<jiff::civil::DateTime> = item.when.parse().ok();
        let zone = jiff::tz::TimeZone::system();
        let ms = when.and_then(|when| when.to_zoned(zone).ok()).map(|when| when.timestamp().as_millisecond());
        Self {
            name: shown(name),
            was: shown(was),
            when: ms.map_or_else(String::new, |ms| visit.words().time(ms)),
            stamp: ms.map_or_else(String::new, |ms| visit.words().stamp(ms)),
            root: Place::top(item.root).address(),
            id: files::address(item.id.as_bytes()),
            size: if item.kind == Kind::File { visit.words().bytes(item.size) } else { "–".to_owned() },
        }
    }
}

/// What is done with one thing, or with all.
#[derive(Deserialize)]
pub struct Deed {
    what: String,
    #[serde(default)]
    root: String,
    #[serde(default)]
    id: String,
}

pub async fn act(Posted(visit, deed): Posted<Deed>) -> Result<Response, Fault> {
    visit.members_only()?;
    let client = Client::of(&visit).await?;
    let root = |text: &str| Place::from_address(text).map(|place| place.root).map_err(Trouble::from);
    let id = files::unaddress(&deed.id);
    match deed.what.as_str() {
        "restore" => {
            let request = Request::Restore { root: root(&deed.root)?, id: id.into() };
            let Reply::Place(place) = client.order(request, Vec::new()).await? else {
                return Err(Trouble::Unfit.into());
            };
            let folder = place.parent().unwrap_or(place).address();
            Ok(Redirect::to(&format!("/files/at/{folder}?done=files-restored")).into_response())
        }
        "destroy" => {
            destroy(&client, root(&deed.root)?, Some(&id)).await?;
            Ok(Redirect::to("/files/bin?done=files-destroyed").into_response())
        }
        "empty" => {
            for root in client.roots() {
                destroy(&client, root.root, None).await?;
            }
            Ok(Redirect::to("/files/bin?done=files-emptied").into_response())
        }
        _ => Err(Fault::unreadable()),
    }
}

/// To the end, a part at a time, so that others are served in between.
async fn destroy(client: &Client, root: Root, id: Option<&[u8]>) -> Result<(), Trouble> {
    loop {
        match client.order(Request::Destroy { root, id: id.map(Into::into) }, Vec::new()).await? {
            Reply::Removed { more: true, .. } => {}
            Reply::Removed { .. } => return Ok(()),
            _ => return Err(Trouble::Unfit),
        }
    }
}
