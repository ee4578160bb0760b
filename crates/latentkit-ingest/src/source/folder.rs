//! A folder of pictures: labels from its folders or from a file, splits from folders of these names.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::{Cancellation, Error, ImageShape, Result, hash};
use latentkit_table::{LabelValues, Split};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::common::{self, Common};
use super::definition::{Folders, ImageSource, Images, Input};
use crate::collect::{collect, preview};
use crate::csv::{Csv, Row};
use crate::items::{Content, Given, Item, Opened};
use crate::listing::Listing;

/// The key that tells this table from others.
pub(super) const KEYS: &[&str] = &["folder"];
const OWN: &[&str] = &["folder", "labels"];

/// What the folder of each split may be called, in small letters; that of training images holds those without a split of their own.
const SPLITS: [(&str, Option<Split>); 7] = [
    ("train", None),
    ("training", None),
    ("validation", Some(Split::Validation)),
    ("valid", Some(Split::Validation)),
    ("val", Some(Split::Validation)),
    ("test", Some(Split::Test)),
    ("testing", Some(Split::Test)),
];

/// Names that are listed in an error.
const SHOWN: usize = 10;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    folder: PathBuf,
    #[serde(default, skip_serializing_if = "LabelsFrom::is_folder")]
    labels: LabelsFrom,
}

/// Where the label of an image comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
enum LabelsFrom {
    /// From the name of the first folder that it is in.
    #[default]
    Folder,
    /// Images have no labels.
    Nowhere,
    /// From a CSV file, whose relative path starts at the folder of the images.
    File(PathBuf),
}

impl LabelsFrom {
    fn is_folder(&self) -> bool {
        *self == Self::Folder
    }
}

impl From<String> for LabelsFrom {
    fn from(text: String) -> Self {
        match text.as_str() {
            "folder" => Self::Folder,
            "none" => Self::Nowhere,
            file => Self::File(file.into()),
        }
    }
}

impl From<LabelsFrom> for String {
    fn from(labels: LabelsFrom) -> Self {
        match labels {
            LabelsFrom::Folder => "folder".to_owned(),
            LabelsFrom::Nowhere => "none".to_owned(),
            LabelsFrom::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}

/// The folder and what becomes of its pictures.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    keys: Keys,
    common: Common,
}

/// Reads the table that names the folder.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    let (keys, common) = common::read(table, OWN)?;
    Ok(Arc::new(Folder { keys, common }))
}

impl Folder {
    fn input(&self, folders: Folders) -> Input {
        Input::of_key("folder", &self.keys.folder, folders)
    }

    fn list(&self, folders: Folders, cancel: Cancellation) -> Result<(PathBuf, Listing)> {
        let input = self.input(folders);
        if !input.path.try_exists().map_err(|error| input.unreadable(error))? {
            return Err(input.missing());
        }
        if !input.path.is_dir() {
            return Err(Error::input(format!("cannot use `{}`", input.path.display()))
                .expected("a folder of pictures")
                .found("a file")
                .hint("`parquet`, `npz`, `npy-images` and `csv` in `dataset.source` name files"));
        }
        let listing = Listing::of(&input.path, cancel)?;
        if listing.files.is_empty() {
            return Err(listing.empty(&input.path).hint(input.hint));
        }
        Ok((input.path, listing))
    }

    fn labels_file(&self, folder: &Path) -> Option<PathBuf> {
        match &self.keys.labels {
            LabelsFrom::File(path) => Some(folder.join(path)),
            _ => None,
        }
    }
}

