//! From a data directory to a centre that can serve: the file is opened, the machine looked at, the state read back.
//! Must not know how the centre serves.

use crate::complain::complain;
use std::{path::Path, sync::Arc};

use drivers::local::{gpu, link::Link, topology};
use model::{Machine, Time, Uid};
use nix::unistd::geteuid;
use scheduler::State;
use store::{Db, Opened, Reader, Writer};

use crate::{
    allocations::Allocations,
    bell::Bell,
    cluster::Cluster,
    config,
    connection::Connections,
    core::{Centre, Stopping},
    doors::{self, Doors},
    electricity::{Calendars, Electricity},
    journal::Journal,
    learning::{self, remembered},
    mail::Mail,
    metering::{Metering, Meters},
    money::Money,
    paths::Paths,
    people::People,
    portal::{folk::Folk, passwords::Hasher},
    power::Switches,
    reading::Archive,
    recovery::read_back,
    service::{Word, clock},
    submissions::Submissions,
};

/// What went wrong at the start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The data file.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// Something of the system.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Another centre serves this data.
    #[error("a centre already serves {0}: `algoric status` shows it, `algoric stop` ends it")]
    Taken(String),
}

pub(crate) fn system<E: Into<std::io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> ServiceError {
    let what = what.into();
    move |source| ServiceError::System { what, source: source.into() }
}

/// The data file, upgraded if need be.
fn open_data(paths: &Paths) -> Result<Db, ServiceError> {
    let (db, opened) = Db::open(&paths.database())?;
    if let Opened::Upgraded { from, kept } = opened {
        let kept = kept.display();
        complain!("the data file was upgraded from format {from}; as it was, it is kept as {kept}");
    }
    Ok(db)
}

/// The machine as it is, with what the system itself needs of its memory left out.
fn discover() -> Result<Machine, ServiceError> {
    let name = drivers::local::system::host_name().map_err(system("asking for the host name"))?;
    let total = drivers::local::system::memory().map_err(system("asking for the memory"))?.total_mib;
    // 2 %, and 128 MiB at least, so that a full machine still answers.
    let memory = total.saturating_sub((total / 50).max(128));
    topology::machine(Path::new("/sys"), &topology::allowed(), &name, memory, gpu::find(Path::new("/")))
        .map_err(|fault| system("looking at the processors")(std::io::Error::other(fault)))
}

/// The file of this program, which jobs without a script are started with.
fn this_program() -> Result<model::Text, ServiceError> {
    let path = std::env::current_exe().map_err(system("looking for this program's file"))?;
    let path = path.into_os_string().into_encoded_bytes();
    // So the kernel says when the file was replaced meanwhile: the new one does it too.
    Ok(model::Text::from(path.strip_suffix(b" (deleted)").unwrap_or(&path)))
}

/// Everything but the launcher's greeting is there when this returns.
pub(crate) fn open(paths: Paths, url: String, link: Link, meters: Meters) -> Result<(Centre, Doors), ServiceError> {
    let file = config::load(&paths.config())?;
    let db = open_data(&paths)?;
    let found = discover()?;
    let mut people = People::load(&db, file.operators.clone(), Uid(geteuid().as_raw()))?;
    let folk = Folk::new(db.folk()?);
    people.granted = folk.accounts_with(api::Role::Operator);
    let config = file.scheduler(&paths.config(), &found, people.shares())?;
    let name = file.name.clone().unwrap_or_else(|| config.machine.name.clone());
    let node: Arc<str> = Arc::from(config.machine.name.as_str());
    let reader = Reader::open(&paths.database())?;
    let electricity = Arc::new(Electricity::load(&paths.config(), &file, &Calendars::stored(&reader)?)?);
    let money = Money::open(&paths.config(), &file, &electricity.zone, &reader)?;
    let learned = remembered(&reader)?;
    let mut back = read_back(&reader, State::new(config))?;
    let reserve = learning::reserve(&reader, back.state.config(), &electricity.zone, clock())?;
    back.state.set_reserve(reserve);
    let (bell, ear) = Bell::hang().map_err(system("eventfd"))?;
    let tell = bell.teller();
    let writer = Writer::start(db, move |committed| tell(Word::Committed(committed)))
        .map_err(system("starting the writing thread"))?;
    let metering = Metering::open(&file, meters, &back.state, &reader, bell.teller())
        .map_err(|fault| system("beginning to measure")(std::io::Error::other(fault)))?;
    if let Some(meter) = &file.site.meter {
        let started = crate::consumption::site::start(meter, bell.teller());
        started.map_err(system("starting the thread of the site's meter"))?;
    }
    let switches = Switches::open(&file, &paths, back.state.nodes().collect(), bell.teller())
        .map_err(system("finding out which machines are on"))?;
    let tell = bell.teller();
    let hasher =
        Hasher::start(move |hashed| tell(Word::Hashed(hashed))).map_err(system("starting the thread for passwords"))?;
    let cluster = Cluster::open(&file.cluster, &paths, bell.teller())
        .map_err(|fault| system("beginning to watch the cluster")(std::io::Error::other(fault)))?;
    let agents = crate::agents::Agents::load(&reader)?;
    let archive = Archive::start(&paths.database(), move |conn, reply| bell.tell(Word::Answer(conn, reply)))
        .map_err(|fault| system("starting the reading thread")(std::io::Error::other(fault)))?;
    let doors = doors::open(&paths, &link, ear)?;
    let mail = Mail::open(&file.mail, paths.mail(), &node).map_err(system("opening the place for letters"))?;
    let now = clock();
    let mut centre = Centre {
        paths,
        file,
        electricity,
        money,
        metering,
        tracks: Default::default(),
        switches,
        cluster,
        agents,
        name,
        node,
        state: back.state,
        people,
        journal: Journal::new(writer),
        drafts: std::collections::HashMap::new(),
        archive,
        reader,
        submissions: Submissions::new(back.next_blob),
        link,
        hello: None,
        launcher_gone: false,
        conns: Connections::new(doors::open_files()),
        steps: back.steps,
        allocations: Allocations::restored(back.allocations),
        mail,
        folk,
        hasher,
        patience: Default::default(),
        making: Default::default(),
        program: this_program()?,
        waiters: Default::default(),
        perhaps_over: back.remaining.iter().filter(|(_, left)| **left == 0).map(|(id, _)| *id).collect(),
        remaining: back.remaining,
        started_this_boot: back.started_there,
        started_this_boot_id: back.last_boot,
        degraded: None,
        deferred: Vec::new(),
        owed: Vec::new(),
        suspects: back.suspects,
        stopping: Stopping::No,
        now,
        started: now,
        url,
        board_known: crate::portal::board::Known::default(),
        zone: jiff::tz::TimeZone::system(),
        service_uid: Uid(geteuid().as_raw()),
        every_user: false,
        shares_changed: false,
        shares_written: now,
        touched: Vec::new(),
        again: Vec::new(),
        accounts_shown: Default::default(),
        pruned: now,
        probed: now,
        counters: Default::default(),
        learned,
        prices_seen: Time(i64::MIN / 2),
    };
    centre.tell_prices();
    centre.hint_all();
    centre.watch_limits_again();
    centre.money_agrees();
    Ok((centre, doors))
}
