//! What the centre says, and what it is told; what supervisors say.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use model::{Exit, Outcome, RunId, Span, Usage};
use nix::sys::epoll::{EpollEvent, EpollFlags};
use nix::unistd::Pid;

use super::super::super::meters::busy_us;
use super::super::link::Scripts;
use super::super::parcel::{self, Content, Errand, Piece, Word};
use super::super::protocol::{End, Hello, HookKind, Launch, Order, Report, RunState, ScriptId, VERSION};
use super::super::slot::{Phase, Record, Taken};
use super::super::{Error, clock};
use super::slots::{MARGIN, Worker};
use super::{CENTRE, ExitReason, Launcher, SUPERVISOR};

/// So many supervisors may turn out to be dead before a launch is given up.
const HIRES: usize = 5;

impl Launcher {
    /// The first words to a centre.
    pub(super) fn greet(&mut self) {
        let boot_id = &self.settings.boot_id;
        let hello = Hello {
            version: VERSION,
            pid: std::process::id(),
            boot_id: boot_id.clone(),
            guarantees: self.guarantees.clone(),
            runs: self.slots.iter().filter_map(|slot| slot.report(boot_id)).collect(),
            unreadable: self.unreadable.len() as u32,
        };
        self.tell(&Report::Hello(hello));
        for (number, why) in self.unreadable.clone() {
            let text = format!("slot file {number} cannot be read, so its run is not known: {why}");
            self.tell(&Report::Fault { text });
        }
        self.flush();
    }

    pub(super) fn tell(&mut self, report: &Report) {
        if let Some(centre) = &mut self.centre {
            // Too long a report cannot be: texts in it are short.
            centre.queue(report).unwrap_or_default();
        }
    }

    /// Sends what waits; a centre that is slow is waited for, one that is gone shows by its end of file.
    pub(super) fn flush(&mut self) {
        let Some(centre) = &mut self.centre else { return };
        let full = !centre.flush().unwrap_or(true);
        if full != self.centre_full {
            self.centre_full = full;
            let interest = if full { EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT } else { EpollFlags::EPOLLIN };
            self.epoll.modify(centre.fd(), &mut EpollEvent::new(interest, CENTRE)).unwrap_or_default();
        }
    }

    /// Takes the centre's orders.
    pub(super) fn serve_centre(&mut self) -> Option<ExitReason> {
        let mut centre = self.centre.take()?;
        let open = centre.fill().unwrap_or(false);
        let mut orders = Vec::new();
        let mut sane = true;
        loop {
            match centre.next_frame().map(|frame| frame.map(|frame| (postcard::from_bytes(frame), frame.to_vec()))) {
                Ok(Some((Ok(order), frame))) => orders.push((order, frame)),
                Ok(None) => break,
                Ok(Some((Err(_), _))) | Err(_) => {
                    sane = false;
                    break;
                }
            }
        }
        self.centre = Some(centre);
        for (order, frame) in orders {
            if let Some(reason) = self.obey(order, frame) {
                self.flush();
                return Some(reason);
            }
        }
        if open && sane { None } else { self.lose_centre() }
    }

    fn lose_centre(&mut self) -> Option<ExitReason> {
        if let Some(centre) = self.centre.take() {
            self.epoll.delete(centre.fd()).unwrap_or_default();
        }
        self.centre_full = false;
        self.scripts = Scripts::default();
        match &self.door {
            Some(door) if door.stay => None,
            _ => Some(ExitReason::CentreGone),
        }
    }

    fn obey(&mut self, order: Order, frame: Vec<u8>) -> Option<ExitReason> {
        match order {
            Order::Script { id, bytes } => {
                let length = bytes.as_bytes().len();
                match Content::new(bytes.into_bytes()) {
                    Ok(content) => self.scripts.insert(id, length, content),
                    Err(error) => self.tell(&Report::Fault { text: format!("keeping a script: {error}") }),
                }
            }
            Order::Launch(launch) => self.launch(&launch, frame),
            Order::Forget(runs) => runs.into_iter().for_each(|run| self.forget(run)),
            Order::Quit => return Some(ExitReason::Quit),
            Order::Measure { number } => self.measure(number),
            Order::Files(order) => self.serve_files(order),
            Order::Account { number, deed } => self.account(number, &deed),
            Order::Machine { number, machines, deed } => self.machine(number, &machines, &deed),
            Order::Command(command) => self.command(*command),
            Order::Terminate { run, .. }
            | Order::Signal { run, .. }
            | Order::Join { run, .. }
            | Order::Suspend { run }
            | Order::Resume { run } => self.pass_on(run, order),
        }
        None
    }

