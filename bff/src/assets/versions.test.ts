import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostEntry } from "@clarity/server/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addressOf, integrityOf, scriptsOf, writeBuild } from "../testing/builds.ts";
import { codeOf } from "../testing/code-of.ts";
import { createRig, opened, type Rig } from "../testing/rig.ts";

/** Edges over a folder of builds: what an ERP page was pinned to stays, whatever has been released since. */
let dir = "";
const rigs: Rig[] = [];
const host = "acme.localhost";
const former = scriptsOf("1.0.0");
const latter = scriptsOf("1.1.0");

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "builds-"));
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
  await rm(dir, { recursive: true, force: true });
});

const release = (version: string, more: Record<string, unknown> = {}) =>
  writeBuild(join(dir, version), { version, scripts: scriptsOf(version), more });

async function edgeOf(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig({ assetsDir: dir, ...options });
  rigs.push(rig);
  return rig;
}

const bytesAt = async (rig: Rig, path: string): Promise<string> => {
  const answer = await rig.call(host, path);
  return answer.ok ? answer.text() : codeOf(answer);
};
const scriptsIn = async (rig: Rig): Promise<{ src: string; integrity: string }[]> => {
  const html = await (await rig.call(host, "/embed")).text();
  return [...html.matchAll(/<script[^>]* src="([^"]+)" integrity="([^"]+)"/g)].map(
    ([, src = "", integrity = ""]) => ({ src, integrity }),
  );
};

const logged = (rig: Rig) => rig.log.filter((line) => JSON.parse(line).level >= 50).join("");

describe("an edge with several builds", () => {
  test("says beside the form where the tenant's payment frame is, and beside nothing else", async () => {
    await release("1.0.0");
    const rig = await edgeOf();
    const headersOf = async (at: string, path: string) => (await rig.call(at, path)).headers;
    const form = await headersOf(host, "/v/1.0.0/pay-form.js");
    expect(form.get("server-timing")).toBe('frame;desc="https://frames.provider.example/card?key=pk"');
    expect(form.get("timing-allow-origin")).toBe("*");
    expect((await headersOf(host, "/v/1.0.0/embed-page.js")).get("server-timing")).toBeNull();
    rig.hosts.set("bare.localhost", { ...(rig.hosts.get(host) as HostEntry), methods: [] });
    expect((await headersOf("bare.localhost", "/v/1.0.0/pay-form.js")).get("server-timing")).toBeNull();
  });

  test("serves every one, by version and by content, the same bytes under both", async () => {
    await release("1.0.0");
    await release("1.1.0");
    const rig = await edgeOf();
    for (const [version, scripts] of [
      ["1.0.0", former],
      ["1.1.0", latter],
    ] as const) {
      for (const [file, text] of Object.entries(scripts)) {
        expect(await bytesAt(rig, `/v/${version}/${file}`)).toBe(text);
        expect(await bytesAt(rig, `/v/${addressOf(text)}/${file}`)).toBe(text);
      }
    }
  });

  test.each([
    [["1.0.0", "1.1.0"], undefined, "1.1.0"],
    [["0.9.0", "0.10.0"], undefined, "0.10.0"],
    [["1.0.0", "1.1.0-rc.1"], undefined, "1.1.0-rc.1"],
    [["1.1.0", "1.1.0-rc.1"], undefined, "1.1.0"],
    [["1.1.0-rc.2", "1.1.0-rc.10"], undefined, "1.1.0-rc.10"],
    [["1.0.0", "1.1.0"], "1.0.0", "1.0.0"],
  ])("of %j, told %s, puts %s into its own page, by content", async (versions, told, used) => {
    for (const version of versions) await release(version);
    const rig = await edgeOf({ widgetVersion: told ?? null });
    const scripts = scriptsOf(used);
    expect(await scriptsIn(rig)).toEqual(
      ["pay-form.js", "embed-page.js"].map((name) => ({
        src: `/v/${addressOf(scripts[name] ?? "")}/${name}`,
        integrity: integrityOf(scripts[name] ?? ""),
      })),
    );
  });

  test("that lies in the folder itself puts its own into its page, however new the others are", async () => {
    await release("9.0.0");
    await writeBuild(dir, { version: "1.0.0", scripts: former });
    const [script] = await scriptsIn(await edgeOf());
    expect(script?.integrity).toBe(integrityOf(former["pay-form.js"] ?? ""));
  });

  test("does not start without one, without the one it is told, or with one whose bytes are others", async () => {
    await expect(edgeOf()).rejects.toThrow("there is no build of the widget");
    await release("1.0.0");
    await expect(edgeOf({ widgetVersion: "2.0.0" })).rejects.toThrow("no build of version 2.0.0");
    await writeFile(join(dir, "1.0.0", "embed-page.js"), "changed");
    await expect(edgeOf()).rejects.toThrow("embed-page.js is not what it says");
    await release("1.0.0", { locales: {} });
    await expect(edgeOf()).rejects.toThrow("no words in English");
    await release("1.0.0");
    await writeFile(join(dir, "1.0.0", "locales", "en.json"), '{"pay":"Give"}');
    await expect(edgeOf()).rejects.toThrow("not the bytes that the manifest names");
  });

  test("finds one script of two versions under the address both have", async () => {
    const loader = "/* the same loader */";
    await writeBuild(join(dir, "a"), { version: "1.0.0", scripts: { ...former, "loader.js": loader } });
    await writeBuild(join(dir, "b"), { version: "1.1.0", scripts: { ...latter, "loader.js": loader } });
    const rig = await edgeOf();
    expect(await bytesAt(rig, `/v/${addressOf(loader)}/loader.js`)).toBe(loader);
    await rm(join(dir, "b"), { recursive: true });
    const later = await edgeOf();
    expect(await bytesAt(later, `/v/${addressOf(loader)}/loader.js`)).toBe(loader);
  });
});

