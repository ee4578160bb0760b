//! Files of images and of labels in the IDX format. Reading borrows, so only messages take memory.
#![no_main]

use latentkit_fuzz::within;
use latentkit_ingest::idx;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    within(4096, || {
        if let Ok(images) = idx::images(bytes) {
            assert_eq!(images.pixels.len(), images.count * images.shape.len());
        }
        if let Ok(array) = idx::array(bytes) {
            let count: usize = array.sizes.iter().product();
            assert_eq!(array.elements.len(), count * array.element.size());
        }
        if let Ok(labels) = idx::labels(bytes) {
            assert_eq!(labels.len() + 8, bytes.len());
        }
    });
});
