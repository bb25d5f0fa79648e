//! How the processes of an MPI program find each other: a server of the protocols PMI-1.1 and PMI-2.0, as MPICH and its
//! relatives speak them over the socket that `PMI_FD` names (MPICH, `src/pmi`: "PMI v1 wire protocol", "PMI v2 API").
//!
//! Pure: bytes of a task in, bytes for tasks out. Must not know sockets nor processes.

use std::collections::BTreeMap;

/// Longest name and value that we announce.
const KEY_MOST: usize = 64;
const VALUE_MOST: usize = 1024;
/// A task that sends more without end of message talks nonsense.
const LONGEST: usize = 64 << 10;
/// The digits before each message of PMI-2.
const PREFIX: usize = 6;

/// What the server wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// Send this to that task.
    Say(u32, Vec<u8>),
    /// The program wants to be ended, with this code.
    Abort(u8),
    /// That task talks nonsense, or has said good-bye.
    Leave(u32),
}

/// One task's side.
#[derive(Default)]
struct Client {
    inbox: Vec<u8>,
    second: bool,
    waits: Option<Wait>,
}

/// Until all the others are there too.
enum Wait {
    Barrier,
    Fence(Vec<u8>),
}

/// The store that all tasks share, and where each of them is.
pub struct Pmi {
    name: String,
    clients: Vec<Client>,
    store: BTreeMap<String, String>,
    /// PMI-2: facts of this one machine, and who waits for them.
    node: BTreeMap<String, String>,
    waiting: Vec<(u32, String, Vec<u8>)>,
}

/// One message: its command, and its fields in order.
struct Message {
    command: String,
    fields: Vec<(String, String)>,
}

impl Message {
    fn get(&self, key: &str) -> &str {
        self.fields.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.as_str())
    }
}

impl Pmi {
    /// For so many tasks, all on this machine.
    pub fn new(name: &str, tasks: u32) -> Self {
        let mut store = BTreeMap::new();
        // One block: from machine 0 on, 1 machine, all tasks there.
        store.insert("PMI_process_mapping".to_owned(), format!("(vector,(0,1,{tasks}))"));
        let clients = (0..tasks).map(|_| Client::default()).collect();
        Self { name: name.to_owned(), clients, store, node: BTreeMap::new(), waiting: Vec::new() }
    }

    /// Takes what a task sent.
    pub fn take(&mut self, task: u32, bytes: &[u8]) -> Vec<Act> {
        let mut acts = Vec::new();
        let Some(client) = self.clients.get_mut(task as usize) else { return acts };
        client.inbox.extend_from_slice(bytes);
        loop {
            match self.next(task) {
                Ok(Some(message)) => self.answer(task, &message, &mut acts),
                Ok(None) => return acts,
                Err(()) => {
                    acts.push(Act::Leave(task));
                    return acts;
                }
            }
        }
    }

    fn next(&mut self, task: u32) -> Result<Option<Message>, ()> {
        let client = &mut self.clients[task as usize];
        if client.inbox.len() > LONGEST {
            return Err(());
        }
        if !client.second {
            let Some(end) = client.inbox.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
            let line: Vec<u8> = client.inbox.drain(..=end).collect();
            return parse(&line[..end], b' ').map(Some).ok_or(());
        }
        let Some(head) = client.inbox.get(..PREFIX) else { return Ok(None) };
        let length = std::str::from_utf8(head).ok().and_then(|head| head.trim().parse::<usize>().ok()).ok_or(())?;
        if length > LONGEST {
            return Err(());
        }
        if client.inbox.len() < PREFIX + length {
            return Ok(None);
        }
        let body: Vec<u8> = client.inbox.drain(..PREFIX + length).skip(PREFIX).collect();
        parse(&body, b';').map(Some).ok_or(())
    }

