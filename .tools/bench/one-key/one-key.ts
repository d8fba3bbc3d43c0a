/** From a key to what it painted, with 5,000 invoices, in a Chromium that is slowed down four times. The aim is 50 ms. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { ensureBrowser } from "../../browser.ts";
import { type Figure, figure } from "../report.ts";
import { standIn } from "./stand-in.ts";

const invoices = 5_000;
const slowdown = 4;
const aimMs = 50;
/** Time for all that a key began to end before the next, ms. */
const restMs = 400;

/** What is used of Playwright here; it is a dependency of the e2e workspace. */
interface Locator {
  first(): Locator;
  check(options: { timeout: number }): Promise<void>;
  click(): Promise<void>;
  focus(): Promise<void>;
  getByRole(role: string, options?: { name: RegExp }): Locator;
}
interface Session {
  send(method: string, params: object): Promise<unknown>;
}
interface Page {
  addInitScript(script: { content: string }): Promise<void>;
  context(): { newCDPSession(page: Page): Promise<Session> };
  evaluate(script: string): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  keyboard: { press(key: string): Promise<void> };
  locator(selector: string): Locator;
  waitForFunction(script: string): Promise<unknown>;
  waitForTimeout(ms: number): Promise<void>;
}
interface Browser {
  newPage(options: { viewport: { width: number; height: number } }): Promise<Page>;
  close(): Promise<void>;
}
interface Playwright {
  chromium: { launch(options: { executablePath: string; args: string[] }): Promise<Browser> };
}

const require = createRequire(fileURLToPath(new URL("../../../e2e/package.json", import.meta.url)));

export async function oneKey({ assetsDir }: { assetsDir: string }): Promise<Figure[]> {
  const { chromium } = require("@playwright/test") as Playwright;
  const edge = await standIn({ assetsDir, invoices });
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: ["--no-sandbox"] });
  try {
    return await measure(browser, edge.url);
  } finally {
    await browser.close();
    await edge.close();
  }
}

async function measure(browser: Browser, url: string): Promise<Figure[]> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript({ content: watchKeys });
  await page.goto(url);
  const form = page.locator("pay-form");
  const box = form.getByRole("checkbox").first();
  await box.check({ timeout: 30_000 });
  const slowed = await page.context().newCDPSession(page);
  await slow(slowed, slowdown);
  const figures: Figure[] = [];
  const add = async (what: string, keys: string[]) => {
    const ms = await press(page, keys);
    figures.push(figure(`one key, ${invoices} invoices: ${what}`, median(ms), "ms", aimMs));
  };
  const amount = form.getByRole("textbox", { name: /amount/i }).first();
  const search = form.getByRole("searchbox");
  const both = async (where: string) => {
    await amount.focus();
    await add(`amount, ${where}`, [..."123.45"]);
    await box.focus();
    await add(`choose, ${where}`, [" ", " ", " ", " "]);
    await add(`arrow, ${where}`, ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"]);
    await search.focus();
    await add(`search, ${where}`, [..."inv-1", ...Array<string>(5).fill("Backspace")]);
  };
  await search.focus();
  await add("that does nothing", ["Shift", "Shift", "Shift"]);
  await both("list shortened");
  await slow(slowed, 1);
  await form.getByRole("button", { name: /^Show all/ }).click();
  await page.waitForFunction(`document.querySelector("pay-form").shadowRoot
    .querySelectorAll("[role=listitem]").length === ${invoices}`);
  await slow(slowed, slowdown);
  await page.waitForTimeout(2 * restMs);
  await both("list whole");
  return figures;
}

const slow = (session: Session, rate: number) => session.send("Emulation.setCPUThrottlingRate", { rate });

/** @returns ms from the event's own time until the frame after it was made, for each key */
async function press(page: Page, keys: readonly string[]): Promise<number[]> {
  await page.evaluate("globalThis.keyTimes = []");
  for (const key of keys) {
    await page.keyboard.press(key);
    await page.waitForTimeout(restMs);
  }
  return (await page.evaluate("globalThis.keyTimes")) as number[];
}

/**
 * In the page: a message that is sent from within a frame arrives once it is painted. The space bar presses when it is
 * let go.
 */
const watchKeys = `for (const type of ["keydown", "keyup"]) addEventListener(type, ({ key, timeStamp }) => {
  if ((key === " ") !== (type === "keyup")) return;
  const channel = new MessageChannel();
  channel.port1.onmessage = () => globalThis.keyTimes?.push(performance.now() - timeStamp);
  requestAnimationFrame(() => channel.port2.postMessage(null));
}, true)`;

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
