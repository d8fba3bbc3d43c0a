import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Manifest } from "../assets/manifest.ts";
import { scriptsOf, writeBuild } from "../testing/builds.ts";
import { createRig, port, type Rig } from "../testing/rig.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";
import { changes, findings } from "./findings.ts";
import { type Ask, type Look, look, type Seen } from "./look.ts";

const host = "acme.localhost";
const origin = `http://${host}:${port}`;
let dir = "";
let rig: Rig;
let manifest: Manifest;
let good: Look;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "builds-"));
  await writeBuild(dir, { version: "1.0.0", scripts: scriptsOf("1.0.0") });
  rig = await createRig({ assetsDir: dir });
  manifest = Manifest.parse(JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")));
  good = await look(ask, manifest);
});
afterAll(async () => {
  await rig.close();
  await rm(dir, { recursive: true });
});

const ask: Ask = async (path) => {
  const answer = await rig.call(host, path);
  const body = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
};

/** Everything of a look that can be tampered with. */
const parts = (of: Look): [string, Seen][] => [["the page", of.page], ...Object.entries(of.scripts)];
const found = (now: Look, at = origin) => findings({ look: now, manifest, origin: at });

test("a page as the edge serves it has no finding, and is as it was", async () => {
  expect(found(good)).toEqual([]);
  expect(changes(good, await look(ask, manifest))).toEqual([]);
  expect(changes(readBaseline(writeBaseline(good)), good)).toEqual([]);
});

describe("without a baseline", () => {
  test("every header, gone, changed or new, is found", () => {
    for (const [where] of parts(good)) {
      const names = Object.keys(parts(good).find(([path]) => path === where)?.[1].headers ?? {});
      expect(names.length).toBeGreaterThan(6);
      for (const name of names.filter((one) => one !== "x-request-id" && one !== "vary")) {
        for (const value of [undefined, "x", "unsafe-inline *"]) {
          const tampered = structuredClone(good);
          const [, seen] = parts(tampered).find(([path]) => path === where) ?? expect.fail(where);
          if (value === undefined) delete seen.headers[name];
          else seen.headers[name] = value;
          expect(found(tampered), `${where} ${name} ${value}`).not.toEqual([]);
        }
      }
      for (const name of [
        "set-cookie",
        "link",
        "refresh",
        "x-frame-options",
        "access-control-allow-credentials",
      ]) {
        const tampered = structuredClone(good);
        const [, seen] = parts(tampered).find(([path]) => path === where) ?? expect.fail(where);
        seen.headers[name] = "x";
        expect(found(tampered), `${where} ${name}`).not.toEqual([]);
      }
    }
  });

  test("every byte of the policy counts", () => {
    const policy = good.page.headers["content-security-policy"] ?? "";
    for (let at = 0; at < policy.length; at++) {
      const tampered = structuredClone(good);
      const flipped = `${policy.slice(0, at)}${policy[at] === "x" ? "y" : "x"}${policy.slice(at + 1)}`;
      tampered.page.headers["content-security-policy"] = flipped;
      // Another origin in the tenant's own lists is the tenant's to set: that is what a baseline is for.
      const isTenants =
        /frame-src https:\/\/frames\.provider\.example|frame-ancestors https:\/\/erp\.acme\.example/g;
      const inTenants = [...policy.matchAll(isTenants)].some(
        ({ index, 0: text }) => at > index && at < index + text.length,
      );
      if (!inTenants) expect(found(tampered), `at ${at}: ${flipped}`).not.toEqual([]);
      expect(changes(good, tampered)).not.toEqual([]);
    }
  });

  test.each(["*", "https:", "https://*.evil.example", "'self' data:", "javascript:", "http://a/b"])(
    "%s in the place of an origin is found",
    (source) => {
      for (const name of ["frame-src", "frame-ancestors"]) {
        const tampered = structuredClone(good);
        const policy = tampered.page.headers["content-security-policy"] ?? "";
        tampered.page.headers["content-security-policy"] = policy.replace(
          new RegExp(`${name} [^;]*`),
          `${name} ${source}`,
        );
        expect(found(tampered), name).not.toEqual([]);
      }
    },
  );

  test("every byte of every script counts, and every byte of the page but those of the seller's name", () => {
    for (const [where, { body }] of parts(good)) {
      const title = new TextDecoder().decode(body).indexOf("<title>") + "<title>".length;
      const name = "acme &lt;Industrial&gt;".length;
      for (let at = 0; at < body.length; at++) {
        if (where === "the page" && at >= title && at < title + name) continue;
        const tampered = structuredClone(good);
        const [, seen] = parts(tampered).find(([path]) => path === where) ?? expect.fail(where);
        seen.body[at] = (seen.body[at] ?? 0) ^ 1;
        expect(found(tampered).length, `${where} byte ${at}`).toBeGreaterThan(0);
      }
    }
  });

  test.each([
    "<script>alert(1)</script>",
    "<script src='/v/1.0.0/pay-form.js'></script>",
    "<img src=x onerror=alert(1)>",
    "<base href='https://evil.example'>",
    "<meta http-equiv=refresh content=0>",
  ])("%s is found wherever it stands, in the seller's name too", (markup) => {
    const html = new TextDecoder().decode(good.page.body);
    for (const where of ["</title>", "</head>", "</body>", "</html>"]) {
      const body = new TextEncoder().encode(html.replace(where, `${markup}${where}`));
      expect(found({ ...good, page: { ...good.page, body } }), where).toEqual([
        "/embed?locale=en: other markup than the edge's",
      ]);
    }
  });

  test("over https HSTS is due", () => {
    expect(found(good, `https://${host}`).join("\n")).toContain("strict-transport-security is not there");
  });

  test.each([
    'frame;desc="https://evil.example/card"',
    'frame;desc="javascript:alert(1)"',
    'frame;desc="https://frames.provider.example/card", frame;desc="https://evil.example/card"',
    "frame",
  ])("a script that names another payment frame is found: %s", (value) => {
    const tampered = structuredClone(good);
    const [path, seen] =
      Object.entries(tampered.scripts).find(([, { headers }]) => headers["server-timing"]) ?? [];
    if (seen) seen.headers["server-timing"] = value;
    expect(found(tampered)).toContainEqual(expect.stringContaining(`${path}: server-timing is ${value}`));
  });

  test("another status is found", () => {
    const tampered = structuredClone(good);
    tampered.page.status = 203;
    expect(found(tampered)).toEqual(["/embed?locale=en: status 203, not 200"]);
  });

  test("an announced end is no finding, a made-up one is", () => {
    const ends = (deprecation: string, sunset: string) => {
      const ended = structuredClone(good);
      for (const seen of Object.values(ended.scripts)) {
        Object.assign(seen.headers, {
          deprecation,
          sunset,
          "access-control-expose-headers": "deprecation, sunset",
          "cache-control": "public, max-age=86400, immutable",
        });
      }
      return found(ended);
    };
    expect(ends("@1793491200", "Wed, 30 Jun 2027 00:00:00 GMT")).toEqual([]);
    expect(ends("soon", "Wed, 30 Jun 2027 00:00:00 GMT")).not.toEqual([]);
    expect(ends("@1793491200", "soon")).not.toEqual([]);
  });
});

