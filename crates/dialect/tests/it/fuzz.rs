//! Whatever is read from people and programs: no panic, no hang, no unbounded memory. Known good words are broken in
//! thousands of ways, the same ways in each run. `DIALECT_FUZZ=SECONDS` goes on for so long, with other ways each time.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    env,
    panic::catch_unwind,
    time::{Duration, Instant, SystemTime},
};

use dialect::{
    patterns, sacct, sacctmgr, salloc, sattach, sbatch, sbcast, scancel, scontrol, script, sdiag, seff, sinfo, sprio,
    squeue, srun, sshare, sstat,
    values::{array, dependency, hostlist, jobs, limit, mail, memory, signal, when},
};
use model::{JobId, Text, Uid};

use crate::rows::clock;

/// More than that for one input of some hundred bytes is unbounded.
const MEMORY: usize = 64 << 20;
/// As long as that is a hang; generous, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(3);
/// Inputs a parser in each run of the tests.
const INPUTS: u32 = 2_000;

/// Counts what this thread has asked for and not given back.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is done by `System`; counting touches only thread-local integers, which allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| {
            held.set(held.get().saturating_add(layout.size()));
            MOST.with(|most| most.set(most.get().max(held.get())));
        });
        // SAFETY: as asked of us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|held| held.set(held.get().saturating_sub(layout.size())));
        // SAFETY: as asked of us.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A parser: its name, words that it knows, and itself.
