//! A step while it runs: one loop over signals, streams and deadlines.

use std::{
    io::{self, Write as _},
    os::fd::{AsFd, AsRawFd, OwnedFd, RawFd},
    time::{Duration, Instant},
};

use dialect::text;
use model::{Time, Usage};
use nix::{
    errno::Errno,
    fcntl::OFlag,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, killpg},
    unistd::{self, Pid},
};

use super::{
    Ended, Sink, Source, Step,
    broadcast::{self, Broadcast},
    endings::{self, Ending},
    lines::{self, Lines},
    signals::{Arrived, Signals},
    task,
};
use crate::console;

/// How long tasks may take to leave after SIGTERM, before SIGKILL.
const PATIENCE: Duration = Duration::from_secs(32);

/// Ends that come so close together are told together.
const TOGETHER: Duration = Duration::from_millis(50);

/// How long output may still come through pipes that something keeps open after all tasks have ended.
const LAST_OUTPUT: Duration = Duration::from_millis(300);

/// Two Ctrl-C within this time are meant.
const DOUBLE: Duration = Duration::from_secs(1);

struct Task {
    pid: Pid,
    ending: Option<Ending>,
}

/// A task's output on its way into one of the step's.
struct Stream {
    pipe: OwnedFd,
    lines: Lines,
    output: usize,
}

/// What there is to do at some instant.
#[derive(Default)]
struct Deadlines {
    /// Tell the ends that came together.
    tell: Option<Instant>,
    /// `-W` is over: SIGTERM for those that are left.
    wait: Option<Instant>,
    /// SIGKILL for those that are left.
    kill: Option<Instant>,
    /// Read no further.
    drain: Option<Instant>,
}

/// The step and all that changes.
pub struct Running {
    step: Step,
    tasks: Vec<Task>,
    streams: Vec<Stream>,
    stdin: Broadcast,
    usage: Usage,
    untold: Vec<(u32, Ending)>,
    deadlines: Deadlines,
    cancelled: bool,
    interrupted: Option<Instant>,
}

impl Running {
    /// Starts all tasks.
    ///
    /// # Errors
    /// When a pipe or a process cannot be made; tasks already started are ended.
    pub fn start(step: Step) -> io::Result<Self> {
        let mut running = Running {
            tasks: Vec::with_capacity(step.tasks.len()),
            streams: Vec::new(),
            stdin: Broadcast::new(None, Vec::new()),
            usage: Usage::default(),
            untold: Vec::new(),
            deadlines: Deadlines::default(),
            cancelled: false,
            interrupted: None,
            step,
        };
        let mut feeds = Vec::new();
        for rank in 0..running.step.tasks.len() {
            if let Err(error) = running.start_task(rank, &mut feeds) {
                running.signal_all(Signal::SIGKILL);
                return Err(error);
            }
        }
        if !feeds.is_empty() {
            running.stdin = Broadcast::new(Some(unistd::dup(io::stdin())?), feeds);
        }
        Ok(running)
    }

    fn start_task(&mut self, rank: usize, feeds: &mut Vec<OwnedFd>) -> io::Result<()> {
        let plan = &self.step.tasks[rank];
        // What only the task keeps: closed here once it has started.
        let mut handed = Vec::new();
        let input = match &plan.stdin {
            Source::Inherit => io::stdin().as_raw_fd(),
            Source::Own(file) => file.as_raw_fd(),
            Source::Broadcast => {
                let (read, write) = broadcast::pipe()?;
                feeds.push(write);
                kept(read, &mut handed)
            }
        };
        let (tasks, unbuffered) = (self.step.tasks.len() as u32, self.step.unbuffered);
        let label = if self.step.label { lines::label(rank as u32, tasks) } else { Vec::new() };
        let streams = &mut self.streams;
        let mut output = |sink: &Sink, own: RawFd| -> io::Result<RawFd> {
            Ok(match sink {
                Sink::Inherit => own,
                Sink::Own(file) => file.as_raw_fd(),
                Sink::Lines(output) => {
                    let (pipe, write) = unistd::pipe2(OFlag::O_CLOEXEC)?;
                    streams.push(Stream { pipe, lines: Lines::new(label.clone(), unbuffered), output: *output });
                    kept(write, &mut handed)
                }
            })
        };
        let files = [input, output(&plan.stdout, libc::STDOUT_FILENO)?, output(&plan.stderr, libc::STDERR_FILENO)?];
        let pid = task::start(&task::Start {
            command: &plan.command,
            environment: &plan.environment,
            workdir: &self.step.workdir,
            cpus: &plan.cpus,
            files,
            speaker: &format!("slurmstepd-{}", self.step.node),
        })?;
        self.tasks.push(Task { pid, ending: None });
        Ok(())
    }