    /// Starts a run, unless it is known.
    fn launch(&mut self, launch: &Launch, frame: Vec<u8>) {
        if let Some(at) = self.slots.iter().position(|slot| slot.has(launch.run)) {
            return self.tell_state(at);
        }
        let run = launch.run;
        let outcome = if !self.settings.root && launch.owner.uid.0 != nix::unistd::geteuid().as_raw() {
            let error = format!("jobs of uid {} need a launcher that is root", launch.owner.uid);
            Outcome::LaunchFailed { exit: Exit { code: 1, signal: 0 }, error }
        } else if let Err(error) = self.assign(launch, frame) {
            // Not the run's fault: the next one would meet the same.
            self.tell(&Report::HookFailed { run, hook: HookKind::Launcher, error: error.to_string() });
            Outcome::Lost
        } else {
            return;
        };
        let end = End { started: None, at: clock::now(), outcome, usage: Usage::default() };
        self.tell(&Report::Ended { run, end });
    }

    /// Says what runs have used so far.
    fn measure(&mut self, number: u64) {
        let Ok(busy_us) = busy_us(std::path::Path::new("/proc")) else {
            return self.tell(&Report::Fault { text: "the kernel does not tell CPU times".to_owned() });
        };
        let runs = self.slots.iter().filter_map(|slot| {
            let taken = slot.taken().filter(|taken| taken.boot_id == self.settings.boot_id)?;
            let is_over = matches!(taken.phase, Phase::Ended(_));
            (!is_over).then(|| self.used(slot, taken.run))
        });
        let report = Report::Measured { number, busy_us, runs: runs.collect() };
        self.tell(&report);
    }

    /// CPU time of a slot's run, of its group since it began, or what its supervisor last wrote down; and its memory.
    fn used(&self, slot: &super::slots::Slot, run: RunId) -> (RunId, u64, u64) {
        let Some((usage, group_before)) = slot.file.last_use(run) else { return (run, 0, 0) };
        let group = group_before.and_then(|before| {
            let now = self.settings.kit.cpu_time(slot.number)?.as_micros() as u64;
            now.checked_sub(before)
        });
        (run, group.unwrap_or(usage.user_us + usage.system_us), usage.max_rss_kib)
    }

    fn tell_state(&mut self, at: usize) {
        let Some(report) = self.slots[at].report(&self.settings.boot_id) else { return };
        let run = report.run;
        match report.state {
            RunState::Starting => {}
            RunState::Running { pid, started, .. } => self.tell(&Report::Started { run, pid, at: started }),
            RunState::Ended(end) => self.tell(&Report::Ended { run, end }),
            RunState::Rebooted { started } => {
                let at = clock::now().max(started.unwrap_or_default());
                let end = End { started, at, outcome: Outcome::Lost, usage: Usage::default() };
                self.tell(&Report::Ended { run, end });
            }
        }
    }

    /// Gives it to a supervisor. What fails here is our own failure.
    fn assign(&mut self, launch: &Launch, frame: Vec<u8>) -> Result<(), Error> {
        if self.scripts.get(launch.script).is_none() {
            let ScriptId(id) = launch.script;
            return Err(Error::Protocol(format!("script {id} was not sent")));
        }
        let io_error = |what: &str, source| Error::Io { what: what.to_owned(), source };
        let order = Content::new(frame).map_err(|error| io_error("keeping the launch", error))?;
        let mut last = None;
        for _ in 0..HIRES {
            let at = self.idle_slot(&launch.cpus)?;
            self.mark_assigned(at, launch).map_err(|error| io_error("writing the slot file", error))?;
            match self.post_launch(at, launch.script, &order) {
                Ok(()) => return Ok(()),
                // It has died, and we have not heard of it yet.
                Err(error) => last = Some(error),
            }
            self.slots[at].file.write(&Record::Free).map_err(|error| io_error("writing the slot file", error))?;
            self.slots[at].record = Record::Free;
            self.lose_supervisor(at);
        }
        Err(io_error("telling a supervisor", last.unwrap_or_else(|| std::io::ErrorKind::NotConnected.into())))
    }

    /// Written before anybody is told: a launcher that dies in between must leave a trace.
    fn mark_assigned(&mut self, at: usize, launch: &Launch) -> std::io::Result<()> {
        let Worker::Supervisor { pid, .. } = &self.slots[at].worker else {
            return Err(std::io::ErrorKind::NotConnected.into());
        };
        let record = Record::Taken(Taken {
            run: launch.run,
            boot_id: self.settings.boot_id.clone(),
            uid: launch.owner.uid.0,
            supervisor: pid.as_raw() as u32,
            group: self.settings.kit.box_of(self.slots[at].number).into_os_string().into_encoded_bytes().into(),
            phase: Phase::Assigned,
        });
        let slot = &mut self.slots[at];
        slot.file.write(&record)?;
        slot.record = record;
        slot.cpus.clone_from(&launch.cpus);
        slot.suspended = false;
        slot.failed = false;
        slot.patience = MARGIN + launch.epilog.as_ref().map_or(Duration::ZERO, |hook| millis(hook.limit));
        Ok(())
    }

