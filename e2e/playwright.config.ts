import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";
import { demoOf } from "./src/demo-of.ts";

const workers = 2;
const firefox = process.env.FIREFOX_PATH;
process.env.E2E_PORT ??= "4600";
process.env.E2E_DATA_DIR ??= fileURLToPath(new URL("../.test/e2e-data", import.meta.url));

export default defineConfig({
  testDir: "src",
  outputDir: "../.test/playwright",
  workers,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // A retry that passes is counted as flaky and printed as such.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  use: { headless: true, viewport: { width: 1280, height: 900 }, trace: "on-first-retry" },
  projects: [
    {
      name: "chromium",
      use: {
        browserName: "chromium",
        launchOptions: {
          ...(process.env.CHROMIUM_PATH ? { executablePath: process.env.CHROMIUM_PATH } : {}),
          args: [
            "--no-sandbox",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
          ],
        },
      },
    },
    {
      name: "firefox",
      grep: /@firefox/,
      use: {
        browserName: "firefox",
        // The system's own, by WebDriver BiDi.
        channel: "moz-firefox",
        launchOptions: {
          ...(firefox ? { executablePath: firefox } : {}),
          // Its driver loses mouse and keys on their way into a process of another site. Origins stay origins.
          firefoxUserPrefs: { "fission.autostart": false },
        },
        trace: "off",
      },
    },
  ],
  // As a user starts it, for each worker one: tests count what a provider and an ERP got, and kill servers.
  webServer: Array.from({ length: workers }, (_, worker) => {
    const { port, dataDir } = demoOf(worker);
    return {
      // New data each run: a test may not pass because of what an earlier one left.
      command: `rm -rf "${dataDir}" && exec node ../demo/src/launch.ts`,
      url: `http://127.0.0.1:${port}/readyz`,
      // The edge is ready without its servers.
      wait: { stdout: /ready http/ },
      env: { CLARITY_PORT: String(port), CLARITY_DATA_DIR: dataDir },
      timeout: 120_000,
      gracefulShutdown: { signal: "SIGTERM", timeout: 15_000 },
      stdout: "pipe",
    } as const;
  }),
});
