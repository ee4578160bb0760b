"""Keras's side of the benchmark, on TensorFlow. Started by bench.py with a plan in JSON.

Ways: `fit` and `predict` are Keras's own loops, `call` is the model in a tf.function; `-jit` compiles them with XLA.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"  # before TensorFlow is loaded: only errors
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from peer import Clock, check, read_fixture, read_images, read_plan, report


def main():
    plan = read_plan()
    tf.config.threading.set_intra_op_parallelism_threads(plan["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(plan["threads"])
    keras.utils.set_random_seed(1)
    if plan["precision"] == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    encoder, decoder = ARCHITECTURES[plan["model"]["architecture"]](**latents(plan["model"]))
    if plan["fixture"]:
        check_model(plan, encoder, decoder)
    images = read_images(plan)[..., None]
    clock = Clock(plan)
    way, _, jit = plan["way"].partition("-")
    loss = None
    if plan["task"] == "train":
        loss = train(keras.Sequential([encoder, decoder]), images, plan["batch"], jit == "jit", clock)
    else:
        encode(encoder, images, plan["batch"], way, jit == "jit", clock)
    version = f"{keras.__version__}, TensorFlow {tf.__version__}"
    report(version, encoder.count_params() + decoder.count_params(), clock, loss)


class StopInTime(keras.callbacks.Callback):
    def __init__(self, clock, batch):
        super().__init__()
        self.clock, self.batch = clock, batch

    def on_train_batch_end(self, step, logs=None):
        if self.clock.tick(self.batch):
            self.model.stop_training = True


def train(model, images, batch, jit, clock):
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3, epsilon=1e-7),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=jit,
    )
    images = tf.constant(images)
    stop = StopInTime(clock, batch)
    history = model.fit(images, images, batch_size=batch, epochs=10**6, verbose=0, callbacks=[stop])
    return history.history["loss"][-1]  # Keras keeps the mean over the epoch


def encode(encoder, images, batch, way, jit, clock):
    if way == "predict":
        encoder.compile(jit_compile=jit)
        run = lambda: encoder.predict(images, batch_size=batch, verbose=0)
    else:
        call = tf.function(lambda x: encoder(x, training=False), jit_compile=jit)
        batches = [tf.constant(images[start : start + batch]) for start in range(0, len(images), batch)]
        run = lambda: np.concatenate([call(x).numpy() for x in batches])
    while not clock.tick(len(run())):
        pass


def check_model(plan, encoder, decoder):
    weights, outputs = read_fixture(plan)
    for prefix, half in [("encoder", encoder), ("decoder", decoder)]:
        for index, layer in enumerate(half.layers):
            names = [f"{prefix}.{index}.{kind}" for kind in ("weight", "bias", "running_mean", "running_var")]
            layer.set_weights([keras_order(weights[name]) for name in names if name in weights])
    if plan["precision"] == "float32":
        found = encoder(np.moveaxis(outputs["images"], 1, 3), training=False)
        check("latents", found, outputs["latents"])
        images = tf.sigmoid(decoder(found, training=False))
        check("reconstructions", np.moveaxis(images, 3, 1), outputs["reconstructions"])


def keras_order(weight):
    """PyTorch's [out, in, height, width] as [height, width, in, out]."""
    return np.transpose(weight, {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[weight.ndim])


def latents(model):
    return {"latent_dim": model["latent-dim"], "activation": model["latent-activation"]}


def conv(filters, kernel, activation="relu", **more):
    return layers.Conv2D(filters, kernel, padding="same", activation=activation, **more)


def norm():
    return layers.BatchNormalization()  # momentum 0.99 and epsilon 1e-3 by default


def reference(latent_dim, activation):
    """The reference experiment's, without the last sigmoid: the loss is computed from logits."""
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), conv(32, 3), conv(32, 3), layers.MaxPooling2D(2), norm()]
        + [conv(32, 3), conv(32, 3), conv(32, 2), layers.MaxPooling2D(2), norm(), conv(16, 2), conv(4, 2), conv(1, 2)]
        + [layers.Flatten(), layers.Dense(latent_dim, activation)]
    )
    decoder = keras.Sequential(
        [keras.Input((latent_dim,)), layers.Dense(4, "relu"), layers.Reshape((2, 2, 1))]
        + [conv(4, 2), conv(16, 2), norm(), layers.UpSampling2D(7), conv(32, 3), conv(32, 3), conv(32, 3), norm()]
        + [layers.UpSampling2D(2), conv(32, 3), conv(32, 3), conv(1, 3, "linear")]
    )
    return encoder, decoder


def strided(latent_dim, activation):
    """Strided convolutions and their transposes, without the last sigmoid."""
    up = lambda filters, kernel, padding, activation="relu": layers.Conv2DTranspose(
        filters, kernel, strides=2, padding=padding, activation=activation
    )
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), conv(32, 5, strides=2), conv(64, 5, strides=2)]
        + [layers.Conv2D(128, 3, strides=2, activation="relu"), layers.Flatten(), layers.Dense(latent_dim, activation)]
    )
    decoder = keras.Sequential(
        [keras.Input((latent_dim,)), layers.Dense(1152, "relu"), layers.Reshape((3, 3, 128))]
        + [up(64, 3, "valid"), up(32, 5, "same"), up(1, 5, "same", "linear")]
    )
    return encoder, decoder


ARCHITECTURES = {"reference": reference, "strided": strided}

main()
