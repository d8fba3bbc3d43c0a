import { expect, type Page, test } from "@playwright/test";
import { urls } from "./demo.ts";
import { FrameHost } from "./pages/frame-host.ts";

/**
 * What every frame page has to keep to, whichever vendor's fields are in it (widget/src/frame-protocol/README.md). A
 * vendor's page is a row here.
 */
interface FramePage {
  name: string;
  url: (page: Page) => Promise<string>;
  /** Something that can be paid with, by the keyboard. */
  fill: (host: FrameHost) => Promise<void>;
  /** The same as a password manager does it that raises no event. Null: the vendor's fields are out of reach. */
  fillUnseen: ((host: FrameHost) => Promise<void>) | null;
  /** What must never leave the frame. */
  secret: RegExp;
  /** A word that is in the fields by `locale`, or by `messages`. */
  speaks: Record<"en" | "de", { message: Record<string, unknown>; word: RegExp }>;
}

const german = {
  number: "Kartennummer",
  expiry: "Gültig bis",
  cvc: "Prüfziffer",
  cvcHint: "3 Ziffern",
  invalidNumber: "Kartennummer prüfen.",
  invalidExpiry: "Monat und Jahr.",
  expiredCard: "Abgelaufen.",
  invalidCvc: "Prüfziffer eingeben.",
  group: "Karte",
};

const pages: FramePage[] = [
  {
    name: "the sandbox provider's card page",
    async url(page) {
      await page.goto(`${urls.acme}/v1/methods`);
      const { methods } = JSON.parse((await page.locator("pre").textContent()) ?? "");
      return methods[0].frameUrl;
    },
    async fill({ fields }) {
      await fields.getByLabel("Card number").pressSequentially("4000056655665556");
      await fields.getByLabel("Expiry date").pressSequentially("1234");
      await fields.getByLabel("Security code").pressSequentially("123");
    },
    async fillUnseen({ frame }) {
      await frame.evaluate(() => {
        for (const [id, value] of [
          ["number", "4000056655665556"],
          ["expiry", "2034-12"],
          ["cvc", "123"],
        ] as const)
          (document.getElementById(id) as HTMLInputElement).value = value;
      });
    },
    secret: /4000\D?0566|5566\D?5556|\b123\b/,
    speaks: {
      en: { message: {}, word: /Card number/ },
      de: { message: { locale: "de", dir: "ltr", messages: german }, word: /Kartennummer/ },
    },
  },
];

