//! `sacctmgr`: shows projects, members and qualities of service; changes nothing.

use std::io::{self, BufRead, IsTerminal as _};

use api::{Admin, AdminKind, AdminRow, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    sacctmgr::{self, Books, Entity, Member, Options, Project},
    scontrol,
};

use super::{asked, caller::Caller, refused::failed, tell};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Shows them: what the command line asks for, or line by line what standard input does.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sacctmgr::parse(&caller.args)?;
    match &options.request {
        sacctmgr::Request::Interactive => Ok(interactive(&options, caller)),
        _ => answer(&options, caller),
    }
}

fn interactive(options: &Options, caller: &Caller) -> u8 {
    let mut exit = 0;
    let echo = !io::stdin().is_terminal();
    for line in prompted("sacctmgr: ", echo) {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        if words.is_empty() {
            continue;
        }
        let done = sacctmgr::parse_line(&words, options).and_then(|options| match options.request {
            sacctmgr::Request::Exit => Ok(None),
            _ => answer(&options, caller).map(Some),
        });
        match done {
            Ok(Some(_)) => {}
            Ok(None) => return exit,
            Err(refusal) => exit = tell(&refusal),
        }
    }
    exit
}

/// Lines of standard input, each asked for. Where nobody types they are shown too, as Slurm does.
pub fn prompted(prompt: &str, echo: bool) -> impl Iterator<Item = String> {
    let mut lines = io::stdin().lock().lines();
    std::iter::from_fn(move || {
        console::print(prompt);
        let line = lines.next().and_then(Result::ok);
        match &line {
            Some(line) if echo => console::line(line),
            Some(_) => {}
            None => console::line(""),
        }
        line
    })
}

fn answer(options: &Options, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = |error| failed(error).refusal(Action::Accounts);
    match &options.request {
        sacctmgr::Request::Answer(text) => console::print(text),
        sacctmgr::Request::Show { entity: Entity::Configuration, .. } => {
            let settings = caller.call().and_then(|mut centre| asked::settings(&mut centre)).map_err(refuse)?;
            let mut out = Vec::new();
            scontrol::put_config(&settings, &super::caller::host(), &caller.clock(), &mut out);
            console::print(out);
        }
        sacctmgr::Request::Show { entity: Entity::Stats, .. } => return super::sdiag::run_plain(caller),
        sacctmgr::Request::Show { .. } => {
            let books = caller.call().and_then(|mut centre| books(&mut centre)).map_err(refuse)?;
            let mut out = Vec::new();
            sacctmgr::print(options, &books, &mut out);
            console::print(out);
        }
        sacctmgr::Request::Interactive | sacctmgr::Request::Exit => {}
    }
    Ok(0)
}

fn books(centre: &mut Client) -> Result<Books, ClientError> {
    let mut books = Books { cluster: asked::cluster(centre)?, host: super::caller::host(), ..Books::default() };
    for kind in [AdminKind::Project, AdminKind::Member, AdminKind::Operator] {
        let Reply::Admin(rows) = centre.ask(&Request::Admin(Admin::List(kind)))? else {
            return Err(ClientError::Unfit);
        };
        for row in rows {
            match row {
                AdminRow::Project { name, description, shares, .. } => {
                    books.projects.push(Project { name, description, shares });
                }
                AdminRow::Member { user, project, default } => {
                    books.members.push(Member { user, account: project, default });
                }
                AdminRow::Operator { user, .. } => books.operators.push(user),
            }
        }
    }
    let Reply::Qos(qos) = centre.ask(&Request::Qos)? else { return Err(ClientError::Unfit) };
    books.qos = qos;
    books.gpus = asked::nodes(centre)?.iter().any(|node| node.gpus > 0);
    let Reply::Shares(shares) = centre.ask(&Request::Shares)? else { return Err(ClientError::Unfit) };
    books.add_shares(&shares);
    Ok(books)
}
