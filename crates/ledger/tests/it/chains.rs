//! Whatever is done to a stored ledger behind its back is found, and the first bad entry is named.

use ledger::chain::{FORMAT, Hash, Head, verify};
use ledger::posting::Pot;
use model::Money;
use proptest::prelude::*;

use crate::world::{HOUR, KWH, World};

fn stored() -> Vec<(String, Hash)> {
    let mut world = World::new();
    world.grant("flood", "a", Pot::Credit, 0, Money::cents(20)).unwrap();
    for job in 1..5 {
        world.submit("flood", job, (4, 10 * HOUR, KWH), &[]).unwrap();
        world.end("flood", job, (4, 5 * HOUR, KWH / 3)).unwrap();
    }
    world.entries.iter().map(|sealed| (sealed.text.clone(), sealed.hash)).collect()
}

fn head(entries: &[(String, Hash)], known: &[Head]) -> Result<Head, String> {
    let entries = entries.iter().map(|(text, hash)| (text.as_str(), *hash));
    verify(entries, known).map_err(|broken| broken.to_string())
}

/// Found at this entry.
fn found(entries: &[(String, Hash)], number: u64) {
    let message = head(entries, &[]).unwrap_err();
    assert!(message.starts_with(&format!("ledger entry {number}: ")), "{message}");
    assert!(message.contains("restore the ledger from a backup"), "{message}");
}

#[test]
fn a_chain_that_nobody_touched_is_whole() {
    let entries = stored();
    let end = head(&entries, &[]).unwrap();
    assert_eq!((end.count, end.hash), (9, entries[8].1));
    assert_eq!(head(&[], &[]).unwrap(), Head::default());
}

#[test]
fn a_change_is_found() {
    let mut entries = stored();
    entries[4].0 = entries[4].0.replace("\"project\":\"flood\"", "\"project\":\"blood\"");
    found(&entries, 5);
    // With a hash to match, the next one does not.
    entries[4].1 = Hash::of(entries[3].1, &entries[4].0);
    found(&entries, 6);
}

#[test]
fn a_deletion_is_found() {
    let mut entries = stored();
    entries.remove(4);
    found(&entries, 5);
}

#[test]
fn an_end_cut_off_is_found_by_what_was_printed() {
    let mut entries = stored();
    let printed = head(&entries, &[]).unwrap();
    entries.truncate(7);
    assert!(head(&entries, &[]).is_ok(), "a chain by itself cannot know");
    let message = head(&entries, &[printed]).unwrap_err();
    assert!(message.contains("ledger entry 8: it is missing"), "{message}");
}

#[test]
fn a_chain_rewritten_to_its_end_is_found_by_what_was_printed() {
    let entries = stored();
    let printed = Head { count: 6, hash: entries[5].1 };
    let mut other: Vec<(String, Hash)> = Vec::new();
    for (text, _) in &entries {
        let before = other.last().map(|(_, hash)| *hash).unwrap_or_default();
        let text = text.replace("\"project\":\"flood\"", "\"project\":\"blood\"");
        other.push((text.clone(), Hash::of(before, &text)));
    }
    assert!(head(&other, &[]).is_ok());
    let message = head(&other, &[printed]).unwrap_err();
    assert!(message.contains("ledger entry 6: its hash was"), "{message}");
}

#[test]
fn two_exchanged_are_found() {
    let mut entries = stored();
    entries.swap(3, 4);
    found(&entries, 4);
}

#[test]
fn one_put_in_is_found() {
    let mut entries = stored();
    let double = entries[4].clone();
    entries.insert(5, double);
    found(&entries, 6);
}

#[test]
fn an_entry_that_is_well_hashed_but_breaks_a_rule_is_found_on_replay() {
    let mut entries = stored();
    // The last entry pays half, in its lines and in what it says.
    let last = entries.len() - 1;
    entries[last].0 = entries[last].0.replacen("\"debit\":", "\"debit\":1", 1);
    entries[last].1 = Hash::of(entries[last - 1].1, &entries[last].0);
    let replayed = ledger::journal::Journal::replay(entries.iter().map(|(text, hash)| (text.as_str(), *hash)));
    let broken = replayed.unwrap_err();
    assert_eq!((broken.number, broken.what.contains("other lines than what it says")), (9, true), "{broken}");
}

/// The form of entries is stored: when this changes, [`FORMAT`] grows, and the old form must still be read.
#[test]
fn the_stored_form_is_this_one() {
    let entries = stored();
    assert_eq!(FORMAT, 1);
    let first = "{\"format\":1,\"number\":1,\"at\":1791187200000,\"day\":\"2026-10-05\",\"what\":{\"grant\":{\"project\":\
        \"flood\",\"id\":\"a\",\"pot\":\"credit\",\"core_ms\":0,\"amount\":200000,\"note\":\"board of 1 October\"}},\
        \"lines\":[{\"account\":\"974\",\"party\":\"flood\",\"debit\":200000,\"credit\":0},{\"account\":\"943\",\"party\":\
        \"flood\",\"debit\":0,\"credit\":200000}]}";
    assert_eq!(entries[0].0, first);
    insta::assert_snapshot!(
        "stored_form",
        entries.iter().take(3).map(|(text, hash)| format!("{hash} {text}\n")).collect::<String>()
    );
}

proptest! {
    #[test]
    fn any_byte_that_changes_is_found(which in 0..9_usize, place in any::<prop::sample::Index>(), bit in 0..7_u32) {
        let mut entries = stored();
        let mut bytes = entries[which].0.clone().into_bytes();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        entries[which].0 = text;
        let message = head(&entries, &[]).unwrap_err();
        let named = format!("ledger entry {}: ", which + 1);
        prop_assert!(message.starts_with(&named), "{}", message);
    }
}