type Target = (&'static str, &'static [&'static str], fn(&[u8]));

/// What was read is of no use.
fn done<T>(_: T) {}

const NOW: &str = "2026-11-22T12:00:00";

fn words(input: &[u8]) -> Vec<Vec<u8>> {
    input.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect()
}

const TARGETS: &[Target] = &[
    ("array", &["0-15:3%4", "1,3,5-7", "[1-3]", "0-20000", "4294967294"], |input| done(array::parse(input))),
    ("dependency", &["afterok:1:2,afterany:3_4", "after:1+5", "singleton", "afterok:1?afternotok:2"], |input| {
        done(dependency::parse(input))
    }),
    ("hostlist", &["n[1-3,7],m", "n[01-10]", "a[1-2]b[1-2]", "n[1-99999999]", "[", "n[1-2][1-9]"], |input| {
        done(hostlist::expand(&String::from_utf8_lossy(input)));
    }),
    ("jobs", &["42_[1,3-5%2]", "35.0,35.batch", "1,2,3", "9_4294967294"], |input| {
        done((jobs::parse(input), jobs::parse_list(input)));
    }),
    ("limit", &["1-2:3:4", "90", "UNLIMITED", "1:30", "99999999999999"], |input| {
        done((limit::seconds(input), limit::parse(input)));
    }),
    ("mail", &["BEGIN,END,TIME_LIMIT_80", "ALL"], |input| done(mail::parse(input))),
    ("memory", &["100M", "1T", "18446744073709551615G"], |input| done(memory::parse(input))),
    ("signal", &["USR1", "SIGKILL", "64"], |input| done(signal::number(input))),
    (
        "when",
        &["now+1hour", "2026-01-02T03:04:05", "16:00 tomorrow", "01/02/30-3:04", "teatime", "now-999999999days"],
        |input| {
            for lean in [when::Lean::Future, when::Lean::Past] {
                done(when::parse(input, &clock(NOW), lean));
            }
        },
    ),
    ("pattern", &["%A_%4a-%j.%t%%", "%99999999j", "\\%j", "slurm-%J.out"], |input| {
        let facts = patterns::Facts::batch(JobId(7), Some((JobId(5), 3)), b"name", "alice", "vm");
        assert!(patterns::expand(input, &facts).len() <= 64 * (input.len() + 1), "a pattern that grows");
    }),
    ("directives", &["#!/bin/sh\n#SBATCH -J \"a b\" # c\n#SBATCH --mem 5\n", "#!x\n#SBATCH 'open"], |input| {
        done(script::directives(input, "job.sh"));
        done(script::check(input));
    }),
    ("multi-prog", &["0-1 echo %t %o\n* bash -c 'x'\n", "1,2-3 a\n# b\n0 c \\\n d"], |input| {
        done(srun::parse_multi_prog(input, 8, &Text::from("f")));
    }),
    ("export-file", &["A=1\0B=2 3\0", "=\0\0X"], |input| done(sbatch::environment_file(input))),
    (
        "sbatch-script",
        &["#!/bin/sh\n#SBATCH -n 2 --time=1:00 -a 1-3\ntrue\n", "#!/bin/sh\n#SBATCH --gres=gpu:2"],
        |input| {
            if let Ok(line) = sbatch::Line::read(&[b"job.sh".to_vec()]) {
                done(line.submission(input.to_vec(), &[], &clock(NOW), false));
            }
        },
    ),
    (
        "sbatch",
        &[
            "-n 2 --mem=5G -t 1-0 --wrap x",
            "--array=1-9%2 -d afterok:3 --signal=B:USR1@5 --wrap x",
            "--export=ALL,A=1 -o %j.%a -N 1-2 --gres=gpu:a:2 --wrap x",
            "--begin=now+1hour --deadline=tomorrow --nice=5 --mail-type=ALL --wrap x",
        ],
        |input| {
            if let Ok(line) = sbatch::Line::read(&words(input)) {
                done(line.submission(b"#!/bin/sh\n".to_vec(), &[], &clock(NOW), false));
            }
        },
    ),
    (
        "srun",
        &["-n 2 -l --multi-prog f", "--cpu-bind=map_cpu:0,1 -K1 -W 5 true", "-o %t --input=1 --exact x"],
        |input| {
            done(srun::parse(&words(input), &[], &clock(NOW), false));
        },
    ),
    ("salloc", &["-n 2 -t 5 bash", "--no-shell -J x"], |input| {
        done(salloc::parse(&words(input), &[], &clock(NOW), false));
    }),
    ("squeue", &["-o %.18i|%-9P%j -S -t,i", "-O jobid:10,name:.5 -t PD,R -j 1_2,3", "-u a,b -n x --start"], |input| {
        done(squeue::parse(&words(input), &[], Uid(0)));
    }),
    ("sacct", &["-o jobid%20,state -S now-1hour -E now -s CD,F", "-j 1_2.batch -P --units=M", "-X -b -l"], |input| {
        done(sacct::parse(&words(input), &[], &clock(NOW), Uid(0)));
    }),
    ("sinfo", &["-o %P|%.5D -N -t idle,down", "-O partition:5,nodes -S -P"], |input| {
        done(sinfo::parse(&words(input), &[]));
    }),
    ("scancel", &["-s USR1 -b 1_[2-3] 4.0", "-n x -t PENDING -u a"], |input| done(scancel::parse(&words(input), &[]))),
    (
        "scontrol",
        &[
            "update JobId=1_2 TimeLimit=+5 StartTime=now+1hour Dependency=afterok:2",
            "show hostnames n[1-5]",
            "show -d job 1_2",
            "create reservation StartTime=now Duration=10 Users=a Nodes=vm",
            "requeuehold State=x 1,2",
        ],
        |input| {
            done(scontrol::parse(&words(input), &[], &clock(NOW)));
            done(scontrol::parse_line(input, &[], &clock(NOW)));
        },
    ),
    ("sacctmgr", &["-n -P show assoc format=user%20,account where user=a", "list qos names=x"], |input| {
        done(sacctmgr::parse(&words(input)));
    }),
    ("sprio", &["-o %.15i%u -j 1,2 -S -y"], |input| done(sprio::parse(&words(input), &[]))),
    ("sshare", &["-o account%20,user -A x -a"], |input| done(sshare::parse(&words(input), &[]))),
    ("sstat", &["-o jobid%5,maxrss -j 1.batch,2 -a"], |input| done(sstat::parse(&words(input)))),
    ("small ones", &["-l 1.0", "-f a b", "-r", "12_3"], |input| {
        let words = words(input);
        done((sattach::parse(&words), sbcast::parse(&words, &[]), sdiag::parse(&words), seff::parse(&words)));
    }),
];

/// Pieces that parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"4294967295",
    b"18446744073709551616",
    b"-1",
    b"0",
    b"%",
    b"\\",
    b"\"",
    b"'",
    b"[",
    b"]",
    b",",
    b":",
    b"-",
    b"=",
    b"@",
    b"+",
    b"?",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
    b"1-999999999",
    b"..",
    b"%99999999",
    b"now",
    b"\xc3\xa9",
    b"_",
];

/// Numbers that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// One of the words, broken.
    fn input(&mut self, known: &[&str]) -> Vec<u8> {
        let mut input = known[self.below(known.len())].as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len() + 1);
            match self.below(6) {
                0 if at < input.len() => input[at] = self.below(256) as u8,
                1 => done(input.drain(at..(at + self.below(8)).min(input.len()))),
                2 => done(input.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
                3 => done(input.splice(at..at, known[self.below(known.len())].bytes())),
                4 => {
                    let piece = input[at..(at + 1 + self.below(12)).min(input.len())].to_vec();
                    let again = piece.repeat(1 + self.below(60));
                    input.splice(at..at, again);
                }
                _ => input.truncate(at),
            }
        }
        input
    }
}

