//! The caller's time zone, as the C library finds it: `TZ`, else `/etc/localtime`.
//!
//! `TimeZone::system` knows more ways, and for them walks through all zones there are: longer than everything else that
//! `sbatch` does.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;

/// Where zones lie by name.
const ZONES: &str = "/usr/share/zoneinfo";

/// The machine's own zone.
const LOCAL: &str = "/etc/localtime";

/// Of this process; UTC where nothing else is said, or what is said makes no sense.
pub fn of_process() -> TimeZone {
    match env::var("TZ") {
        Ok(said) => named(said.strip_prefix(':').unwrap_or(&said)),
        Err(_) => from_file(Path::new(LOCAL)),
    }
    .unwrap_or(TimeZone::UTC)
}

/// `Europe/Paris`, `/a/file`, or rules as POSIX writes them (`CET-1CEST,M3.5.0,M10.5.0/3`).
fn named(name: &str) -> Option<TimeZone> {
    if name.is_empty() || name == "UTC" {
        return None;
    }
    let path = match name.starts_with('/') {
        true => PathBuf::from(name),
        false if name.split('/').any(|part| part == "..") => return None,
        false => Path::new(ZONES).join(name),
    };
    from_file(&path).or_else(|| TimeZone::posix(name).ok())
}

fn from_file(path: &Path) -> Option<TimeZone> {
    TimeZone::tzif("Local", &fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn finds_zones_in_all_their_forms() {
        let summer = |zone: Option<TimeZone>| {
            let july = Timestamp::from_second(1_782_900_000).unwrap_or_default();
            zone.map(|zone| july.to_zoned(zone).offset().seconds() / 3600)
        };
        assert_eq!(summer(named("CET-1CEST,M3.5.0,M10.5.0/3")), Some(2));
        assert_eq!(summer(named("")), None);
        assert_eq!(summer(named("../../etc/passwd")), None);
        assert_eq!(summer(named("/etc/passwd")), None);
        if Path::new(ZONES).join("Europe/Paris").exists() {
            assert_eq!(summer(named("Europe/Paris")), Some(2));
        }
    }
}
