//! Pixels as a PNG file.

/// Encodes rows of RGB pixels as a PNG file, of grey pixels where there is no colour.
pub(super) fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    let grey = pixels.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    let greys: Vec<u8> = if grey { pixels.iter().copied().step_by(3).collect() } else { Vec::new() };
    let (color, pixels) =
        if grey { (png::ColorType::Grayscale, greys.as_slice()) } else { (png::ColorType::Rgb, pixels) };
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    // Charts repeat few colours in the same patterns, which differences between pixels would hide.
    encoder.set_filter(png::Filter::NoFilter);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels))
        .expect("the pixels fill the image, and memory takes every write");
    file
}
