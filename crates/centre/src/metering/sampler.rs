//! Reads meters again and again, on a thread of its own: a meter that is slow, or does not answer, holds up nobody else.
//! Must not know what anything is read for.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use drivers::meters::{About, Chain};
use energy::Interval;
use energy::meter::{Follower, Limits, Odd, Reading};
use model::Time;

use crate::service::clock;

/// What came of one look at the meters.
#[derive(Debug)]
pub(crate) struct Sampled {
    /// Which meter answered, by its place; `None`: none did.
    pub(crate) answered: Option<u16>,
    /// What is known now that was not before, and how far that is followed: one of the machine, or one of each GPU.
    pub(crate) news: Vec<(Vec<Interval>, Follower)>,
    /// Why the answer is not believed yet.
    pub(crate) odd: Option<Odd>,
    /// Meters that were asked before and failed: their places, and why.
    pub(crate) failures: Vec<(u16, String)>,
}

/// How to sample.
pub(crate) struct Sampling {
    /// The meters.
    pub(crate) chain: Chain,
    /// Whether each channel is followed by itself (GPUs), or all together.
    pub(crate) each_channel: bool,
    /// What can be true.
    pub(crate) limits: Limits,
    /// How far they were followed.
    pub(crate) followers: Vec<Follower>,
    /// How often to look; a meter that wants to be left alone for longer is.
    pub(crate) period: Duration,
}

/// A handle on the thread, which ends with it.
pub(crate) struct Sampler {
    _stop: Sender<()>,
}

impl Sampler {
    /// Starts the thread; `say` is called on it with what came, and must only pass it on.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(
        name: &str,
        mut sampling: Sampling,
        say: impl Fn(Sampled) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        std::thread::Builder::new().name(name.to_owned()).stack_size(256 << 10).spawn(move || {
            let paces: Vec<Duration> = sampling.chain.about().map(|About { pace, .. }| pace).collect();
            loop {
                let begun = Instant::now();
                let sampled = sampling.look(begun);
                let pace = sampled.answered.and_then(|source| paces.get(usize::from(source)).copied());
                say(sampled);
                let next = begun + sampling.period.max(pace.unwrap_or_default());
                let patience = next.saturating_duration_since(Instant::now());
                if stopped.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

impl Sampling {
    fn look(&mut self, begun: Instant) -> Sampled {
        let look = self.chain.read(begun);
        let failures = look.failures.iter().map(|failure| (failure.source, sentence(&failure.error))).collect();
        let mut sampled = Sampled {
            answered: look.answer.as_ref().map(|(source, _)| *source),
            news: Vec::new(),
            odd: None,
            failures,
        };
        if let Some((source, channels)) = look.answer {
            let at = clock();
            let each = |channel| vec![channel];
            let parts = if self.each_channel { channels.into_iter().map(each).collect() } else { vec![channels] };
            self.followers.resize_with(parts.len(), Follower::default);
            for (follower, channels) in self.followers.iter_mut().zip(parts) {
                let taken = follower.take(&self.limits, Reading { at, source, channels });
                sampled.odd = sampled.odd.or(taken.odd);
                sampled.news.push((taken.intervals, follower.clone()));
            }
            self.chain.judge(source, sampled.odd.is_some(), Instant::now());
        }
        sampled
    }
}

/// A machine that was started since its meters were last read: what is inside it counts from 0 again.
pub(crate) fn restarted(follower: &mut Follower, abouts: &[About], boot: Option<Time>) -> Option<Interval> {
    use drivers::meters::Scope;
    let about = abouts.get(usize::from(follower.source()?))?;
    let is_inside = matches!(about.scope, Scope::Processors | Scope::Estimate | Scope::Gpus);
    boot.filter(|_| is_inside).and_then(|boot| follower.restarted(boot))
}

/// An error with what it came from.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