    fn post_launch(&self, at: usize, script: ScriptId, order: &Content) -> std::io::Result<()> {
        let mut files = Vec::new();
        let order = order.piece(&mut files);
        let script = self.scripts.get(script).map_or(Piece::Inline(&[]), |content| content.piece(&mut files));
        match &self.slots[at].worker {
            Worker::Supervisor { socket, .. } => {
                parcel::post(socket.as_fd(), &Errand::Launch { order, script }, &files)
            }
            _ => Err(std::io::ErrorKind::NotConnected.into()),
        }
    }

    fn forget(&mut self, run: RunId) {
        let Some(at) = self.slots.iter().position(|slot| slot.has(run)) else { return };
        let slot = &mut self.slots[at];
        let over = match slot.taken().map(|taken| (&taken.phase, &taken.boot_id)) {
            Some((Phase::Ended(_), _)) => true,
            Some((_, boot_id)) => *boot_id != self.settings.boot_id,
            None => false,
        };
        if over {
            slot.record = Record::Free;
            slot.idle_since = clock::since_boot();
            if let Err(error) = slot.file.write(&Record::Free) {
                let text = format!("slot file {}: {error}", slot.number);
                self.tell(&Report::Fault { text });
            }
        }
    }

    /// An order about a run goes to its supervisor.
    fn pass_on(&mut self, run: RunId, order: Order) {
        let Some(at) = self.slots.iter().position(|slot| slot.has(run)) else {
            return self.tell(&Report::Unknown { run });
        };
        if let Order::Terminate { kill_wait, .. } = &order {
            let slot = &mut self.slots[at];
            slot.doom_at.get_or_insert(clock::since_boot() + millis(*kill_wait) + slot.patience);
        }
        match &self.slots[at].worker {
            Worker::Supervisor { .. } => {
                self.slots[at].put_by(order);
                self.hand_over(at);
            }
            Worker::Awaited => self.slots[at].put_by(order),
            Worker::Nobody => self.tell_state(at),
            Worker::Burial => {}
        }
    }

    /// Gives a supervisor what waits for it, as far as it can take it now; the rest when it can take more.
    pub(super) fn hand_over(&mut self, at: usize) {
        let slot = &mut self.slots[at];
        let Worker::Supervisor { socket, .. } = &slot.worker else { return };
        let before = slot.waiting.len();
        while let Some(order) = slot.waiting.pop_front() {
            let errand = Errand::Order(order);
            match parcel::post(socket.as_fd(), &errand, &[]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let Errand::Order(order) = errand else { return };
                    slot.waiting.push_front(order);
                    break;
                }
                // One that can take nothing at all is dead; its end of file tells.
                _ => {}
            }
        }
        if before > 0 {
            let token = SUPERVISOR | u64::from(slot.number);
            let more = if slot.waiting.is_empty() { EpollFlags::empty() } else { EpollFlags::EPOLLOUT };
            self.epoll.modify(socket, &mut EpollEvent::new(EpollFlags::EPOLLIN | more, token)).unwrap_or_default();
        }
    }

    /// Hears a supervisor.
    pub(super) fn hear(&mut self, number: u32) -> Option<ExitReason> {
        let at = self.slot_at(number)?;
        self.hand_over(at);
        loop {
            let Worker::Supervisor { socket, .. } = &self.slots[at].worker else { return None };
            match parcel::take(socket.as_fd(), &mut self.buffer) {
                Ok(parcel::Taken::Nothing) => return None,
                Ok(parcel::Taken::Message(length, _)) => {
                    if let Ok(words) = postcard::from_bytes::<Vec<Word>>(&self.buffer[..length]) {
                        words.into_iter().for_each(|word| self.note(at, word));
                    }
                }
                Ok(parcel::Taken::Closed) | Err(_) => {
                    self.lose_supervisor(at);
                    return None;
                }
            }
        }
    }

    /// Takes note of what a supervisor said, and tells the centre.
    pub(super) fn note(&mut self, at: usize, word: Word) {
        let slot = &mut self.slots[at];
        let phase = |slot: &mut super::slots::Slot, run: RunId, phase: Phase| match &mut slot.record {
            Record::Taken(taken) if taken.run == run => taken.phase = phase,
            _ => {}
        };
        let report = match word {
            Word::Iam { .. } => return,
            Word::Started { run, started } => {
                phase(slot, run, Phase::Started(started));
                Report::Started { run, pid: started.pid, at: started.at }
            }
            Word::Ended { run, end } => {
                phase(slot, run, Phase::Ended(end.clone()));
                slot.doom_at = None;
                slot.waiting.clear();
                Report::Ended { run, end }
            }
            Word::Suspended { run } => {
                slot.suspended = true;
                Report::Suspended { run }
            }
            Word::Resumed { run } => {
                slot.suspended = false;
                Report::Resumed { run }
            }
            Word::HookFailed { run, hook, error } => Report::HookFailed { run, hook, error },
            Word::Fault { text } => Report::Fault { text },
        };
        self.tell(&report);
    }

    pub(super) fn is_supervisor(&self, pid: Pid) -> bool {
        self.slots.iter().any(|slot| matches!(&slot.worker, Worker::Supervisor { pid: theirs, .. } if *theirs == pid))
    }
}

fn millis(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}
