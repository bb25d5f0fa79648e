//! `sinfo`: its command line, which machines and partitions it shows, and how.
//!
//! Machines that look alike in every field of the format share a line, as in Slurm; with `-N` each has its own.

mod fields;
mod options;
mod record;
mod state;

pub use options::{Options, parse};
pub use record::print_records;

use model::{NodeRow, PartitionRow};

use crate::scontrol::Reservation;
use crate::text::{Clock, fit, put_full_span, put_timestamp};
use fields::{Field, Group};

/// Writes the listing.
pub fn print(options: &Options, partitions: &[PartitionRow], nodes: &[NodeRow], clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut groups = groups(options, partitions, nodes, clock);
    sort(options, &mut groups, clock);
    let mut format = options.format.clone();
    format.settle(|field| {
        let width = |group: &Group<'_>| crate::text::shown(|out| group.put(field, clock, out)).len();
        groups.iter().map(width).max().unwrap_or(0)
    });
    if !options.no_header {
        if options.long {
            out.extend_from_slice(crate::text::date_line(clock).as_bytes());
            out.push(b'\n');
        }
        format.write(out, |field, out| out.extend_from_slice(field.heading().as_bytes()));
    }
    for group in &groups {
        format.write(out, |field, out| group.put(field, clock, out));
    }
}

/// Puts machines together that show the same.
fn groups<'a>(
    options: &Options,
    partitions: &'a [PartitionRow],
    nodes: &'a [NodeRow],
    clock: &Clock<'_>,
) -> Vec<Group<'a>> {
    let mut groups: Vec<(Vec<u8>, Group<'a>)> = Vec::new();
    let chosen = partitions.iter().filter(|partition| options.selects_partition(partition));
    for (order, partition) in chosen.enumerate() {
        let members: Vec<&NodeRow> =
            nodes.iter().filter(|node| partition.nodes.contains(&node.name) && options.selects_node(node)).collect();
        if members.is_empty() && !options.by_node && options.format.used().any(Field::of_partition) {
            let group = Group { order, partition, nodes: Vec::new() };
            groups.push((key(options, &group, clock), group));
        }
        for node in members {
            let group = Group { order, partition, nodes: vec![node] };
            let key = key(options, &group, clock);
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) if known.nodes.iter().any(|other| other.name == node.name) => {}
                Some((_, known)) => known.nodes.push(node),
                None => groups.push((key, group)),
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// What a line has in common.
fn key(options: &Options, group: &Group<'_>, clock: &Clock<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    if options.by_node {
        // One line for each machine and partition.
        key.extend_from_slice(group.partition.name.as_bytes());
        key.push(0);
        key.extend(group.nodes.iter().flat_map(|node| node.name.bytes()));
        return key;
    }
    for field in options.format.used().filter(|field| !field.is_sum()) {
        group.put(field, clock, &mut key);
        key.push(0);
    }
    key
}

fn sort(options: &Options, groups: &mut [Group<'_>], clock: &Clock<'_>) {
    if options.sort.is_empty() {
        // Partitions as the configuration has them, which is how they come; in each the most unusual state first.
        return groups.sort_by_key(|group| (group.order, std::cmp::Reverse(state::rank(group))));
    }
    let value = |group: &Group<'_>, field: Field| crate::text::shown(|out| group.put(field, clock, out));
    groups.sort_by(|a, b| {
        for (field, down) in &options.sort {
            let ordering = match field {
                Field::State | Field::StateShort => state::rank(a).cmp(&state::rank(b)),
                _ => {
                    let (a, b) = (value(a, *field), value(b, *field));
                    match (a.parse::<u64>(), b.parse::<u64>()) {
                        (Ok(a), Ok(b)) => a.cmp(&b),
                        _ => a.cmp(&b),
                    }
                }
            };
            if ordering.is_ne() {
                return if *down { ordering.reverse() } else { ordering };
            }
        }
        std::cmp::Ordering::Equal
    });
}

/// `sinfo -T`: reservations, or that there are none.
pub fn print_reservations(options: &Options, reservations: &[Reservation], clock: &Clock<'_>, out: &mut Vec<u8>) {
    if reservations.is_empty() {
        return out.extend_from_slice(b"No reservations in the system\n");
    }
    let widest = |text: &dyn Fn(&Reservation) -> usize, least: usize| {
        reservations.iter().map(text).max().unwrap_or(0).max(least)
    };
    let name = widest(&|reservation| reservation.name.len(), "RESV_NAME".len());
    let mut cell = |value: &str, width: usize, right: bool, end: &str| {
        let start = out.len();
        out.extend_from_slice(value.as_bytes());
        fit(out, start, width, right);
        out.extend_from_slice(end.as_bytes());
    };
    let mut line = |cells: [&str; 6]| {
        cell(cells[0], name, false, " ");
        cell(cells[1], 8, true, "  ");
        cell(cells[2], 19, true, "  ");
        cell(cells[3], 19, true, "  ");
        cell(cells[4], 11, true, "  ");
        cell(cells[5], 0, false, "\n");
    };
    if !options.no_header {
        line(["RESV_NAME", "STATE", "START_TIME", "END_TIME", "DURATION", "NODELIST"]);
    }
    for reservation in reservations {
        let stamp = |time| crate::text::shown(|out| put_timestamp(out, time, clock.zone));
        let active = (reservation.start..reservation.end).contains(&clock.now);
        line([
            &reservation.name,
            if active { "ACTIVE" } else { "INACTIVE" },
            &stamp(reservation.start),
            &stamp(reservation.end),
            &crate::text::shown(|out| put_full_span(out, reservation.end - reservation.start)),
            &crate::values::hostlist::compress(&reservation.nodes),
        ]);
    }
}
