import { expect, test } from "@playwright/test";
import { charges, embedToken, uniqueAmount, urls } from "./demo.ts";
import { openBare, snippets } from "./pages/bare-page.ts";
import { cards } from "./pages/pay-form.ts";

test.use({ permissions: ["local-network-access"] });

let script = "";
test.beforeAll(async () => {
  script = (await snippets()).form;
});

const file = (name: string) => `<script src="${urls.website}/website/lib/${name}"></script>`;
const inline = (body: string) => `<script>${body}</script>`;
const enforced = "require-trusted-types-for 'script'; trusted-types";

/** What stands before our script: a page that was there first, and knows nothing of us. */
const prologues: [what: string, markup: () => string, policy?: string][] = [
  ["zone.js 0.13", () => file("zone.js")],
  ["prototypes as Prototype.js leaves them", () => file("prototype-like.js")],
  ["globals as MooTools leaves them", () => file("mootools-like.js")],
  ["functions of the last years gone, JSON.stringify another's", () => file("polyfills.js")],
  ["a fetch that adds headers", () => file("traced-fetch.js")],
  ["a clock that stands still", () => file("stopped-clock.js")],
  ["policies of its own", () => file("policies.js"), `${enforced} lit-html angular website pay-form`],
  [
    "a policy of our name, where any may be made",
    () => inline(`trustedTypes.createPolicy("pay-form", { createHTML: (html) => html })`),
    `${enforced} *`,
  ],
  [
    "prototypes that are frozen",
    () =>
      inline(`for (const each of [Object, Array, Function, Promise, Map, Set, Error, RegExp, String])
        Object.freeze(each.prototype), Object.freeze(each);`),
  ],
  [
    "a registry of elements that wraps what is defined",
    () =>
      inline(`const { define } = CustomElementRegistry.prototype;
        CustomElementRegistry.prototype.define = function (name, element, options) {
          return define.call(this, name, class extends element {}, options);
        };
        HTMLElement = new Proxy(HTMLElement, {});`),
  ],
  [
    "a loader of modules of 2012",
    () =>
      inline(
        `define = Object.assign(() => { throw new Error("anonymous"); }, { amd: {} }); module = { exports: {} };`,
      ),
  ],
  [
    "observers that see nothing",
    () =>
      inline(`MutationObserver = ResizeObserver = class { observe() {} unobserve() {} disconnect() {} };`),
  ],
  [
    "listeners that are wrapped",
    () =>
      inline(`const { addEventListener } = EventTarget.prototype;
        EventTarget.prototype.addEventListener = function (type, run, options) {
          const wrapped = typeof run === "function" ? function () { return run.apply(this, arguments); } : run;
          return addEventListener.call(this, type, wrapped, options);
        };`),
  ],
  [
    "shortcuts and prohibitions",
    () => `<input id="search">${file("mousetrap.js")}${file("hotkeys.js")}${file("shortcuts.js")}`,
  ],
];

for (const [what, markup, policy] of prologues)
  test(`a page with ${what}: the payment goes through`, async ({ page }) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const { typed } = uniqueAmount();
    const form = await openBare(page, {
      headers: policy ? { "content-security-policy": policy } : {},
      body: `${markup()}${script}<pay-form token="${embedToken("1045")}"></pay-form>`,
    });
    const minor = await form.payWith(cards.debit, typed);
    await expect(form.receipt).toBeVisible();
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
    expect(errors).toEqual([]);
  });

/** Where there is no way round it. */
const hopeless: [what: string, body: string, names: string][] = [
  ["a fetch that never sends", "fetch = () => Promise.reject(new TypeError('not here'))", "fetch"],
  ["no names of currencies", "delete Intl.DisplayNames", "Intl.DisplayNames"],
  [
    "an array's map of its own",
    "Array.prototype.map = () => { throw new Error('no') }",
    "Array.prototype.map",
  ],
  [
    "keys that sign nothing",
    "SubtleCrypto.prototype.sign = () => { throw new Error('no') }",
    "crypto.subtle.sign",
  ],
];
for (const [what, body, names] of hopeless)
  test(`a page with ${what} is told in the console what it has replaced, and the payer in words`, async ({
    page,
  }) => {
    const lines: string[] = [];
    page.on("console", (message) => message.text().startsWith("pay-form") && lines.push(message.text()));
    const form = await openBare(page, {
      body: `${inline(body)}${script}<pay-form token="${embedToken("1045")}"></pay-form>`,
    });
    await expect(
      form.root.getByText(/not available right now|cannot be reached|connection/i).first(),
    ).toBeVisible();
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain(names);
    expect(lines.join("\n")).toContain("first script");
  });

