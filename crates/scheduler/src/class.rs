//! Classes: jobs that are alike in everything that decides whether and when they may start. Within a class jobs start
//! in the order in which they became eligible, so a pass over the queue looks at classes and not at jobs.
//! Must not know which jobs there are beyond their order.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use model::{JobSpec, Reason, Request, SignalSpec, Span, TimeLimit};

use crate::names::{Name, Names, OwnerNumber, Owners};
use crate::queue::Line;
use crate::resources::Need;

/// What makes two jobs alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Traits {
    /// Who asked.
    pub owner: OwnerNumber,
    /// Project.
    pub account: Name,
    /// Partition.
    pub partition: Name,
    /// QOS.
    pub qos: Name,
    /// What it needs.
    pub request: Request,
    /// Time limit.
    pub time_limit: TimeLimit,
    /// Least time.
    pub time_min: Option<Span>,
    /// Nice.
    pub nice: i32,
    /// A fixed priority.
    pub priority: Option<u32>,
    /// It may be run again.
    pub requeue: bool,
    /// Reservation.
    pub reservation: Option<Name>,
    /// Signal before the limit.
    pub signal: Option<SignalSpec>,
    /// Its own wish about dependencies that fail.
    pub kill_on_invalid_dep: Option<bool>,
}

impl Traits {
    /// Of a submission.
    pub fn of(spec: &JobSpec, names: &mut Names, owners: &mut Owners) -> Self {
        Traits {
            owner: owners.number(&spec.owner),
            account: names.number(&spec.account),
            partition: names.number(&spec.partition),
            qos: names.number(&spec.qos),
            request: spec.request.clone(),
            time_limit: spec.time_limit,
            time_min: spec.time_min,
            nice: spec.nice,
            priority: spec.priority.filter(|priority| *priority > 0),
            requeue: spec.requeue,
            reservation: spec.reservation.as_deref().map(|name| names.number(name)),
            signal: spec.signal,
            kill_on_invalid_dep: spec.kill_on_invalid_dep,
        }
    }

    /// How long a job of this class may take, for planning: an unlimited one takes for ever.
    pub fn duration(&self) -> Option<Span> {
        self.time_limit.span()
    }
}

/// What the configuration makes of a class.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Standing {
    /// What a job of it needs.
    pub need: Need,
    /// Why none of it can start under this configuration.
    pub blocked: Option<Reason>,
    /// Position of its partition in the configuration.
    pub partition: Option<usize>,
    /// Position of its QOS in the configuration.
    pub qos: Option<usize>,
    /// It may displace running jobs.
    pub displaces: bool,
    /// Its priority without age.
    pub base: i64,
}

/// A class.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// What its jobs have in common.
    pub traits: Arc<Traits>,
    /// What the configuration makes of it.
    pub standing: Standing,
    /// Its jobs that may start, in order.
    pub line: Line,
    jobs: u32,
}

/// The number of a class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ClassNumber(u32);

/// A hasher without a random seed, so that two runs do the same.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// All classes that have a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    list: Vec<Option<Box<Class>>>,
    free: Vec<ClassNumber>,
    numbers: HashMap<Arc<Traits>, ClassNumber, Hasher>,
}

impl Classes {
    /// The number of the class with these traits, which gains a job; a new class stands as `standing` says.
    pub fn join(&mut self, traits: Traits, standing: impl FnOnce(&Traits) -> Standing) -> ClassNumber {
        if let Some(number) = self.numbers.get(&traits) {
            let number = *number;
            if let Some(class) = &mut self.list[number.0 as usize] {
                class.jobs += 1;
            }
            return number;
        }
        let traits = Arc::new(traits);
        let standing = standing(&traits);
        let line = Line::new(&standing, &traits);
        let class = Some(Box::new(Class { traits: traits.clone(), standing, line, jobs: 1 }));
        let number = match self.free.pop() {
            Some(number) => {
                self.list[number.0 as usize] = class;
                number
            }
            None => {
                self.list.push(class);
                ClassNumber(self.list.len() as u32 - 1)
            }
        };
        self.numbers.insert(traits, number);
        number
    }

    /// One more job of a class that has one.
    pub fn rejoin(&mut self, number: ClassNumber) {
        self.get_mut(number).jobs += 1;
    }

    /// A job leaves; the last one takes the class along. Its line must be empty then.
    pub fn leave(&mut self, number: ClassNumber) {
        let class = self.get_mut(number);
        class.jobs -= 1;
        if class.jobs == 0 {
            let traits = class.traits.clone();
            self.numbers.remove(&traits);
            self.list[number.0 as usize] = None;
            self.free.push(number);
        }
    }

    /// The class.
    #[allow(clippy::expect_used)]
    pub fn get(&self, number: ClassNumber) -> &Class {
        // A job holds its class: `join` and `leave` come in pairs, which `State::check` verifies.
        self.list[number.0 as usize].as_deref().expect("a job's class exists")
    }

    /// The class, to change its standing or line.
    #[allow(clippy::expect_used)]
    pub fn get_mut(&mut self, number: ClassNumber) -> &mut Class {
        self.list[number.0 as usize].as_deref_mut().expect("a job's class exists")
    }

    /// All classes.
    pub fn iter(&self) -> impl Iterator<Item = (ClassNumber, &Class)> {
        self.list
            .iter()
            .enumerate()
            .filter_map(|(at, class)| class.as_deref().map(|class| (ClassNumber(at as u32), class)))
    }

    /// The numbers of all classes.
    pub fn numbers(&self) -> Vec<ClassNumber> {
        self.iter().map(|(number, _)| number).collect()
    }

    /// Jobs of a class, for checking.
    pub fn jobs(&self, number: ClassNumber) -> u32 {
        self.get(number).jobs
    }
}
