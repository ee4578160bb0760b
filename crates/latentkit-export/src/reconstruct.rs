//! Which images are shown beside their reconstructions.

use latentkit_model::Engine;
use latentkit_table::{Dataset, Latents, Reconstruction, ReconstructionKind, Reconstructions, Split};

/// How many of the best and of the worst.
const EXTREMES: usize = 10;

/// The first test image of each label, and the test images that are reconstructed best and worst.
pub(crate) fn reconstructions(engine: &mut dyn Engine, data: &Dataset, latents: &Latents) -> Reconstructions {
    let test = data.ids(Split::Test);
    let mut by_error = test.clone();
    // Equal errors keep the order of the ids, so that the table is the same every time.
    by_error.sort_by(|&a, &b| latents.reconstruction_bce[a].total_cmp(&latents.reconstruction_bce[b]));
    let labels = 0..data.labels.names.len() as u32;
    let examples =
        labels.filter_map(|label| test.iter().copied().find(|&id| data.labels.codes[id] == Some(label)));
    let mut shown: Vec<(usize, ReconstructionKind)> =
        examples.map(|id| (id, ReconstructionKind::Example)).collect();
    shown.extend(by_error.iter().take(EXTREMES).map(|&id| (id, ReconstructionKind::Best)));
    shown.extend(by_error.iter().rev().take(EXTREMES).map(|&id| (id, ReconstructionKind::Worst)));

    let images: Vec<u8> = shown.iter().flat_map(|&(id, _)| data.image(id)).copied().collect();
    let decoded = pixels(&engine.logits(&images));
    let rows = shown.iter().zip(decoded.chunks_exact(data.shape.len())).map(|(&(id, kind), decoded)| {
        Reconstruction {
            id: id as u32,
            kind,
            label: data.labels.codes[id],
            label_name: data.labels.name(id).map(str::to_owned),
            bce: latents.reconstruction_bce[id],
            image: data.image(id).to_vec(),
            reconstruction: decoded.to_vec(),
        }
    });
    Reconstructions { shape: data.shape, rows: rows.collect() }
}

/// The sigmoids of logits as bytes.
pub fn pixels(logits: &[f32]) -> Vec<u8> {
    logits.iter().map(|&logit| (255.0 / (1.0 + (-logit).exp())).round() as u8).collect()
}
