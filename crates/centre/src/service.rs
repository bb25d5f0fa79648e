//! The service: one thread, one loop. It waits for commands, for the launcher, for the disk and for the clock.

use crate::complain::complain;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Refusal, Reply, Request};
use drivers::local::link::Link;
use model::{Time, Uid};
use nix::sys::epoll::{EpollEvent, EpollFlags, EpollTimeout};
use store::{Committed, Write};

use crate::{
    connection::{Conn, ConnId, Incoming, Peer},
    core::{Centre, Stopping},
    doors::{self, Doors, FIRST_CONN, LAUNCHER, SIGNALS, UNIX_DOOR, WAKE},
    opening::{ServiceError, open, system},
    paths::Paths,
};

/// How to serve.
pub struct Options {
    /// Where.
    pub paths: Paths,
    /// Address for the browser, as people type it; empty: there are no pages.
    pub url: String,
    /// The launcher.
    pub link: Link,
    /// The machine's meters.
    pub meters: crate::Meters,
    /// Called once commands can come in.
    pub ready: Ready,
}

/// Is told the address for the browser, and the link that makes the first operator while there is none.
pub type Ready = Box<dyn FnOnce(&str, Option<&api::Secret>)>;

/// Why the service ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Somebody wanted it.
    Stopped,
    /// The launcher is gone: the centre cannot do without.
    LauncherGone,
}

/// What other threads tell the loop.
pub(crate) enum Word {
    Committed(Committed),
    Answer(ConnId, Reply),
    Metered(crate::metering::Said),
    Site(energy::reconcile::Index),
    Power(crate::power::Said),
    Cluster(Box<crate::cluster::Said>),
    Hashed(crate::portal::passwords::Hashed<crate::portal::sessions::Then>),
}

/// Serves until told to stop.
///
/// # Errors
/// [`ServiceError`] when it cannot begin.
pub fn run(options: Options) -> Result<Ended, ServiceError> {
    doors::block_signals()?;
    let _lock = doors::lock(&options.paths)?;
    let Options { paths, url, link, meters, ready } = options;
    let (mut centre, mut doors) = open(paths, url, link, meters)?;
    let first = centre.first_link();
    ready(&centre.url, first.as_ref());
    let mut wake_at: Option<Time> = None;
    loop {
        let timeout = patience(&centre, wake_at);
        let mut events = [EpollEvent::empty(); 64];
        let count = match doors.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(fault) => return Err(system("waiting for work")(fault)),
        };
        centre.now = clock();
        for id in std::mem::take(&mut centre.again) {
            serve_one(&mut centre, &doors, id);
        }
        for event in &events[..count] {
            serve(&mut centre, &mut doors, event.data(), event.events());
        }
        if centre.launcher_gone {
            return Ok(Ended::LauncherGone);
        }
        centre.letters_due();
        centre.tell_prices();
        wake_at = centre.decide().into_iter().chain(centre.mail.next()).chain(centre.money_next()).min();
        centre.state.forget_finished(centre.now);
        centre.housekeeping();
        centre.end_orphans();
        centre.flush();
        send_to_launcher(&mut centre, &mut doors);
        send_to_commands(&mut centre, &doors);
        if may_end(&centre) {
            return Ok(Ended::Stopped);
        }
    }
}

/// Now, in ms since 1970.
pub(crate) fn clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// How long nothing may happen. The clock may be set at any time, so no wait is longer than some seconds while
/// something is due at all.
fn patience(centre: &Centre, wake_at: Option<Time>) -> EpollTimeout {
    if !centre.again.is_empty() {
        return EpollTimeout::ZERO;
    }
    if centre.degraded.is_some() {
        return EpollTimeout::from(1000u16);
    }
    match wake_at {
        // What runs is looked at now and then.
        None if centre.state.runs().next().is_some() => EpollTimeout::from(5000u16),
        None => EpollTimeout::from(60_000u16),
        Some(at) => EpollTimeout::from((at - clock()).0.clamp(0, 5000) as u16),
    }
}

