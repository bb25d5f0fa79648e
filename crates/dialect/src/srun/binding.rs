//! `--cpu-bind`: which CPUs of its step each task may use.

use model::CpuSet;

/// How tasks are bound.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Binding {
    /// Each task to its own CPUs, where they suffice.
    #[default]
    Blocks,
    /// All tasks to all CPUs of the step.
    None,
    /// The task of that number to the CPU of that place.
    Rank,
    /// To CPUs by number, in turn.
    Map(Vec<u32>),
    /// To sets of CPUs, in turn.
    Masks(Vec<Vec<u32>>),
}

impl Binding {
    /// Takes one word of the option's value; further words of a list go on with it.
    pub(super) fn push(&mut self, word: &str) -> Result<(), ()> {
        let lower = word.to_ascii_lowercase();
        *self = match lower.as_str() {
            "none" | "no" => Binding::None,
            "rank" => Binding::Rank,
            "cores" | "core" | "threads" | "thread" | "y" | "yes" => Binding::Blocks,
            // One step has few of these; what binds to them binds to the step.
            "sockets" | "socket" | "ldoms" | "ldom" | "boards" | "rank_ldom" => Binding::None,
            other => match other.split_once(':') {
                Some(("map_cpu", first)) => Binding::Map(repeated(first, number)?),
                Some(("mask_cpu", first)) => Binding::Masks(repeated(first, mask)?),
                Some(("map_ldom" | "mask_ldom", _)) => Binding::None,
                Some(_) => return Err(()),
                None => match self {
                    Binding::Map(list) => {
                        list.extend(repeated(other, number)?);
                        return Ok(());
                    }
                    Binding::Masks(list) => {
                        list.extend(repeated(other, mask)?);
                        return Ok(());
                    }
                    _ => return Err(()),
                },
            },
        };
        Ok(())
    }

    /// The CPUs of a task: `each` is how many it asked for, `step` what the step has; an empty set is not bound.
    pub fn of(&self, task: u32, tasks: u32, each: u32, step: &CpuSet) -> CpuSet {
        let (task, each) = (task as usize, each.max(1) as usize);
        match self {
            Binding::None => step.clone(),
            Binding::Rank => step.iter().skip(task % step.len().max(1)).take(1).collect(),
            Binding::Map(list) => list.iter().skip(task % list.len().max(1)).take(1).copied().collect(),
            Binding::Masks(list) => list.iter().skip(task % list.len().max(1)).take(1).flatten().copied().collect(),
            Binding::Blocks if step.len() == each * tasks as usize => {
                step.iter().skip(task * each).take(each).collect()
            }
            Binding::Blocks => step.clone(),
        }
    }
}

/// `VALUE` or `VALUE*COUNT`.
fn repeated<T: Clone>(word: &str, read: fn(&str) -> Option<T>) -> Result<Vec<T>, ()> {
    let (value, count) = word.split_once('*').unwrap_or((word, "1"));
    let count = count.parse().ok().filter(|count| (1..=4096).contains(count)).ok_or(())?;
    Ok(vec![read(value).ok_or(())?; count])
}

fn number(word: &str) -> Option<u32> {
    let hexadecimal = word.strip_prefix("0x").map(|digits| u32::from_str_radix(digits, 16).ok());
    hexadecimal.unwrap_or_else(|| word.parse().ok()).filter(|cpu| *cpu < 65_536)
}

/// Bits in hexadecimal digits, the lowest last.
fn mask(word: &str) -> Option<Vec<u32>> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    if digits.is_empty() || digits.len() > 4096 {
        return None;
    }
    let mut cpus = Vec::new();
    for (place, digit) in (0..).zip(digits.chars().rev()) {
        let bits = digit.to_digit(16)?;
        cpus.extend((0..4).filter(|bit| bits & (1 << bit) != 0).map(|bit| place * 4 + bit));
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, task: u32, expected: Option<&str>) {
        let mut binding = Binding::default();
        let read = words.split(',').try_for_each(|word| binding.push(word));
        let step: CpuSet = [2, 3, 6, 7].into_iter().collect();
        let shown = read.ok().map(|()| binding.of(task, 2, 2, &step).to_string());
        assert_eq!(shown.as_deref(), expected, "{words}");
    }

    #[test]
    fn forms() {
        check("cores", 1, Some("6-7"));
        check("none", 1, Some("2-3,6-7"));
        check("rank", 1, Some("3"));
        check("map_cpu:5,0x2,9", 1, Some("2"));
        check("map_cpu:5*2,9", 1, Some("5"));
        check("mask_cpu:0xf0,3", 0, Some("4-7"));
        check("mask_cpu:0xf0,3", 1, Some("0-1"));
        check("bogus", 0, None);
        check("map_cpu:x", 0, None);
        check("mask_cpu:0xg", 0, None);
        check("map_cpu:1*99999", 0, None);
    }
}