test("a page whose own element has our name is told so", async ({ page }) => {
  const lines: string[] = [];
  page.on("console", (message) => message.text().startsWith("pay-form") && lines.push(message.text()));
  await openBare(page, {
    body: `${inline("customElements.define('pay-form', class extends HTMLElement {})")}${script}<pay-form></pay-form>`,
  });
  await expect
    .poll(() => lines)
    .toEqual([expect.stringContaining("<pay-form> is defined by another script")]);
});

test("shortcuts that hear keys before anybody spare what says that it is edited", async ({ page }) => {
  const form = await openBare(page, {
    body: `${inline(`addEventListener("keydown", (event) => {
        const { tagName, isContentEditable } = event.target;
        if (!/^(INPUT|TEXTAREA)$/.test(tagName) && !isContentEditable) event.preventDefault();
      }, true);`)}${script}<pay-form token="${embedToken("1045")}"></pay-form>`,
  });
  await form.ready();
  await form.choose();
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  await amount.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("20.00");
  await expect(amount).toHaveValue("20.00");
  expect(await form.root.evaluate((element: HTMLElement) => element.isContentEditable)).toBe(true);
  await amount.blur();
  expect(await form.root.evaluate((element: HTMLElement) => element.isContentEditable)).toBe(false);
});

test("a dialog that keeps the focus in it, as Bootstrap and MUI do, lets a payment be made in it by keyboard", async ({
  page,
}) => {
  const { typed, minor } = uniqueAmount();
  const form = await openBare(page, {
    body: `<button id="behind">Behind</button><div inert>${"<p>Page</p>"}</div>
      <div id="dialog" role="dialog" aria-label="Pay" tabindex="-1">${script}<pay-form token="${embedToken("1045")}"></pay-form></div>
      ${inline(`const dialog = document.querySelector("#dialog");
        const back = () => { if (!dialog.contains(document.activeElement)) dialog.focus(); };
        document.addEventListener("focusin", ({ target }) => { if (!dialog.contains(target)) dialog.focus(); });
        setInterval(back, 50);`)}`,
  });
  await form.ready();
  await form.choose();
  await form.root
    .getByRole("textbox", { name: /amount to pay/i })
    .first()
    .focus();
  await page.keyboard.press("ControlOrMeta+a");
  for (const key of typed) await page.keyboard.press(key, { delay: 30 });
  const number = form.cardFrame.getByLabel(/card number/i);
  await number.focus();
  for (const key of cards.debit.replace(/ /g, "")) await page.keyboard.press(key, { delay: 10 });
  await expect(number).toHaveValue(cards.debit);
  await form.enterCard(cards.debit);
  await form.payButton.press("Enter");
  await expect(form.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
});

/** Ways to load it, and what comes of each. `address` and `integrity` are the edge's. */
interface Parts {
  address: string;
  integrity: string;
  element: string;
}
const works: [what: string, body: (parts: Parts) => string][] = [
  [
    "async",
    ({ address, integrity, element }) =>
      `<script async src="${address}" integrity="${integrity}" crossorigin></script>${element}`,
  ],
  ["defer, in the head", ({ address, element }) => `<script defer src="${address}"></script>${element}`],
  [
    "a module",
    ({ address, integrity, element }) =>
      `<script type="module" src="${address}" integrity="${integrity}" crossorigin="anonymous"></script>${element}`,
  ],
  [
    "a module put in by a script",
    ({ address, element }) =>
      `${element}${inline(`const script = document.createElement("script"); script.type = "module"; script.src = "${address}"; document.head.append(script); `)}`,
  ],
  [
    "put in by a script",
    ({ address, integrity, element }) =>
      `${element}${inline(`document.head.append(Object.assign(document.createElement("script"), { src: "${address}", integrity: "${integrity}", crossOrigin: "anonymous" }));`)}`,
  ],
  [
    "written by a script",
    ({ address, element }) => `${inline(`document.write('<script src="${address}"><\\/script>')`)}${element}`,
  ],
  [
    "crossorigin missing, and no integrity",
    ({ address, element }) => `<script src="${address}"></script>${element}`,
  ],
  [
    "loaded twice",
    ({ address, element }) =>
      `<script src="${address}"></script><script async src="${address}"></script><script type="module" src="${address}"></script>${element}`,
  ],
  [
    "a <base> and a whole address",
    ({ address, element }) =>
      `<base href="http://evil.localhost:9/">${`<script src="${address}"></script>`}${element}`,
  ],
];
for (const [what, body] of works)
  test(`embedded as ${what}, the form works and the console is silent`, async ({ page }) => {
    const said: string[] = [];
    page.on("console", (message) => message.type() === "error" && said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    const [, address = "", integrity = ""] = /src="([^"]+)" integrity="([^"]+)"/.exec(script) ?? [];
    const element = `<pay-form token="${embedToken("1045")}"></pay-form>`;
    const form = await openBare(page, { body: body({ address, integrity, element }) });
    await form.ready();
    await form.choose("20.00");
    await form.enterCard(cards.debit);
    await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
    expect(said).toEqual([]);
  });