    /// All tasks have ended, and nothing more comes out of them.
    pub fn is_over(&self) -> bool {
        self.all_ended() && self.streams.is_empty()
    }

    fn all_ended(&self) -> bool {
        self.tasks.iter().all(|task| task.ending.is_some())
    }

    /// Waits for the next event and deals with it.
    ///
    /// # Errors
    /// When waiting itself fails.
    pub fn turn(&mut self, signals: &mut Signals) -> io::Result<()> {
        let ready = self.wait_for_events(signals)?;
        while let Some(arrived) = signals.next() {
            match arrived.signal {
                Signal::SIGCHLD => {}
                _ => self.on_signal(arrived),
            }
        }
        // Output first: what a task said before it ended stands before the word about its end.
        self.move_output(&ready);
        self.move_input(&ready);
        while let Some((pid, ending, usage)) = task::reap() {
            self.on_end(pid, ending, usage);
        }
        self.on_time(Instant::now());
        Ok(())
    }

    /// The descriptors that can be read or written.
    fn wait_for_events(&self, signals: &Signals) -> io::Result<Vec<RawFd>> {
        let mut files = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        files.extend(self.streams.iter().map(|stream| PollFd::new(stream.pipe.as_fd(), PollFlags::POLLIN)));
        files.extend(self.stdin.source().map(|source| PollFd::new(source, PollFlags::POLLIN)));
        files.extend(self.stdin.pipes().map(|(_, pipe)| PollFd::new(pipe, PollFlags::POLLOUT)));
        let Deadlines { tell, wait, kill, drain } = &self.deadlines;
        let next = [tell, wait, kill, drain].into_iter().flatten().min();
        let timeout = match next {
            // Rounded up, so that the deadline has passed when the time is over.
            Some(at) => {
                let left = at.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
                PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
            }
            None => PollTimeout::NONE,
        };
        match poll(&mut files, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |file: &PollFd<'_>| file.any().unwrap_or(false);
        Ok(files.iter().filter(|file| is_ready(file)).map(|file| file.as_fd().as_raw_fd()).collect())
    }

    fn move_output(&mut self, ready: &[RawFd]) {
        let Running { streams, step, .. } = self;
        streams.retain_mut(|stream| {
            if !ready.contains(&stream.pipe.as_raw_fd()) {
                return true;
            }
            let mut bytes = [0; 64 << 10];
            let mut out = Vec::new();
            let more = match unistd::read(&stream.pipe, &mut bytes) {
                Err(Errno::EINTR | Errno::EAGAIN) => true,
                Ok(0) | Err(_) => {
                    stream.lines.end(&mut out);
                    false
                }
                Ok(count) => {
                    stream.lines.take(&bytes[..count], &mut out);
                    true
                }
            };
            // A reader of ours that went away does not end the tasks.
            step.outputs[stream.output].write_all(&out).ok();
            more
        });
    }

    fn move_input(&mut self, ready: &[RawFd]) {
        let writable: Vec<usize> = self
            .stdin
            .pipes()
            .filter(|(_, pipe)| ready.contains(&pipe.as_raw_fd()))
            .map(|(number, _)| number)
            .collect();
        writable.into_iter().for_each(|number| self.stdin.write(number));
        if self.stdin.source().is_some_and(|source| ready.contains(&source.as_raw_fd())) {
            self.stdin.read();
        }
    }

    fn on_end(&mut self, pid: Pid, ending: Ending, usage: Usage) {
        let Some(rank) = self.tasks.iter().position(|task| task.pid == pid) else { return };
        self.tasks[rank].ending = Some(ending);
        self.usage = self.usage.plus(usage);
        let now = Instant::now();
        if ending != Ending::Code(0) {
            self.untold.push((rank as u32, ending));
            self.deadlines.tell = Some(now + TOGETHER);
            if self.step.kill_on_bad_exit && !self.cancelled && !self.all_ended() {
                self.inform(&format!("Terminating StepId={}", self.step.id));
                self.terminate();
            }
        }
        if let Some(wait) = self.step.wait {
            self.deadlines.wait.get_or_insert(now + wait);
        }
        if self.all_ended() {
            // What a task left behind in its group goes with the step.
            self.signal_all(Signal::SIGKILL);
            self.deadlines =
                Deadlines { tell: self.deadlines.tell, drain: Some(now + LAST_OUTPUT), ..Deadlines::default() };
        }
    }

    fn on_time(&mut self, now: Instant) {
        let due = |deadline: &mut Option<Instant>| deadline.take_if(|at| *at <= now).is_some();
        if due(&mut self.deadlines.tell) {
            self.tell();
        }
        if due(&mut self.deadlines.wait) && !self.cancelled {
            self.complain("First task exited. Terminating the others, as --wait says");
            self.terminate();
        }
        if due(&mut self.deadlines.kill) {
            self.signal_all(Signal::SIGKILL);
        }
        if due(&mut self.deadlines.drain) {
            for mut stream in self.streams.drain(..) {
                let mut out = Vec::new();
                stream.lines.end(&mut out);
                self.step.outputs[stream.output].write_all(&out).ok();
            }
        }
    }

    fn on_signal(&mut self, arrived: Arrived) {
        match arrived.signal {
            Signal::SIGCONT => self.inform("got SIGCONT"),
            Signal::SIGINT if !arrived.to_whole_job && !self.step.disable_status => self.on_interrupt(),
            Signal::SIGTERM | Signal::SIGHUP => self.on_terminate(arrived.to_whole_job),
            signal if !arrived.to_whole_job => self.signal_all(signal),
            _ => {}
        }
    }

    /// Once: how it stands. Twice within a second: to the tasks. Once more: the end.
    fn on_interrupt(&mut self) {
        if self.step.quit_on_interrupt {
            return self.terminate();
        }
        let now = Instant::now();
        let meant = self.interrupted.is_some_and(|before| now.duration_since(before) <= DOUBLE);
        if meant && self.cancelled {
            self.signal_all(Signal::SIGKILL);
        } else if meant {
            self.inform(&format!("sending Ctrl-C to StepId={}", self.step.id));
            self.signal_all(Signal::SIGINT);
            self.cancel();
        } else {
            self.inform("interrupt (one more within 1 sec to abort)");
            let running: model::IndexSet = self.running().map(|(rank, _)| rank).collect();
            let noun = if running.len() == 1 { "task" } else { "tasks" };
            self.inform(&format!("StepId={} {noun} {running}: running", self.step.id));
        }
        self.interrupted = Some(now);
    }

    fn on_terminate(&mut self, tasks_have_it: bool) {
        if self.cancelled {
            return;
        }
        self.inform(&format!("Job step aborted: Waiting up to {} seconds for job step to finish.", PATIENCE.as_secs()));
        let (id, node) = (&self.step.id, &self.step.node);
        let now = text::shown(|out| {
            text::put_timestamp(out, Time(jiff::Timestamp::now().as_millisecond()), &crate::zone::of_process());
        });
        console::complain(format!("slurmstepd-{node}: error: *** STEP {id} ON {node} CANCELLED AT {now} ***\n"));
        self.inform("forcing job termination");
        if tasks_have_it { self.cancel() } else { self.terminate() }
    }

    /// SIGTERM now, SIGKILL later.
    fn terminate(&mut self) {
        self.signal_all(Signal::SIGTERM);
        self.cancel();
    }

    fn cancel(&mut self) {
        self.cancelled = true;
        self.deadlines.kill.get_or_insert(Instant::now() + PATIENCE);
    }

    /// To the groups of all tasks: also of those that have ended, for what they may have left behind.
    fn signal_all(&self, signal: Signal) {
        for task in &self.tasks {
            // Gone is as good as signalled.
            killpg(task.pid, signal).ok();
        }
    }

    fn running(&self) -> impl Iterator<Item = (u32, &Task)> {
        (0..).zip(&self.tasks).filter(|(_, task)| task.ending.is_none())
    }

    fn tell(&mut self) {
        let ended = std::mem::take(&mut self.untold);
        for message in endings::messages(&self.step.node, &ended) {
            console::complain(message + "\n");
        }
    }

    fn inform(&self, text: &str) {
        if !self.step.quiet {
            self.complain(text);
        }
    }

    fn complain(&self, text: &str) {
        console::complain(format!("srun: {text}\n"));
    }

    /// The last words, and the sum of it all.
    pub fn finish(mut self) -> Ended {
        self.tell();
        let endings = || self.tasks.iter().filter_map(|task| task.ending);
        if !self.cancelled && endings().any(|ending| matches!(ending, Ending::Signal(..))) {
            self.inform(&format!("Force Terminated StepId={}", self.step.id));
        }
        let (state, exit) = endings::outcome(endings(), self.cancelled);
        Ended { code: endings::exit_code(endings()), state, exit, usage: self.usage }
    }
}

/// Keeps a descriptor open until the task has started; its number.
fn kept(file: OwnedFd, handed: &mut Vec<OwnedFd>) -> RawFd {
    let number = file.as_raw_fd();
    handed.push(file);
    number
}
