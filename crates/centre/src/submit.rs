//! How a job comes in: looked at, completed, put into the queue and the journal. Must not know what becomes of it.

use std::sync::Arc;

use api::{JobForm, Refusal, RefusalCode, Reply, Submission};
use model::{JobId, JobSpec, Text};
use scheduler::{Patience, What};
use store::{StoredSubmission, Write};

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    jobs::refusal,
};

/// The longest single argument or variable that Linux takes (`MAX_ARG_STRLEN`), and all of them together, with room
/// for what the centre adds (a quarter of the usual 8 MiB stack).
const MAX_STRING: usize = 128 << 10;
const MAX_STRINGS: usize = (2 << 20) - (64 << 10);

/// All that was filled in on a form, bytes: as much as a script has by default.
const MAX_FORM: usize = 4 << 20;

type Outcome = Result<(), Refusal>;

/// Whether what was filled in is short enough to be kept.
///
/// # Errors
/// It is not.
pub(crate) fn is_short(form: Option<&JobForm>) -> Outcome {
    let length = |form: &JobForm| {
        form.app.len() + form.values.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    };
    match form.is_some_and(|form| length(form) > MAX_FORM) {
        true => Err(refuse(RefusalCode::ScriptTooLarge, "the form")),
        false => Ok(()),
    }
}

impl Centre {
    /// Takes a submission in; the answer comes when it is on disk.
    pub(crate) fn submit(&mut self, conn: ConnId, peer: Peer, mut submission: Submission) -> Outcome {
        if submission.test_only {
            let id = self.state.next_id();
            let spec = self.admit(peer, submission.spec, &submission.script, &submission.environment)?;
            if let Some(offered) = self.offer(&spec)? {
                self.covered(&offered)?;
            }
            return self.would_start(conn, id, spec);
        }
        submission.spec.batch = true;
        let id = self.take_in(peer, submission)?;
        self.reply_when_safe(conn, Reply::Submitted(id));
        Ok(())
    }

    /// The form that a submission was filled in on, for who makes it again.
    pub(crate) fn keep_form(&mut self, id: JobId, form: Option<JobForm>) {
        if let Some(JobForm { app, values }) = form {
            let fields = serde_json::to_string(&values).unwrap_or_default();
            self.journal.write(Write::Form { id, app, fields });
        }
    }

    /// The wish with all defaults filled in, if it may be.
    pub(crate) fn admit(
        &mut self,
        peer: Peer,
        mut spec: JobSpec,
        script: &[u8],
        environment: &[(Text, Text)],
    ) -> Result<JobSpec, Refusal> {
        self.writable()?;
        self.check_size(&spec, script, environment)?;
        Self::check_shape(&spec)?;
        if !self.every_user && peer.uid != self.service_uid {
            return Err(refuse(RefusalCode::AccessDenied, "this centre runs only the jobs of the user who started it"));
        }
        if self.cluster.is_some() {
            return self.admit_there(peer, spec);
        }
        spec.owner = (*self.people.owner(peer.uid, peer.gid)).clone();
        let is_operator = self.people.is_operator(peer.uid);
        spec.account = self
            .people
            .account(&spec.owner.user, &spec.account, is_operator)
            .map_err(|name| refuse(RefusalCode::InvalidAccount, name))?;
        self.state.admit(spec, is_operator).map_err(|fault| refusal(&fault))
    }

