//! Network cards: whether they have a link, and how fast it came up. A cable that is not quite in makes a gigabit a hundred
//! megabits, which nobody notices but the jobs.

use super::{Expect, Finding, State, Tree, below, number};

/// One finding for each card that is expected, or has a link.
pub(super) fn cards(tree: &Tree, expect: &Expect) -> Vec<Finding> {
    const START: &str = "/sys/class/net/";
    // A card that is real has a device; bridges and tunnels have none.
    let real = below(tree, START).filter_map(|(path, _)| path.strip_suffix("/device/uevent"));
    let is_up = |card: &&str| tree.get(&format!("{START}{card}/operstate")).is_some_and(|text| text.trim() == "up");
    let mut cards: Vec<&str> = real.filter(is_up).chain(expect.network.keys().map(String::as_str)).collect();
    cards.sort_unstable();
    cards.dedup();
    let one = |card: &str| {
        let name = format!("network.{card}");
        let is_there = below(tree, &format!("{START}{card}/")).next().is_some();
        let speed = number::<i64>(tree, &format!("{START}{card}/speed")).filter(|speed| *speed > 0);
        let wanted = expect.network.get(card).map(|wanted| i64::from(*wanted));
        match (wanted, speed) {
            (Some(_), _) if !is_there => Finding::new(&name, State::Bad, "there is no such card"),
            (Some(_), _) if !is_up(&card) => Finding::new(&name, State::Bad, "it has no link"),
            (Some(wanted), Some(speed)) if speed < wanted => {
                Finding::new(&name, State::Bad, format!("{speed} of {wanted} Mbit/s"))
            }
            (Some(_), None) => Finding::new(&name, State::Bad, "its link has no speed"),
            (_, Some(speed)) => Finding::new(&name, State::Good, format!("{speed} Mbit/s")),
            (None, None) => Finding::new(&name, State::Unknown, "it does not say how fast it is"),
        }
    };
    cards.into_iter().map(one).collect()
}
