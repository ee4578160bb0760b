"""PyTorch's side of the benchmark: eager mode, channels-last. Started by bench.py with a plan in JSON."""

import torch
from load_in_pytorch import build, count_parameters, load_tensors
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from peer import Clock, check, read_fixture, read_images, read_plan, report


def main():
    plan = read_plan()
    torch.set_num_threads(plan["threads"])
    torch.manual_seed(1)
    encoder, decoder = build(plan["layers"])
    if plan["fixture"]:
        check_model(plan, encoder, decoder)
    decoder[-1].after = nn.Identity()  # the loss is computed from logits
    model = nn.Sequential(encoder, decoder).to(memory_format=torch.channels_last)
    images = torch.from_numpy(read_images(plan))[:, None].to(memory_format=torch.channels_last)
    clock = Clock(plan)
    precision = torch.autocast("cpu", torch.bfloat16, enabled=plan["precision"] == "bfloat16")
    loss = None
    if plan["task"] == "train":
        loss = train(model, images, plan["batch"], precision, clock)
    else:
        encode(encoder, images, plan["batch"], precision, clock)
    report(torch.__version__, count_parameters(model), clock, loss)


def train(model, images, batch, precision, clock):
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    model.train()
    while True:
        for ids in torch.randperm(len(images)).split(batch):
            x = images[ids].contiguous(memory_format=torch.channels_last)
            with precision:
                logits = model(x)
            loss = binary_cross_entropy_with_logits(logits.float(), x)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            if clock.tick(len(ids)):
                return loss.item()


def encode(encoder, images, batch, precision, clock):
    encoder.eval()
    with torch.inference_mode(), precision:
        while True:
            latents = torch.cat([encoder(x).float() for x in images.split(batch)])
            if clock.tick(len(latents)):
                return


def check_model(plan, encoder, decoder):
    weights, outputs = read_fixture(plan)
    for prefix, half in [("encoder.", encoder), ("decoder.", decoder)]:
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        load_tensors(half, {name: torch.from_numpy(value) for name, value in own.items()})
        half.eval()
    with torch.inference_mode():
        latents = encoder(torch.from_numpy(outputs["images"]))
        check("latents", latents, outputs["latents"])
        check("reconstructions", decoder(latents), outputs["reconstructions"])


main()
