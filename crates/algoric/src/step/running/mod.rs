//! A step while it runs: one loop over signals, streams and deadlines.

mod starting;

use std::{
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd, RawFd},
    time::{Duration, Instant},
};

use dialect::text;
use model::{Time, Usage};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::{
    Ended, Orders, Step, Told,
    attach::{Shown, Taps},
    broadcast::Broadcast,
    endings::{self, Ending},
    hooks,
    mpi::Mpi,
    outputs::Outputs,
    signals::{Arrived, Signals},
    task, terminal,
};
use crate::console;

/// What ends the input of a terminal.
const END_OF_INPUT: &[u8] = b"\x04";

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
    outputs: Outputs,
    stdin: Broadcast,
    taps: Taps,
    mpi: Option<Mpi>,
    /// Our side of the first task's terminal.
    terminal: Option<OwnedFd>,
    /// Nobody tells us anything any more.
    alone: bool,
    /// The srun is not inside the job.
    remote: bool,
    /// Nobody hears us any more either.
    abandoned: bool,
    usage: Usage,
    untold: Vec<(u32, Ending)>,
    deadlines: Deadlines,
    cancelled: bool,
    /// One of its tasks has ended it.
    gave_up: bool,
    interrupted: Option<Instant>,
}

impl Running {
    /// Starts all tasks; `remote`: for an srun that is not inside the job.
    ///
    /// # Errors
    /// When a pipe or a process cannot be made; tasks already started are ended.
    pub fn start(mut step: Step, remote: bool) -> io::Result<Self> {
        let tasks = step.tasks.len();
        let mut running = Running {
            tasks: Vec::with_capacity(tasks),
            outputs: Outputs::default(),
            stdin: Broadcast::new(None, Vec::new()),
            taps: Taps::new(step.door.take()),
            mpi: step.pmi.as_ref().map(|name| Mpi::new(name, tasks as u32)),
            terminal: None,
            alone: false,
            remote,
            abandoned: false,
            usage: Usage::default(),
            untold: Vec::new(),
            deadlines: Deadlines::default(),
            cancelled: false,
            gave_up: false,
            interrupted: None,
            step,
        };
        let mut feeds = Vec::new();
        for rank in 0..tasks {
            if let Err(error) = running.start_task(rank, &mut feeds) {
                running.signal_all(Signal::SIGKILL);
                return Err(error);
            }
        }
        if !feeds.is_empty() {
            let farewell = if running.terminal.is_some() { END_OF_INPUT } else { b"" };
            let source = running.step.files[super::STDIN].try_clone()?.into();
            running.stdin = Broadcast::new(Some(source), feeds).with_farewell(farewell);
        }
        Ok(running)
    }

    /// All tasks have ended, and nothing more comes out of them.
    pub fn is_over(&self) -> bool {
        self.all_ended() && self.outputs.is_over()
    }

    fn all_ended(&self) -> bool {
        self.tasks.iter().all(|task| task.ending.is_some())
    }

    /// Waits for the next event and deals with it.
    ///
    /// # Errors
    /// When waiting itself fails.
    pub fn turn(&mut self, signals: &mut Signals, orders: &mut dyn Orders) -> io::Result<()> {
        let ready = self.wait_for_events(signals, orders)?;
        while let Some(arrived) = signals.next() {
            match arrived.signal {
                Signal::SIGCHLD => {}
                _ => self.on_signal(arrived),
            }
        }
        let told = orders.source().is_some_and(|source| !self.alone && ready.contains(&source.as_raw_fd()));
        if told {
            orders.hear().into_iter().for_each(|told| self.on_told(told));
        }
        // Output first: what a task said before it ended stands before the word about its end.
        self.outputs.serve(&ready, &mut self.step.files, &mut self.taps);
        self.move_input(&ready);
        let typed = self.taps.serve(&ready);
        self.stdin.feed(&typed);
        self.serve_mpi(&ready);
        while let Some((pid, ending, usage)) = task::reap() {
            self.on_end(pid, ending, usage);
        }
        self.on_time(Instant::now());
        Ok(())
    }

