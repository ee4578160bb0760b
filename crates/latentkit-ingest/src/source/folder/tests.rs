//! Folders as people have them.

use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use latentkit_core::ErrorKind;
use latentkit_core::config::Count;
use tempfile::TempDir;

use super::*;
use crate::config::Source;
use crate::picture::{Channels, Fit};
use crate::source::common::{OnError, Size};

/// A grey picture whose pixels all have one value, in a folder that is made where it is absent.
fn grey(folder: &TempDir, name: &str, height: u32, width: u32, value: u8) {
    let path = folder.path().join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(width, height, Luma([value])).save(path).unwrap();
}

fn of(folder: &TempDir, text: &str) -> Folder {
    let mut table: Table = toml::from_str(text).unwrap();
    table.insert("folder".into(), folder.path().to_str().unwrap().into());
    let (keys, common) = common::read(table, OWN).unwrap();
    Folder { keys, common }
}

fn load(folder: &TempDir, text: &str) -> Result<Images> {
    of(folder, text).load(Folders { config: Path::new("."), data: Path::new(".") }, Cancellation::never())
}

fn error(folder: &TempDir, text: &str) -> String {
    let error = load(folder, text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    error.to_string().replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn folders_of_classes() {
    let folder = tempfile::tempdir().unwrap();
    for (index, name) in ["b dog/1.png", "b dog/10.PNG", "b dog/2.png", "ä cat/deep/er/x.bmp", "10/one.tif"]
        .into_iter()
        .enumerate()
    {
        grey(&folder, name, 2, 3, index as u8);
    }
    grey(&folder, ".hidden/x.png", 9, 9, 0);
    grey(&folder, "__MACOSX/b dog/x.png", 9, 9, 0);
    fs_err::write(folder.path().join("b dog/Thumbs.db"), "x").unwrap();
    fs_err::write(folder.path().join("notes.txt"), "x").unwrap();
    let images = load(&folder, "").unwrap();
    assert_eq!(images.shape, ImageShape::grey(2, 3));
    assert_eq!(images.labels.names, ["10", "b dog", "ä cat"]);
    assert_eq!(images.labels.codes, [0, 1, 1, 1, 2].map(Some));
    let paths = ["10/one.tif", "b dog/1.png", "b dog/10.PNG", "b dog/2.png", "ä cat/deep/er/x.bmp"];
    assert_eq!(images.paths.unwrap(), paths);
    assert_eq!(images.pixels.iter().step_by(6).copied().collect::<Vec<_>>(), [4, 0, 1, 2, 3]);
    assert_eq!(images.splits, [None; 5]);
    let none = load(&folder, "labels = 'none'").unwrap();
    assert_eq!(none.labels, latentkit_table::Labels::none(5));
    let input = &of(&folder, "").inputs(Folders { config: Path::new("."), data: Path::new(".") }).unwrap()[0];
    assert_eq!(
        images.hashes["folder"],
        hash::FileRecord::of_all(input.members.as_ref().unwrap(), "").unwrap().blake3
    );
}

#[test]
fn a_flat_folder_has_no_labels() {
    let folder = tempfile::tempdir().unwrap();
    grey(&folder, "a.png", 2, 2, 1);
    grey(&folder, "b.png", 2, 2, 2);
    let images = load(&folder, "").unwrap();
    assert!(images.labels.names.is_empty());
    assert_eq!(images.splits, [None; 2]);
}

#[test]
fn folders_of_splits() {
    let folder = tempfile::tempdir().unwrap();
    for (index, name) in
        ["Train/a/1.png", "Train/b/2.png", "val/a/3.png", "test/4.png"].into_iter().enumerate()
    {
        grey(&folder, name, 1, 1, index as u8);
    }
    let images = load(&folder, "").unwrap();
    assert_eq!(images.splits, [None, None, Some(Split::Test), Some(Split::Validation)]);
    assert_eq!(images.labels.codes, [Some(0), Some(1), None, Some(0)]);
    assert_eq!(images.labels.names, ["a", "b"]);
    // Beside another folder they are classes.
    grey(&folder, "other/5.png", 1, 1, 5);
    let images = load(&folder, "").unwrap();
    assert_eq!((images.labels.names.len(), images.splits), (4, vec![None; 5]));
    // Without one of training they are classes too.
    let folder = tempfile::tempdir().unwrap();
    grey(&folder, "test/1.png", 1, 1, 1);
    grey(&folder, "val/1.png", 1, 1, 1);
    assert_eq!(load(&folder, "").unwrap().labels.names, ["test", "val"]);
}

#[test]
fn labels_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x/a.png", "b.png", "c d.png"] {
        grey(&folder, name, 1, 1, 0);
    }
    let write = |text: &str| fs_err::write(folder.path().join("labels.csv"), text).unwrap();
    for text in [
        "file,label\nx/a.png,cat\nb.png,dog\n\"c d.png\",cat\n",
        "id;class\n./x/a;cat\nb;dog\nc d;cat\nc d;cat\n",
        "x/a.png,cat\nb.png,dog\nc d.png,cat",
        "picture,kind\nx\\a.png,cat\nb.png,dog\nc d.png,cat\n",
    ] {
        write(text);
        let images = load(&folder, "labels = 'labels.csv'").unwrap();
        assert_eq!(images.labels.codes, [1, 0, 0].map(Some), "{text}");
        assert_eq!(images.labels.names, ["cat", "dog"]);
        assert_eq!(images.hashes.len(), 2);
    }
    write("file,label\nb.png,dog\n");
    assert_eq!(load(&folder, "labels = 'labels.csv'").unwrap().labels.codes, [Some(0), None, None]);
    for (text, expected) in [
        ("file,label\nb.png,dog\nz.png,cat\n", "it names 1 picture(s) that `DIR` does not hold"),
        (
            "file,label\nb.png,dog\nb.png,cat\n",
            "it gives `b.png` two labels\n  expected: one label an image\n  found: `dog` in line 2, `cat` in line 3",
        ),
        ("a,b,c\n1,2,3\n", "a header with `file` and `label`, or two columns"),
        ("file,label\nb.png\n", "line 2 has too few columns"),
        ("", "it is empty"),
    ] {
        write(text);
        let error = error(&folder, "labels = 'labels.csv'");
        assert!(error.contains(expected) && error.contains("DIR/labels.csv"), "{error}");
    }
    let inputs = of(&folder, "labels = 'labels.csv'")
        .inputs(Folders { config: Path::new("."), data: Path::new(".") })
        .unwrap();
    assert_eq!(inputs[1].path, folder.path().join("labels.csv"));
}

