import { expect, test } from "@playwright/test";
import { embedToken } from "./demo.ts";
import { openBare, snippets } from "./pages/bare-page.ts";

test.use({ permissions: ["local-network-access"] });

let script = "";
test.beforeAll(async () => {
  script = (await snippets()).form;
});

const enforced = "require-trusted-types-for 'script'";
const policies: [string, string][] = [
  ["lists our policy alone", `${enforced}; trusted-types pay-form`],
  ["lists ours among its own", `${enforced}; trusted-types angular lit-html pay-form`],
  ["lists none", enforced],
  ["lists policies but enforces none", "trusted-types something"],
];
for (const [what, policy] of policies)
  test(`a host that ${what} gets a working form`, async ({ page }) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const form = await openBare(page, {
      headers: { "content-security-policy": policy },
      // Frameworks of the host's own make theirs, under the name that Lit would take.
      body: `<script>try { trustedTypes.createPolicy("lit-html", { createHTML: (html) => html }); } catch {}</script>
        ${script}<pay-form token="${embedToken("1045")}"></pay-form>`,
    });
    await form.ready();
    await form.choose("20.00");
    await form.enterCard("4000 0566 5566 5556");
    await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
    expect(errors).toEqual([]);
  });

for (const policy of [`${enforced}; trusted-types angular`, `${enforced}; trusted-types 'none'`])
  test(`a host with "${policy.split("; ")[1]}" is told in one line what to add, and the payer in words`, async ({
    page,
  }) => {
    const [lines, errors]: string[][] = [[], []];
    page.on("console", (message) => message.text().startsWith("pay-form") && lines?.push(message.text()));
    page.on("pageerror", (error) => errors?.push(error.message));
    const form = await openBare(page, {
      headers: { "content-security-policy": policy },
      body: `${script}<pay-form token="${embedToken("1045")}"></pay-form>`,
    });
    await expect(form.root.getByText("Payments are not available right now.")).toBeVisible();
    expect(lines).toEqual([expect.stringContaining("trusted-types pay-form")]);
    expect(errors).toEqual([]);
  });
