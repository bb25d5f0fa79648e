//! `[files]`: which folders members find in the pages beside their home. Must not know the pages.

use serde::Deserialize;

use super::ConfigError;

/// `[files]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesSection {
    /// Absolute paths; `{project}` stands for each project of the member, `{user}` for the account's name. What a member
    /// may do there is what the rights of the files say.
    pub folders: Vec<String>,
}

impl FilesSection {
    /// What makes no sense.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub fn check(&self, path: &std::path::Path) -> Result<(), ConfigError> {
        match self.folders.iter().find(|folder| !folder.starts_with('/') || folder.split('/').any(|part| part == ".."))
        {
            None => Ok(()),
            Some(wrong) => Err(ConfigError::Value {
                path: path.display().to_string(),
                key: "files: folders".to_owned(),
                text: format!("{wrong:?} is no absolute path; say for example \"/srv/projects/{{project}}\""),
            }),
        }
    }
}
