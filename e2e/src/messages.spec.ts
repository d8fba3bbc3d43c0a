import { expect, type Frame, type Page, test } from "@playwright/test";
import { urls } from "./demo.ts";
import { openD365, openNetsuite } from "./pages/hosts.ts";

/** Every message the parts understand, true to form and bent. */
const forgeries = (): unknown[] => {
  const types = [
    "pay-token",
    "pay-hello",
    "pay-token-needed",
    "pay-resize",
    "pay-success",
    "pay-error",
    "card-ready",
    "card-connect",
    "connected",
    "state",
    "token",
    "tokenize",
    "theme",
    "lock",
    "submit",
    "challenge-done",
  ];
  const bodies = [
    {},
    { token: "x".repeat(40), id: 1, brand: "visa", funding: "debit", last4: "4242" },
    { height: 1e9, token: { toString: 1 }, complete: true, theme: { "--pay-color-text": "red" }, dark: true },
    { height: "1px;position:fixed", locked: true, labels: "above", locale: "en", dir: "ltr", messages: {} },
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
  ];
  return [
    { type: "pay-token", token: "x".repeat(5_000_000) },
    ...types.flatMap((type) => bodies.map((body) => ({ type, ...body }))),
    ...[null, undefined, 0, "pay-token", [], [["type", "pay-token"]], { type: { toString: "x" } }],
  ];
};

interface Shape {
  height: string;
  text: string;
  polluted: boolean;
}

const shapeOf = (frame: Frame): Promise<Shape> =>
  frame.evaluate(() => ({
    height: document.querySelector("iframe")?.style.height ?? "",
    text: document.querySelector("pay-form")?.shadowRoot?.textContent ?? document.body.textContent,
    polluted: "polluted" in {},
  }));

const settled = async (page: Page) => Promise.all(page.frames().map(shapeOf));

/**
 * Sends all forgeries from the attacker's frame to every other frame it can address, with ports and
 * without. The provider's frames are not among them: in a shadow tree they have no place in `frames`.
 */
async function fuzz(page: Page, attacker: Frame): Promise<void> {
  const last = "the last message";
  const provider = new URL(urls.provider).port;
  const others = page
    .frames()
    .filter((frame) => frame !== attacker && new URL(frame.url()).port !== provider);
  for (const frame of others)
    await frame.evaluate((end) => {
      const heard = new Promise((done) =>
        addEventListener("message", ({ data }) => data === end && done(end)),
      );
      Object.assign(window, { heard });
    }, last);
  await attacker.evaluate(
    ([messages, end]) => {
      const send = (target: Window): void => {
        for (let index = 0; index < target.length; index++) send(target[index] as Window);
        if (target === window) return;
        for (const message of messages) {
          target.postMessage(message, "*");
          target.postMessage(message, "*", [new MessageChannel().port2]);
        }
        target.postMessage(end, "*");
      };
      send(top as Window);
    },
    [forgeries(), last] as const,
  );
  // Messages of one frame to another keep their order: who heard the last has heard all.
  for (const frame of others) await frame.evaluate(() => (window as unknown as { heard: unknown }).heard);
}

/** A frame beside the form's; sandboxed it has the origin `null`. */
async function intruder(page: Page, sandbox: boolean): Promise<Frame> {
  await page.route("http://stranger.localhost/", (route) =>
    route.fulfill({ contentType: "text/html", body: "<p>stranger</p>" }),
  );
  await page.evaluate((isSandboxed) => {
    const frame = document.createElement("iframe");
    if (isSandboxed) frame.setAttribute("sandbox", "allow-scripts");
    frame.src = "http://stranger.localhost/";
    document.body.append(frame);
  }, sandbox);
  const find = () => page.frames().find((found) => found.url().startsWith("http://stranger.localhost"));
  await expect.poll(() => find() !== undefined).toBe(true);
  const frame = find();
  if (!frame) throw new Error("no stranger's frame");
  await frame.waitForSelector("p");
  return frame;
}

/** The host page would not let a stranger's frame in; here it has been broken into. */
test.use({ bypassCSP: true });

for (const [host, open] of [
  ["NetSuite", openNetsuite],
  ["D365", openD365],
] as const)
  for (const sandbox of [true, false])
    test(`messages of a ${sandbox ? "sandboxed" : "stranger's"} frame change nothing in ${host}`, async ({
      page,
    }) => {
      const form = await open(page);
      await form.ready();
      await form.choose();
      await expect(form.cardFrame.getByLabel(/card number/i)).toBeVisible();
      const attacker = await intruder(page, sandbox);
      const before = await settled(page);
      const sessions: string[] = [];
      page.on("request", (request) => {
        if (request.method() === "POST") sessions.push(request.url());
      });
      await fuzz(page, attacker);
      expect(await settled(page)).toEqual(before);
      expect(sessions, "no token was traded, nothing was paid").toEqual([]);
      await form.enterCard("4000 0566 5566 5556");
      await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
    });

test("a challenge that a stranger calls done stays open, and the bank's own word ends it", async ({
  page,
}) => {
  const form = await openNetsuite(page);
  await form.payWith("4000 0027 6000 3184", "23.45");
  const approve = form.challengeFrame().getByRole("button", { name: "Approve" });
  await expect(approve).toBeVisible();
  const attacker = await intruder(page, false);
  const resumed: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(urls.acme)) resumed.push(request.url());
  });
  await fuzz(page, attacker);
  await expect(approve).toBeVisible();
  expect(resumed.filter((url) => url.endsWith("/resume"))).toEqual([]);
  await approve.click();
  await expect(form.receipt).toBeVisible();
});
