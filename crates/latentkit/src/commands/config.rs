//! `latentkit config`: the config with every default filled in.

use latentkit_core::Result;
use latentkit_core::config::Config;

use crate::cli::{ConfigArguments, Global};
use crate::output;
use crate::stages;

pub(crate) fn print(global: &Global, arguments: &ConfigArguments) -> Result<()> {
    let config = Config::load(&arguments.config, &global.overrides, stages::sections())?;
    if global.json {
        output::json(&config);
    } else {
        output::line(config.to_toml().trim_end());
    }
    Ok(())
}
