//! Asking for a job without a script, and waiting for it: what `salloc` and `srun` outside a job have in common. Who is
//! interrupted meanwhile, or killed, gives it up; a centre that is restarted meanwhile is found again.

use std::{
    os::fd::AsFd as _,
    thread,
    time::{Duration, Instant},
};

use api::{Allocation, Granted, Reply, Request, StepRequest, Submission};
use dialect::{
    errors::{Action, Refused},
    refusal::Refusal,
    submission::Asked,
};
use model::{JobId, JobSpec, Reason};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, SigmaskHow, Signal, sigprocmask},
        signalfd::{SfdFlags, SignalFd},
    },
};

use super::{asked, caller::Caller, refused::failed, srun::is_away};
use crate::{
    client::{Client, ClientError},
    console,
};

/// What gives the wish up.
const INTERRUPTS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// How often we look whether a centre is back.
const BEAT: Duration = Duration::from_millis(100);

/// A wait that is shorter than this is not worth a word: the job before may be about to leave.
const SILENCE: Duration = Duration::from_millis(150);

/// What is wished.
pub struct Wish<'a> {
    /// Who wishes, in messages.
    pub program: &'static str,
    /// The options.
    pub asked: &'a Asked,
    /// The job.
    pub spec: JobSpec,
    /// The step that begins with it.
    pub step: Option<StepRequest>,
    /// Only say when it would start.
    pub test_only: bool,
}

/// Waits until it is granted; `None`: nothing was to be granted.
///
/// # Errors
/// It is refused, or given up.
pub fn obtain(wish: Wish<'_>, caller: &Caller) -> Result<Option<(Client, Granted)>, Refusal> {
    let Wish { program, asked, spec, step, test_only } = wish;
    let refuse = |error: ClientError| refused(program, error);
    let mut centre = caller.call().map_err(refuse)?;
    asked::check_machine(program, asked, &mut centre)?;
    let submission = Submission { spec, script: Vec::new(), environment: Vec::new(), form: None, test_only };
    if test_only {
        return match centre.ask(&Request::Submit(Box::new(submission))).map_err(refuse)? {
            Reply::WouldStart { id, start, cpus, partition, node } => {
                let clock = caller.clock();
                let start = start.unwrap_or(clock.now);
                let line = dialect::sbatch::would_start(program, id, start, cpus, &node, &partition, clock.zone);
                console::complain(line + "\n");
                Ok(None)
            }
            _ => Err(refuse(ClientError::Unfit)),
        };
    }
    let immediate = asked.immediate == Some(0);
    let signals = take_signals().map_err(|error| Refusal::error(program, format!("cannot wait: {error}"), 1))?;
    let mut waiting = Waiting {
        program,
        quiet: asked.quiet > 0,
        step: step.clone(),
        job: None,
        tell: None,
        told: false,
        until: asked.immediate.filter(|seconds| *seconds > 0).map(|s| Instant::now() + Duration::from_secs(s.into())),
    };
    centre.post(&Request::Allocate(Box::new(Allocation { submission, step, immediate }))).map_err(refuse)?;
    let granted = waiting.wait(&mut centre, &signals, caller)?;
    let set: SigSet = INTERRUPTS.into_iter().collect();
    sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&set), None).ok();
    Ok(Some((centre, granted)))
}

fn refused(program: &str, error: ClientError) -> Refusal {
    match failed(error) {
        Refused::NodesBusy => too_late(program),
        other => other.refusal(Action::Submit(program)),
    }
}

/// `--immediate`; here `salloc` speaks as `srun` does.
fn too_late(program: &str) -> Refusal {
    Refusal::error(program, format!("Unable to allocate resources: {}", Refused::NodesBusy.text()), 1)
}

