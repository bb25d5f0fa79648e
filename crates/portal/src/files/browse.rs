//! A folder: what is in it, page by page, and what can be done there.

use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use files::{Entry, Fault as F, Kind, Place, Reply, Request, Room, Sort};
use serde::Deserialize;

use super::{
    Spot, Step, changed_ms,
    client::{Client, Trouble, View},
    root_name, roots, shown, way,
};
use crate::{fault::Fault, page::show, visit::Visit};

/// Names on one page.
const PAGE: u32 = 100;

/// How a folder is looked at, as its address says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Look {
    page: u64,
    sort: String,
    desc: Option<u8>,
    hidden: Option<u8>,
    q: String,
}

impl Look {
    fn sort(&self) -> Sort {
        match self.sort.as_str() {
            "size" => Sort::Size,
            "date" => Sort::Modified,
            _ => Sort::Name,
        }
    }

    fn descending(&self) -> bool {
        self.desc.is_some()
    }

    /// The question of an address that looks like this but for what is changed.
    fn with(&self, page: u64, sort: &str, descending: bool, hidden: bool) -> String {
        let mut pairs = Vec::new();
        if page > 1 {
            pairs.push(format!("page={page}"));
        }
        if !matches!(sort, "" | "name") {
            pairs.push(format!("sort={sort}"));
        }
        if descending {
            pairs.push("desc=1".to_owned());
        }
        if hidden {
            pairs.push("hidden=1".to_owned());
        }
        if !self.q.is_empty() {
            pairs.push(format!("q={}", files::address(self.q.as_bytes())));
        }
        format!("?{}", pairs.join("&"))
    }
}

/// One line.
struct Row {
    name: String,
    /// What a form sends for it.
    value: String,
    address: Option<String>,
    download: Option<String>,
    kind: Kind,
    link: bool,
    size: String,
    changed: String,
    stamp: String,
}

impl Row {
    fn new(visit: &Visit, folder: &Place, entry: &Entry) -> Option<Self> {
        let words = visit.words();
        let place = folder.join(entry.name.as_bytes()).ok()?;
        let address = place.address();
        Some(Self {
            name: shown(entry.name.as_bytes()),
            value: files::address(entry.name.as_bytes()),
            address: super::address_of(&place, entry.kind),
            download: (entry.kind == Kind::File).then(|| format!("/files/get/{address}")),
            kind: entry.kind,
            link: entry.link,
            size: if entry.kind == Kind::File { words.bytes(entry.size) } else { "–".to_owned() },
            changed: words.time(changed_ms(entry)),
            stamp: words.stamp(changed_ms(entry)),
        })
    }

    /// The word for what it is.
    fn what(&self) -> &'static str {
        match self.kind {
            Kind::File => "files-kind-file",
            Kind::Folder => "files-kind-folder",
            Kind::Astray => "files-kind-astray",
            Kind::Other => "files-kind-other",
        }
    }
}

/// A heading that sorts.
struct Heading {
    key: &'static str,
    address: String,
    /// `aria-sort`.
    order: &'static str,
}

#[derive(Template)]
#[template(path = "files/browse.html")]
struct Page<'a> {
    visit: &'a Visit,
    title: String,
    steps: Vec<Step>,
    roots: Vec<Step>,
    root: String,
    address: String,
    is_root: bool,
    rows: Vec<Row>,
    headings: Vec<Heading>,
    look: Look,
    total: u64,
    hidden: u64,
    cut: bool,
    toggle: String,
    page: u64,
    pages: u64,
    before: Option<String>,
    after: Option<String>,
    room: Option<Room>,
}

pub async fn page(spot: Spot, Query(look): Query<Look>) -> Result<Response, Fault> {
    let Spot { visit, client, place } = spot;
    let number = look.page.max(1);
    let view = View {
        from: (number - 1).saturating_mul(u64::from(PAGE)),
        count: PAGE,
        sort: look.sort(),
        descending: look.descending(),
        hidden: look.hidden.is_some(),
        filter: look.q.clone(),
    };
    let listing = match client.list(&place, &view).await {
        // A file's address, typed by hand.
        Err(Trouble::Fault(F::NotFolder)) => {
            return Ok(Redirect::to(&format!("/files/view/{}", place.address())).into_response());
        }
        listing => listing?,
    };
    let hidden = look.hidden.is_some();
    let heading = |key, sort: &'static str| {
        let is_it = look.sort == sort || (look.sort.is_empty() && sort == "name");
        let order = match (is_it, look.descending()) {
            (true, false) => "ascending",
            (true, true) => "descending",
            _ => "none",
        };
        // What is biggest or newest is what is looked for first.
        let descending = if is_it { !look.descending() } else { sort != "name" };
        Heading { key, address: look.with(1, sort, descending, hidden), order }
    };
    let headings = vec![heading("files-name", "name"), heading("files-size", "size"), heading("files-changed", "date")];
    let pages = listing.total.div_ceil(u64::from(PAGE)).max(1);
    let turn = |to: u64| look.with(to, &look.sort, look.descending(), hidden);
    show(&Page {
        title: if place.name().is_empty() { root_name(&visit, &client, place.root) } else { shown(place.name()) },
        steps: way(&visit, &client, &place),
        roots: roots(&visit, &client),
        root: Place::top(place.root).address(),
        address: place.address(),
        is_root: place.name().is_empty(),
        rows: listing.entries.iter().filter_map(|entry| Row::new(&visit, &place, entry)).collect(),
        headings,
        total: listing.total,
        hidden: listing.hidden,
        cut: listing.cut,
        toggle: look.with(1, &look.sort, look.descending(), !hidden),
        page: number,
        pages,
        before: (number > 1).then(|| turn(number - 1)),
        after: (number < pages).then(|| turn(number + 1)),
        room: room(&client, &place).await,
        look,
        visit: &visit,
    })
}

/// How much room there is; a page without it is still a page.
async fn room(client: &Client, place: &Place) -> Option<Room> {
    match client.ask(Request::Room(place.root)).await {
        Ok((Reply::Room(room), _)) => Some(room),
        _ => None,
    }
}

impl Page<'_> {
    /// What is used of what may be used, in per mille, and both in words.
    fn quota(&self) -> Option<(u64, String)> {
        let room = self.room.as_ref()?;
        let words = self.visit.words();
        let (used, limit, key) = match (room.used, room.limit) {
            (Some(used), Some(limit)) => (used, limit, "files-quota"),
            _ => (room.disk.saturating_sub(room.free), room.disk, "files-disk"),
        };
        let share = (u128::from(used) * 1000 / u128::from(limit.max(1))).min(1000) as u64;
        let free = words.bytes(limit.saturating_sub(used).min(room.free.max(u64::from(room.limit.is_some()))));
        let gaps = [("used", words.bytes(used).into()), ("limit", words.bytes(limit).into()), ("free", free.into())];
        Some((share, self.visit.tw(key, &gaps)))
    }
}
