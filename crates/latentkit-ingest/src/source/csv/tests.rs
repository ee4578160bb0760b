//! Files as Kaggle publishes them.

use super::*;
use crate::config::Source;

fn load_files(text: &str, files: &[(&str, &str)]) -> Result<Images> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs_err::write(folder.path().join(name), content).unwrap();
    }
    let source = Source::of_table(toml::from_str(text).unwrap()).unwrap();
    let folders = Folders { config: folder.path(), data: Path::new("") };
    let shape = source.get().image_shape(folder.path());
    let images = source.get().load(folders, Cancellation::never());
    if let (Ok(images), Ok(shape)) = (&images, shape) {
        assert!(shape == images.shape || images.shape.channels == 1);
    }
    images
}

fn load(content: &str) -> Result<Images> {
    load_files("csv = 'a.csv'", &[("a.csv", content)])
}

#[test]
fn rows_with_and_without_labels_and_headers() {
    for content in [
        "label,pixel0,pixel1,pixel2,pixel3\n3,1,2,3,4\n0,5,6,7,255\n",
        "label,pixel1,pixel2,pixel3,pixel4\r\n3,1,2,3,4\r\n0,5,6,7,255\r\n",
        "3,1,2,3,4\n0,5,6,7,255",
        "p0,p1,p2,p3,class\n1,2,3,4,3\n5,6,7,255,0\n",
        "\"what\",\"a\",\"b\",\"c\",\"d\"\n\"3\",1,2,3,4\n0,5,6,7,255\n",
    ] {
        let images = load(content).unwrap();
        assert_eq!(
            (images.shape, &images.pixels[..]),
            (ImageShape::grey(2, 2), &[1, 2, 3, 4, 5, 6, 7, 255][..]),
            "{content}"
        );
        assert_eq!(images.labels.codes, [Some(3), Some(0)], "{content}");
        assert_eq!(images.splits, [None, None]);
    }
    for content in ["pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n", "1,2,3,4\n"] {
        let images = load(content).unwrap();
        assert_eq!((images.pixels, images.labels.names.len()), (vec![1, 2, 3, 4], 0), "{content}");
    }
    let images = load("cat,0,0.5,0,1\ndog,1,1,0,0\n").unwrap();
    assert_eq!(
        (images.pixels, images.labels.names),
        (vec![0, 128, 0, 255, 255, 255, 0, 0], vec!["cat".into(), "dog".into()])
    );
    let images = load("label,a,b,c,d,e,f,g,h,i,j,k,l\n1,1,2,3,4,5,6,7,8,9,10,11,12\n").unwrap();
    assert_eq!(images.shape, ImageShape { height: 2, width: 2, channels: 3 });
}

#[test]
fn images_to_test_on_and_images_that_are_not_square() {
    let files = [("a.csv", "7,1,2,3,4,5,6\n"), ("b.csv", "label,a,b,c,d,e,f\n2,6,5,4,3,2,9\n")];
    for key in ["shape", "size"] {
        let images =
            load_files(&format!("csv = 'a.csv'\ntest-csv = 'b.csv'\n{key} = [2, 3]"), &files).unwrap();
        assert_eq!(
            (images.shape, images.pixels),
            (ImageShape::grey(2, 3), vec![1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 9])
        );
        assert_eq!(images.splits, [None, Some(Split::Test)]);
    }
    let images = load_files("csv = 'a.csv'\nsize = [1, 1]", &[("a.csv", "7,10,20,30,40\n")]).unwrap();
    assert_eq!(images.pixels, [25]);
}

#[test]
fn what_is_wrong_is_said() {
    for (content, expected) in [
        ("", "holds no images"),
        ("label,a,b,c,d\n", "found: a header alone"),
        ("1,2,3,4,5,6,7,8\n", "nothing says what shape the images have"),
        ("3,1,2,3,4\n0,5,6,7\n", "line 2 has another number of columns\n  expected: 5\n  found: 4"),
        ("3,1,2,3,4\n0,5,x,7,8\n", "line 2, column 3 is no number\n  found: `x`"),
        ("3,1,2,3,4\n0,5,256,7,8\n", "`256` in image 1"),
    ] {
        let error = load(content).unwrap_err();
        assert_eq!(error.kind(), latentkit_core::ErrorKind::Input);
        assert!(error.to_string().contains(expected), "{content}: {error}");
    }
    assert!(
        load_files("csv = 'a.csv'", &[]).unwrap_err().to_string().contains("`dataset.source.csv` names it")
    );
    let files = [("a.csv", "7,1,2,3,4\n"), ("b.csv", "1\n")];
    let error = load_files("csv = 'a.csv'\ntest-csv = 'b.csv'", &files).unwrap_err().to_string();
    assert!(error.contains("its images have another shape"), "{error}");
}

#[test]
fn packed_files() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a.csv.gz"), crate::content::tests::gzip(b"7,1,2,3,4\n")).unwrap();
    let source = Source::of_table(toml::from_str("csv = 'a.csv.gz'").unwrap()).unwrap();
    let folders = Folders { config: folder.path(), data: Path::new("") };
    assert_eq!(source.get().load(folders, Cancellation::never()).unwrap().pixels, [1, 2, 3, 4]);
}
