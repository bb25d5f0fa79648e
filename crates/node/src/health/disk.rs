//! Disks, as they judge themselves: what `smartctl --json -H -A` says. A disk of a virtual machine says nothing.

use serde_json::Value;

use super::{Finding, State, Tree, below};

/// Counts that foretell the end of a disk, whatever it says of itself: sectors that were given up, that wait to be, that
/// cannot be read.
const FORETELL: [u64; 3] = [5, 197, 198];

/// One finding for each disk; one without any.
pub(super) fn smart(tree: &Tree) -> Vec<Finding> {
    let found: Vec<Finding> = below(tree, "smart/").map(|(disk, text)| one(disk, text)).collect();
    if found.is_empty() { vec![Finding::new("smart", State::Unknown, "no disk was asked (smartctl)")] } else { found }
}

fn one(disk: &str, text: &str) -> Finding {
    let name = format!("smart.{disk}");
    let Ok(said) = serde_json::from_str::<Value>(text) else {
        return Finding::new(&name, State::Unknown, "smartctl says nothing of it that can be read");
    };
    let passed = said["smart_status"]["passed"].as_bool();
    let table = said["ata_smart_attributes"]["table"].as_array();
    let foretold = table.into_iter().flatten().find_map(|row| {
        let raw = row["raw"]["value"].as_u64().filter(|raw| *raw > 0)?;
        let is_one = row["id"].as_u64().is_some_and(|id| FORETELL.contains(&id));
        is_one.then(|| format!("{}: {raw}", row["name"].as_str().unwrap_or("sectors")))
    });
    let log = &said["nvme_smart_health_information_log"];
    let worn = log["percentage_used"].as_u64().filter(|used| *used >= 100);
    let media = log["media_errors"].as_u64().filter(|errors| *errors > 0);
    match (passed, foretold) {
        (None, _) => Finding::new(&name, State::Unknown, "the disk does not judge itself"),
        (Some(false), _) => Finding::new(&name, State::Bad, "the disk says that it fails"),
        (_, Some(what)) => Finding::new(&name, State::Bad, what),
        _ if media.is_some() => Finding::new(&name, State::Bad, format!("media errors: {}", media.unwrap_or(0))),
        _ if worn.is_some() => Finding::new(&name, State::Bad, format!("{} % of its life used", worn.unwrap_or(0))),
        _ => Finding::new(&name, State::Good, "well, as it says"),
    }
}
