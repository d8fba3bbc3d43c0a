import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BuildManifest, builtScript, pinned } from "./manifest.ts";
import { manifestIn, release, retire } from "./release.ts";
import { originOf, snippets } from "./snippet.ts";

const today = "2026-11-30";
let root = "";
let dist = "";
let folder = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "release-"));
  dist = join(root, "dist");
  folder = join(root, "builds");
  build("1.0.0", "/* the form */");
});
afterEach(() => rmSync(root, { recursive: true }));

function build(version: string, form: string): void {
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(import.meta.dirname, "..", "src", "locales"), join(dist, "locales"), { recursive: true });
  writeFileSync(join(dist, "pay-form.js"), form);
  writeFileSync(join(dist, "loader.js"), "/* the loader */");
  writeFileSync(join(dist, "locales", "en.json"), '{"pay":"Pay"}');
  const files = ["pay-form.js", "loader.js"].map((file) => [file, builtScript(dist, file, 1)] as const);
  const manifest: BuildManifest = {
    version,
    files: Object.fromEntries(files),
    locales: { en: pinned(dist, "locales/en.json") },
  };
  writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest));
}

const put = () => release({ dist, folder, authorizedBy: "release board", today });

test("a release is its files, and says who let exactly these bytes on payment pages, and when", () => {
  expect(put()).toEqual({ version: "1.0.0", isNew: true });
  const released = manifestIn(join(folder, "1.0.0"));
  expect(released.files["pay-form.js"]).toMatchObject({
    authorizedBy: "release board",
    authorizedOn: today,
    integrity: pinned(dist, "pay-form.js").integrity,
    why: expect.stringContaining("invoices"),
    owner: expect.any(String),
  });
  expect(readFileSync(join(folder, "1.0.0", "pay-form.js"), "utf8")).toBe("/* the form */");
  expect(readFileSync(join(folder, "1.0.0", "locales", "en.json"), "utf8")).toBe('{"pay":"Pay"}');
  expect(readdirSync(folder).sort()).toEqual(["1.0.0", "index.json"]);
});

test("a version is released once: the same again changes nothing, another content is refused", () => {
  put();
  const before = readFileSync(join(folder, "1.0.0", "manifest.json"), "utf8");
  expect(release({ dist, folder, authorizedBy: "another", today })).toEqual({
    version: "1.0.0",
    isNew: false,
  });
  build("1.0.0", "/* another form */");
  expect(put).toThrow("1.0.0 is released");
  expect(readFileSync(join(folder, "1.0.0", "manifest.json"), "utf8")).toBe(before);
  build("1.1.0", "/* another form */");
  expect(put()).toEqual({ version: "1.1.0", isNew: true });
  const { builds } = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  expect(builds).toEqual([manifestIn(join(folder, "1.0.0")), manifestIn(join(folder, "1.1.0"))]);
});

test("a build that was touched after it was made is not released, and leaves nothing behind", () => {
  writeFileSync(join(dist, "pay-form.js"), "/* the form */;steal()");
  expect(put).toThrow("pay-form.js is not what the build made");
  expect(() => readdirSync(folder)).toThrow("ENOENT");
});

test("an end is announced once, may be put off, and is in the index", () => {
  put();
  retire({ folder, version: "1.0.0", retiredOn: "2027-06-30", today });
  retire({ folder, version: "1.0.0", retiredOn: "2027-12-31", today: "2027-01-01" });
  expect(manifestIn(join(folder, "1.0.0"))).toMatchObject({ deprecatedOn: today, retiredOn: "2027-12-31" });
  expect(readFileSync(join(folder, "index.json"), "utf8")).toContain('"retiredOn": "2027-12-31"');
  for (const retiredOn of ["soon", "2026-11-29", "30.6.2027"])
    expect(() => retire({ folder, version: "1.0.0", retiredOn, today })).toThrow("a day to come");
  expect(() => retire({ folder, version: "3.0.0", retiredOn: "2027-06-30", today })).toThrow("no build");
});

test("a script in no inventory does not build", () => {
  writeFileSync(join(dist, "tracker.js"), "");
  expect(() => builtScript(dist, "tracker.js", 1)).toThrow("tracker.js is in no inventory");
});

test("the snippet is pinned by content: address and integrity are one hash", () => {
  put();
  const { inPage, aroundFrame } = snippets("https://pay.example.com", manifestIn(dist));
  for (const [name, text] of [
    ["pay-form.js", inPage],
    ["loader.js", aroundFrame],
  ] as const) {
    const { integrity } = pinned(dist, name);
    const address = Buffer.from(integrity.slice(7), "base64").toString("base64url");
    expect(text).toContain(`src="https://pay.example.com/v/${address}/${name}"`);
    expect(text).toContain(`integrity="${integrity}" crossorigin="anonymous"`);
  }
});

test.each([
  "pay.example.com",
  "https://pay.example.com/embed",
  "javascript:alert(1)",
  "https://a@pay.example.com",
])("%s is no origin", (text) => expect(() => originOf(text)).toThrow("is no origin"));

test("the command says in one line what is wrong, and ends with 1", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, "..", "release.ts"), ...args], {
      encoding: "utf8",
    });
  put();
  expect(run(folder, "--snippet", "https://pay.example.com", "--version", "1.0.0")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("/pay-form.js"),
  });
  expect(run(folder, "--retire", "1.0.0", "--on", "2999-01-01")).toMatchObject({ status: 0 });
  for (const args of [[], [folder], [folder, "--by", " "], [folder, "--retire", "1.0.0"]]) {
    const { status, stderr } = run(...args);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^node widget\/release.ts/),
    });
  }
});
