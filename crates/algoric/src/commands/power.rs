//! `algoric power`: switches machines, by hand or because Slurm's power saving says so. Needs no centre, and must not know
//! why a machine is switched.

use std::{fs, path::PathBuf, thread, time::Duration};

use anyhow::Context as _;
use drivers::power::{Power, PowerError, Seen, SwitchConfig, SwitchesConfig};

use super::House;
use crate::{console, exit, report::Fault};

/// Machines of the cluster: switches them on and off, and says which are
///
/// How each is switched stands in a file: `[[switch]]` with `machine` and `kind` (`ipmi`, `redfish`, `wake`, `shelly`,
/// `tasmota`); docs/cluster.md explains the keys. Slurm's ResumeProgram and SuspendProgram may call this.
#[derive(clap::Subcommand)]
pub enum PowerCommand {
    /// Switches machines on
    On(Args),
    /// Switches machines off; their systems are asked to shut down, unless the file says otherwise
    Off(Args),
    /// Says what machines do: on, off or between
    State(Args),
}

/// Which machines.
#[derive(clap::Args)]
pub struct Args {
    /// Machines, as Slurm writes them (`n[1-3],n7`)
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<String>,

    /// How machines are switched
    #[arg(long, value_name = "FILE", default_value = "/etc/algoric/power.toml")]
    file: PathBuf,

    /// Seconds that a machine's controller may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    limit: u32,
}

#[derive(Clone, Copy)]
enum Order {
    On,
    Off,
    State,
}

/// So many machines are switched at once.
const AT_ONCE: usize = 16;

/// Does it.
pub fn run(command: PowerCommand, house: &House) -> anyhow::Result<u8> {
    let (order, args) = match command {
        PowerCommand::On(args) => (Order::On, args),
        PowerCommand::Off(args) => (Order::Off, args),
        PowerCommand::State(args) => (Order::State, args),
    };
    let shown = args.file.display().to_string();
    let text = fs::read_to_string(&args.file).with_context(|| shown.clone())?;
    let config: SwitchesConfig = toml::from_str(&text).with_context(|| shown.clone())?;
    let mut machines = Vec::new();
    for list in &args.hosts {
        let names = dialect::values::hostlist::expand(list);
        let names = names.ok_or_else(|| Fault::new("power-no-list", [("list", list.clone())]).code(exit::USAGE))?;
        for name in names {
            let switch = config.switch.iter().find(|switch| switch.machine == name);
            machines.push((name, switch));
        }
    }
    let limit = Duration::from_secs(args.limit.max(1).into());
    let mut failed = false;
    for some in machines.chunks(AT_ONCE) {
        let said = thread::scope(|scope| {
            let each = |(name, switch): &(String, Option<&SwitchConfig>)| {
                let (name, switch) = (name.clone(), switch.cloned());
                scope.spawn(move || take(order, &name, switch.as_ref(), limit))
            };
            let threads: Vec<_> = some.iter().map(each).collect();
            threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
        });
        for ((name, _), said) in some.iter().zip(said) {
            match said {
                Ok(Ok(Some(seen))) => console::line(format!("{name} {}", word(seen))),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    failed = true;
                    let why = format!("{:#}", anyhow::Error::new(error));
                    let gaps = [("machine", name.as_str().into()), ("why", why.into())];
                    console::complain(house.words.with("power-failed", &gaps) + "\n");
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }
    Ok(if failed { exit::FAILED } else { exit::OK })
}

/// One machine; what is seen of it, if that was asked.
fn take(order: Order, name: &str, switch: Option<&SwitchConfig>, limit: Duration) -> Result<Option<Seen>, PowerError> {
    let switch = switch.ok_or_else(|| PowerError::Unknown(name.to_owned()))?;
    let mut power: Box<dyn Power> = switch.open(limit)?;
    match order {
        Order::On => power.on(name).map(|()| None),
        Order::Off => power.off(name).map(|()| None),
        Order::State => power.state(name).map(Some),
    }
}

fn word(seen: Seen) -> &'static str {
    match seen {
        Seen::On => "on",
        Seen::Off => "off",
        Seen::Between => "between",
    }
}