describe("during a roll-out", () => {
  test("a page of the new edge loads its scripts through the old one, which has the same folder", async () => {
    await release("1.0.0");
    const old = await edgeOf();
    await release("1.1.0");
    const young = await edgeOf();
    for (const { src, integrity } of await scriptsIn(young)) {
      expect(integrityOf(await bytesAt(old, src))).toBe(integrity);
    }
    for (const { src, integrity } of await scriptsIn(old)) {
      expect(integrityOf(await bytesAt(young, src))).toBe(integrity);
    }
    expect(await bytesAt(old, "/v/1.1.0/pay-form.js")).toBe(latter["pay-form.js"]);
    // It is the old edge all the same: its own page changes when it is started anew.
    expect((await scriptsIn(old))[0]?.integrity).toBe(integrityOf(former["pay-form.js"] ?? ""));
  });

  test("what an edge has once known it serves on, though the folder be empty for a moment", async () => {
    await release("1.0.0");
    await release("1.1.0");
    const rig = await edgeOf();
    const path = `/v/${addressOf(former["pay-form.js"] ?? "")}/pay-form.js`;
    await bytesAt(rig, path);
    await rm(dir, { recursive: true });
    expect(await bytesAt(rig, "/v/3.0.0/pay-form.js")).toBe("unavailable");
    expect(await bytesAt(rig, path)).toBe(former["pay-form.js"]);
    expect((await rig.enter(host)).session.messages).toEqual({ pay: "Pay" });
    await release("3.0.0");
    await expect
      .poll(() => bytesAt(rig, "/v/3.0.0/pay-form.js"), { timeout: 5_000, interval: 100 })
      .toBe(scriptsOf("3.0.0")["pay-form.js"]);
  });

  test("a version keeps its content: another build of the same name is had by content alone, and is told", async () => {
    await release("1.0.0");
    const rig = await edgeOf();
    const other = { ...former, "pay-form.js": "/* rebuilt */" };
    await writeBuild(join(dir, "zz"), { version: "1.0.0", scripts: other });
    expect(await bytesAt(rig, `/v/${addressOf("/* rebuilt */")}/pay-form.js`)).toBe("/* rebuilt */");
    expect(await bytesAt(rig, "/v/1.0.0/pay-form.js")).toBe(former["pay-form.js"]);
    expect(logged(rig)).toContain("there is another build of version 1.0.0");
  });

  test("of more builds than are looked at the newest are found", async () => {
    for (let minor = 0; minor < 203; minor++) await release(`1.${minor}.0`);
    const rig = await edgeOf();
    expect(await bytesAt(rig, "/v/1.202.0/pay-form.js")).toBe(scriptsOf("1.202.0")["pay-form.js"]);
    expect(await bytesAt(rig, "/v/1.3.0/pay-form.js")).toBe(scriptsOf("1.3.0")["pay-form.js"]);
    expect(await bytesAt(rig, "/v/1.2.0/pay-form.js")).toBe("not_found");
  });

  test("a broken build beside good ones stops nobody, and is told", async () => {
    await release("1.0.0");
    await release("1.1.0");
    await writeFile(join(dir, "1.1.0", "manifest.json"), "{");
    await release("1.2.0", { files: { "../x.js": {} } });
    await release("1.3.0", { retiredOn: "2026-01-01", deprecatedOn: "2026-02-01" });
    const rig = await edgeOf();
    expect(await bytesAt(rig, "/v/1.0.0/pay-form.js")).toBe(former["pay-form.js"]);
    expect((await scriptsIn(rig))[0]?.integrity).toBe(integrityOf(former["pay-form.js"] ?? ""));
    for (const version of ["1.1.0", "1.3.0"]) expect(logged(rig)).toContain(`${version}/manifest.json`);
    const metrics = await (await rig.call("127.0.0.1", "/metrics")).text();
    expect(metrics).toMatch(/edge_asset_faults_total [1-9]/);
  });
});

