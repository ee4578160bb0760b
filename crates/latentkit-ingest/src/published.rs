//! The data sets that are known by name: their files, where these are published, and what the labels mean.

use crate::config::NamedSource;

use crate::checksum::Pinned;

/// A data set that is known by name.
#[derive(Debug)]
pub(crate) struct Published {
    /// Images and labels to train on.
    pub(crate) train: [Pinned; 2],
    /// Images and labels to test on.
    pub(crate) test: [Pinned; 2],
    /// Addresses that the name of a packed file completes, the first to try first.
    pub(crate) mirrors: [&'static str; 2],
    /// Name of label 0, 1, ...
    pub(crate) label_names: [&'static str; 10],
}

const TRAIN_IMAGES: Pinned = Pinned { name: "train-images-idx3-ubyte", bytes: 47_040_016, sha256: "" };
const TRAIN_LABELS: Pinned = Pinned { name: "train-labels-idx1-ubyte", bytes: 60_008, sha256: "" };
const TEST_IMAGES: Pinned = Pinned { name: "t10k-images-idx3-ubyte", bytes: 7_840_016, sha256: "" };
const TEST_LABELS: Pinned = Pinned { name: "t10k-labels-idx1-ubyte", bytes: 10_008, sha256: "" };

/// Handwritten digits (`LeCun`, Cortes and Burges).
pub(crate) const MNIST: Published = Published {
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

/// Pictures of clothes (Xiao, Rasul and Vollgraf, 2017). The first mirror speaks no TLS; the checksums vouch for it.
pub(crate) const FASHION_MNIST: Published = Published {
    train: [
        Pinned { sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", ..TRAIN_IMAGES },
        Pinned { sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", ..TRAIN_LABELS },
    ],
    test: [
        Pinned { sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", ..TEST_IMAGES },
        Pinned { sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", ..TEST_LABELS },
    ],
    mirrors: [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ],
    label_names: [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
};

/// Rows, and columns, of the images of every data set here.
pub(crate) const SIDE: usize = 28;

/// How many of the bundled images are training images; the others are test images.
pub(crate) const SAMPLE_TRAIN: usize = 8_000;

impl Published {
    /// The data set that a name stands for; that of `sample` is the one it is taken from.
    pub(crate) fn of(source: NamedSource) -> &'static Self {
        match source {
            NamedSource::Mnist | NamedSource::Sample => &MNIST,
            NamedSource::FashionMnist => &FASHION_MNIST,
        }
    }

    /// Where to look for the packed file.
    pub(crate) fn urls(&self, file: &Pinned) -> Vec<String> {
        self.mirrors.iter().map(|mirror| format!("{mirror}{}", file.packed())).collect()
    }
}