    fn answer(&mut self, task: u32, message: &Message, acts: &mut Vec<Act>) {
        if self.clients[task as usize].second {
            return self.answer_second(task, message, acts);
        }
        let name = &self.name;
        let line = match message.command.as_str() {
            "init" if message.get("pmi_version") == "2" => {
                self.clients[task as usize].second = true;
                "cmd=response_to_init pmi_version=2 pmi_subversion=0 rc=0".to_owned()
            }
            "init" => "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0".to_owned(),
            "get_maxes" => {
                format!("cmd=maxes kvsname_max=256 keylen_max={KEY_MOST} vallen_max={VALUE_MOST}")
            }
            "get_appnum" => "cmd=appnum appnum=0".to_owned(),
            "get_my_kvsname" => format!("cmd=my_kvsname kvsname={name}"),
            "get_universe_size" => format!("cmd=universe_size size={}", self.clients.len()),
            "get_ranks2hosts" => "cmd=ranks2hosts rc=-1".to_owned(),
            "put" => {
                self.store.insert(message.get("key").to_owned(), message.get("value").to_owned());
                "cmd=put_result rc=0 msg=success".to_owned()
            }
            "get" => match self.store.get(message.get("key")) {
                Some(value) => format!("cmd=get_result rc=0 msg=success value={value}"),
                None => "cmd=get_result rc=-1 msg=key_not_found value=unknown".to_owned(),
            },
            "barrier_in" => return self.wait(task, Wait::Barrier, acts),
            "finalize" => "cmd=finalize_ack".to_owned(),
            "abort" => return acts.push(Act::Abort(message.get("exitcode").parse::<i32>().unwrap_or(1) as u8)),
            // Starting further programs needs a job that can grow, which ours cannot.
            "mcmd" | "spawn" => "cmd=spawn_result rc=-1".to_owned(),
            _ => return acts.push(Act::Leave(task)),
        };
        acts.push(Act::Say(task, (line + "\n").into_bytes()));
    }

    fn answer_second(&mut self, task: u32, message: &Message, acts: &mut Vec<Act>) {
        let command = message.command.as_str();
        let thread = match message.get("thrid") {
            "" => String::new(),
            id => format!("thrid={id};"),
        };
        let size = self.clients.len();
        let found = |value: Option<&String>| match value {
            Some(value) => format!("found=TRUE;value={};rc=0;", value.replace(';', ";;")),
            None => "found=FALSE;rc=0;".to_owned(),
        };
        let key = message.get("key");
        let rest = match command {
            "fullinit" => {
                format!(
                    "pmi-version=2;pmi-subversion=0;rank={task};size={size};appnum=0;debugged=FALSE;pmiverbose=FALSE;rc=0;"
                )
            }
            "job-getid" => format!("jobid={};rc=0;", self.name),
            "info-getjobattr" => match key {
                "universeSize" => found(Some(&size.to_string())),
                _ => found(self.store.get(key)),
            },
            "info-putnodeattr" => {
                self.node.insert(key.to_owned(), message.get("value").to_owned());
                self.tell_waiting(acts);
                "rc=0;".to_owned()
            }
            "info-getnodeattr" if message.get("wait") == "TRUE" && !self.node.contains_key(key) => {
                return self.waiting.push((task, key.to_owned(), thread.into_bytes()));
            }
            "info-getnodeattr" => found(self.node.get(key)),
            "kvs-put" => {
                self.store.insert(key.to_owned(), message.get("value").to_owned());
                "rc=0;".to_owned()
            }
            "kvs-get" => found(self.store.get(key)),
            "kvs-fence" => return self.wait(task, Wait::Fence(thread.into_bytes()), acts),
            "finalize" => "rc=0;".to_owned(),
            "abort" => return acts.push(Act::Abort(1)),
            "spawn" | "name-publish" | "name-unpublish" | "name-lookup" | "job-connect" | "job-disconnect" => {
                "rc=1;errmsg=not supported;".to_owned()
            }
            _ => return acts.push(Act::Leave(task)),
        };
        acts.push(Act::Say(task, prefixed(&format!("cmd={command}-response;{thread}{rest}"))));
    }

    fn tell_waiting(&mut self, acts: &mut Vec<Act>) {
        let node = &self.node;
        self.waiting.retain(|(task, key, thread)| {
            let Some(value) = node.get(key) else { return true };
            let thread = String::from_utf8_lossy(thread);
            let value = value.replace(';', ";;");
            let text = format!("cmd=info-getnodeattr-response;{thread}found=TRUE;value={value};rc=0;");
            acts.push(Act::Say(*task, prefixed(&text)));
            false
        });
    }

    fn wait(&mut self, task: u32, how: Wait, acts: &mut Vec<Act>) {
        self.clients[task as usize].waits = Some(how);
        if self.clients.iter().any(|client| client.waits.is_none()) {
            return;
        }
        for (task, client) in (0..).zip(&mut self.clients) {
            let bytes = match client.waits.take() {
                Some(Wait::Fence(thread)) => {
                    prefixed(&format!("cmd=kvs-fence-response;{}rc=0;", String::from_utf8_lossy(&thread)))
                }
                _ => b"cmd=barrier_out\n".to_vec(),
            };
            acts.push(Act::Say(task, bytes));
        }
    }
}