fn may_end(centre: &Centre) -> bool {
    let quiet = centre.journal.is_idle();
    match centre.stopping {
        Stopping::No => false,
        Stopping::Now => quiet || centre.degraded.is_some(),
        Stopping::Draining => quiet && centre.state.runs().next().is_none(),
    }
}

fn serve(centre: &mut Centre, doors: &mut Doors, token: u64, flags: EpollFlags) {
    match token {
        UNIX_DOOR => accept(centre, doors),
        LAUNCHER => listen_to_launcher(centre),
        WAKE => hear(centre, doors),
        SIGNALS => {
            while let Ok(Some(_)) = doors.signals.read_signal() {
                centre.stopping = Stopping::Now;
            }
        }
        token => {
            let conn = ConnId(token - FIRST_CONN);
            if flags.contains(EpollFlags::EPOLLOUT) {
                centre.advance(conn);
            }
            let gone = EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR | EpollFlags::EPOLLRDHUP;
            let busy = centre.conns.get(conn).is_some_and(|conn| conn.has_enough());
            if busy && flags.intersects(gone) {
                hang_up(centre, doors, conn);
            } else if flags.intersects(EpollFlags::EPOLLIN | gone) {
                read_from(centre, doors, conn);
            }
            centre.touched.push(conn);
        }
    }
}

fn accept(centre: &mut Centre, doors: &Doors) {
    // Enough for a burst; the rest is taken in the next turn.
    for _ in 0..64 {
        let Ok((stream, _)) = doors.unix.accept() else { return };
        // Somebody who has too many open is hung up on: the others must get through.
        let Ok(conn) = Conn::new(stream) else { continue };
        let Some(id) = centre.conns.insert(conn) else { continue };
        let watched = centre.conns.get(id).is_some_and(|conn| {
            let event = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP, FIRST_CONN + id.0);
            doors.epoll.add(conn.stream(), event).is_ok()
        });
        if !watched {
            centre.conns.remove(id);
            continue;
        }
        // What came with the knock is there already, mostly.
        read_from(centre, doors, id);
    }
}

fn read_from(centre: &mut Centre, doors: &Doors, id: ConnId) {
    let Some(conn) = centre.conns.get(id) else { return };
    let open = conn.fill();
    centre.touched.push(id);
    if !open || !centre.conns.within_budget(id) {
        // What came before the end is still answered, as far as it goes, for who only closed one half.
        serve_one(centre, doors, id);
        hang_up(centre, doors, id);
        return;
    }
    serve_one(centre, doors, id);
}

/// Answers one request: whoever sends a thousand at once waits for the others in between.
fn serve_one(centre: &mut Centre, doors: &Doors, id: ConnId) {
    let Some(conn) = centre.conns.get(id) else { return };
    let peer = conn.peer;
    match conn.next() {
        Incoming::Request(request) => {
            let (kind, begun) = (crate::counters::kind(&request), std::time::Instant::now());
            if let Err(refusal) = answer(centre, id, peer, *request) {
                centre.reply(id, &Reply::Refused(refusal));
            }
            centre.counters.served(kind, peer.uid, begun);
            centre.touched.push(id);
        }
        Incoming::Nothing => {}
        Incoming::Gone => hang_up(centre, doors, id),
    }
}

fn hang_up(centre: &mut Centre, doors: &Doors, id: ConnId) {
    if let Some(conn) = centre.conns.remove(id) {
        doors.epoll.delete(conn.stream()).ok();
        if let Some(waiters) = conn.waits_for.and_then(|base| centre.waiters.get_mut(&base)) {
            waiters.retain(|waiter| *waiter != id);
        }
    }
    centre.step_lost(id);
    centre.owner_lost(id);
}