describe("nothing is served that is not in a manifest, or is not what the manifest says", () => {
  test("one flipped byte, wherever it is, keeps a script from being served", async () => {
    const text = former["pay-form.js"] ?? "";
    for (const at of [0, 100, text.length - 1]) {
      await release("0.1.0");
      await release("1.0.0");
      const bytes = await readFile(join(dir, "0.1.0", "pay-form.js"));
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(join(dir, "0.1.0", "pay-form.js"), bytes);
      const rig = await edgeOf();
      const answer = await rig.call(host, "/v/0.1.0/pay-form.js");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(await codeOf(answer)).toBe("unavailable");
      expect(logged(rig)).toContain("0.1.0/manifest.json: pay-form.js");
      expect(await bytesAt(rig, "/v/1.0.0/pay-form.js")).toBe(text.replace("0.1.0", "1.0.0"));
    }
  });

  test.each([
    "stranger.js",
    "manifest.json",
    "locales/en.json",
    "en.json",
    "..%2f1.0.0%2fpay-form.js",
    "%2e%2e",
    "pay-form.js%00",
    "__proto__",
    "constructor",
  ])("%s lies there, and is not served", async (name) => {
    await release("1.0.0");
    await writeFile(join(dir, "1.0.0", "stranger.js"), "alert(1)");
    const rig = await edgeOf();
    expect(await bytesAt(rig, `/v/1.0.0/${name}`)).toBe("not_found");
    const address = addressOf(former["pay-form.js"] ?? "");
    expect(await bytesAt(rig, `/v/${address}/${name}`)).toBe("not_found");
  });

  test("a script is found under its own name and no other", async () => {
    await release("1.0.0");
    const address = addressOf(former["pay-form.js"] ?? "");
    expect(await bytesAt(await edgeOf(), `/v/${address}/embed-page.js`)).toBe("not_found");
  });

  test("what no build could be called is not looked for", async () => {
    await release("1.0.0");
    const rig = await edgeOf();
    const startedAt = performance.now();
    for (const segment of ["constructor".repeat(5), "-", ".hidden", "a%20b", "x".repeat(65), "1.0.0%2f.."])
      expect(await bytesAt(rig, `/v/${segment}/pay-form.js`)).toBe("not_found");
    expect(performance.now() - startedAt).toBeLessThan(900);
  });
});

test("a session in a language that the build has no words in comes with English ones", async () => {
  await release("1.0.0");
  const rig = await edgeOf();
  const german = { ...opened, view: { ...opened.view, locale: "de" } };
  rig.answer((path) => (path.endsWith("/session") ? Response.json(german) : null));
  expect((await rig.enter(host)).session).toMatchObject({ locale: "de", messages: { pay: "Pay" } });
});

