/**
 * Finds the browsers to test with, or gets them. Chromium: Playwright's own, else the system's, else by apt when root;
 * Playwright's is asked for first, and where its download host cannot be reached the try is cut short. Firefox: the
 * system's, else by apt; Playwright's is not the one that people have.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../e2e/package.json", import.meta.url)));
const systemFirefox = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
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
    installPackages("chromium", "fonts-noto-core");
  }
  const installed = candidates();
  if (installed) return installed;
  throw new Error(
    "no Chromium: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH to its executable",
  );
}

/**
 * Path of a Firefox, or null: then what is to run there is skipped, and says so.
 *
 * @throws Error in CI, where nothing is skipped
 */
export function ensureFirefox(): string | null {
  const candidate = () =>
    [process.env.FIREFOX_PATH ?? "", ...systemFirefox].find((path) => path && existsSync(path));
  if (!candidate() && process.getuid?.() === 0) {
    console.error("no Firefox here yet: installing the system's firefox-esr …");
    installPackages("firefox-esr");
  }
  const found = candidate() ?? null;
  if (!found && process.env.CI)
    throw new Error("no Firefox: install one (Debian: apt-get install firefox-esr) or set FIREFOX_PATH");
  return found;
}

function installPackages(...names: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update"], { stdio: ["ignore", 2, 2] });
  spawnSync("apt-get", ["install", "-y", "--no-install-recommends", ...names], {
    stdio: ["ignore", 2, 2],
    env,
  });
}
