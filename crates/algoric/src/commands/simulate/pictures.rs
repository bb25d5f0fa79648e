//! Pictures of what was played, in the reader's language.

use std::{fs, path::Path};

use anyhow::Context as _;
use simulator::{
    clock::Played,
    plot::{self, Across, Curve, Ground, Marks, Picture, Price},
    workload::Workload,
};

use crate::words::Words;

/// The curves of all policies.
#[derive(Default)]
pub struct Pictures {
    waiting: Vec<Curve>,
    used: Vec<Curve>,
    waits: Vec<Curve>,
    /// What machines drew, where there are any.
    pub watts: Vec<Curve>,
    /// What that cost.
    pub prices: Vec<Price>,
}

impl Pictures {
    /// What one policy did.
    pub fn add(&mut self, policy: &str, workload: &Workload, played: &Played) {
        let (waiting, used) = plot::over_time(policy, workload, played);
        self.waiting.push(waiting);
        self.used.push(used);
        self.waits.push(plot::waits(policy, workload, played));
    }

    /// Each as a file of its own: `TRACE-queue.svg`, `-use`, `-waits` and `-watts`.
    pub fn write(&self, folder: &Path, trace: &str, words: &Words) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        let days = || Across { name: words.say("picture-axis-days"), marks: Marks::Round };
        let waited = |seconds: i64| words.with("picture-waited", &[("seconds", seconds.into())]);
        let waits = Across { name: words.say("picture-axis-waited"), marks: plot::wait_marks(waited) };
        let hours = Across { name: words.say("picture-axis-hours"), marks: Marks::Every(6) };
        let price = |microeur: i64| format!("{} €/kWh", words.fixed(microeur, 1_000_000, 4));
        let grounds = plot::grounds(&self.prices, price);
        let all: [(&str, Across, &[Curve], &[Ground]); 4] = [
            ("queue", days(), &self.waiting, &[]),
            ("use", days(), &self.used, &[]),
            ("waits", waits, &self.waits, &[]),
            ("watts", hours, &self.watts, &grounds),
        ];
        for (kind, across, curves, grounds) in all.into_iter().filter(|(_, _, curves, _)| !curves.is_empty()) {
            let title = words.with(&format!("picture-{kind}"), &[("trace", trace.into())]);
            let upright = words.say(&format!("picture-upright-{kind}"));
            let picture = Picture { title: &title, across, upright: &upright, curves, grounds, point: words.point() };
            let file = folder.join(format!("{trace}-{kind}.svg"));
            fs::write(&file, picture.svg()).with_context(|| format!("{}", file.display()))?;
        }
        Ok(())
    }
}
