//! What the centre refuses, in the words of `dialect`: the one place where the two lists meet.

use api::{Refusal, RefusalCode};
use dialect::errors::Refused;

use crate::client::ClientError;

/// A refusal by the centre as Slurm's.
pub fn refused(refusal: Refusal) -> Refused {
    let Refusal { code, detail } = refusal;
    match code {
        RefusalCode::InvalidPartition => Refused::InvalidPartition(detail),
        RefusalCode::InvalidAccount => Refused::InvalidAccount,
        RefusalCode::InvalidQos => Refused::InvalidQos,
        RefusalCode::InvalidJobId => Refused::InvalidJobId,
        RefusalCode::AccessDenied | RefusalCode::LogInFirst => Refused::AccessDenied,
        RefusalCode::NodeConfigUnavailable => Refused::NodeConfigUnavailable(detail),
        RefusalCode::MemoryUnavailable => {
            Refused::NodeConfigUnavailable("Memory specification can not be satisfied".into())
        }
        RefusalCode::DependencyProblem => Refused::DependencyProblem,
        RefusalCode::AlreadyDone => Refused::AlreadyDone,
        RefusalCode::JobFinished => Refused::JobFinished,
        RefusalCode::JobPending => Refused::JobPending,
        RefusalCode::JobNotRunning => Refused::JobNotRunning,
        RefusalCode::ArrayTooLarge => Refused::InvalidArray,
        RefusalCode::TooManyJobs => Refused::AccountingPolicy(String::new()),
        RefusalCode::TooManyOfUser => Refused::AccountingPolicy("AssocMaxSubmitJobLimit".to_owned()),
        RefusalCode::InvalidReservation => Refused::ReservationInvalid,
        RefusalCode::InvalidFeature => Refused::InvalidFeature,
        RefusalCode::InvalidNode => Refused::InvalidNodeName,
        RefusalCode::InvalidGres => Refused::InvalidGres,
        RefusalCode::InvalidLicense => Refused::InvalidLicense,
        RefusalCode::InvalidNice => Refused::InvalidNice,
        RefusalCode::InvalidTimeLimit => Refused::InvalidTimeLimit,
        RefusalCode::InvalidTime => Refused::InvalidTime,
        RefusalCode::ScriptTooLarge => Refused::ScriptTooLarge,
        RefusalCode::EnvironmentTooLarge => Refused::EnvironmentTooLarge,
        RefusalCode::Disabled => Refused::Disabled,
        RefusalCode::StepTooBig => Refused::TooManyCpus,
        RefusalCode::StepBusy => Refused::NodesBusy,
        RefusalCode::StorageFailed => Refused::CannotWrite,
        RefusalCode::ShuttingDown => Refused::ContactFailed,
        RefusalCode::WrongVersion => {
            Refused::Other(format!("the centre runs another version of this program ({detail}): restart it"))
        }
        RefusalCode::Other => Refused::Other(detail),
    }
}

/// No answer, or a refusal, as Slurm's.
pub fn failed(error: ClientError) -> Refused {
    match error {
        ClientError::NoCentre { .. } => Refused::ContactFailed,
        ClientError::Refused(refusal) => refused(refusal),
        ClientError::Frame(api::FrameError::TooLong(_)) => Refused::EnvironmentTooLarge,
        other @ (ClientError::WentAway | ClientError::Frame(_) | ClientError::Unfit) => {
            Refused::Other(other.to_string())
        }
    }
}
