import { defineConfig } from "@playwright/test";

/** The demo runs as a user starts it, on ports and data of its own. */
const port = Number(process.env.E2E_PORT ?? 4600);
const dataDir = process.env.E2E_DATA_DIR ?? new URL("../.test/e2e-data", import.meta.url).pathname;
process.env.E2E_PORT = String(port);
process.env.E2E_DATA_DIR = dataDir;

export default defineConfig({
  testDir: "src",
  outputDir: "../.test/playwright",
  // One demo, one provider, one ERP each: tests that count captures must not run side by side.
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // A retry that passes is counted as flaky and printed as such.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 900 },
    trace: "retain-on-failure",
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
  webServer: {
    // New data each run: a test may not pass because of what an earlier one left.
    command: `rm -rf "${dataDir}" && exec node ../demo/src/launch.ts`,
    url: `http://127.0.0.1:${port}/readyz`,
    env: { CLARITY_PORT: String(port), CLARITY_DATA_DIR: dataDir },
    timeout: 120_000,
    gracefulShutdown: { signal: "SIGTERM", timeout: 15_000 },
    stdout: "pipe",
  },
});
