//! An image as a PNG file, which every viewer and library decodes.

use std::io::Cursor;

use latentkit_core::ImageShape;
use png::{
    BitDepth, ColorType, Compression, Decoder, DecodingError, Encoder, Filter, Limits, Transformations,
};

fn color_of(shape: ImageShape) -> ColorType {
    if shape.channels == 1 { ColorType::Grayscale } else { ColorType::Rgb }
}

/// Bytes that the decoder may allocate beside the pixels.
const WORKSPACE: usize = 1 << 20;

/// The PNG file of an image. Its pixels are stored, not compressed: Parquet compresses many images together better than PNG
/// does each alone, decoding takes a third of the time, and the bytes depend on no version of a compressor.
pub(crate) fn encode(pixels: &[u8], shape: ImageShape) -> Vec<u8> {
    let mut file = Vec::with_capacity(pixels.len() + shape.height + 128);
    let mut encoder = Encoder::new(&mut file, shape.width as u32, shape.height as u32);
    encoder.set_color(color_of(shape));
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::NoCompression);
    encoder.set_filter(Filter::NoFilter);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels))
        .expect("the pixels fill the image, and memory takes every write");
    file
}

/// Decodes a PNG file of this shape into `pixels`, which takes [`ImageShape::len`]. Any other file is refused, in words,
/// before anything is unpacked.
pub(crate) fn decode(file: &[u8], shape: ImageShape, pixels: &mut [u8]) -> Result<(), String> {
    let no_png = |error: DecodingError| format!("is no PNG file that can be read: {error}");
    let limits = Limits { bytes: WORKSPACE + 2 * shape.len() };
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_transformations(Transformations::IDENTITY);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(no_png)?;
    let info = reader.info();
    let found = (info.height as usize, info.width as usize, info.color_type, info.bit_depth);
    if found != (shape.height, shape.width, color_of(shape), BitDepth::Eight) {
        let (height, width, color, depth) = found;
        return Err(format!(
            "is a picture of {height}x{width} pixels, {color:?}, {} bits, not of {}x{}, {:?}, 8 bits",
            depth as u8,
            shape.height,
            shape.width,
            color_of(shape)
        ));
    }
    reader.next_frame(pixels).map_err(no_png)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREY: ImageShape = ImageShape { height: 2, width: 3, channels: 1 };

    #[test]
    fn grey_and_coloured_images_come_back() {
        for shape in [GREY, ImageShape { channels: 3, ..GREY }] {
            let pixels: Vec<u8> = (0..shape.len() as u8).map(|value| value * 9).collect();
            let mut decoded = vec![0; shape.len()];
            decode(&encode(&pixels, shape), shape, &mut decoded).unwrap();
            assert_eq!(decoded, pixels);
        }
    }

    #[test]
    fn an_image_of_another_shape_is_refused() {
        let mut header = encode(&[0; 6], GREY);
        header[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        let coloured = ImageShape { channels: 3, ..GREY };
        for (file, expected) in [
            (encode(&[0; 18], coloured), "2x3 pixels, Rgb, 8 bits, not of 2x3, Grayscale"),
            (encode(&[0; 6], ImageShape::grey(3, 2)), "3x2 pixels"),
            (header, "no PNG file"), // its checksum is of another size
            (encode(&[0; 6], GREY)[..60].to_vec(), "no PNG file"),
            (vec![0; 6], "no PNG file"),
            (Vec::new(), "no PNG file"),
        ] {
            let error = decode(&file, GREY, &mut [0; 6]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_damaged_byte_is_an_error_or_another_image_but_no_panic() {
        let file = encode(&[1, 2, 3, 4, 5, 6], GREY);
        for place in 0..file.len() {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[place] ^= 1 << bit;
                let _ = decode(&damaged, GREY, &mut [0; 6]);
            }
        }
    }
}