    /// The descriptors that can be read or written.
    fn wait_for_events(&self, signals: &Signals, orders: &dyn Orders) -> io::Result<Vec<RawFd>> {
        let mut files = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        let reading = |fd| PollFd::new(fd, PollFlags::POLLIN);
        files.extend(self.outputs.sources().map(reading));
        files.extend(self.stdin.source().map(reading));
        files.extend(self.taps.sources().map(reading));
        files.extend(self.mpi.iter().flat_map(Mpi::sources).map(reading));
        files.extend(orders.source().filter(|_| !self.alone).map(reading));
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

    /// What the processes of an MPI program ask.
    fn serve_mpi(&mut self, ready: &[RawFd]) {
        let aborted = self.mpi.as_mut().is_some_and(|mpi| mpi.serve(ready));
        if aborted && !self.cancelled {
            self.give_up(Signal::SIGTERM);
        }
    }

    fn on_told(&mut self, told: Told) {
        match told {
            Told::Signal(number) => match Signal::try_from(number) {
                Ok(signal) => self.on_signal(Arrived { signal, to_whole_job: false }),
                // Real-time signals have no names.
                Err(_) => self.tasks.iter().for_each(|task| {
                    // SAFETY: plain numbers.
                    unsafe { libc::kill(-task.pid.as_raw(), number) };
                }),
            },
            Told::End => self.on_terminate(Some(Signal::SIGTERM)),
            Told::Resize(rows, columns) => self.resize(rows, columns),
            Told::Gone => {
                self.alone = true;
                self.abandoned = true;
                self.signal_all(Signal::SIGKILL);
                self.cancelled = true;
            }
            Told::Silence => self.alone = true,
        }
    }

    fn resize(&self, rows: u16, columns: u16) {
        if let Some(terminal) = &self.terminal {
            terminal::resize(terminal, rows, columns);
        }
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
        if let Some(mpi) = &mut self.mpi {
            mpi.close(rank);
        }
        if let Some(program) = &self.step.task_epilog {
            let own = self.step.tasks[rank].environment.clone();
            let environment = dialect::environment::complete(self.step.environment.clone(), own);
            hooks::epilog(program, &environment, &self.step.workdir);
        }
        self.usage = self.usage.plus(usage);
        let now = Instant::now();
        if ending != Ending::Code(0) {
            self.untold.push((rank as u32, ending));
            // sattach begins its lines otherwise.
            let text = ending.text().replace("Exited", "exited");
            self.taps.show(&Shown::Ended { task: rank as u32, text, code: ending.shell_code() });
            self.deadlines.tell = Some(now + TOGETHER);
            if self.step.kill_on_bad_exit && !self.cancelled && !self.all_ended() {
                self.give_up(Signal::SIGTERM);
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
            self.waited_enough();
        }
        if due(&mut self.deadlines.kill) {
            self.signal_all(Signal::SIGKILL);
        }
        if due(&mut self.deadlines.drain) {
            self.outputs.give_up(&mut self.step.files);
        }
    }

    fn on_signal(&mut self, arrived: Arrived) {
        match arrived.signal {
            Signal::SIGCONT if self.remote => {}
            Signal::SIGCONT => self.inform("got SIGCONT"),
            Signal::SIGWINCH => {
                let (rows, columns) = terminal::size();
                self.resize(rows, columns);
            }
            Signal::SIGINT if !arrived.to_whole_job && !self.step.disable_status => self.on_interrupt(),
            Signal::SIGTERM | Signal::SIGHUP => {
                self.on_terminate((!arrived.to_whole_job).then_some(Signal::SIGKILL));
            }
            signal if !arrived.to_whole_job => self.signal_all(signal),
            _ => {}
        }
    }

    /// Once: how it stands. Twice within a second: to the tasks. Once more: the end.
    fn on_interrupt(&mut self) {
        let now = Instant::now();
        let meant = self.interrupted.is_some_and(|before| now.duration_since(before) <= DOUBLE);
        if meant && self.cancelled {
            self.signal_all(Signal::SIGKILL);
        } else if meant || self.step.quit_on_interrupt {
            self.inform(&format!("sending Ctrl-C to StepId={}", self.step.id));
            self.signal_all(Signal::SIGINT);
            self.on_terminate(Some(Signal::SIGTERM));
        } else {
            self.inform("interrupt (one more within 1 sec to abort)");
            self.tell_tasks(true);
        }
        self.interrupted = Some(now);
    }

    /// Which tasks run, or which do not.
    fn tell_tasks(&self, running: bool) {
        let tasks: model::IndexSet =
            (0..).zip(&self.tasks).filter(|(_, task)| task.ending.is_none() == running).map(|(rank, _)| rank).collect();
        if !tasks.is_empty() {
            let noun = if tasks.len() == 1 { "task" } else { "tasks" };
            let state = if running { "running" } else { "exited" };
            self.inform(&format!("StepId={} {noun} {tasks}: {state}", self.step.id));
        }
    }

    /// `-W` is over.
    fn waited_enough(&mut self) {
        let seconds = self.step.wait.unwrap_or_default().as_secs();
        self.inform(&format!("First task exited {seconds}s ago"));
        self.tell_tasks(true);
        self.tell_tasks(false);
        self.say_terminating();
        self.say_cancelled();
        self.terminate(Signal::SIGKILL);
    }

    /// `-K`, or a task that asked for it: the others shall end, too.
    fn give_up(&mut self, signal: Signal) {
        self.gave_up = true;
        self.say_terminating();
        self.say_aborted();
        self.say_cancelled();
        self.terminate(signal);
    }

    /// The step is to end; `send`: what the tasks are sent, where they do not have it already.
    fn on_terminate(&mut self, send: Option<Signal>) {
        if self.cancelled {
            return;
        }
        if send.is_some() {
            self.inform("forcing job termination");
        }
        self.say_aborted();
        self.say_cancelled();
        // An srun inside the job is ended together with its tasks; one outside hears of it only.
        if send.is_none() && !self.remote {
            self.inform("forcing job termination");
        }
        match send {
            Some(signal) => self.terminate(signal),
            None => self.cancel(),
        }
    }

    fn say_terminating(&self) {
        self.inform(&format!("launch/slurm: _step_signal: Terminating StepId={}", self.step.id));
    }

    fn say_aborted(&self) {
        let seconds = self.step.patience.as_secs();
        self.inform(&format!("Job step aborted: Waiting up to {seconds} seconds for job step to finish."));
    }

    /// What Slurm's daemon says.
    fn say_cancelled(&self) {
        let (id, node) = (&self.step.id, &self.step.node);
        let now = text::shown(|out| {
            text::put_timestamp(out, Time(jiff::Timestamp::now().as_millisecond()), &crate::zone::of_process());
        });
        console::complain(format!("slurmstepd-{node}: error: *** STEP {id} ON {node} CANCELLED AT {now} ***\n"));
    }

    /// This now, SIGKILL when patience ends.
    fn terminate(&mut self, signal: Signal) {
        self.signal_all(signal);
        self.cancel();
    }

    fn cancel(&mut self) {
        self.cancelled = true;
        self.deadlines.kill.get_or_insert(Instant::now() + self.step.patience);
    }

    /// To the groups of all tasks: also of those that have ended, for what they may have left behind.
    fn signal_all(&self, signal: Signal) {
        for task in &self.tasks {
            // Gone is as good as signalled.
            killpg(task.pid, signal).ok();
        }
    }

    fn tell(&mut self) {
        let ended = std::mem::take(&mut self.untold);
        if !self.abandoned {
            for message in endings::messages(&self.step.node, &ended) {
                console::complain(message + "\n");
            }
        }
    }

    fn inform(&self, text: &str) {
        if !self.step.quiet {
            self.complain(text);
        }
    }

    fn complain(&self, text: &str) {
        if self.abandoned {
            return;
        }
        console::complain(format!("srun: {text}\n"));
    }

    /// The last words, and the sum of it all.
    pub fn finish(mut self) -> Ended {
        self.tell();
        let endings = || self.tasks.iter().filter_map(|task| task.ending);
        if (self.gave_up || !self.cancelled) && endings().any(|ending| matches!(ending, Ending::Signal(..))) {
            self.inform(&format!("Force Terminated StepId={}", self.step.id));
        }
        let (state, exit) = endings::outcome(endings());
        Ended { code: endings::exit_code(endings()), state, exit, usage: self.usage }
    }
}
