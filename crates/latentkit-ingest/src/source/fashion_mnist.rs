//! Fashion-MNIST: 60 000 + 10 000 pictures of clothes of 28x28 pixels (Xiao, Rasul and Vollgraf, 2017).

use crate::checksum::Pinned;
use crate::published::{Published, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS};

/// The data set. The first mirror speaks no TLS; the checksums vouch for it.
pub(crate) static FASHION_MNIST: Published = Published {
    name: "fashion-mnist",
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
