//! The site's own meter, where it can be read: its index once an hour. Must not know what a month or a bill is.

use std::{io, thread, time::Duration};

use drivers::meters::{MeterConfig, Roots};
use energy::{Energy, reconcile::Index};
use store::{EnergyWrite, Write};

use crate::{
    complain::complain,
    core::Centre,
    service::{Word, clock},
};

/// From one index to the next.
const PACE: Duration = Duration::from_secs(3600);
/// After a meter that did not answer.
const PATIENCE: Duration = Duration::from_secs(300);

/// Reads it on a thread of its own, as long as the centre serves.
///
/// # Errors
/// No thread.
pub(crate) fn start(config: &MeterConfig, say: impl Fn(Word) + Send + 'static) -> io::Result<()> {
    let mut meter = config.open_late(&Roots::default());
    thread::Builder::new().name("site-meter".to_owned()).stack_size(256 << 10).spawn(move || {
        let mut is_silent = false;
        loop {
            let read = meter.read().map_err(|fault| fault.to_string()).and_then(|channels| {
                let counters = channels.iter().map(|channel| channel.counter.map(|counter| counter.energy));
                counters.sum::<Option<Energy>>().ok_or_else(|| "it has no counter".to_owned())
            });
            let (pause, why) = match read {
                Ok(energy) => {
                    say(Word::Site(Index { at: clock(), energy }));
                    (PACE, None)
                }
                Err(why) => (PATIENCE, Some(why)),
            };
            // Once each time that it falls silent.
            if let Some(why) = why.as_ref().filter(|_| !is_silent) {
                complain!("the site's meter has no index: {why}");
            }
            is_silent = why.is_some();
            thread::sleep(pause);
        }
    })?;
    Ok(())
}

impl Centre {
    /// The site's meter told its index.
    pub(crate) fn site_metered(&mut self, index: Index) {
        if self.degraded.is_none() {
            self.journal.write(Write::Energy(Box::new(EnergyWrite::Index(index))));
        }
    }
}