pub(crate) fn answer(centre: &mut Centre, conn: ConnId, peer: Peer, request: Request) -> Result<(), Refusal> {
    let Some(request) = centre.cluster_answers(conn, peer, request)? else { return Ok(()) };
    match request {
        Request::Ping => centre.reply(conn, &Reply::Done),
        Request::Status => centre.status(conn, peer),
        Request::Submit(submission) => centre.submit(conn, peer, *submission)?,
        Request::Quote(submission) => centre.quote(conn, peer, *submission)?,
        Request::Wait(id) => centre.wait(conn, peer, id)?,
        Request::Queue(query) => centre.queue(conn, peer, &query, crate::connection::Shape::Row)?,
        Request::Records(query) => centre.records(conn, peer, &query)?,
        Request::Papers(target) => centre.papers(conn, peer, &target),
        Request::Priorities(query) => centre.priorities(conn, peer, &query)?,
        Request::Shares => centre.shares(conn, peer),
        Request::Diagnostics => centre.diagnostics(conn),
        Request::Qos => {
            let rows = centre.qos_rows();
            centre.reply(conn, &Reply::Qos(rows));
        }
        Request::Top(targets) => centre.top(conn, peer, &targets)?,
        Request::Partition { name, up } => centre.set_partition(conn, peer, &name, up)?,
        Request::Details(targets) => centre.details(conn, peer, &targets)?,
        Request::Steps(targets) => centre.steps(conn, peer, &targets)?,
        Request::Accounts(query) => centre.accounts(conn, peer, query)?,
        Request::Nodes => {
            let rows = centre.node_rows();
            centre.reply(conn, &Reply::Nodes(rows));
        }
        Request::Partitions => {
            let rows = centre.partition_rows();
            centre.reply(conn, &Reply::Partitions(rows));
        }
        Request::Settings => {
            let settings = centre.settings();
            centre.reply(conn, &Reply::Settings(settings));
        }
        Request::Cancel(filter) => centre.cancel(conn, peer, &filter)?,
        Request::Hold(target) => centre.hold(conn, peer, &target)?,
        Request::Release(target) => centre.release(conn, peer, &target)?,
        Request::Requeue { target, hold } => centre.requeue(conn, peer, &target, hold)?,
        Request::Suspend(target) => centre.suspend(conn, peer, &target, false)?,
        Request::Resume(target) => centre.suspend(conn, peer, &target, true)?,
        Request::Update { target, changes } => centre.update(conn, peer, &target, &changes)?,
        Request::Why(target) => centre.why(conn, peer, &target)?,
        Request::History(id) => centre.history(conn, peer, id),
        Request::Urgent { target, why } => centre.urgent(conn, peer, &target, &why)?,
        Request::Drain(reason) => centre.drain(conn, peer, reason)?,
        Request::Reserve(wish) => centre.reserve(conn, peer, wish)?,
        Request::Unreserve(name) => centre.unreserve(conn, peer, name)?,
        Request::Reservations => centre.reservations(conn)?,
        Request::Energy(request) => centre.energy(conn, peer, request)?,
        Request::Cluster(request) => centre.cluster_order(conn, peer, &request)?,
        Request::Agents(request) => centre.agents_asked(conn, peer, request)?,
        Request::Money(request) => centre.money(conn, peer, *request)?,
        Request::Portal(request) => centre.portal(conn, peer, *request)?,
        Request::People(request) => centre.people_command(conn, peer, *request)?,
        Request::Admin(admin) => centre.admin(conn, peer, admin)?,
        Request::StepBegin(request) => centre.step_begin(conn, peer, *request)?,
        Request::StepEnd(result) => centre.step_end(conn, peer, &result)?,
        Request::Stop { drain } => centre.stop(conn, peer, drain)?,
        Request::Allocate(allocation) => centre.allocate(conn, peer, *allocation)?,
        Request::Attend { job, step } => centre.attend(conn, peer, job, step.map(|step| *step))?,
        Request::Relinquish(job) => centre.relinquish(conn, job),
        Request::Attach { job, step } => centre.attach(conn, peer, &job, step)?,
    }
    Ok(())
}

