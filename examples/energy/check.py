#!/usr/bin/env python3
"""Checks an account of electricity from its three tables alone, with rules of its own.

    check.py DIR --cores C --memory-mib M [--per-cpu-watts W] [--truth FILE]

DIR has meter.csv, jobs.csv, accounts.csv and period.csv, as `algoric energy export DIR` writes them, of one machine or
several that are alike. The first has an interval only for as long as it is kept (keep_samples_hours), the others have all:
where intervals are missing, what needs them is said to be not checkable; nothing is guessed. Exact where the rules are exact, to the microjoule. It shares no line of code with what wrote the tables.
"""
import argparse
import bisect
import csv
import sys
from fractions import Fraction
from pathlib import Path

METER = "machine,start_ms,end_ms,energy_uj,idle_uj,flag"
JOBS = (
    "job,machine,start_ms,end_ms,cpu_us,cores,memory_mib,dynamic_uj,idle_uj,gpu_uj,total_uj,"
    "price_microeur,co2_production_mg,co2_lifecycle_mg"
)
ACCOUNTS = "machine,account,energy_uj"
PERIOD = "machine,meter_ms,account_ms"

faults = 0


def check(holds, what):
    """Says what was checked, and whether it holds."""
    global faults
    faults += not holds
    print(("ok    " if holds else "WRONG ") + what)


def check_whole(is_whole, holds, what):
    """The same, of what only the meter's whole time can tell."""
    if is_whole:
        check(holds, what)
    else:
        print("----  not checkable: " + what.split(":")[0])


def table(folder, name, header):
    lines = (folder / name).read_text().splitlines()
    check(lines[0] == header, f"{name}: the header line, {len(lines) - 1} lines")
    text = {"machine", "flag", "job", "account"}
    rows = csv.DictReader(lines)
    return [{key: value if key in text else int(value) for key, value in row.items()} for row in rows]


def conservation(meter, jobs, accounts, is_whole):
    """jobs + system + unallocated + unmeasured = the meter."""
    drawn = sum(row["energy_uj"] for row in meter)
    owned = sum(row["total_uj"] for row in jobs) + sum(accounts.values())
    check_whole(is_whole, drawn == owned, f"jobs + system + unallocated + unmeasured = meter: {owned} = {drawn} uJ")
    odd = sum(row["energy_uj"] for row in meter if row["flag"] != "measured")
    check_whole(is_whole, odd == accounts["unmeasured"], f"unmeasured is what is marked: {accounts['unmeasured']} = {odd} uJ")
    parts = all(row["total_uj"] == row["dynamic_uj"] + row["idle_uj"] + row["gpu_uj"] for row in jobs)
    check(parts, "each job's total is the sum of its parts")
    check(all(a["end_ms"] == b["start_ms"] for a, b in zip(meter, meter[1:])), "intervals tile the time")
    measured = [row for row in meter if row["flag"] == "measured"]
    dynamic = sum(row["energy_uj"] - row["idle_uj"] for row in measured)
    shared = sum(row["dynamic_uj"] + row["gpu_uj"] for row in jobs) + accounts["system"]
    check_whole(is_whole, dynamic == shared, f"dynamic energy is the jobs' and the system's: {shared} = {dynamic} uJ")
    return measured


def reservation(meter, measured, jobs, accounts, cores, memory, is_whole):
    """Idle energy by what was reserved, max(cores / C, memory / MEM), scaled down where that is more than the machine."""
    expected = {id(job): Fraction(0) for job in jobs}
    free = Fraction(0)
    starts = sorted(jobs, key=lambda job: job["start_ms"])
    for row in measured:
        length = row["end_ms"] - row["start_ms"]
        weights = {}
        for job in starts:
            if job["start_ms"] >= row["end_ms"]:
                break
            present = min(job["end_ms"], row["end_ms"]) - max(job["start_ms"], row["start_ms"])
            if present > 0:
                part = max(Fraction(job["cores"], cores), Fraction(job["memory_mib"], memory))
                weights[id(job)] = part * present / length
        taken = sum(weights.values())
        scale = row["idle_uj"] / max(taken, Fraction(1))
        for job, weight in weights.items():
            expected[job] += weight * scale
        free += (1 - taken) * scale if taken < 1 else 0
    # Each interval is rounded once, by less than a microjoule.
    seen = [job for job in jobs if is_whole or meter and job["start_ms"] >= meter[0]["start_ms"]]
    if len(seen) < len(jobs):
        print(f"----  not checkable: {len(jobs) - len(seen)} jobs that began before the first interval that is kept")
    off = max((abs(expected[id(job)] - job["idle_uj"]) for job in seen), default=0)
    check(off <= len(measured), f"idle energy by reservation: no job is off by more than {float(off):.2f} uJ")
    off = abs(free - accounts["unallocated"])
    check_whole(is_whole, off <= len(measured), f"what nobody reserved is unallocated: but for {float(off):.2f} uJ")


