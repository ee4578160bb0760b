//! A config for points that are clustered as they are.

use latentkit_core::{Error, Result};
use latentkit_table::{Values, read_embeddings};

use super::defaults::{largest_k, name, quoted};
use crate::cli::InitArguments;
use crate::points::parts;

/// Columns whose deviations differ by more than this are better compared in their own units.
const UNLIKE: f64 = 10.0;

/// The config.
///
/// # Errors
/// When the points cannot be read, and of kind input when there are too few of them.
pub(super) fn config(arguments: &InitArguments) -> Result<String> {
    let read = read_embeddings(&parts(&arguments.latents)?, &arguments.columns.named())?;
    for warning in &read.warnings {
        tracing::warn!("{warning}");
    }
    let (count, dimensions) = read.values.dim();
    if count < 3 {
        return Err(Error::input("there are too few points to cluster")
            .expected("three points or more")
            .found(count.to_string()));
    }
    let first = &arguments.latents[0];
    let name = name(arguments.name.as_deref(), first)?;
    let files = arguments.latents.iter().map(|path| ("--latents", path.to_string_lossy()));
    let columns = arguments.columns.options().into_iter().map(|(option, value)| (option, value.into()));
    let options: Vec<String> =
        files.chain(columns).map(|(option, value)| format!("{option} {}", quoted(&value))).collect();
    let options = options.join(" ");
    let labels = match &read.labels {
        Some(labels) => format!(
            "{} labels, which are compared with the clusters and never used to find them",
            labels.codes.iter().flatten().collect::<std::collections::BTreeSet<_>>().len()
        ),
        None => "no labels".to_owned(),
    };
    Ok(format!(
        "# {count} points of {dimensions} dimensions, {labels}.
#
#   latentkit cluster {name}.toml {options}
#   latentkit plot {name}.toml
#
# configs/README.md in latentkit's repository explains every key.
name = \"{name}\"
seed = 42

[cluster]
k = {{ from = 2, to = {} }}    # the numbers of clusters to try
{}
[plot]
formats = [\"png\", \"svg\"]
",
        largest_k(count),
        scaling(&read.values),
        name = name.as_str(),
    ))
}

/// The line on scaling, where columns are unlike.
fn scaling(values: &Values) -> String {
    let (rows, columns) = values.dim();
    let deviation = |column: usize| {
        let values = (0..rows).map(|row| values.at(row, column));
        let mean = values.clone().sum::<f64>() / rows as f64;
        (values.map(|value| (value - mean).powi(2)).sum::<f64>() / rows as f64).sqrt()
    };
    let deviations: Vec<f64> = (0..columns).map(deviation).filter(|&deviation| deviation > 0.0).collect();
    let (least, most) =
        deviations.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &value| (a.min(value), b.max(value)));
    if columns > 1 && most > UNLIKE * least {
        format!(
            "# Columns have standard deviations of {least:.3e} to {most:.3e}. Where these are different units, compare them in their own:\n\
             # scaling = \"standardize\"\n"
        )
    } else {
        "# scaling = \"standardize\"    # or \"unit-length\", for embeddings that are compared by angle\n"
            .to_owned()
    }
}
