"""The faults, group by group; see scripts/fault-test.sh."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import harness
import servers
from harness import PLAIN, bench, check, contents, problem, remaining, report, skip, small_disk

STAGES = ["ingest", "train", "export", "cluster", "decode", "plot"]
PAGE = 4096


def full_disk_at_every_write(stage, steps):
    """Runs a stage with more and more room, from none to enough, and counts the places at which the disk was full."""
    fault = f"disk full at each write of {stage}"
    with bench() as made, small_disk("64m") as disk:
        pristine = made.folder / "pristine"
        shutil.copytree(made.results, pristine)
        before, places, files = contents(pristine), set(), set()
        if disk is not None:
            shutil.copytree(pristine, disk / "tiny")
        room, done = 0, False
        step = 0
        while not done:
            if disk is not None:
                folder = disk / "tiny"
                for left in folder.glob(".*.partial-*"):
                    shutil.rmtree(left)
                with open(disk / "ballast", "wb") as ballast:
                    os.posix_fallocate(ballast.fileno(), 0, max(remaining(disk) - room, PAGE))
                ran = made.run(stage, "tiny.toml", "--force", "--artifacts", str(disk))
                full = "No space left on device"
                os.remove(disk / "ballast")
            else:
                folder = made.results
                ran = made.run(stage, "tiny.toml", "--force", limit=room)
                full = "File too large"
            done = ran.returncode == 0
            wrong = None if done else problem(ran, 1, [full] + (["hint: free some space"] if disk is not None else []))
            if wrong is None and not done and contents(folder) != before:
                wrong = "earlier results changed"
            if wrong is None:
                half = [str(path) for path in folder.rglob("*.tmp")]
                wrong = f"left behind: {half}" if half else None
            if wrong:
                report(fault, 1, f"with {room} bytes of room: {wrong}")
                return
            if not done:
                places.add(room)
                files.add(ran.stderr.decode().split("`")[1].rsplit("/", 1)[-1] if "`" in ran.stderr.decode() else "?")
            step += 1
            room += PAGE * max(1, step * step // steps)
            if room > 1 << 26:
                report(fault, 1, "it never had room enough")
                return
        # The same command ends well as soon as there is room, and what it made is fresh.
        wrong = None if len(places) > 1 else f"the disk was full {len(places)} times only"
        report(fault, 1, wrong, f"{len(places)} amounts of room; full at {len(files)} different files")


def disk():
    for stage in STAGES:
        full_disk_at_every_write(stage, 40)
    with bench() as made, small_disk("1m") as full:
        if full is None:
            skip("disk full from the start, nothing there", "this user cannot mount a disk")
            return
        with open(full / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, remaining(full))
        check("disk full from the start, nothing there", made, ["run", "tiny.toml", "--artifacts", str(full)], 1, ["No space left on device", "--artifacts DIR"])
    with bench() as made, small_disk("8m", "nr_inodes=5") as few:
        check("no inodes left", made, ["run", "tiny.toml", "--artifacts", str(few)], 1, ["No space left on device"])
    with bench() as made, small_disk("8m") as disk_of_its_own:
        check("artifacts on another file system", made, ["run", "tiny.toml", "--artifacts", str(disk_of_its_own)], 0)
        same = contents(disk_of_its_own / "tiny" / "cluster").get("centroids.parquet") == contents(made.results / "cluster").get("centroids.parquet")
        report("artifacts on another file system: the same bytes", 0, None if same else "other centroids")
        subprocess.run(["mount", "-o", "remount,ro", disk_of_its_own], check=True)
        check("artifacts on a read-only disk", made, ["cluster", "tiny.toml", "--force", "--artifacts", str(disk_of_its_own)], 1, ["Read-only file system", "--artifacts DIR"], keeps=disk_of_its_own / "tiny")
        check("status on a read-only disk", made, ["status", "tiny.toml", "--check", "--artifacts", str(disk_of_its_own)], 0)
        subprocess.run(["mount", "-o", "remount,rw", disk_of_its_own], check=True)
    with bench() as made, small_disk("8m") as other:
        shutil.move(made.results / "cluster", other / "cluster")
        os.symlink(other / "cluster", made.results / "cluster")
        check("a stage's folder is a link to another disk", made, ["cluster", "tiny.toml", "--force"], 0)
        report("what the link led to is left alone", 0, None if contents(other / "cluster") else "it is gone")


def permissions():
    if PLAIN and not shutil.which("setpriv"):
        skip("permissions", "root may do everything, and there is no setpriv")
        return
    denied = ["Permission denied"]
    readable = "check that this user may read the file"
    cases = [
        ("artifacts folder is read-only", "artifacts", 0o555, ["run", "tiny.toml", "--set", "name=\"new\""], 1, [*denied, "--artifacts DIR"]),
        ("experiment's folder is read-only", "artifacts/tiny", 0o555, ["cluster", "tiny.toml", "--force"], 1, denied),
        ("experiment's folder may not be entered", "artifacts/tiny", 0o000, ["cluster", "tiny.toml", "--force"], 1, denied),
        ("a stage's folder is read-only", "artifacts/tiny/cluster", 0o555, ["cluster", "tiny.toml", "--force"], 1, [*denied, "--artifacts DIR"]),
        ("a stage's folder may not be entered", "artifacts/tiny/export", 0o000, ["cluster", "tiny.toml", "--force"], 4, [*denied, readable]),
        ("an input may not be read", "artifacts/tiny/export/latents.parquet", 0o000, ["cluster", "tiny.toml", "--force"], 4, [*denied, readable]),
        ("the weights may not be read", "artifacts/tiny/train/model.safetensors", 0o000, ["export", "tiny.toml", "--force"], 4, [*denied, readable]),
        ("a manifest may not be read, to plot", "artifacts/tiny/train/manifest.json", 0o000, ["plot", "tiny.toml", "--force"], 4, [*denied, readable]),
        ("a folder may not be entered, to plot", "artifacts/tiny/train", 0o000, ["plot", "tiny.toml", "--force"], 4, [*denied, readable]),
        ("the lock may not be written", "artifacts/tiny/.lock", 0o444, ["cluster", "tiny.toml", "--force"], 1, denied),
        ("the config may not be read", "tiny.toml", 0o000, ["run", "tiny.toml"], 4, [*denied, readable]),
        ("own images may not be read", "images", 0o000, ["ingest", "tiny.toml", "--force"], 4, [*denied, readable]),
        ("points may not be read", "points.parquet", 0o000, ["cluster", "tiny.toml", "--latents", "points.parquet"], 4, [*denied, readable]),
    ]
    for fault, path, mode, arguments, code, says in cases:
        with bench() as made:
            shutil.copy(made.results / "export" / "latents.parquet", made.folder / "points.parquet")
            before = contents(made.results)
            target = made.folder / path
            old = target.stat().st_mode
            target.chmod(mode)
            ran = made.run(*arguments, prefix=PLAIN)
            target.chmod(old)
            wrong = problem(ran, code, says)
            if wrong is None and code != 0 and contents(made.results) != before:
                wrong = "earlier results changed"
            report(fault, code, wrong)
    with bench() as made:
        (made.folder / "data").mkdir(mode=0o555)
        check("the data folder is read-only", made, ["ingest", "tiny.toml", "--set", "dataset={ source = \"mnist\" }"], 1, [*denied, "--data DIR"], prefix=PLAIN)


def replaced():
    cases = [
        ("a table is a folder", "export/latents.parquet", ["cluster", "tiny.toml", "--force"], 4),
        ("the weights are a folder", "train/model.safetensors", ["export", "tiny.toml", "--force"], 4),
        ("an output is a folder, and is made anew", "cluster/sweep.parquet", ["cluster", "tiny.toml"], 0),
        ("the manifest is a folder, and is made anew", "cluster/manifest.json", ["cluster", "tiny.toml"], 0),
        ("the manifest is a folder, to plot", "train/manifest.json", ["plot", "tiny.toml", "--force"], 4),
        ("the lock is a folder", ".lock", ["cluster", "tiny.toml", "--force"], 1),
        ("own images are a folder", "../../images", ["ingest", "tiny.toml", "--force"], 4),
        ("the config is a folder", "../../tiny.toml", ["run", "tiny.toml"], 4),
    ]
    for fault, path, arguments, code in cases:
        with bench() as made:
            target = made.results / path
            target.unlink()
            target.mkdir()
            check(fault, made, arguments, code, [] if code == 0 else [path.rsplit("/", 1)[-1]])
    with bench() as made:
        shutil.rmtree(made.results / "cluster")
        (made.results / "cluster").write_text("a file")
        check("a stage's folder is a file, and is replaced", made, ["cluster", "tiny.toml"], 0)
        check("and all is fresh", made, ["run", "tiny.toml"], 0)
    with bench() as made:
        shutil.rmtree(made.results / "export")
        (made.results / "export").write_text("a file")
        check("the folder of an input is a file", made, ["cluster", "tiny.toml", "--force"], 4, ["latents.parquet"])
    with bench() as made:
        (made.folder / "file").write_text("")
        check("the artifacts folder is a file", made, ["run", "tiny.toml", "--artifacts", "file"], 1, ["file"])
        check("the data folder is a file", made, ["ingest", "tiny.toml", "--data", "file", "--set", "dataset={ source = \"mnist\" }"], 4, ["file"])
        os.mkfifo(made.folder / "pipe")
        check("points are a pipe", made, ["cluster", "tiny.toml", "--latents", "pipe"], 4, ["not a regular file"])
        check("the config is a device", made, ["run", "/dev/zero"], 3, ["/dev/zero"])
        check("points are a device", made, ["cluster", "tiny.toml", "--latents", "/dev/zero"], 4, ["not a regular file"])
        (made.folder / "images").unlink()
        os.mkfifo(made.folder / "images")
        check("own images are a pipe", made, ["ingest", "tiny.toml", "--force"], 4, ["images"])
    for fault, path, text, arguments, code in [
        ("a table of noise", "export/latents.parquet", os.urandom(5000), ["cluster", "tiny.toml"], 4),
        ("an empty table", "export/latents.parquet", b"", ["cluster", "tiny.toml"], 4),
        ("weights of noise", "train/model.safetensors", os.urandom(5000), ["export", "tiny.toml"], 4),
        ("a manifest of noise, and the stage runs", "cluster/manifest.json", os.urandom(500), ["cluster", "tiny.toml"], 0),
        ("a manifest nested without end, and the stage runs", "cluster/manifest.json", b"[" * 10**6, ["cluster", "tiny.toml"], 0),
        ("a config nested without end", "../../tiny.toml", b"a = " + b"[" * 10**6, ["run", "tiny.toml"], 3),
        ("a config of one endless key", "../../tiny.toml", b"a" + b".a" * 400_000 + b" = 1", ["run", "tiny.toml"], 3),
        ("a config of noise", "../../tiny.toml", b"\xff" * 5000, ["run", "tiny.toml"], 3),
    ]:
        with bench() as made:
            (made.results / path).write_bytes(text)
            check(fault, made, arguments, code, [])
    with bench() as made:
        (made.results / "train" / "manifest.json").unlink()
        os.symlink("/dev/zero", made.results / "train" / "manifest.json")
        check("a manifest is a link to a device", made, ["plot", "tiny.toml", "--force"], 4, ["not a regular file"])
    with bench() as made:
        check("an override with an endless key", made, ["run", "tiny.toml", "--set", "a" + ".a" * 50_000 + "=1"], 3, ["--set"])


def links():
    with bench() as made:
        os.symlink("loop", made.folder / "loop")
        too_many = ["Too many levels of symbolic links"]
        check("the config is a link to itself", made, ["run", "loop"], 4, too_many)
        check("points are a link to itself", made, ["cluster", "tiny.toml", "--latents", "loop"], 4, too_many)
        check("the artifacts folder is a link to itself", made, ["run", "tiny.toml", "--artifacts", "loop"], 1, ["loop"])
        check("the data folder is a link to itself", made, ["ingest", "tiny.toml", "--data", "loop", "--set", "dataset={ source = \"mnist\" }"], 4, too_many)
        os.symlink(made.folder, made.results / "around")
        check("a link to a folder above, among the results", made, ["run", "tiny.toml", "--force"], 0)
    for path, arguments, code in [
        ("images", ["ingest", "tiny.toml", "--force"], 4),
        ("artifacts/tiny/export/latents.parquet", ["cluster", "tiny.toml", "--force"], 4),
        ("artifacts/tiny/train/manifest.json", ["plot", "tiny.toml", "--force"], 4),
        ("artifacts/tiny/cluster", ["cluster", "tiny.toml"], 0),
        ("artifacts/tiny/.lock", ["cluster", "tiny.toml", "--force"], 1),
    ]:
        with bench() as made:
            target = made.folder / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            os.symlink(target.name, target)
            words = "is a link to itself" + (", and is replaced" if code == 0 else "")
            check(f"`{path}` {words}", made, arguments, code, [] if code == 0 else too_many)


def clock():
    future, past = 4_000_000_000, -1_000_000_000
    for name, moment in [("ahead of the clock", future), ("from before 1970", past)]:
        with bench() as made:
            for path in [made.results, *made.results.rglob("*"), *made.folder.iterdir()]:
                os.utime(path, (moment, moment))
            check(f"every file is {name}: fresh", made, ["status", "tiny.toml", "--check"], 0)
            ran = made.run("run", "tiny.toml")
            skips = ran.stdout.decode().count(" skipped ")
            report(f"every file is {name}: skipped", 0, problem(ran, 0) or (None if skips == 6 else f"{skips} of 6 skipped"))
            check(f"every file is {name}: runs again", made, ["run", "tiny.toml", "--force"], 0)
    with bench() as made:
        # Unfinished results of later runs look older than those of earlier ones.
        for age, name in enumerate(["a", "b", "c", "d"]):
            left = made.results / f".train.partial-{name * 16}" / "checkpoints"
            left.mkdir(parents=True)
            os.utime(left.parent, (future - age, future - age))
        check("unfinished results are ahead of the clock", made, ["train", "tiny.toml", "--set", "seed=7"], 0)


def paths():
    for name, label in [
        (b"with a space", "a space"),
        (b"with 'quotes\" and $HOME", "quotes"),
        (b"with\na line", "a line break"),
        ("Straße ≥ 漢字".encode(), "not ASCII"),
        (b"not \xff\xfe UTF-8", "not UTF-8"),
        (b"-dash", "a dash in front"),
    ]:
        with bench() as made:
            folder = os.path.join(os.fsencode(made.folder), name)
            os.mkdir(folder)
            shutil.copy(os.fsencode(made.results / "export" / "latents.parquet"), os.path.join(folder, b"z"))
            for file in (b"images", b"labels", b"tiny.toml"):
                shutil.copy(os.path.join(os.fsencode(made.folder), file), folder)
            prefix = b"./" if name.startswith(b"-") else b""
            check(f"paths: {label}", made, ["run", prefix + name + b"/tiny.toml", "--artifacts", prefix + name, "--data", prefix + name], 0)
            arguments = ["tiny.toml", "--artifacts", prefix + name]
            check(f"points: {label}", made, ["cluster", *arguments, "--latents", prefix + name + b"/z"], 0)
            check(f"status finds the points: {label}", made, ["plot", *arguments], 0)
            check(f"status finds the points: {label}", made, ["status", *arguments], 0)
            ran = made.run("status", *arguments)
            line = next((line for line in ran.stdout.decode().splitlines() if line.startswith("cluster")), "")
            report(f"points are fresh: {label}", 0, None if "fresh" in line else f"`{line}`")
    with bench() as made:
        long = "x" * 300
        check("a name that is too long for the disk", made, ["run", "tiny.toml", "--artifacts", long], 1, ["File name too long"])
        check("a path of the config that is too long", made, ["run", long], 4, ["File name too long"])


GROUPS = {
    "disk": disk,
    "permissions": permissions,
    "replaced": replaced,
    "links": links,
    "clock": clock,
    "paths": paths,
    "servers": servers.servers,
}


def main():
    wanted = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        print(f"error: unknown group `{unknown[0]}`\nhint: {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    print(f"{'result':<7} {'exit':>4}  fault")
    for name in wanted:
        GROUPS[name]()
    print(f"\n{harness.failures} failed, {len(harness.skipped)} skipped")
    return 1 if harness.failures else 0


sys.exit(main())