fn listen_to_launcher(centre: &mut Centre) {
    let mut reports = Vec::new();
    match centre.link.receive(&mut reports) {
        Ok(true) => {}
        Ok(false) => centre.launcher_gone = true,
        Err(fault) => {
            complain!("the launcher cannot be understood: {fault}");
            centre.launcher_gone = true;
        }
    }
    for report in reports {
        centre.report(report);
    }
}

fn hear(centre: &mut Centre, doors: &Doors) {
    doors.ear.wake.read().ok();
    while let Ok(word) = doors.ear.words.try_recv() {
        match word {
            Word::Committed(Committed { number, result: Ok(()) }) => {
                let ready = centre.journal.committed(number);
                centre.perform(ready);
                if centre.degraded.is_some() {
                    centre.storage_recovered();
                }
            }
            Word::Committed(Committed { result: Err(fault), .. }) => centre.storage_failed(&fault),
            Word::Answer(conn, reply) => centre.reply(conn, &reply),
            Word::Metered(said) => centre.metered(said),
            Word::Site(index) => centre.site_metered(index),
            Word::Power(said) => centre.power_said(said),
            Word::Cluster(said) => centre.cluster_said(*said),
            Word::Hashed(hashed) => centre.hashed(hashed),
        }
    }
}

fn send_to_launcher(centre: &mut Centre, doors: &mut Doors) {
    match centre.link.flush() {
        Ok(sent) => {
            let waits = !sent;
            if waits != doors.link_waits {
                let mut flags = EpollFlags::EPOLLIN;
                flags.set(EpollFlags::EPOLLOUT, waits);
                let mut event = EpollEvent::new(flags, LAUNCHER);
                doors.epoll.modify(centre.link.fd(), &mut event).ok();
                doors.link_waits = waits;
            }
        }
        Err(_) => centre.launcher_gone = true,
    }
}

/// Sends what waits on connections that were touched in this turn.
fn send_to_commands(centre: &mut Centre, doors: &Doors) {
    let mut touched = std::mem::take(&mut centre.touched);
    touched.sort_unstable();
    touched.dedup();
    for id in touched {
        let Some(conn) = centre.conns.get(id) else { continue };
        let sent = conn.flush();
        let done = matches!(sent, Ok(true)) && conn.cursor.is_none();
        if sent.is_err() || (done && conn.closing) {
            hang_up(centre, doors, id);
            continue;
        }
        let Some(conn) = centre.conns.get(id) else { continue };
        let mute = conn.has_enough();
        if conn.watched == done || conn.muted != mute {
            let mut flags = EpollFlags::EPOLLRDHUP;
            flags.set(EpollFlags::EPOLLIN, !mute);
            flags.set(EpollFlags::EPOLLOUT, !done);
            let mut event = EpollEvent::new(flags, FIRST_CONN + id.0);
            doors.epoll.modify(conn.stream(), &mut event).ok();
            conn.watched = !done;
            conn.muted = mute;
        }
        if conn.has_input() && !mute {
            centre.again.push(id);
        }
    }
}

impl Centre {
    fn history(&mut self, conn: ConnId, peer: Peer, id: model::JobId) {
        let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
        let question = crate::reading::Question::History { id, only };
        self.journal.after(crate::journal::After::Read(conn, Box::new(question)));
    }

    /// What is due now and then: old records go, and a disk that failed is tried again.
    fn housekeeping(&mut self) {
        if self.degraded.is_some() && (self.now - self.probed).0.abs() >= 1000 && self.journal.is_idle() {
            self.probed = self.now;
            self.journal.write(Write::Probe(self.now));
        }
        self.end_lost_steps();
        self.share_readings();
        self.keep_series();
        let days = i64::from(self.file.limits.retention_days);
        if days > 0 && self.degraded.is_none() && (self.now - self.pruned).0.abs() >= 3_600_000 {
            self.pruned = self.now;
            self.journal.write(Write::Prune(self.now - model::Span::seconds(days * 86_400)));
        }
    }
}
