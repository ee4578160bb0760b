//! Plain and gzip files, unpacked within a limit. The first two bytes are the limit, the others the file.
#![no_main]

use latentkit_fuzz::within;
use latentkit_ingest::content::{Unusable, unpack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((limit, file)) = bytes.split_first_chunk::<2>() else { return };
    let limit = u64::from(u16::from_le_bytes(*limit));
    // What grows by doubling, the decoder's window and tables, and a name and comment in the header.
    within(4 * limit as usize + 2 * file.len() + (1 << 17), || match unpack(file.to_vec(), limit) {
        Ok(content) => assert!(content.len() as u64 <= limit),
        Err(Unusable::TooLong(told)) => assert_eq!(told, limit),
        Err(Unusable::Damaged(reason)) => assert!(!reason.is_empty()),
    });
});