#[test]
fn sizes_that_differ() {
    let folder = tempfile::tempdir().unwrap();
    grey(&folder, "a.png", 2, 4, 10);
    grey(&folder, "b.png", 2, 4, 20);
    grey(&folder, "c.png", 3, 4, 30);
    assert_eq!(
        error(&folder, ""),
        "cannot use `DIR`: its images differ in size\n  expected: 2 x 4 pixels, as `a.png` has\n  found: 3 x 4 pixels in \
         `c.png`\nhint: `size = [2, 4]` in `dataset.source` gives all of them the same size"
    );
    let images = load(&folder, "size = [4, 4]\nbackground = [0, 0, 0]").unwrap();
    assert_eq!(images.shape, ImageShape::grey(4, 4));
    assert_eq!(images.pixels[..16], [[0; 4], [10; 4], [10; 4], [0; 4]].concat()[..]);
    let images = load(&folder, "size = [2, 2]\nfit = 'crop'").unwrap();
    assert_eq!(images.pixels, [[10; 4], [20; 4], [30; 4]].concat());
    assert_eq!(of(&folder, "size = [2, 2]\nfit = 'crop'").common.fit, Fit::Crop);
}

#[test]
fn grey_and_coloured_pictures() {
    let folder = tempfile::tempdir().unwrap();
    grey(&folder, "a.png", 1, 1, 9);
    RgbImage::from_pixel(1, 1, Rgb([7, 7, 7])).save(folder.path().join("b.png")).unwrap();
    let all_grey = load(&folder, "").unwrap();
    assert_eq!((all_grey.shape.channels, all_grey.pixels), (1, vec![9, 7]), "stored in colour, but grey");
    RgbaImage::from_pixel(1, 1, Rgba([255, 0, 0, 255])).save(folder.path().join("c.png")).unwrap();
    grey(&folder, "d.png", 1, 1, 3);
    let mixed = load(&folder, "").unwrap();
    assert_eq!((mixed.shape.channels, mixed.pixels), (3, vec![9, 9, 9, 7, 7, 7, 255, 0, 0, 3, 3, 3]));
    assert_eq!(load(&folder, "channels = 'grey'").unwrap().pixels, [9, 7, 76, 3]);
    assert_eq!(of(&folder, "channels = 'rgb'").common.channels, Channels::Rgb);
    let shape = of(&folder, "").image_shape(Path::new(".")).unwrap();
    assert_eq!(shape, ImageShape { height: 1, width: 1, channels: 3 });
}

