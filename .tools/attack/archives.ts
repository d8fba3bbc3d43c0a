import { equal, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexArchive } from "../../server/src/operations/export/archive.ts";
import { ExportUnreadable } from "../../server/src/operations/export/format.ts";
import { endOfArchive, entry, oddEntries } from "../../server/src/operations/export/testing/odd-entries.ts";
import type { Check, Family } from "./kit/family.ts";

let folder: string;
let made = 0;

const check = (name: string, run: () => Promise<void>): Check => ({ name, run });

function written(...parts: Buffer[]): string {
  const archive = join(folder, `${++made}.tar`);
  writeFileSync(archive, Buffer.concat(parts));
  return archive;
}

const refused = (archive: string) => rejects(indexArchive(archive), ExportUnreadable);

/** Refused as soon as it is opened, before anything of it reaches a database. */
export const family: Family = {
  name: "archives",
  async open() {
    folder = mkdtempSync(join(tmpdir(), "attack-archives-"));
  },
  async close() {
    rmSync(folder, { recursive: true });
  },
  checks: [
    check("an archive as it should be is read", async () => {
      equal((await indexArchive(written(entry({}), endOfArchive))).size, 1);
    }),
    ...oddEntries.map(([what, odd]) =>
      check(`an archive with ${what} is refused`, () =>
        refused(written(entry({}), entry(odd), endOfArchive)),
      ),
    ),
    check("an archive with a file twice is refused", () =>
      refused(written(entry({}), entry({}), endOfArchive)),
    ),
    check("an archive with no end is refused", () => refused(written(entry({})))),
    check("an archive with a thousand files too many is refused", () => {
      const files = Array.from({ length: 2_001 }, (_, n) =>
        entry({ name: `t${n}.jsonl`, content: Buffer.alloc(0) }),
      );
      return refused(written(...files, endOfArchive));
    }),
    check("a link to an archive is refused", async () => {
      const link = join(folder, "link.tar");
      symlinkSync(written(entry({}), endOfArchive), link);
      await refused(link);
    }),
    check("a device without end is refused at once", () => refused("/dev/zero")),
  ],
};