for (const one of pages)
  test.describe(one.name, () => {
    const open = async (page: Page, before?: string) => FrameHost.open(page, await one.url(page), before);

    test("says hello once, with the versions it speaks", async ({ page }) => {
      const host = await open(page);
      const [hello, ...more] = await host.heard();
      expect(hello).toMatchObject({ type: "card-ready" });
      expect(hello?.versions).toContain(2);
      expect(more).toEqual([]);
    });

    test("tells its height before it is connected, and then takes keys", async ({ page }) => {
      const host = await (await open(page)).connect({ version: 2, width: 360 });
      const types = (await host.heard()).map(({ type }) => type);
      expect(types.indexOf("resize")).toBeGreaterThan(0);
      expect(types.indexOf("resize")).toBeLessThan(types.indexOf("connected"));
      await one.fill(host);
      await host.hear("state", { complete: true });
    });

    test("takes a form of the first release, which names no version", async ({ page }) => {
      const host = await (await open(page)).connect();
      await one.fill(host);
      expect(await host.settled()).toMatchObject({ type: "token" });
    });

    test("does not answer who speaks a version it does not, brings no port, or says something else", async ({
      page,
    }) => {
      const host = await open(page);
      await host.greet({ version: 99 });
      await host.greet({ type: "card-connected" });
      await page.evaluate(
        (origin) =>
          document.querySelector("iframe")?.contentWindow?.postMessage({ type: "card-connect" }, origin),
        new URL(host.frame.url()).origin,
      );
      await host.connect({ version: 2, width: 360 });
      expect((await host.heard()).filter(({ type }) => type === "connected")).toHaveLength(1);
    });

    test("passes over what it does not know", async ({ page }) => {
      const host = await (await open(page)).connect({ version: 2, width: 360, later: { a: 1 } });
      await host.send({ type: "of-a-later-release", id: 1 });
      await host.send({ type: "purchase", purchase: null });
      await host.send({ type: "purchase", purchase: { currency: "USD", totalMinor: "12345" } });
      expect(await host.settled()).toMatchObject({ type: "token-error", code: "invalid" });
    });

    test("answers for fields that are empty what is wrong, by the question's id, and puts the keyboard there", async ({
      page,
    }) => {
      const host = await (await open(page)).connect({ version: 2, width: 360 });
      await host.send({ type: "tokenize", id: 7 });
      expect(await host.hear("token-error", { id: 7 })).toMatchObject({ code: "invalid" });
      const states = (await host.heard()).filter(({ type }) => type === "state");
      expect(states.at(-1)?.invalid).not.toEqual([]);
      await page.evaluate(() => document.querySelector("iframe")?.focus());
      await host.send({ type: "focus", field: "first-invalid" });
      await expect.poll(() => host.frame.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
    });

    test("gives a token, and says nothing of what was typed", async ({ page }) => {
      const host = await (await open(page)).connect({ version: 2, width: 360 });
      await one.fill(host);
      const token = await host.settled();
      expect(token).toMatchObject({
        type: "token",
        token: expect.stringMatching(/./),
        brand: expect.any(String),
      });
      expect(["credit", "debit", "prepaid", "unknown"]).toContain(token.funding);
      expect(JSON.stringify(await host.heard())).not.toMatch(one.secret);
    });

    test("counts what was filled in without any event, at the first question", async ({ page }) => {
      test.skip(one.fillUnseen === null, "the vendor's fields are out of reach");
      const host = await (await open(page)).connect({ version: 2, width: 360 });
      await one.fillUnseen?.(host);
      expect(await host.settled()).toMatchObject({ type: "token" });
    });

    test("takes no key while it is locked, and keeps what there is", async ({ page }) => {
      const host = await (await open(page)).connect({ version: 2, width: 360 });
      await one.fill(host);
      await host.hear("state", { complete: true });
      await host.send({ type: "lock", locked: true });
      await host.settled();
      await page.keyboard.type("999");
      expect(await host.settled()).toMatchObject({ type: "token" });
      await host.send({ type: "lock", locked: false });
    });

    test("speaks another language when it is told to", async ({ page }) => {
      const host = await (await open(page)).connect({ version: 2, width: 360 });
      await expect(host.fields.getByText(one.speaks.en.word)).toBeVisible();
      await host.send({ type: "words", ...one.speaks.de.message });
      await expect(host.fields.getByText(one.speaks.de.word)).toBeVisible();
    });

    test("tells its height where nobody sees it, at the width it is told", async ({ page }) => {
      const host = await open(page, '<div style="height: 5000px"></div>');
      await host.connect({ version: 2, width: 360 });
      const wide = await host.hear("resize");
      const since = (await host.heard()).length;
      await page.evaluate(() => document.querySelector("iframe")?.style.setProperty("width", "120px"));
      await host.send({ type: "width", width: 120 });
      const narrow = await host.hear("resize", {}, since);
      expect(Number(narrow.height)).toBeGreaterThan(Number(wide.height));
      expect(await page.evaluate(() => scrollY)).toBe(0);
      // What was told is what it is once it is seen.
      await page.locator("iframe").scrollIntoViewIfNeeded();
      const body = await host.frame.evaluate(() => Math.ceil(document.body.getBoundingClientRect().height));
      expect(narrow.height).toBe(body);
    });
  });
