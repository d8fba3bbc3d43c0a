import { afterAll, beforeAll, expect, test } from "vitest";
import type { Merchant } from "../testing/merchant.ts";
import { type Sandbox, startSandbox } from "../testing/sandbox.ts";

let sandbox: Sandbox;
let acme: Merchant;

beforeAll(async () => {
  sandbox = await startSandbox();
  acme = await sandbox.merchant("Acme <Industrial>");
});
afterAll(() => sandbox.close());

test("approving authorises the charge and tells the framing origin, and only it", async () => {
  const { reference, link } = await challenged();
  const page = await open(link);
  expect(page.text).toContain("Approve");
  expect(page.text).toContain("$10.00");
  expect(page.text).toContain("Acme &lt;Industrial&gt;");
  expect(page.text).not.toContain("challenge-done");

  const done = await decide(link, "approve");
  expect(done.text).toMatch(/src="\/v\/[\w-]{64}\/challenge-done\.js"/);
  expect(done.text).toContain('data-return-origin="http://shop.localhost:4000"');
  const { json } = await acme.find(reference);
  expect(json).toMatchObject({ status: "authorized", declineCode: null, challengeUrl: null });
  expect((await acme.capture(reference, 1000n)).status).toBe(200);
});

test("declining declines the charge as authentication_failed", async () => {
  const { reference, link } = await challenged();
  expect((await decide(link, "decline")).text).toContain("not charged");
  const { json } = await acme.find(reference);
  expect(json).toMatchObject({ status: "declined", declineCode: "authentication_failed", captured: "0" });
});

test("the link is good for one decision: the first of many at once stands", async () => {
  const { reference, link } = await challenged();
  await decide(link, "decline");
  const later = await Promise.all(Array.from({ length: 5 }, () => decide(link, "approve")));
  expect(later.every(({ text }) => text.includes("not charged"))).toBe(true);
  expect((await acme.find(reference)).json.status).toBe("declined");
  const events = await sandbox.sql`select 1 from events where body like ${`%${reference}%declined%`}`;
  expect(events).toHaveLength(1);
});

test.each(["", "?t=", "?t=cht_wrong"])("the page with %j for its token does not open", async (query) => {
  const { link, reference } = await challenged();
  const bare = link.replace(/\?.*/, "");
  expect((await open(bare + query)).status).toBeGreaterThanOrEqual(400);
  expect((await decide(`${bare}${query}`, "approve")).status).toBeGreaterThanOrEqual(400);
  expect((await acme.find(reference)).json.status).toBe("requires_action");
});

test("looking at the page decides nothing: scanners and reloads are harmless", async () => {
  const { reference, link } = await challenged();
  await open(`${link}&decision=approve`);
  expect((await acme.find(reference)).json.status).toBe("requires_action");
});

test("a challenge nobody answered in time is declined, and approving then is too late", async () => {
  const { reference, link } = await challenged();
  await sandbox.sql`
    update charges set challenge_expires_at = now() - interval '1 s' where reference = ${reference}`;
  expect((await decide(link, "approve")).text).toContain("not charged");
  const { json } = await acme.find(reference);
  expect(json).toMatchObject({ status: "declined", declineCode: "authentication_failed" });
});

test("an expiry is news even when nobody asks: the webhook is queued by itself", async () => {
  const { reference } = await challenged();
  await sandbox.sql`update charges set challenge_expires_at = now() where reference = ${reference}`;
  await expect
    .poll(() => sandbox.sql`select 1 from events where body like ${`%${reference}%declined%`}`, {
      timeout: 5000,
    })
    .toHaveLength(1);
});

test("the page may be framed by the return origin and the configured ancestors only", async () => {
  const { link } = await challenged("https://pay.acme.example");
  const policy = (await open(link)).headers.get("content-security-policy");
  expect(policy).toContain(
    "frame-ancestors https://pay.acme.example http://*.localhost:* http://127.0.0.1:*",
  );
});

test.each(["http://shop.localhost:4000/path", "javascript:alert(1)", "http://a; script-src *", "null"])(
  "a return origin of %j is refused",
  async (returnOrigin) => {
    const token = await acme.token("4000002760003184");
    expect((await acme.charge({ token, returnOrigin })).status).toBe(400);
  },
);

async function challenged(returnOrigin = "http://shop.localhost:4000") {
  const { json } = await acme.charge({ token: await acme.token("4000002760003184"), returnOrigin });
  return {
    reference: json.reference as string,
    link: (json.challengeUrl as string).replace("http://sandbox.test", sandbox.url),
  };
}

async function open(link: string) {
  const response = await fetch(link);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Presses a button of the page: the form's own fields, the redirect followed as a browser would. */
async function decide(link: string, decision: "approve" | "decline") {
  const { pathname, searchParams, origin } = new URL(link);
  const body = new URLSearchParams({ t: searchParams.get("t") ?? "", decision });
  const response = await fetch(origin + pathname, { method: "POST", body });
  return { status: response.status, text: await response.text() };
}