fn take_signals() -> Result<SignalFd, Errno> {
    let set: SigSet = INTERRUPTS.into_iter().collect();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// A wish that has been sent.
struct Waiting {
    program: &'static str,
    quiet: bool,
    step: Option<StepRequest>,
    /// Its number, once it is in the queue.
    job: Option<JobId>,
    /// `--immediate=SECONDS`.
    until: Option<Instant>,
    /// When it shall be said that it waits, and why it does.
    tell: Option<(Instant, Reason)>,
    /// It was said.
    told: bool,
}

impl Waiting {
    fn wait(&mut self, centre: &mut Client, signals: &SignalFd, caller: &Caller) -> Result<Granted, Refusal> {
        loop {
            let heard = self.next(centre, signals)?;
            match heard {
                Ok(None) => {}
                Ok(Some(Reply::Granted(granted))) => {
                    if self.told {
                        self.inform(&format!("job {} has been allocated resources", granted.job));
                    }
                    return Ok(*granted);
                }
                Ok(Some(Reply::Queued { id, reason })) => {
                    self.job = Some(id);
                    self.tell = Some((Instant::now() + SILENCE, reason));
                }
                Ok(Some(Reply::Ended { .. })) => {
                    if let Some((_, reason)) = self.tell.take() {
                        self.say_that_it_waits(reason);
                    }
                    return Err(self.cancelled());
                }
                Ok(Some(_)) => return Err(refused(self.program, ClientError::Unfit)),
                Err(error) => match self.job.filter(|_| is_away(&error)) {
                    Some(id) => *centre = self.come_back(id, signals, caller)?,
                    None => return Err(refused(self.program, error)),
                },
            }
        }
    }

    /// The next word of the centre, or the end of our patience.
    #[allow(clippy::type_complexity)]
    fn next(&mut self, centre: &mut Client, signals: &SignalFd) -> Result<Result<Option<Reply>, ClientError>, Refusal> {
        match centre.take() {
            Ok(None) => {}
            heard => return Ok(heard),
        }
        let (interrupted, said) = {
            let mut files =
                [PollFd::new(signals.as_fd(), PollFlags::POLLIN), PollFd::new(centre.as_fd(), PollFlags::POLLIN)];
            let next = [self.until, self.tell.map(|(at, _)| at)].into_iter().flatten().min();
            let timeout = next.map_or(PollTimeout::NONE, |next| {
                let left = next.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
                PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
            });
            poll(&mut files, timeout).ok();
            let ready = |file: &PollFd<'_>| file.any().unwrap_or(false);
            (ready(&files[0]), ready(&files[1]))
        };
        if !said && let Some((_, reason)) = self.tell.take_if(|(at, _)| interrupted || *at <= Instant::now()) {
            self.say_that_it_waits(reason);
        }
        if interrupted {
            return Err(self.given_up());
        }
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return Err(too_late(self.program));
        }
        Ok(if said { centre.hear() } else { Ok(None) })
    }

    fn say_that_it_waits(&mut self, reason: Reason) {
        let Some(id) = self.job else { return };
        self.told = true;
        let never = [Reason::PartitionConfig, Reason::PartitionDown, Reason::PartitionInactive, Reason::NodeDown];
        if never.contains(&reason) {
            self.inform(&Refused::PartitionUnavailable.text());
        }
        if self.program == "salloc" {
            self.inform(&format!("Pending job allocation {id}"));
        }
        self.inform(&format!("job {id} queued and waiting for resources"));
    }

    /// A centre that went away is waited for: what it knew is on its disk.
    fn come_back(&self, id: JobId, signals: &SignalFd, caller: &Caller) -> Result<Client, Refusal> {
        loop {
            if signals.read_signal().is_ok_and(|signal| signal.is_some()) {
                return Err(self.given_up());
            }
            let step = self.step.clone().map(Box::new);
            let attend = Request::Attend { job: id, step };
            if let Ok(mut centre) = caller.call()
                && centre.post(&attend).is_ok()
            {
                return Ok(centre);
            }
            thread::sleep(BEAT);
        }
    }

    /// Somebody has cancelled it.
    fn cancelled(&self) -> Refusal {
        let program = self.program;
        let mut refusal = Refused::AlreadyDone.refusal(Action::Submit(program));
        refusal.lines.insert(0, format!("{program}: Job has been cancelled"));
        if let Some(id) = self.job.filter(|_| program == "salloc") {
            refusal.lines.insert(0, format!("{program}: Job allocation {id} has been revoked."));
        }
        refusal
    }

    /// We were interrupted, and whoever sent the wish gives it up by leaving.
    fn given_up(&self) -> Refusal {
        let program = self.program;
        match self.job {
            Some(id) if program == "srun" => {
                Refusal::line(format!("{program}: Job allocation {id} has been revoked"), 1)
                    .and(format!("{program}: Force Terminated JobId={id}"))
            }
            Some(id) => Refusal::line(format!("{program}: Job aborted due to signal"), 1)
                .and(format!("{program}: Job allocation {id} has been revoked.")),
            None => Refusal { exit: 1, ..Refusal::default() },
        }
    }

    fn inform(&self, text: &str) {
        if !self.quiet {
            console::complain(format!("{}: {text}\n", self.program));
        }
    }
}