#[test]
fn broken_pictures_are_listed_or_skipped() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..20 {
        grey(&folder, &format!("{index:02}.png"), 4, 4, index);
    }
    fs_err::write(folder.path().join("05.png"), "a text").unwrap();
    assert_eq!(
        error(&folder, ""),
        "cannot read 1 of 20 image(s) of `DIR`\n  expected: whole PNG, JPEG, WebP, TIFF, BMP or GIF pictures\n  found: `05.png`: \
         a text\nhint: `on-error = \"skip\"` in `dataset.source` leaves out what cannot be read"
    );
    for index in 6..20 {
        fs_err::write(folder.path().join(format!("{index:02}.png")), "").unwrap();
    }
    let many = error(&folder, "");
    assert!(
        many.contains("cannot read 15 of 20") && many.contains("`14.png`: an empty file\n    and 5 more"),
        "{many}"
    );
    let images = load(&folder, "on-error = 'skip'").unwrap();
    assert_eq!(images.paths.unwrap(), ["00.png", "01.png", "02.png", "03.png", "04.png"]);
    assert_eq!(of(&folder, "on-error = 'skip'").common.on_error, OnError::Skip);
    let all = tempfile::tempdir().unwrap();
    fs_err::write(all.path().join("a.jpg"), "x").unwrap();
    assert!(error(&all, "on-error = 'skip'").contains("cannot read 1 of 1"));
}

#[test]
fn a_limit_takes_the_same_images_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..30 {
        grey(&folder, &format!("{index:02}.png"), 1, 1, index);
    }
    let some = load(&folder, "limit = 7").unwrap();
    assert_eq!(some.pixels.len(), 7);
    assert!(some.pixels.is_sorted() && some.pixels != (0..7).collect::<Vec<_>>());
    assert_eq!(load(&folder, "limit = 7").unwrap().pixels, some.pixels);
    assert_eq!(load(&folder, "limit = 99").unwrap().pixels.len(), 30);
    assert_eq!(of(&folder, "limit = 7").common.limit, Count::new(7));
}

#[test]
fn folders_without_pictures() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error(&folder, "").starts_with("`DIR` holds no pictures"));
    fs_err::write(folder.path().join("a.csv"), "x").unwrap();
    assert!(error(&folder, "").contains("only other files: 1 `.csv`"));
    let absent = Folder {
        keys: Keys { folder: "no/such".into(), labels: LabelsFrom::Folder },
        common: Common::default(),
    };
    let folders = Folders { config: folder.path(), data: Path::new(".") };
    for error in
        [absent.inputs(folders).unwrap_err(), absent.load(folders, Cancellation::never()).unwrap_err()]
    {
        assert!(
            error.to_string().contains("cannot find")
                && error.to_string().contains("`dataset.source.folder`"),
            "{error}"
        );
    }
    let file = Folder {
        keys: Keys { folder: "a.csv".into(), labels: LabelsFrom::Folder },
        common: Common::default(),
    };
    assert!(file.inputs(folders).unwrap_err().to_string().contains("expected: a folder of pictures"));
}

#[test]
fn the_table_of_a_config() {
    let source = |text: &str| -> std::result::Result<Source, String> {
        let table: Table = toml::from_str(text).unwrap();
        Source::of_table(table).map_err(|error| error.message().to_owned())
    };
    let written = source("folder = 'a'\nlabels = 'b.csv'\nsize = [2, 3]").unwrap().get().value();
    assert_eq!(written.to_string(), "{ folder = \"a\", labels = \"b.csv\", size = [2, 3] }");
    assert_eq!(
        source("folder = 'a'\nlabels = 'folder'").unwrap().get().value().to_string(),
        "{ folder = \"a\" }"
    );
    let error = source("folder = 'a'\ncolour = 1").unwrap_err();
    assert!(error.contains("unknown field `colour`, expected one of `folder`, `labels`, `size`"), "{error}");
    assert_eq!(of(&tempfile::tempdir().unwrap(), "size = 'as-is'").common.size, Size::AsIs);
}

#[test]
fn an_interrupt_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    grey(&folder, "a.png", 1, 1, 0);
    let interrupted = std::sync::atomic::AtomicBool::new(true);
    let folders = Folders { config: Path::new("."), data: Path::new(".") };
    let error = of(&folder, "").load(folders, Cancellation::new(&interrupted)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}