impl ImageSource for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    fn value(&self) -> Value {
        common::value(&self.keys, &self.common)
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        let (folder, listing) = self.list(folders, Cancellation::never())?;
        let mut inputs = vec![Input { members: Some(listing.members()), ..self.input(folders) }];
        if let (Some(path), LabelsFrom::File(name)) = (self.labels_file(&folder), &self.keys.labels) {
            let hint =
                "`dataset.source.labels` names it; a relative path there starts at the folder of the images";
            let name = self.keys.folder.join(name).display().to_string();
            inputs.push(Input { path, name, hint: hint.to_owned(), members: None });
        }
        Ok(inputs)
    }

    /// By the first pictures.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        if let Some(shape) = self.common.shape() {
            return Ok(shape);
        }
        let folders = Folders { config: config_folder, data: Path::new("") };
        let (folder, listing) = self.list(folders, Cancellation::never())?;
        preview(items(&folder, &listing), &self.common, Cancellation::never())
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        collect(self.open(folders, cancel)?, &self.common, cancel)
    }

    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        let (folder, listing) = self.list(folders, cancel)?;
        if let Some(text) = listing.skipped_text() {
            tracing::info!("passing over files of `{}` that are no pictures: {text}", folder.display());
        }
        let mut opened = items(&folder, &listing);
        let splits = splits(&listing);
        let labels: Option<Vec<Option<String>>> = match (&self.keys.labels, self.labels_file(&folder)) {
            (LabelsFrom::Nowhere, _) => None,
            (_, Some(path)) => {
                let bytes = hash::FileRecord::of(&path, "labels").map_err(Error::into_input)?;
                opened.hashes.push(("labels".to_owned(), bytes.blake3));
                Some(labels_of_file(&path, &folder, &listing, cancel)?)
            }
            _ => Some(labels_of_folders(&folder, &listing, splits.is_some())),
        };
        // Images without folders have no labels at all.
        opened.labels = labels.filter(|labels| labels.iter().any(Option::is_some)).map(LabelValues::Texts);
        if let Some(splits) = splits {
            opened.splits = splits;
        }
        Ok(opened)
    }
}

/// The pictures of a folder, without labels and splits.
pub(crate) fn items(folder: &Path, listing: &Listing) -> Opened {
    let items: Vec<_> = listing
        .files
        .iter()
        .map(|file| Item {
            name: file.shown.clone(),
            path: Some(file.shown.clone()),
            content: Content::File(file.path.clone()),
        })
        .collect();
    Opened {
        name: folder.display().to_string(),
        count: items.len(),
        splits: vec![None; items.len()],
        items: Box::new(Given(items.into_iter())),
        labels: None,
        label_names: None,
        hashes: Vec::new(),
        hashed_key: Some("folder"),
    }
}

/// What each picture is for, where the folder has no pictures of its own and its folders are those of splits, one of them of training.
fn splits(listing: &Listing) -> Option<Vec<Option<Split>>> {
    let split = |shown: &str| {
        let (folder, _) = shown.split_once('/')?;
        let folder = folder.to_lowercase();
        SPLITS.iter().find(|(name, _)| *name == folder).map(|(_, split)| *split)
    };
    let splits: Option<Vec<_>> = listing.files.iter().map(|file| split(&file.shown)).collect();
    splits.filter(|splits| splits.contains(&None))
}

/// The name of the first folder that each picture is in, below that of its split.
fn labels_of_folders(folder: &Path, listing: &Listing, has_splits: bool) -> Vec<Option<String>> {
    let below = |shown: &str| {
        let mut parts: Vec<_> = shown.split('/').skip(usize::from(has_splits)).map(str::to_owned).collect();
        parts.pop();
        parts
    };
    let folders: Vec<Vec<String>> = listing.files.iter().map(|file| below(&file.shown)).collect();
    let first: BTreeSet<_> = folders.iter().map(|parts| parts.first()).collect();
    let second: BTreeSet<_> = folders.iter().filter_map(|parts| parts.get(1)).collect();
    if let ([Some(only)], true) = (first.into_iter().collect::<Vec<_>>().as_slice(), second.len() > 1) {
        tracing::warn!(
            "all images have the label `{only}`, the only folder in `{}`; the folders in that one become labels with `folder = \"{}\"`",
            folder.display(),
            folder.join(only).display()
        );
    }
    folders.into_iter().map(|parts| parts.into_iter().next()).collect()
}

/// The columns of files and of labels in a table of labels.
struct Columns {
    file: usize,
    label: usize,
}

impl Columns {
    /// Those that the first row names, where it does.
    fn named(row: &[String]) -> Option<Self> {
        let place =
            |names: &[&str]| row.iter().position(|value| names.contains(&value.to_lowercase().as_str()));
        Some(Self {
            file: place(&["file", "filename", "file_name", "path", "image", "image_name", "image_id", "id"])?,
            label: place(&["label", "labels", "class", "target", "category"])?,
        })
    }
}