/// Lets a parser read it, and says what it has done wrong.
fn wrong(read: fn(&[u8]), input: &[u8]) -> Option<String> {
    HELD.set(0);
    MOST.set(0);
    let begun = Instant::now();
    let ended = catch_unwind(|| read(input));
    let (took, most) = (begun.elapsed(), MOST.get());
    if ended.is_err() {
        Some("panics".to_owned())
    } else if took > PATIENCE {
        Some(format!("takes {took:?}"))
    } else if most > MEMORY {
        Some(format!("takes {} MiB", most >> 20))
    } else {
        None
    }
}

#[test]
fn nothing_that_is_read_does_harm() {
    let seconds = env::var("DIALECT_FUZZ").ok().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let seed = match seconds {
        Some(_) => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1,
        None => 0x9e37_79b9_7f4a_7c15,
    };
    let (begun, mut chance) = (Instant::now(), Chance(seed));
    let (mut found, mut read) = (Vec::new(), 0_u64);
    loop {
        for (name, known, parse) in TARGETS {
            for turn in 0..INPUTS {
                // What is known comes first, as it is.
                let input =
                    known.get(turn as usize).map_or_else(|| chance.input(known), |word| word.as_bytes().to_vec());
                if let Some(what) = wrong(*parse, &input) {
                    found.push(format!("{name} {what} on b\"{}\"", input.escape_ascii()));
                }
            }
            read += u64::from(INPUTS);
        }
        if seconds.is_none_or(|seconds| begun.elapsed() > seconds) || found.len() > 50 {
            break;
        }
    }
    eprintln!("{read} inputs in {:?}", begun.elapsed());
    assert!(found.is_empty(), "seed {seed:#x}\n{}", found.join("\n"));
}

/// What the fuzzer has found once.
#[test]
fn what_was_found() {
    let many_brackets = format!("a[1-2]{}{}", "b[1-2]]".repeat(14), "b[2]]".repeat(40)).replace("]]", "]");
    let long_names = format!("a[1-60000]{}", "b".repeat(2_000));
    let found: &[(&str, &[u8])] = &[("hostlist", many_brackets.as_bytes()), ("hostlist", long_names.as_bytes())];
    for (name, input) in found {
        let (_, _, parse) = TARGETS.iter().find(|(known, _, _)| known == name).unwrap();
        assert_eq!(wrong(*parse, input), None, "{name}");
    }
}
