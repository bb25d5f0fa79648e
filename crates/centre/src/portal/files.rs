//! Members' files: who may have theirs served, and the order to the launcher that starts who serves them. What is done
//! with files never passes through here.

use api::{FilesReply, FilesRequest, PortalReply, Refusal, RefusalCode};
use drivers::local::{files::permitted_for, protocol::Order};
use model::{Text, Uid};

use super::{caller::Caller, roles::Action};
use crate::{
    connection::ConnId,
    core::{Centre, refuse},
};

/// Which action is a request?
pub(super) fn action(_: &FilesRequest) -> Action {
    Action::UseFiles
}

impl Centre {
    pub(super) fn files_asked(&mut self, conn: ConnId, caller: &Caller, request: &FilesRequest) -> Result<(), Refusal> {
        let peer = self.peer_of(caller)?;
        let every_user = self.hello.as_ref().is_some_and(|hello| hello.guarantees.every_user);
        permitted_for(peer.uid.0, self.service_uid.0, every_user)
            .map_err(|why| refuse(RefusalCode::AccessDenied, why))?;
        let user = self.people.name(peer.uid);
        if let FilesRequest::Servant { secret } = request {
            let shared = self.shared_folders(peer.uid, &user);
            self.order(&Order::Files(drivers::local::files::Order { uid: peer.uid.0, secret: *secret, shared }));
        }
        let reply = FilesReply::As { uid: peer.uid.0, user: user.into() };
        self.portal_reply(conn, PortalReply::Files(reply));
        Ok(())
    }

    /// The folders that the configuration names, for this member: one for each of their projects where it says so.
    fn shared_folders(&mut self, _: Uid, user: &str) -> Vec<Text> {
        let mut folders: Vec<String> = Vec::new();
        let members = self.people.members.iter().filter(|member| member.user == user);
        let projects: Vec<&str> = members.map(|member| member.project.as_str()).filter(|name| is_plain(name)).collect();
        for pattern in &self.file.files.folders {
            let own = if is_plain(user) { pattern.replace("{user}", user) } else { continue };
            match own.contains("{project}") {
                true => folders.extend(projects.iter().map(|project| own.replace("{project}", project))),
                false => folders.push(own),
            }
        }
        folders.dedup();
        folders.into_iter().map(Text::from).collect()
    }
}

/// A name that stays one part of a path.
fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}
