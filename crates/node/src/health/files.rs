//! File systems: mounted where they should be, writable as they should be, and not full.

use super::{Expect, Finding, State, Tree};

/// Full enough to say so, in hundredths.
const FULL: u8 = 95;
/// Kinds that are storage; the others are the kernel's own, or made to be full.
const STORAGE: [&str; 12] =
    ["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "nfs", "nfs4", "lustre", "beegfs", "ceph"];

/// One finding for all that is well, and one for each that is not.
pub(super) fn systems(tree: &Tree, expect: &Expect) -> Vec<Finding> {
    let Some(mounts) = tree.get("/proc/mounts") else {
        return vec![Finding::new("file-systems", State::Unknown, "the kernel does not list them")];
    };
    let mut bad = Vec::new();
    let (mut seen, mut paths) = (0, Vec::new());
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (Some(_), Some(path), Some(kind), Some(options)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let path = unescaped(path);
        if STORAGE.contains(&kind) {
            seen += 1;
            let options: Vec<&str> = options.split(',').collect();
            // Mounted so that an error makes it read-only, and it is.
            if options.contains(&"ro") && options.iter().any(|option| option.starts_with("errors=remount-ro")) {
                bad.push(Finding::new("file-systems", State::Bad, format!("{path} became read-only by an error")));
            }
            bad.extend(fullness(tree, &path, expect.full.unwrap_or(FULL)));
        }
        paths.push(path);
    }
    let missing = expect.mounts.iter().filter(|path| !paths.contains(path));
    bad.extend(missing.map(|path| Finding::new("file-systems", State::Bad, format!("{path} is not mounted"))));
    if bad.is_empty() {
        vec![Finding::new("file-systems", State::Good, format!("{seen} mounted, none full"))]
    } else {
        bad
    }
}

fn fullness(tree: &Tree, path: &str, most: u8) -> Option<Finding> {
    let numbers: Vec<u128> =
        tree.get(&format!("statfs/{path}"))?.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [blocks, free, inodes, free_inodes] = numbers[..] else { return None };
    let used = |all: u128, free: u128| (all > 0).then(|| 100 - free.min(all) * 100 / all);
    let is_too_much = |used: &u128| *used > u128::from(most);
    let what = match (used(blocks, free).filter(is_too_much), used(inodes, free_inodes).filter(is_too_much)) {
        (Some(used), _) => format!("{path} is {used} % full"),
        (None, Some(used)) => format!("{path} has {used} % of its inodes used"),
        (None, None) => return None,
    };
    Some(Finding::new("file-systems", State::Bad, what))
}

/// The kernel writes a space as `\040`.
fn unescaped(path: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(path.to_owned(), |path, (code, letter)| path.replace(code, letter))
}
