//! Single values as Slurm prints them: times, sizes, exits, states, trackable resources.

use model::{Exit, JobState, Span, Time, TimeLimit, Uid};

/// Seconds since 1970, as `SLURM_TIME_FORMAT=%s` makes them; `None`: `Unknown`, `None`, `N/A`, empty, 0.
pub fn time(text: &str) -> Option<Time> {
    let seconds: i64 = text.parse().ok().filter(|seconds| *seconds > 0)?;
    Some(Time(seconds.checked_mul(1000)?))
}

/// `[D-][[HH:]MM:]SS[.mmm]`, in microseconds.
pub fn duration_us(text: &str) -> Option<u64> {
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    let mut seconds = 0u64;
    for part in whole.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 6)?;
    let below = fraction.parse::<u64>().ok()?.checked_mul(10u64.pow(6 - places))?;
    let days = days.parse::<u64>().ok()?.checked_mul(86_400)?;
    days.checked_add(seconds)?.checked_mul(1_000_000)?.checked_add(below)
}

/// A size with its letter, in KiB; a bare number counts in `unit` KiB. Rounded to the nearest where it has a fraction.
fn kib(text: &str, unit: u64) -> Option<u64> {
    let text = text.trim_end_matches(['n', 'c']);
    let (number, times) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 1),
        b'M' => (&text[..text.len() - 1], 1 << 10),
        b'G' => (&text[..text.len() - 1], 1 << 20),
        b'T' => (&text[..text.len() - 1], 1 << 30),
        b'P' => (&text[..text.len() - 1], 1 << 40),
        _ => (text, unit),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 6)?;
    let below = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
    let scale = 10u64.pow(places);
    let exact = u128::from(whole.parse::<u64>().ok()?) * u128::from(scale) + u128::from(below);
    u64::try_from((exact * u128::from(times) + u128::from(scale) / 2) / u128::from(scale)).ok()
}

/// Memory of a step (`MaxRSS`), in KiB; a bare number is bytes, which rounds down.
pub fn rss_kib(text: &str) -> Option<u64> {
    match text.parse::<u64>() {
        Ok(bytes) => Some(bytes / 1024),
        Err(_) => kib(text, 1),
    }
}

/// Memory of a job or a node, in MiB; a bare number is MiB.
pub fn memory_mib(text: &str) -> Option<u64> {
    Some(kib(text, 1 << 10)? >> 10)
}

/// `code:signal`.
pub fn exit(text: &str) -> Option<Exit> {
    let (code, signal) = text.split_once(':')?;
    // Codes beyond a byte are no process's; the byte says as much as the process did.
    let byte = |text: &str| text.parse::<u32>().ok().map(|number| (number & 0xff) as u8);
    Some(Exit { code: byte(code)?, signal: byte(signal)? })
}

/// Minutes (`TimelimitRaw`); `UNLIMITED`, `Partition_Limit` and nothing: none that is known.
pub fn limit(text: &str) -> TimeLimit {
    match text.parse::<i64>() {
        Ok(minutes) => TimeLimit::Span(Span::seconds(minutes.saturating_mul(60))),
        Err(_) => TimeLimit::Unlimited,
    }
}

/// One state, and who cancelled it (`CANCELLED by 1001`). What has no word here is the nearest: a job that was resized ends
/// one row and begins another, as a requeue does; one that another cluster took over was cancelled here.
pub fn state(text: &str) -> Option<(JobState, Option<Uid>)> {
    let (word, by) = match text.split_once(" by ") {
        Some((word, by)) => (word, by.parse().ok().map(Uid)),
        None => (text, None),
    };
    let state = match word {
        "BOOT_FAIL" => JobState::NodeFail,
        "REVOKED" => JobState::Cancelled,
        "RESIZING" => JobState::Requeued,
        "CONFIGURING" | "SIGNALING" | "STAGE_OUT" | "STOPPED" => JobState::Running,
        "REQUEUE_HOLD" | "REQUEUE_FED" | "RESV_DEL_HOLD" | "SPECIAL_EXIT" => JobState::Pending,
        word => *JobState::ALL.iter().find(|state| state.text() == word)?,
    };
    Some((state, by))
}

/// The value of one name in `cpu=2,mem=200M,gres/gpu=1`.
pub fn tres<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(',').find_map(|part| part.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

/// GPUs in it, whatever their type.
pub fn gpus(text: &str) -> u32 {
    if let Some(all) = tres(text, "gres/gpu") {
        return all.parse().unwrap_or(0);
    }
    let typed = text.split(',').filter_map(|part| part.strip_prefix("gres/gpu:")?.split_once('='));
    typed.filter_map(|(_, count)| count.parse::<u32>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_values() {
        assert_eq!(time("1795390412"), Some(Time(1_795_390_412_000)));
        assert_eq!((time("Unknown"), time("None"), time("")), (None, None, None));
        let durations = ["00:00.015", "00:00:00", "01:02:03", "2-00:00:01", "05:01.500"].map(duration_us);
        assert_eq!(durations, [15_000, 0, 3_723_000_000, 172_801_000_000, 301_500_000].map(Some));
        assert_eq!(duration_us("x"), None);
        assert_eq!(["10628K", "0", "2048", "1.5M", "3T"].map(rss_kib), [10_628, 0, 2, 1536, 3 << 30].map(Some));
        assert_eq!(["200M", "2000", "1.50G", "512Mc"].map(memory_mib), [200, 2000, 1536, 512].map(Some));
        assert_eq!(exit("0:15"), Some(Exit { code: 0, signal: 15 }));
        assert_eq!((limit("10"), limit("UNLIMITED")), (TimeLimit::Span(Span::seconds(600)), TimeLimit::Unlimited));
        assert_eq!(state("CANCELLED by 1001"), Some((JobState::Cancelled, Some(Uid(1001)))));
        assert_eq!(state("NODE_FAIL"), Some((JobState::NodeFail, None)));
        assert_eq!(state("SLEEPING"), None);
        assert_eq!(tres("billing=2,cpu=2,mem=200M,node=1", "mem"), Some("200M"));
        assert_eq!((gpus("cpu=1,gres/gpu=2,gres/gpu:a100=2"), gpus("gres/gpu:a100=1,gres/gpu:l4=2")), (2, 3));
    }
}
