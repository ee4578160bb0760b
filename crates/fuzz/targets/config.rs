//! Configs and overrides: the text up to the first NUL is the file, each text after one an override.
#![no_main]

use latentkit::sections;
use latentkit_core::config::Config;
use latentkit_fuzz::{file, within};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|&byte| byte == 0);
    let path = file("config.toml", parts.next().unwrap_or_default());
    let overrides: Vec<String> = parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    within((1 << 20) + 2000 * bytes.len(), || match Config::load(&path, &overrides, sections()) {
        Ok(config) => {
            // What is printed describes the same experiment.
            let printed = file("printed.toml", config.to_toml().as_bytes());
            let again = Config::load(&printed, &[], sections()).expect("a printed config");
            assert_eq!(again.to_toml(), config.to_toml());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    });
});