fn prefixed(text: &str) -> Vec<u8> {
    format!("{:>PREFIX$}{text}", text.len()).into_bytes()
}

/// `key=value` fields parted by `between`; in PMI-2 a doubled semicolon stands for one. `None`: no command.
fn parse(bytes: &[u8], between: u8) -> Option<Message> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut field = String::new();
    let mut letters = text.chars().peekable();
    let mut close = |field: &mut String| {
        if let Some((name, value)) = field.split_once('=') {
            fields.push((name.to_owned(), value.to_owned()));
        }
        field.clear();
    };
    while let Some(letter) = letters.next() {
        if letter != char::from(between) {
            field.push(letter);
        } else if between == b';' && letters.peek() == Some(&';') {
            letters.next();
            field.push(letter);
        } else {
            close(&mut field);
        }
    }
    close(&mut field);
    let at = fields.iter().position(|(name, _)| name == "cmd" || name == "mcmd")?;
    let (name, value) = fields.remove(at);
    let command = if name == "mcmd" { name } else { value };
    Some(Message { command, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends these and gives the answers: `TASK<bytes`.
    fn talk(tasks: u32, lines: &[(u32, &str)]) -> String {
        let mut pmi = Pmi::new("7.0", tasks);
        let mut shown = String::new();
        for (task, line) in lines {
            for act in pmi.take(*task, line.as_bytes()) {
                match act {
                    Act::Say(task, bytes) => {
                        shown += &format!("{task}<{}|", String::from_utf8_lossy(&bytes).trim_end())
                    }
                    other => shown += &format!("{other:?}|"),
                }
            }
        }
        shown
    }

    #[test]
    fn the_first_protocol() {
        let said = talk(
            2,
            &[
                (0, "cmd=init pmi_version=1 pmi_sub"),
                (0, "version=1\ncmd=get_maxes\n"),
                (0, "cmd=get_my_kvsname\ncmd=get kvsname=7.0 key=PMI_process_mapping\n"),
                (0, "cmd=put kvsname=7.0 key=a value=b=c\ncmd=barrier_in\n"),
                (1, "cmd=barrier_in\ncmd=get kvsname=7.0 key=a\ncmd=get kvsname=7.0 key=x\n"),
                (1, "cmd=abort exitcode=3\n"),
                (1, "nonsense\n"),
            ],
        );
        assert_eq!(
            said,
            "0<cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0|\
             0<cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024|\
             0<cmd=my_kvsname kvsname=7.0|0<cmd=get_result rc=0 msg=success value=(vector,(0,1,2))|\
             0<cmd=put_result rc=0 msg=success|0<cmd=barrier_out|1<cmd=barrier_out|\
             1<cmd=get_result rc=0 msg=success value=b=c|1<cmd=get_result rc=-1 msg=key_not_found value=unknown|\
             Abort(3)|Leave(1)|"
        );
    }

    #[test]
    fn the_second_protocol() {
        let second = |text: &str| String::from_utf8_lossy(&prefixed(text)).into_owned();
        let init = "cmd=init pmi_version=2 pmi_subversion=0\n".to_owned();
        let full = second("cmd=fullinit;pmijobid=7.0;pmirank=0;threaded=FALSE;");
        let put = second("cmd=kvs-put;key=k;value=a;;b;thrid=4;");
        let fence = second("cmd=kvs-fence;");
        let get = second("cmd=kvs-get;jobid=7.0;srcid=-1;key=k;");
        let wait = second("cmd=info-getnodeattr;key=n;wait=TRUE;");
        let tell = second("cmd=info-putnodeattr;key=n;value=1;");
        let said = talk(1, &[(0, &init), (0, &full), (0, &put), (0, &fence), (0, &get), (0, &wait), (0, &tell)]);
        assert_eq!(
            said,
            "0<cmd=response_to_init pmi_version=2 pmi_subversion=0 rc=0|\
             0<   113cmd=fullinit-response;pmi-version=2;pmi-subversion=0;rank=0;size=1;appnum=0;debugged=FALSE;pmiverbose=FALSE;rc=0;|\
             0<    34cmd=kvs-put-response;thrid=4;rc=0;|0<    28cmd=kvs-fence-response;rc=0;|\
             0<    48cmd=kvs-get-response;found=TRUE;value=a;;b;rc=0;|\
             0<    54cmd=info-getnodeattr-response;found=TRUE;value=1;rc=0;|\
             0<    35cmd=info-putnodeattr-response;rc=0;|"
        );
    }
}
