//! Accounts of members, made and closed by the system's own programs (`useradd`, `usermod`) with fixed words. Everything
//! is looked at again here, whatever the centre said: only new names are made, and only what was made here is closed. None
//! is ever removed. Must not know whose they are.

use std::io::{self, Read, Seek, SeekFrom, Write};

use model::{Gid, Owner, Text, Uid};
use nix::unistd::{Group, User};

use super::super::{
    account::is_name,
    files::permitted_for,
    protocol::{AccountDeed, Command, Environment, Report},
};
use super::Launcher;

/// The names of the accounts that were made here, one a line; root's own, like all of the spool.
const MADE: &str = "accounts";

impl Launcher {
    /// Does it, and tells what came of it as of any program.
    pub(super) fn account(&mut self, number: u64, deed: &AccountDeed) {
        let begun = self.words_of(deed).and_then(|words| {
            let root = Owner { uid: Uid::ROOT, gid: Gid(0), user: "root".into(), group: "root".into() };
            let path = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C.UTF-8")];
            self.fork_program(Command {
                number,
                owner: root,
                words: words.into_iter().map(Text::from).collect(),
                env: Environment::from_pairs(path),
                workdir: "/".into(),
                input: Text::default(),
            })
        });
        match (begun, deed) {
            (Err(error), _) => {
                let complaint = Text::from(error.to_string());
                self.tell(&Report::Told { number, code: None, output: Text::default(), complaint });
            }
            (Ok(()), AccountDeed::Make { name, .. }) => self.making.push((number, name.clone())),
            (Ok(()), _) => {}
        }
    }

    /// The program and its words, for a deed that is allowed.
    fn words_of(&self, deed: &AccountDeed) -> io::Result<Vec<String>> {
        if !self.settings.root {
            return Err(io::Error::other("only a launcher that is root sees to accounts"));
        }
        let (AccountDeed::Make { name, .. } | AccountDeed::Close { name } | AccountDeed::Open { name }) = deed;
        if !is_name(name) {
            return Err(io::Error::other("that is no name for an account"));
        }
        let user = User::from_name(name)?;
        let words = match deed {
            AccountDeed::Make { person, .. } => {
                if user.is_some() || Group::from_name(name)?.is_some() {
                    return Err(io::Error::other(format!("there is a user or a group {name} already")));
                }
                let words = ["/usr/sbin/useradd", "--create-home", "--user-group", "--shell", "/bin/bash"];
                let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
                words.extend(["--key".to_owned(), "UMASK=077".to_owned(), "--comment".to_owned(), comment(person)]);
                words
            }
            AccountDeed::Close { .. } | AccountDeed::Open { .. } => {
                let uid = user.map(|user| user.uid.as_raw());
                let is_member = uid.is_some_and(|uid| permitted_for(uid, 0, true).is_ok());
                if !is_member || !self.made_accounts()?.iter().any(|made| made == name) {
                    return Err(io::Error::other(format!("{name} is no account that was made here")));
                }
                // An account that is over lets nobody in, by password or by key; the password stays as it is.
                let until = if matches!(deed, AccountDeed::Close { .. }) { "1" } else { "" };
                vec!["/usr/sbin/usermod".to_owned(), "--expiredate".to_owned(), until.to_owned()]
            }
        };
        Ok(words.into_iter().chain(["--".to_owned(), name.clone()]).collect())
    }

    /// A program about an account has ended: one that was made is written down.
    pub(super) fn account_ended(&mut self, number: u64, code: Option<u8>) {
        let Some(at) = self.making.iter().position(|(known, _)| *known == number) else { return };
        let (_, name) = self.making.swap_remove(at);
        if code != Some(0) {
            return;
        }
        let written = self.places.open_file(MADE).and_then(|mut file| {
            file.seek(SeekFrom::End(0))?;
            writeln!(file, "{name}")?;
            file.sync_data()
        });
        if let Err(error) = written {
            self.tell(&Report::Fault { text: format!("writing down that the account {name} was made: {error}") });
        }
    }

    fn made_accounts(&self) -> io::Result<Vec<String>> {
        let mut text = String::new();
        self.places.open_file(MADE)?.read_to_string(&mut text)?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

/// A name as the list of users takes it: no `:`, no line's end, nothing that a program reading that list trips over.
fn comment(person: &str) -> String {
    let good = |letter: &char| letter.is_alphanumeric() || [' ', '-', '\'', '.', '’'].contains(letter);
    person.chars().filter(good).take(80).collect::<String>().trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_no_harm() {
        for (person, shown) in [
            ("Anna Le Bihan", "Anna Le Bihan"),
            ("Zoé d’Arc", "Zoé d’Arc"),
            ("x:0:0:root:/root:/bin/sh", "x00rootrootbinsh"),
            ("a\nroot::0:0", "aroot00"),
            ("--root=/x", "rootx"),
            ("Anna, 3", "Anna 3"),
        ] {
            assert_eq!(comment(person), shown);
        }
    }
}
