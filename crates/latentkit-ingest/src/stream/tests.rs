//! Images for a model, from whatever there is.

use image::{GrayImage, Luma};
use latentkit_core::{ErrorKind, ImageShape};

use super::*;

fn wanted() -> Wanted {
    Wanted::new(ImageShape::grey(1, 1))
}

fn tables(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tables")).join(name)
}

fn of(paths: &[PathBuf], wanted: Wanted, batch: usize, on_error: OnError) -> Result<Vec<Batch>> {
    ImageStream::of_paths(paths, wanted, batch, on_error, Cancellation::never())?.collect()
}

#[test]
fn a_folder_in_batches() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("a")).unwrap();
    for index in 0..300_u32 {
        let name = if index < 150 { format!("a/{index:03}.png") } else { format!("{index:03}.bmp") };
        GrayImage::from_pixel(2, 3, Luma([(index % 256) as u8])).save(folder.path().join(name)).unwrap();
    }
    let path = [folder.path().to_owned()];
    let batches = of(&path, wanted(), 70, OnError::Stop).unwrap();
    assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [70, 70, 70, 70, 20]);
    let paths: Vec<_> = batches.iter().flat_map(|batch| batch.paths.clone()).collect();
    assert_eq!((paths[0].as_str(), paths[150].as_str()), ("150.bmp", "a/000.png"));
    assert!(paths.is_sorted());
    assert_eq!(batches[1].ids, (70..140).collect::<Vec<_>>());
    assert_eq!(batches.iter().flat_map(|batch| &batch.pixels).nth(150), Some(&0));

    fs_err::write(folder.path().join("a/007.png"), "x").unwrap();
    let error = of(&path, wanted(), 70, OnError::Stop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("`a/007.png`: a text"), "{error}");
    let batches = of(&path, wanted(), 1000, OnError::Skip).unwrap();
    assert_eq!((batches.len(), batches[0].len(), batches[0].ids[157]), (1, 299, 158));
}

#[test]
fn files_of_every_kind() {
    let picture = tables("../pictures/rgb.png");
    let shape = ImageShape { height: 13, width: 17, channels: 3 };
    let batches = of(std::slice::from_ref(&picture), Wanted::new(shape), 8, OnError::Stop).unwrap();
    assert_eq!((batches.len(), batches[0].pixels.len()), (1, shape.len()));
    let both = of(&[picture.clone(), tables("../pictures/grey.jpg")], wanted(), 1, OnError::Stop).unwrap();
    assert_eq!((both.len(), both[1].ids[0]), (2, 1));
    for name in ["binary.parquet", "keras.npz", "x.npy"] {
        let batches = of(&[tables(name)], wanted(), 4, OnError::Stop).unwrap();
        assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [4, 2], "{name}");
        assert_eq!(batches.iter().map(|batch| batch.pixels.len()).sum::<usize>(), 6);
    }
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("a.csv");
    fs_err::write(&csv, "3,1,1,1,1\n4,9,9,9,9\n").unwrap();
    let batches = of(std::slice::from_ref(&csv), wanted(), 4, OnError::Stop).unwrap();
    assert_eq!(batches[0].pixels, [1, 9]);
    let stream = ImageStream::of_paths(&[csv], wanted(), 4, OnError::Stop, Cancellation::never()).unwrap();
    assert_eq!((stream.total(), stream.labels().unwrap().unwrap().codes), (2, vec![Some(3), Some(4)]));
}

#[test]
fn a_source_of_a_config() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
    let (sample, cancel) = (Source::named("sample").unwrap(), Cancellation::never());
    let shape = ImageShape::grey(28, 28);
    let stream = ImageStream::of_source(
        &sample,
        Path::new("."),
        Path::new(data),
        Wanted::new(shape),
        4096,
        OnError::Stop,
        cancel,
    );
    let stream = stream.unwrap();
    assert_eq!(stream.labels().unwrap().unwrap().names.len(), 10);
    let batches: Vec<_> = stream.collect::<Result<_>>().unwrap();
    assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [4096, 4096, 1808]);
    let ink: u64 = batches[0].pixels[..784].iter().map(|&pixel| u64::from(pixel)).sum();
    assert_eq!(ink, 18_454);
}

#[test]
fn what_holds_no_images() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("a.txt");
    fs_err::write(&text, "x").unwrap();
    for (path, expected) in [
        (text, "a file of another kind"),
        (folder.path().join("absent"), "cannot find"),
        (folder.path().to_owned(), "holds no pictures"),
    ] {
        let error = of(&[path], wanted(), 4, OnError::Stop).unwrap_err();
        assert!(error.kind() == ErrorKind::Input && error.to_string().contains(expected), "{error}");
    }
}