test("a flood of unknown addresses makes an edge look once a second, and costs known ones nothing", async () => {
  await release("1.0.0");
  const rig = await edgeOf();
  const unknown = (n: number) => `/v/${addressOf(String(n))}/pay-form.js`;
  const startedAt = performance.now();
  const flood = Promise.all(Array.from({ length: 300 }, (_, n) => bytesAt(rig, unknown(n))));
  await release("1.1.0");
  const known = performance.now();
  expect(await bytesAt(rig, "/v/1.0.0/pay-form.js")).toBe(former["pay-form.js"]);
  expect(performance.now() - known).toBeLessThan(500);
  const answers = await flood;
  expect(new Set(answers)).toEqual(new Set(["not_found", "unavailable"]));
  expect(answers.filter((code) => code === "not_found")).toHaveLength(100);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  expect(await bytesAt(rig, "/v/1.1.0/pay-form.js")).toBe(latter["pay-form.js"]);
});

describe("a version's end", () => {
  const end = { deprecatedOn: "2026-11-01", retiredOn: "2027-06-30" };
  const headersAt = async (rig: Rig, path: string) =>
    Object.fromEntries((await rig.call(host, path)).headers) as Record<string, string>;

  test("is in the headers of its scripts, is asked for daily, and is counted", async () => {
    await release("1.0.0", end);
    await release("1.1.0");
    const rig = await edgeOf();
    const address = addressOf(former["pay-form.js"] ?? "");
    for (const path of ["/v/1.0.0/pay-form.js", `/v/${address}/pay-form.js`]) {
      expect(await headersAt(rig, path)).toMatchObject({
        deprecation: `@${Date.UTC(2026, 10, 1) / 1000}`,
        sunset: "Wed, 30 Jun 2027 00:00:00 GMT",
        "cache-control": "public, max-age=86400, immutable",
        "access-control-expose-headers": "deprecation, sunset",
      });
    }
    const latest = await headersAt(rig, "/v/1.1.0/pay-form.js");
    expect(latest).not.toHaveProperty("deprecation");
    expect(latest["cache-control"]).toBe("public, max-age=31536000, immutable");
    const metrics = await (await rig.call("127.0.0.1", "/metrics")).text();
    expect(metrics).toContain('edge_assets_total{version="1.0.0"} 2');
    expect(metrics).toContain('edge_assets_total{version="1.1.0"} 1');
  });

  test("without a day of its announcement is announced as of its last", async () => {
    await release("1.0.0", { retiredOn: "2027-06-30" });
    expect(await headersAt(await edgeOf(), "/v/1.0.0/pay-form.js")).toMatchObject({
      deprecation: `@${Date.UTC(2027, 5, 30) / 1000}`,
    });
  });

  test("is not that of content which a version without an end has too", async () => {
    const loader = "/* the same loader */";
    const more = { ...former, "loader.js": loader };
    await writeBuild(join(dir, "1.0.0"), { version: "1.0.0", scripts: more, more: end });
    await writeBuild(join(dir, "1.1.0"), { version: "1.1.0", scripts: { ...latter, "loader.js": loader } });
    const rig = await edgeOf();
    expect(await headersAt(rig, `/v/${addressOf(loader)}/loader.js`)).not.toHaveProperty("sunset");
    expect(await headersAt(rig, "/v/1.0.0/loader.js")).toHaveProperty("sunset");
    expect(await headersAt(rig, "/v/1.1.0/loader.js")).not.toHaveProperty("sunset");
  });

  test("does not end its service: after the day it is served as before, and warned of once", async () => {
    await release("1.0.0", { deprecatedOn: "2020-01-01", retiredOn: "2020-06-30" });
    const rig = await edgeOf();
    for (const _ of [1, 2]) expect(await bytesAt(rig, "/v/1.0.0/pay-form.js")).toBe(former["pay-form.js"]);
    expect(rig.log.filter((line) => line.includes("has ended and is still asked for"))).toHaveLength(1);
  });

  test("that is announced while an edge runs is heard of when it looks again", async () => {
    await release("1.0.0");
    const rig = await edgeOf();
    expect(await headersAt(rig, "/v/1.0.0/pay-form.js")).not.toHaveProperty("sunset");
    await release("1.0.0", end);
    await bytesAt(rig, "/v/9.0.0/pay-form.js");
    expect(await headersAt(rig, "/v/1.0.0/pay-form.js")).toHaveProperty("sunset");
  });
});
