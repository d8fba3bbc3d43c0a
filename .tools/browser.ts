/**
 * Finds a Chromium to test with, or gets one: Playwright's own, else the system's, else by apt when root.
 * Playwright's is asked for first; where its download host cannot be reached the try is cut short.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../e2e/package.json", import.meta.url)));
const system = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of a Chromium executable. @throws Error naming what was tried. */
export async function ensureBrowser(): Promise<string> {
  const { chromium } = require("@playwright/test") as { chromium: { executablePath(): string } };
  const candidates = () =>
    [process.env.CHROMIUM_PATH ?? "", chromium.executablePath(), ...system].find(
      (path) => path && existsSync(path),
    );
  const found = candidates();
  if (found) return found;

  console.error("no Chromium here yet: asking Playwright for one …");
  const cli = require.resolve("@playwright/test/cli");
  spawnSync(process.execPath, [cli, "install", "--with-deps", "--only-shell", "chromium"], {
    stdio: ["ignore", 2, 2],
    timeout: 120_000,
  });
  const own = candidates();
  if (own) return own;

  if (process.getuid?.() === 0) {
    console.error("not to be had that way: installing the system's chromium …");
    spawnSync("apt-get", ["update"], { stdio: ["ignore", 2, 2] });
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium", "fonts-noto-core"], {
      stdio: ["ignore", 2, 2],
      env,
    });
  }
  const installed = candidates();
  if (installed) return installed;
  throw new Error(
    "no Chromium: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH to its executable",
  );
}
