//! `latentkit compare`: what differs between runs.

mod differences;
mod flatten;
mod run;
mod tables;

use std::path::{Path, PathBuf};

use latentkit_core::layout::{CLUSTER, COMPARISONS};
use latentkit_core::summary::SilhouetteKind;
use latentkit_core::{Error, Result, atomic, hash};
use latentkit_plot::{ComparedRun, Comparison};

use crate::cli::{CompareArguments, Global};
use crate::output;
use crate::record::silhouettes;
use differences::Differences;
use run::Run;

/// Bytes of the longest name of a page, so that every file system takes it.
const LONGEST_NAME: usize = 200;

/// `latentkit compare`.
pub(crate) fn run(global: &Global, arguments: &CompareArguments) -> Result<()> {
    let runs =
        arguments.runs.iter().map(|name| Run::find(&global.artifacts, name)).collect::<Result<Vec<_>>>()?;
    let same = |place: usize| runs[..place].iter().find(|other| is_same(&other.folder, &runs[place].folder));
    if let Some((place, other)) = (0..runs.len()).find_map(|place| Some((place, same(place)?))) {
        return Err(Error::usage(format!("`{}` and `{}` are the same run", other.name, runs[place].name)));
    }
    let differences = Differences::between(&runs);
    let page = write_page(global, arguments, &runs, &differences)?;
    if global.json {
        output::json(&tables::json(&runs, &differences, page.as_deref()));
    } else {
        let lines = if arguments.markdown {
            tables::markdown(&runs, &differences)
        } else {
            tables::text(&runs, &differences)
        };
        for line in lines {
            output::line(line);
        }
        match page {
            Some(page) if arguments.markdown => tracing::info!("page: {}", page.display()),
            Some(page) => output::line(format!("page: {}", page.display())),
            None => {}
        }
    }
    Ok(())
}

/// Whether two folders are one, whatever their paths.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs_err::canonicalize(one), fs_err::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Writes the page and returns its path. That it cannot be written to the folder of artifacts, which may be another's, is
/// no reason to withhold the tables.
fn write_page(
    global: &Global,
    arguments: &CompareArguments,
    runs: &[Run],
    differences: &Differences,
) -> Result<Option<PathBuf>> {
    let compared = runs
        .iter()
        .zip(tables::names(runs))
        .map(|(run, name)| {
            let summary = run.manifest(CLUSTER).map(|manifest| &manifest.summary);
            let sampled =
                summary.is_some_and(|summary| !silhouettes(summary, SilhouetteKind::Sampled).is_empty());
            let kind = if sampled { SilhouetteKind::Sampled } else { SilhouetteKind::Exact };
            Ok(ComparedRun {
                name,
                history: run.history()?,
                silhouettes: summary.map(|summary| silhouettes(summary, kind)).unwrap_or_default(),
                silhouettes_sampled: kind == SilhouetteKind::Sampled,
                best_k: summary.and_then(|summary| u32::try_from(summary["best_k"].as_u64()?).ok()),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let page = latentkit_plot::comparison_page(&Comparison {
        runs: compared,
        tables: tables::page(runs, differences),
    })?;
    if let Some(path) = &arguments.html {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs_err::create_dir_all(folder)?;
        }
        atomic::write(path, page.as_bytes())?;
        return Ok(Some(path.clone()));
    }
    let folder = global.artifacts.join(COMPARISONS);
    let path = folder.join(page_name(runs));
    let written = fs_err::create_dir_all(&folder)
        .map_err(Error::from)
        .and_then(|()| atomic::write(&path, page.as_bytes()));
    if let Err(error) = written {
        tracing::warn!(
            "the page was not written, `--html FILE` writes it elsewhere: {}",
            first_line(&error.to_string())
        );
        return Ok(None);
    }
    Ok(Some(path))
}

/// `<RUN>-vs-<RUN>.html`, with what no file name may have replaced.
fn page_name(runs: &[Run]) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-_.=,".contains(c) { c } else { '-' };
    let names: Vec<String> =
        runs.iter().map(|run| run.name.trim_matches(['/', '.']).chars().map(allowed).collect()).collect();
    let mut name = names.join("-vs-");
    if name.len() > LONGEST_NAME {
        let digest = hash::of_bytes(name.as_bytes());
        name.truncate(LONGEST_NAME);
        name = format!("{name}-{}", &digest[..8]);
    }
    format!("{name}.html")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}
