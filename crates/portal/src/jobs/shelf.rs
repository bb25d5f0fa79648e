//! Where templates are: those of the program, and those of folders that an operator fills. A folder is read each time, so
//! that a new template is there at once; a faulty one is named to operators and harms no other.

use std::{
    fs,
    path::{Path, PathBuf},
};

use apps::Template;

/// Files of more bytes are none of a template.
const MOST_BYTES: u64 = 256 << 10;
/// So many templates are read of a folder.
const MOST: usize = 200;

/// All templates.
#[derive(Default)]
pub(crate) struct Shelf {
    folders: Vec<PathBuf>,
}

impl Shelf {
    /// With these folders besides what is in the program; later ones replace those of the same name.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// All templates by what they are called, and what is wrong with others.
    pub fn all(&self) -> (Vec<Template>, Vec<String>) {
        let (mut all, mut faults) = (Vec::new(), Vec::new());
        match apps::shipped() {
            Ok(shipped) => all.extend(shipped),
            Err(fault) => faults.push(fault.to_string()),
        }
        for folder in &self.folders {
            let mut names: Vec<PathBuf> =
                fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            names.retain(|path| path.is_dir());
            names.sort();
            for path in names.into_iter().take(MOST) {
                match read(&path) {
                    Ok(template) => {
                        all.retain(|known| known.name != template.name);
                        all.push(template);
                    }
                    Err(fault) => faults.push(fault),
                }
            }
        }
        (all, faults)
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<Template> {
        self.all().0.into_iter().find(|template| template.name == name)
    }
}

fn read(folder: &Path) -> Result<Template, String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = |file: &str| {
        let path = folder.join(file);
        let length = fs::metadata(&path).map_err(|fault| format!("{name}/{file}: {fault}"))?.len();
        if length > MOST_BYTES {
            return Err(format!("{name}/{file}: more than {MOST_BYTES} bytes"));
        }
        fs::read_to_string(&path).map_err(|fault| format!("{name}/{file}: {fault}"))
    };
    let readme =
        apps::Label { fr: text("README.fr.md").unwrap_or_default(), en: text("README.md").unwrap_or_default() };
    Template::read(&name, &text("app.toml")?, &text("script.sh")?, readme).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_operators_folder_adds_and_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, file: &str, text: &str| {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join(file), text).unwrap();
        };
        let app = "title = { fr = 'Le nôtre', en = 'Ours' }\nabout = { fr = 'a', en = 'a' }\n";
        for name in ["ours", "python"] {
            put(name, "app.toml", app);
            put(name, "script.sh", "#!/bin/sh\ntrue\n");
        }
        put("ours", "README.md", "More");
        put("broken", "app.toml", "titel = 'x'");
        put("broken", "script.sh", "#!/bin/sh\n");
        put("empty", "README.md", "nothing");
        let (all, faults) = Shelf::new(vec![folder.path().to_owned()]).all();
        let names: Vec<&str> = all.iter().map(|template| template.name.as_str()).collect();
        assert_eq!(names, ["sweep", "flood", "structures", "openfoam", "povray", "ours", "python"]);
        assert_eq!(all[6].title.fr, "Le nôtre");
        // What is there in one language only is shown in it.
        assert_eq!((all[5].readme.say_or("fr"), all[5].readme.say_or("en")), (("More", "en"), ("More", "en")));
        assert_eq!(all[1].readme.say_or("fr").1, "fr");
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("did you mean `title`?"), "{}", faults[0]);
        assert!(Shelf::default().get("flood").is_some());
        assert!(Shelf::default().get("../etc").is_none());
    }
}
