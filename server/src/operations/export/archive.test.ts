import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { indexArchive, pack, readPacked } from "./archive.ts";
import { ExportUnreadable } from "./format.ts";
import { base256, endOfArchive, entry, oddEntries } from "./testing/odd-entries.ts";

const folder = temporaryFolders();

const files = { "manifest.json": "{}\n", "users.jsonl": "a\n".repeat(700), "payments.jsonl": "" };

/** Packed by our own code. */
async function packed(name = "x.tar"): Promise<string> {
  const from = folder();
  for (const [file, text] of Object.entries(files)) writeFileSync(join(from, file), text);
  const archive = join(folder(), name);
  await pack({ folder: from, files: Object.keys(files), archive });
  return archive;
}

async function contentOf(archive: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const [name, extent] of await indexArchive(archive)) {
    content[name] = Buffer.concat(await Array.fromAsync(readPacked(archive, extent))).toString();
  }
  return content;
}

const refused = async (archive: string) => {
  await expect(indexArchive(archive)).rejects.toBeInstanceOf(ExportUnreadable);
};

test.each(["x.tar", "a:b.tar", "host:c.tar", "-x.tar", "--to-command=id.tar", "ä b\n.tar"])(
  "an archive called %j holds what was packed, for its owner's eyes only",
  async (name) => {
    const archive = await packed(name);
    expect(await contentOf(archive)).toEqual(files);
    expect(statSync(archive).mode & 0o777).toBe(0o600);
  },
);

test("the system's tar reads ours, and ours reads the system's", async () => {
  const archive = await packed();
  const listed = spawnSync("tar", ["-tf", archive], { encoding: "utf8" });
  expect(listed).toMatchObject({ status: 0, stderr: "", stdout: `${Object.keys(files).join("\n")}\n` });
  const from = folder();
  for (const [file, text] of Object.entries(files)) writeFileSync(join(from, file), text);
  for (const format of ["gnu", "ustar", "v7", "oldgnu"]) {
    const theirs = join(folder(), `${format}.tar`);
    const made = spawnSync("tar", ["-cf", theirs, `--format=${format}`, "-C", from, ...Object.keys(files)]);
    expect(made.status).toBe(0);
    expect(await contentOf(theirs)).toEqual(files);
  }
});

const end = endOfArchive;

function written(...parts: Buffer[]): string {
  const archive = join(folder(), "x.tar");
  writeFileSync(archive, Buffer.concat(parts));
  return archive;
}

test("an entry as they are is read", async () => {
  expect(await contentOf(written(entry({}), end))).toEqual({ "users.jsonl": "x\n" });
  const large = entry({ size: base256([2]) });
  expect(await contentOf(written(large, end))).toEqual({ "users.jsonl": "x\n" });
});

test.each(oddEntries)("%s is refused", async (_, odd) => {
  await refused(written(entry(odd), end));
  await refused(written(entry({ name: "manifest.json" }), entry(odd), end));
});

test("a name cut at a NUL is the one before it, and no second name hides behind", async () => {
  const hidden = entry({ name: "users.jsonl\0/../x" });
  expect(await contentOf(written(hidden, end))).toEqual({ "users.jsonl": "x\n" });
});

test("a file twice, more files than an export has, and an archive without an end are refused", async () => {
  await refused(written(entry({}), entry({}), end));
  const many = Array.from({ length: 1_001 }, (_, n) =>
    entry({ name: `t${n}.jsonl`, content: Buffer.alloc(0) }),
  );
  await refused(written(...many, end));
  await refused(written(entry({})));
  await refused(written());
});

test("wherever it is cut off, it is found out", async () => {
  const whole = await packed();
  const { length } = readFileSync(whole);
  for (let at = length - 1_025; at >= 0; at -= 97) {
    truncateSync(whole, at);
    await refused(whole);
  }
});

test("whatever bytes there are, they are an archive or refused, at once", async () => {
  const archive = join(folder(), "x.tar");
  const block = fc.oneof(
    fc.uint8Array({ minLength: 512, maxLength: 512 }),
    fc.constant(new Uint8Array(512)),
    fc.tuple(fc.nat(511), fc.nat(255)).map(([at, value]) => {
      const bytes = Uint8Array.from(entry({ content: Buffer.alloc(0) }));
      bytes[at] = value;
      return bytes;
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(block, { maxLength: 6 }), async (blocks) => {
      writeFileSync(archive, Buffer.concat(blocks));
      await indexArchive(archive).catch((error) => expect(error).toBeInstanceOf(ExportUnreadable));
    }),
    { numRuns: 300 },
  );
});

test("what is no plain file is no archive: a link, a folder, a pipe, a device", async () => {
  const archive = await packed();
  const at = folder();
  symlinkSync(archive, join(at, "link.tar"));
  mkdirSync(join(at, "folder.tar"));
  expect(spawnSync("mkfifo", [join(at, "pipe.tar")]).status).toBe(0);
  for (const name of ["link.tar", "folder.tar", "pipe.tar"]) await refused(join(at, name));
  await refused("/dev/zero");
});
