//! MNIST: 60 000 + 10 000 handwritten digits of 28x28 pixels (`LeCun`, Cortes and Burges).

use crate::checksum::Pinned;
use crate::published::{Published, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS};

/// The data set.
pub(crate) static MNIST: Published = Published {
    name: "mnist",
    train: [
        Pinned { sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", ..TRAIN_IMAGES },
        Pinned { sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", ..TRAIN_LABELS },
    ],
    test: [
        Pinned { sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", ..TEST_IMAGES },
        Pinned { sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", ..TEST_LABELS },
    ],
    mirrors: [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    label_names: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
};
