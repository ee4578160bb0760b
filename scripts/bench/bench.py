"""Measures images per second of latentkit, PyTorch and Keras, side by side. Run it by scripts/bench.sh.

All contenders have the same model, images, batch size, loss and optimizer, and the same number of threads. Each
measurement is a process of its own; a round runs every contender once, so that whatever else the machine does meets all
of them. Ratios are taken within a round. A peer that has several ways of doing the work is first tried in each of them,
and the fastest is measured.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
FIXTURES = ROOT / "crates/latentkit-model/tests/fixtures"
TASKS = ["train", "encode"]
PRECISIONS = ["float32", "bfloat16"]
# Each with its number of parameters, which every contender must have.
MODELS = {
    "reference": ({"architecture": "reference", "latent-dim": 6, "latent-activation": "relu"}, 77_522),
    "strided": ({"architecture": "strided", "latent-dim": 10, "latent-activation": "linear"}, 275_979),
    "mlp": ({"architecture": "mlp", "latent-dim": 10, "latent-activation": "linear"}, 3_330_794),
}
# The ways of doing the work that a contender has.
WAYS = {
    "latentkit": {"train": ["native", "libtorch"], "encode": ["native", "libtorch"]},
    "pytorch": {"train": ["eager"], "encode": ["eager"]},
    "keras": {"train": ["fit", "fit-jit"], "encode": ["predict", "predict-jit", "call", "call-jit"]},
}
# glibc gives the memory of large tensors back to the system and then pays a page fault for every 4 KB of the next one;
# told to keep it, all contenders are faster.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "67108864",
}


class Failed(Exception):
    """A contender that gave no result."""


def main():
    args = arguments()
    say(f"{args.task}: batch {args.batch}, {args.threads} threads, {processor()}")
    with tempfile.TemporaryDirectory(prefix="latentkit-bench-") as folder:
        images, source = pathlib.Path(folder, "images.u8"), write_images(args.batch, folder)
        say(f"images: {source}")
        model, parameters = MODELS[args.architecture]
        # The weights and outputs that the peers check their model against.
        fixture = str(FIXTURES) if args.architecture == "reference" else None
        plan = {"task": args.task, "images": str(images), "batch": args.batch, "threads": args.threads}
        plan |= {"model": model, "layers": layers(args.programs, model, folder), "fixture": fixture}
        bench = Bench(args, plan, parameters)
        try:
            ways = bench.choose_ways()
            results = bench.measure(ways)
        except Failed as error:
            sys.exit(f"error: {error}")
    print_table(args, source, ways, results)
    if args.json:
        args.json.write_text("".join(json.dumps(result) + "\n" for round in results for result in round.values()))


def layers(programs, model, folder):
    """The layers of the model, as its files list them."""
    config = pathlib.Path(folder, "model.toml")
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in model.items())
    config.write_text(f'name = "bench"\n[model]\n{keys}')
    command = [str(programs.parent / "latentkit"), "summary", str(config), "--json", "--quiet"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["layers"]


def arguments():
    parser = argparse.ArgumentParser(prog="bench.sh", description=__doc__.splitlines()[0])
    several = lambda known: lambda text: [choice(name, known) for name in text.split(",")]
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--threads", type=positive, default=len(os.sched_getaffinity(0)), help="of each contender")
    parser.add_argument("--batch", type=positive, default=256)
    parser.add_argument("--seconds", type=float, default=10.0, help="measured of a contender in a round")
    parser.add_argument("--architecture", choices=MODELS, default="reference")
    parser.add_argument("--precision", type=several(PRECISIONS), default=PRECISIONS, metavar=",".join(PRECISIONS))
    parser.add_argument("--contenders", type=several(WAYS), default=list(WAYS), metavar=",".join(WAYS))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every measurement, one a line")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found `{text}`")
    return int(text)


def choice(name, known):
    if name not in known:
        raise argparse.ArgumentTypeError(f"unknown name `{name}`, expected some of {', '.join(known)}")
    return name


def write_images(batch, folder):
    """Writes `images.u8`, the bytes of all images one after the other, and says which they are."""
    raw = ROOT / "data/raw/mnist/train-images-idx3-ubyte"
    sample = ROOT / "data/sample/t10k-images-idx3-ubyte.gz"
    path = next(path for path in [raw, raw.with_name(raw.name + ".gz"), sample] if path.exists())
    content = path.read_bytes()
    pixels = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)[16:]
    # Whole batches only, since a compiler would compile again for the rest.
    count = len(pixels) // 784 // batch * batch
    if count == 0:
        sys.exit(f"error: `--batch` {batch} is more than the {len(pixels) // 784} images of {path}")
    pathlib.Path(folder, "images.u8").write_bytes(pixels[: count * 784])
    return f"{count} of {path.relative_to(ROOT)}"


class Bench:
    def __init__(self, args, plan, parameters):
        self.args, self.plan, self.parameters = args, plan, parameters
        peers = ROOT / "scripts/bench"
        self.commands = {}
        for contender in args.contenders:
            if contender == "latentkit":
                self.commands[contender] = [str(args.programs / f"bench_{args.task}")]
            else:
                name = {"pytorch": "torch", "keras": "keras"}[contender]
                self.commands[contender] = [python(name), str(peers / f"{name}_peer.py")]

    def run(self, contender, precision, way, seconds):
        """One process; its result, checked."""
        plan = self.plan | {"precision": precision, "way": way, "seconds": seconds}
        env = os.environ | KEEP_MEMORY | {"PYTHONPATH": str(ROOT / "scripts")}
        env["OMP_NUM_THREADS"] = str(self.args.threads)
        command = [*self.commands[contender], json.dumps(plan)]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        name = f"{contender} ({precision}, {way})"
        if done.returncode != 0:
            raise Failed(f"{name} ended with {done.returncode}:\n{done.stderr[-2000:].rstrip()}")
        result = json.loads(done.stdout.splitlines()[-1])
        if result["parameters"] != self.parameters:
            raise Failed(f"{name} has a model of {result['parameters']} parameters, expected {self.parameters}")
        # Grey images have a loss of ln 2 = 0.693; what is far above it, or no number, is no training.
        if self.args.task == "train" and not 0 < result["loss"] < 0.75:
            raise Failed(f"{name} ends with a loss of {result['loss']}, expected one below 0.75")
        return result

    def choose_ways(self):
        """The fastest way of each contender and precision that works; also loads every file once."""
        ways = {}
        for precision in self.args.precision:
            for contender in self.args.contenders:
                speeds, problem = {}, None
                for way in WAYS[contender][self.args.task]:
                    try:
                        result = self.run(contender, precision, way, min(self.args.seconds, 3.0))
                        speeds[way] = result["images_per_second"]
                        say(f"trial: {contender}, {precision}, {way}: {speeds[way]:.0f} images/s")
                    except Failed as error:
                        problem = error
                        say(f"trial: {error}")
                if speeds:
                    ways[contender, precision] = max(speeds, key=speeds.get)
                elif precision == "float32":
                    raise problem
                else:
                    say(f"left out: {contender}, {precision}")
        return ways

    def measure(self, ways):
        """A list of rounds, each the results by contender and precision."""
        rounds = []
        for number in range(self.args.rounds):
            results = {}
            for (contender, precision), way in ways.items():
                result = self.run(contender, precision, way, self.args.seconds)
                results[contender, precision] = result | {
                    "contender": contender, "precision": precision, "way": way, "round": number + 1
                }
                speed = result["images_per_second"]
                say(f"round {number + 1} of {self.args.rounds}: {contender}, {precision}: {speed:.0f} images/s")
            rounds.append(results)
        return rounds


def print_table(args, source, ways, rounds):
    print(f"\n{args.task}, {args.architecture}: {args.rounds} rounds of {args.seconds:g} s, batch {args.batch}, "
          f"{args.threads} threads, {source}")
    print(f"{processor()}; parameters: {MODELS[args.architecture][1]}\n")
    header = ("contender", "version", "way", "precision", "images/s", "range", "latentkit/it", "range")
    rows = [header]
    for (contender, precision), way in ways.items():
        results = [results[contender, precision] for results in rounds]
        speeds = [result["images_per_second"] for result in results]
        row = (contender, results[0]["version"], way, precision)
        row += (f"{statistics.median(speeds):.0f}", f"{min(speeds):.0f} - {max(speeds):.0f}")
        if contender != "latentkit" and ("latentkit", precision) in ways:
            ours = [results["latentkit", precision]["images_per_second"] for results in rounds]
            ratios = [our / speed for our, speed in zip(ours, speeds)]
            row += (f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} - {max(ratios):.2f}")
        rows.append(row + ("",) * (len(header) - len(row)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def python(name):
    """The Python that has the packages of a peer."""
    done = subprocess.run([ROOT / "scripts/python-env.sh", name], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("hint: `--contenders` leaves one out: `--contenders latentkit,pytorch`")
    return done.stdout.strip()


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def say(text):
    print(f"bench: {text}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
