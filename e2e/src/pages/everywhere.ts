import { test } from "@playwright/test";

/** Runs in Firefox too: `playwright.config.ts` asks for the tag. */
export const everywhere = { tag: "@firefox" };

/** For a file with such tests. `npm test` finds a Firefox or installs one, and in CI does not go on without. */
export function skipWithoutFirefox(): void {
  test.skip(
    ({ browserName }) => browserName === "firefox" && !process.env.FIREFOX_PATH,
    "no Firefox here: install firefox-esr, or set FIREFOX_PATH",
  );
}
