// parquet-wasm and apache-arrow: one row an operation, as operations.py prints them. node with_javascript.mjs FOLDER, with both
// packages in ./node_modules of the working folder.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";

const require = createRequire(`${process.cwd()}/`);
const { readParquet } = require("parquet-wasm");
const arrow = require("apache-arrow");
const folder = process.argv[2];

const load = (table) => arrow.tableFromIPC(readParquet(readFileSync(`${folder}/${table}.parquet`)).intoIPCStream());
const same = (found, expected) => {
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
        throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
    }
    return found;
};

/** The pixels of a grey PNG file of 8 bits whose rows are not filtered. */
function decode(file) {
    const bytes = Buffer.from(file);
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    const data = [];
    for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
        if (bytes.toString("latin1", at + 4, at + 8) === "IDAT") {
            data.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
        }
    }
    const rows = inflateSync(Buffer.concat(data));
    return Buffer.concat(Array.from({ length: height }, (_, row) => rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1))));
}

const operations = {
    "load, filter": () => {
        const splits = load("export/latents").getChild("split");
        return same([...splits].filter((split) => split === "test").length, 2000);
    },
    "nulls as in the schema": () => {
        const nullable = load("cluster/assignments").schema.fields.filter((field) => field.nullable);
        return same(nullable.map((field) => field.name), ["cluster", "silhouette", "distance"]);
    },
    "lists beside columns": () => {
        const table = load("export/latents");
        return same(table.get(7).z.toArray()[2], table.getChild("z2").get(7));
    },
    "column to a typed array": () => {
        const values = load("export/latents").getChild("z0").toArray();
        return same([values.constructor.name, values.length], ["Float32Array", 10000]);
    },
    "metadata": () => same(JSON.parse(load("ingest/dataset").schema.metadata.get("huggingface")).info.features.image._type, "Image"),
    "decode an image": () => {
        const pixels = decode(load("ingest/dataset").getChild("image").get(0).bytes);
        return same([pixels.length, pixels[0], pixels.reduce((a, b) => a + b, 0) > 10000], [784, 0, true]);
    },
};

for (const [what, operation] of Object.entries(operations)) {
    let result;
    try {
        result = JSON.stringify(operation());
    } catch (error) {
        console.error(error);
        result = "FAILED";
        process.exitCode = 1;
    }
    console.log(`${"JavaScript".padEnd(10)}  ${what.padEnd(45)}  ${result}`);
}
