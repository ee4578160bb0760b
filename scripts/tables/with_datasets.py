"""Hugging Face's datasets."""

import os

from samples import images, scratch

# Before the library is there: it neither asks its servers nor writes into the user's cache.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": scratch("hugging-face")}

import datasets  # noqa: E402
import numpy as np  # noqa: E402
from operations import operation, same  # noqa: E402

datasets.disable_progress_bars()


def load(folder, table="ingest/dataset"):
    return datasets.load_dataset("parquet", data_files=str(folder / f"{table}.parquet"), split="train")


@operation("datasets", "Image and ClassLabel columns")
def features(folder):
    found = load(folder).features
    same((found["image"], found["label"].names), (datasets.Image(), [str(digit) for digit in range(10)]))
    return same(found, datasets.Dataset.from_parquet(str(folder / "ingest/dataset.parquet")).features) and len(found)


@operation("datasets", "images of PIL")
def pictures(folder):
    data, expected = load(folder), images()
    for row in [0, 5000, 9999]:
        image = data[row]["image"]
        same((image.mode, image.size, np.array_equal(np.asarray(image), expected[row])), ("L", (28, 28), True))
    return "L, 28 x 28"


@operation("datasets", "Image columns of the reconstructions")
def reconstructions(folder):
    row = load(folder, "export/reconstructions")[0]
    same(np.array_equal(np.asarray(row["image"]), images()[row["id"]]), True)
    return same((row["image"].size, row["reconstruction"].size), ((28, 28), (28, 28)))


@operation("datasets", "Image(decode=False)")
def undecoded(folder):
    row = load(folder).cast_column("image", datasets.Image(decode=False))[0]["image"]
    return same((row["bytes"][:4], row["path"]), (b"\x89PNG", None))


@operation("datasets", "names of labels")
def names(folder):
    data = load(folder)
    return same(data.features["label"].int2str(data[3]["label"]), data[3]["label_name"])


@operation("datasets", "sort, filter, select, map")
def rows(folder):
    data = load(folder).sort("label_name", reverse=True).filter(lambda label: label == 3, input_columns="label")
    data = data.select(range(10)).map(lambda row: {"mean": float(np.mean(row["image"]))})
    return same(set(data["label_name"]), {"3"}) and len(data)


@operation("datasets", "cast_column")
def cast(folder):
    data = load(folder).cast_column("label", datasets.Value("uint8")).cast_column("image", datasets.Image(mode="RGB"))
    return same((data.features["label"].dtype, data[0]["image"].mode), ("uint8", "RGB"))


@operation("datasets", "train_test_split, stratified")
def split(folder):
    parts = load(folder).train_test_split(test_size=0.1, seed=0, stratify_by_column="label")
    return same(parts.num_rows, {"train": 9000, "test": 1000})


@operation("datasets", "save_to_disk, load_from_disk")
def disk(folder):
    load(folder).save_to_disk(scratch("disk"))
    data = datasets.load_from_disk(scratch("disk"))
    return same(np.array_equal(np.asarray(data[1]["image"]), images()[1]), True) and data.num_rows


@operation("datasets", "to_parquet and back")
def parquet(folder):
    load(folder).to_parquet(scratch("datasets.parquet"))
    return same(datasets.Dataset.from_parquet(scratch("datasets.parquet")).features, load(folder).features) and "equal"


@operation("datasets", "to_pandas, CSV")
def to_pandas(folder):
    data = load(folder, "export/latents")
    data.to_csv(scratch("datasets.csv"))
    return same(data.to_pandas().shape, (10000, 13))


@operation("datasets", "latents as arrays of numpy")
def arrays(folder):
    batch = load(folder, "export/latents").with_format("numpy", columns=["z", "label"])[:32]
    return same((batch["z"].shape, batch["z"].dtype), ((32, 6), np.float32))


@operation("datasets", "latents: filter, sort, batches")
def latents(folder):
    data = load(folder, "export/latents").filter(lambda split: split == "test", input_columns="split").sort("reconstruction_bce")
    return same(sum(len(batch["id"]) for batch in data.iter(batch_size=300)), 2000)


@operation("datasets", "streaming")
def streaming(folder):
    path = str(folder / "ingest/dataset.parquet")
    row = next(iter(datasets.load_dataset("parquet", data_files=path, split="train", streaming=True)))
    return same((row["image"].size, row["id"]), ((28, 28), 0))