def processors(meter, jobs, per_cpu):
    """Dynamic energy by CPU time: every job that computed while it was measured pays about the same for a second."""
    gaps = [(row["start_ms"], row["end_ms"]) for row in meter if row["flag"] != "measured"]
    first, last = (meter[0]["start_ms"], meter[-1]["end_ms"]) if meter else (0, 0)

    def is_measured(job):
        inside = job["start_ms"] >= first and job["end_ms"] <= last
        return inside and not any(job["start_ms"] < end and job["end_ms"] > start for start, end in gaps)

    rates = [job["dynamic_uj"] / job["cpu_us"] for job in jobs if job["cpu_us"] > 1_000_000 and is_measured(job)]
    if not rates:
        print("      no job computed for a second while it was measured")
        return
    print(f"      {len(rates)} jobs that computed for more than a second paid {min(rates):.2f} to {max(rates):.2f} W a CPU")
    if per_cpu:
        near = sum(abs(rate - per_cpu) < per_cpu / 4 for rate in rates)
        check(near >= 0.9 * len(rates), f"{near} of {len(rates)} within a quarter of the true {per_cpu} W a CPU")


def truth(path, meter):
    """Each measured interval against the true curve."""
    points = [tuple(map(int, line.split(","))) for line in path.read_text().splitlines()[1:]]
    times = [at for at, _ in points]

    def energy(at):
        after = min(max(bisect.bisect_left(times, at), 1), len(times) - 1)
        (t0, e0), (t1, e1) = points[after - 1], points[after]
        return e0 + (e1 - e0) * (at - t0) / max(t1 - t0, 1)

    measured = [row for row in meter if row["flag"] == "measured"]
    said = sum(row["energy_uj"] for row in measured)
    true = sum(energy(row["end_ms"]) - energy(row["start_ms"]) for row in measured)
    check(abs(said - true) < true / 100, f"measured intervals against the true curve: {said / true - 1:+.3%}")
    whole = energy(meter[-1]["end_ms"]) - energy(meter[0]["start_ms"])
    drawn = sum(row["energy_uj"] for row in meter)
    check(abs(drawn - whole) < whole / 100, f"all of it against the true curve: {drawn / whole - 1:+.3%}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--cores", type=int, required=True)
    arguments.add_argument("--memory-mib", type=int, required=True)
    arguments.add_argument("--per-cpu-watts", type=float)
    arguments.add_argument("--truth", type=Path)
    given = arguments.parse_args()
    meter = table(given.folder, "meter.csv", METER)
    jobs = table(given.folder, "jobs.csv", JOBS)
    accounts = table(given.folder, "accounts.csv", ACCOUNTS)
    covered = {}
    if (given.folder / "period.csv").exists():
        covered = {row["machine"]: row for row in table(given.folder, "period.csv", PERIOD)}
    for machine in sorted({row["machine"] for row in meter} | set(covered)):
        print(machine)
        of = lambda rows: [row for row in rows if row["machine"] == machine]
        sums = {row["account"]: row["energy_uj"] for row in of(accounts)}
        lengths = covered.get(machine, {"meter_ms": 0, "account_ms": 0})
        is_whole = lengths["meter_ms"] == lengths["account_ms"]
        if not is_whole:
            kept, all_of_it = lengths["meter_ms"] / 3_600_000, lengths["account_ms"] / 3_600_000
            print(f"      intervals are kept of {kept:.1f} h of {all_of_it:.1f} h: older ones were forgotten")
        measured = conservation(of(meter), of(jobs), sums, is_whole)
        reservation(of(meter), measured, of(jobs), sums, given.cores, given.memory_mib, is_whole)
        processors(of(meter), of(jobs), given.per_cpu_watts)
        if given.truth and of(meter):
            truth(given.truth, of(meter))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
