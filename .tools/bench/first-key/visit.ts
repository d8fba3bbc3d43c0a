/** One visit of a browser with an empty cache, on a slow network and a slow processor. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { ensureBrowser } from "../../browser.ts";

/** As much of Playwright as is used here: it is a package of e2e's. */
export interface Browser {
  newContext(options: object): Promise<BrowserContext>;
  close(): Promise<void>;
}
interface BrowserContext {
  newPage(): Promise<Page>;
  newCDPSession(page: Page): Promise<CDPSession>;
  close(): Promise<void>;
}
interface Page {
  exposeBinding(name: string, heard: (source: unknown, epochMs: number) => void): Promise<void>;
  addInitScript(text: string): Promise<void>;
  goto(url: string): Promise<unknown>;
  evaluate(text: string): Promise<number>;
  frameLocator(selector: string): { locator(selector: string): Field };
  keyboard: { type(text: string): Promise<void> };
}
interface Field {
  focus(): Promise<void>;
  inputValue(): Promise<string>;
}
interface NetworkEvent {
  requestId: string;
  /** Seconds of the browser's own clock. */
  timestamp: number;
  /** Seconds since 1970. */
  wallTime: number;
  type: string;
  encodedDataLength: number;
}
interface CDPSession {
  on(name: string, heard: (event: NetworkEvent) => void): void;
  send(method: string, params?: object): Promise<unknown>;
}

export interface Visit {
  /** From the start of the navigation until the card number takes a key, ms. */
  firstKeyMs: number;
  /** On the wire, of everything that was loaded by then. */
  bytes: number;
  /** Requests that waited for one another: the longest line of them by then. A preflight is part of its request. */
  steps: number;
}

/** Slow 4G of Chromium's developer tools: 150 ms and 1.6 Mbit/s, as they reckon it down to single requests. */
const slow4G = {
  offline: false,
  latency: 150 * 3.75,
  downloadThroughput: ((1.6 * 1000 * 1000) / 8) * 0.9,
  uploadThroughput: ((750 * 1000) / 8) * 0.9,
};
const processorTimes = 4;

export async function launch(): Promise<Browser> {
  const require = createRequire(fileURLToPath(new URL("../../../e2e/package.json", import.meta.url)));
  const { chromium } = require("@playwright/test") as {
    chromium: { launch(options: object): Promise<Browser> };
  };
  return chromium.launch({
    executablePath: await ensureBrowser(),
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // One renderer for all frames: what slows the page slows its frames.
      "--disable-site-isolation-trials",
      "--disable-features=IsolateOrigins,site-per-process",
    ],
  });
}

/** Runs in every frame of the page. */
const noticing = `if (location.pathname.endsWith("/card"))
  new MutationObserver((_, observer) => {
    if (!document.getElementById("number")) return;
    observer.disconnect();
    fieldIsThere(performance.timeOrigin + performance.now());
  }).observe(document, { childList: true, subtree: true });`;

interface Request {
  startS: number;
  endS: number;
  bytes: number;
}

export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 2_000 } });
  try {
    const page = await context.newPage();
    const field = new Promise<number>((resolve) => {
      void page.exposeBinding("fieldIsThere", (_, epochMs: number) => resolve(epochMs));
    });
    await page.addInitScript(noticing);
    const cdp = await context.newCDPSession(page);
    const { requests, epochOf } = watchRequests(cdp);
    await cdp.send("Network.enable");
    await cdp.send("Network.emulateNetworkConditions", slow4G);
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: processorTimes });
    await page.goto(url);
    const thereMs = await field;
    const startMs = await page.evaluate("performance.timeOrigin");
    const number = page.frameLocator("pay-form iframe").locator("#number");
    await number.focus();
    await page.keyboard.type("4");
    if ((await number.inputValue()) !== "4") throw new Error("the field did not take a key");
    const done = [...requests.values()].filter(({ endS }) => epochOf(endS) <= thereMs);
    return {
      firstKeyMs: thereMs - startMs,
      bytes: done.reduce((sum, { bytes }) => sum + bytes, 0),
      steps: longestLine(done),
    };
  } finally {
    await context.close();
  }
}

function watchRequests(cdp: CDPSession) {
  const requests = new Map<string, Request>();
  let offsetS = 0;
  cdp.on("Network.requestWillBeSent", ({ requestId, timestamp, wallTime, type }) => {
    offsetS = wallTime - timestamp;
    if (type !== "Preflight")
      requests.set(requestId, { startS: timestamp, endS: Number.POSITIVE_INFINITY, bytes: 0 });
  });
  cdp.on("Network.loadingFinished", ({ requestId, timestamp, encodedDataLength }) => {
    const request = requests.get(requestId);
    if (request) Object.assign(request, { endS: timestamp, bytes: encodedDataLength });
  });
  return { requests, epochOf: (seconds: number) => (seconds + offsetS) * 1000 };
}

/** The most requests of which each began when the one before had ended. */
function longestLine(requests: readonly Request[]): number {
  let steps = 0;
  let freeS = 0;
  for (const { startS, endS } of requests.toSorted((one, other) => one.endS - other.endS)) {
    if (startS < freeS) continue;
    steps++;
    freeS = endS;
  }
  return steps;
}