/// The labels that a CSV file gives: columns `file` and `label`, or two columns without a header.
fn labels_of_file(
    path: &Path,
    folder: &Path,
    listing: &Listing,
    cancel: Cancellation,
) -> Result<Vec<Option<String>>> {
    let by_path: HashMap<&str, usize> =
        listing.files.iter().enumerate().map(|(index, file)| (file.shown.as_str(), index)).collect();
    // Names without an ending, as some tables have them, where one file has that name.
    let mut by_stem: HashMap<&str, Option<usize>> = HashMap::new();
    for (index, file) in listing.files.iter().enumerate() {
        let stem = file.shown.rsplit_once('.').map_or(file.shown.as_str(), |(stem, _)| stem);
        by_stem.entry(stem).and_modify(|found| *found = None).or_insert(Some(index));
    }
    let find = |name: &str| {
        let name = name.strip_prefix("./").unwrap_or(name).replace('\\', "/");
        by_path.get(name.as_str()).copied().or_else(|| by_stem.get(name.as_str()).copied().flatten())
    };

    let mut csv = Csv::open(path)?;
    let wrong = |problem: String| Error::input(format!("cannot use `{}`: {problem}", path.display()));
    let Some(first) = csv.next_row()? else {
        return Err(wrong("it is empty".to_owned()).expected("columns `file` and `label`"));
    };
    let (columns, mut next) = match Columns::named(&first.values) {
        Some(columns) => (columns, csv.next_row()?),
        None if first.values.len() == 2 => {
            let columns = Columns { file: 0, label: 1 };
            // A header of other names has no picture in it.
            if find(&first.values[0]).is_some() { (columns, Some(first)) } else { (columns, csv.next_row()?) }
        }
        None => {
            return Err(wrong("nothing says which columns hold files and labels".to_owned())
                .expected("a header with `file` and `label`, or two columns")
                .found(format!("{} columns: {}", first.values.len(), first.values.join(", "))));
        }
    };
    let mut labels: Vec<Option<(String, usize)>> = vec![None; listing.files.len()];
    let (mut absent, mut absent_count) = (Vec::new(), 0);
    while let Some(Row { line, values }) = next {
        cancel.check()?;
        let (Some(file), Some(label)) = (values.get(columns.file), values.get(columns.label)) else {
            return Err(wrong(format!("line {line} has too few columns"))
                .expected(format!("at least {}", columns.file.max(columns.label) + 1))
                .found(values.len().to_string()));
        };
        match find(file) {
            None => {
                absent_count += 1;
                if absent.len() < SHOWN {
                    absent.push(format!("`{file}` (line {line})"));
                }
            }
            Some(index) => match &labels[index] {
                Some((other, earlier)) if other != label => {
                    return Err(wrong(format!("it gives `{file}` two labels"))
                        .expected("one label an image")
                        .found(format!("`{other}` in line {earlier}, `{label}` in line {line}")));
                }
                _ => labels[index] = Some((label.clone(), line)),
            },
        }
        next = csv.next_row()?;
    }
    if absent_count > 0 {
        let more = if absent_count > absent.len() {
            format!(" and {} more", absent_count - absent.len())
        } else {
            String::new()
        };
        return Err(wrong(format!(
            "it names {absent_count} picture(s) that `{}` does not hold",
            folder.display()
        ))
        .expected(format!("paths in that folder, such as `{}`", listing.files[0].shown))
        .found(format!("{}{more}", absent.join(", "))));
    }
    let unlabelled = labels.iter().filter(|label| label.is_none()).count();
    if unlabelled > 0 {
        tracing::warn!(
            "{unlabelled} image(s) of `{}` have no label in `{}`",
            folder.display(),
            path.display()
        );
    }
    // An empty label is none.
    Ok(labels
        .into_iter()
        .map(|label| label.map(|(label, _)| label).filter(|label| !label.is_empty()))
        .collect())
}

#[cfg(test)]
mod tests;