test("with a baseline, another seller's name, another frame and another build are found", () => {
  const renamed = structuredClone(good);
  renamed.page.body = new TextEncoder().encode(
    new TextDecoder().decode(good.page.body).replace("acme", "evil"),
  );
  expect(found(renamed)).toEqual([]);
  expect(changes(good, renamed)).toEqual(["/embed?locale=en: other bytes than before"]);
  const [path = ""] = Object.keys(good.scripts);
  const { [path]: _, ...fewer } = good.scripts;
  expect(changes(good, { ...good, scripts: fewer })).toEqual([`${path}: is gone`]);
});

test("the command ends with 0 for a good page, 1 with a line for each finding, 2 when it cannot look", async () => {
  let tamper = false;
  const server = createAdaptorServer({
    fetch: async (request: Request) => {
      const answer = await rig.edge.fetch(request);
      if (tamper) answer.headers.set("permissions-policy", "camera=*");
      return answer;
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = `http://${host}:${(server.address() as AddressInfo).port}`;
  const baseline = join(dir, "page.json");
  const run = (...args: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args]);
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk) => (out += chunk));
      child.stderr.on("data", (chunk) => (err += chunk));
      child.on("close", (code) => resolve({ code, out, err }));
    });
  try {
    expect(await run(at, "--build", dir, "--baseline", baseline)).toMatchObject({ code: 0, err: "" });
    expect(await run(at, "--build", dir, "--baseline", baseline)).toMatchObject({ code: 0, err: "" });
    tamper = true;
    const { code, err, out } = await run(at, "--build", dir);
    expect({ code, out }).toEqual({ code: 1, out: `${at}: 3 findings\n` });
    expect(err).toContain("permissions-policy is camera=*");
    for (const args of [[], [at], ["no origin", "--build", dir], [at, "--build", join(dir, "none")]])
      expect((await run(...args)).code).toBe(2);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
