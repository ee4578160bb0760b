//! Fetches a published file from the first mirror that has it.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use latentkit_core::{Cancellation, Error, Phase, Result, atomic};
use ureq::{Agent, Proxy, Timeout};

use crate::checksum::Pinned;
use crate::content::packed_limit;

/// Bytes between two events, and between two looks at whether the user wants to stop.
const CHUNK: usize = 1 << 16;

/// The way out when a download cannot be written.
pub(crate) const NO_ROOM: &str =
    "make room or change the permissions, or choose another folder with `--data DIR`";

/// Thousands of bytes, the last begun.
fn kilobytes(bytes: u64) -> usize {
    bytes.div_ceil(1000) as usize
}

/// How to talk to a mirror, and how long to wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// To find the host, and again to connect to it.
    connect: Duration,
    /// For the next bytes.
    read: Duration,
    /// For the whole file.
    total: Duration,
    /// Redirects to follow.
    redirects: u32,
    /// What to connect through.
    proxy: Option<Proxy>,
}

impl Default for Client {
    /// Waits long enough for a slow line, and uses the proxy that the environment names.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(20),
            total: Duration::from_mins(15),
            redirects: 5,
            proxy: Proxy::try_from_env(),
        }
    }
}

/// Why a mirror's file is not to be had.
enum Failure {
    /// The mirror's fault: the next one may do better.
    Refused(String),
    /// The user asked to stop.
    Stopped(Error),
}

/// Downloads the packed `file` from the first of `urls` that sends it, checks its content, writes it to `target`, and
/// returns the content, unpacked.
///
/// The file is held in memory until it has been checked, so nothing half-written or wrong ever lies in the folder.
///
/// # Errors
/// Of kind input, with what each mirror said, when none sends it.
pub(crate) fn download(
    file: &Pinned,
    urls: &[String],
    target: &Path,
    client: &Client,
    cancel: Cancellation,
) -> Result<Vec<u8>> {
    let agent = client.agent();
    let mut refusals = Vec::new();
    for url in urls {
        tracing::info!("downloading `{url}`");
        let fetched = client.fetch(&agent, url, file, cancel).and_then(|packed| {
            let content = file.open(packed.clone());
            content
                .map(|content| (packed, content))
                .map_err(|found| Failure::Refused(format!("sent {found}")))
        });
        match fetched {
            Ok((packed, content)) => {
                atomic::write(target, &packed).map_err(|error| error.hint(NO_ROOM))?;
                return Ok(content);
            }
            Err(Failure::Stopped(error)) => return Err(error),
            Err(Failure::Refused(reason)) => refusals.push(format!("`{url}`: {reason}")),
        }
    }
    Err(Error::input(format!("cannot download `{}`", file.packed()))
        .expected(file.expected())
        .found(refusals.join("\n         ")))
}

impl Client {
    fn agent(&self) -> Agent {
        Agent::config_builder()
            .timeout_resolve(Some(self.connect))
            .timeout_connect(Some(self.connect))
            .timeout_per_read(Some(self.read))
            .timeout_per_write(Some(self.read))
            .timeout_global(Some(self.total))
            .max_redirects(self.redirects)
            .proxy(self.proxy.clone())
            .user_agent(concat!("latentkit/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent()
    }

    /// The body that `url` answers with, which is at most as long as `file` can be when packed.
    fn fetch(
        &self,
        agent: &Agent,
        url: &str,
        file: &Pinned,
        cancel: Cancellation,
    ) -> std::result::Result<Vec<u8>, Failure> {
        let limit = packed_limit(file.bytes);
        let refused = |error| Failure::Refused(self.reason(error));
        let request = agent.get(url);
        let answer = cancel.wait_for(move || request.call()).map_err(Failure::Stopped)?;
        let body = answer.map_err(refused)?.into_body();
        let total = body.content_length();
        if total.is_some_and(|total| total > limit) {
            return Err(refused(ureq::Error::BodyExceedsLimit(limit)));
        }
        let mut reader = body.into_with_config().limit(limit).reader();
        let mut bytes = Vec::new();
        let mut chunk = vec![0; CHUNK];
        let phase = total.map(|total| {
            Phase::new(tracing::info_span!("download", unit = "kB", file = file.packed()), kilobytes(total))
        });
        let _entered = phase.as_ref().map(Phase::enter);
        loop {
            // A mirror may keep silent for as long as it is waited for.
            let read = move || {
                let count = reader.read(&mut chunk);
                (reader, chunk, count)
            };
            let outcome;
            (reader, chunk, outcome) = cancel.wait_for(read).map_err(Failure::Stopped)?;
            let count = outcome.map_err(|error| refused(error.into()))?;
            if count == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&chunk[..count]);
            if let Some(phase) = &phase {
                phase.set(kilobytes(bytes.len() as u64));
            }
            tracing::trace!(event = "download", name = file.packed(), received = bytes.len(), total);
        }
    }

    /// What went wrong, in words.
    fn reason(&self, error: ureq::Error) -> String {
        match error {
            ureq::Error::StatusCode(code) => format!("answered {code}"),
            ureq::Error::HostNotFound => "the host was not found".to_owned(),
            ureq::Error::TooManyRedirects => format!("redirected more than {} times", self.redirects),
            ureq::Error::BodyExceedsLimit(limit) => format!("sent more than {limit} bytes"),
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("no connection within {:?}", self.connect)
            }
            ureq::Error::Timeout(Timeout::Global) => format!("took longer than {:?}", self.total),
            ureq::Error::Timeout(_) => format!("sent nothing for {:?}", self.read),
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