    /// Puts a submission into the queue and the journal.
    pub(crate) fn take_in(&mut self, peer: Peer, submission: Submission) -> Result<JobId, Refusal> {
        let Submission { spec, script, environment, form, .. } = submission;
        let spec = self.admit(peer, spec, &script, &environment)?;
        is_short(form.as_ref())?;
        let offered = self.offer(&spec)?;
        offered.as_ref().map_or(Ok(()), |offered| self.covered(offered))?;
        let id = self.state.next_id();
        let known = match &spec.dependency {
            Some(wish) => self.endings_it_depends_on(wish)?,
            None => Vec::new(),
        };
        let spec = Arc::new(spec);
        let environment =
            environment.iter().flat_map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat());
        let (script, script_is_new) = self.submissions.blob(script);
        let (environment, environment_is_new) = self.submissions.blob(environment.collect());
        for (blob, is_new) in [(&script, script_is_new), (&environment, environment_is_new)] {
            if is_new {
                self.journal.write(Write::Blob { id: blob.id, bytes: blob.bytes.clone() });
            }
        }
        self.journal.write(Write::Submission {
            id,
            at: self.now,
            spec: spec.clone(),
            script: script.id,
            environment: environment.id,
        });
        self.keep_form(id, form);
        self.submissions.remember(StoredSubmission {
            id,
            at: self.now,
            spec: spec.clone(),
            script_id: script.id,
            script: script.bytes,
            environment: environment.bytes,
        });
        // What was written for it is harmless if this is refused: rows without an event are never read back.
        self.record(What::Submitted { id, spec: Some(spec), known })
            .map_err(|fault| refuse(RefusalCode::Other, fault.to_string()))?;
        if let Some(offered) = offered {
            self.set_aside(id, &offered);
        }
        self.hint(id);
        Ok(id)
    }

    /// Refuses wishes of a size that no command makes: the centre remembers them all.
    fn check_shape(spec: &JobSpec) -> Outcome {
        let words = [&spec.account, &spec.partition, &spec.qos, &spec.submit_host];
        let optional = [&spec.reservation, &spec.wckey, &spec.mail_user, &spec.features, &spec.request.gpu_type];
        let paths = [Some(&spec.workdir), spec.stdin.as_ref(), spec.stdout.as_ref(), spec.stderr.as_ref()];
        let paths = paths.into_iter().chain([spec.command.as_ref(), Some(&spec.submit_dir)]).flatten();
        let texts = [Some(&spec.submit_line), spec.comment.as_ref(), spec.export.as_ref()];
        let fits = words.iter().all(|word| word.len() <= 256)
            && optional.iter().all(|word| word.as_ref().is_none_or(|word| word.len() <= 1024))
            && spec.name.as_bytes().len() <= 1024
            && paths.into_iter().all(|path| path.as_bytes().len() <= 4096 && !path.as_bytes().contains(&0))
            && texts.into_iter().flatten().all(|text| text.as_bytes().len() <= MAX_STRING)
            && spec.limits.0.len() <= 64
            && spec.dependency.as_ref().is_none_or(|dependency| dependency.terms.len() <= 4096);
        if fits { Ok(()) } else { Err(refuse(RefusalCode::Other, "a name, a path or a list of this job is too long")) }
    }

    fn check_size(&self, spec: &JobSpec, script: &[u8], environment: &[(Text, Text)]) -> Outcome {
        if script.len() > (self.file.limits.max_script_mib as usize) << 20 {
            return Err(refuse(RefusalCode::ScriptTooLarge, script.len().to_string()));
        }
        let lengths = || {
            let pairs = environment.iter().map(|(name, value)| name.as_bytes().len() + value.as_bytes().len() + 2);
            pairs.chain(spec.args.iter().map(|arg| arg.as_bytes().len() + 1))
        };
        if lengths().any(|length| length > MAX_STRING) || lengths().sum::<usize>() > MAX_STRINGS {
            return Err(refuse(RefusalCode::EnvironmentTooLarge, lengths().sum::<usize>().to_string()));
        }
        Ok(())
    }

    fn would_start(&mut self, conn: ConnId, id: JobId, spec: JobSpec) -> Outcome {
        let cpus = spec.request.cpus();
        let partition = spec.partition.clone();
        let start = self.state.foresee(spec, self.now, Patience::Own, None);
        let node = self.node.to_string();
        self.reply(conn, &Reply::WouldStart { id, start, cpus, partition, node });
        Ok(())
    }
}
