import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "@playwright/test";
import { accountCharges, dataDir, mails } from "./demo.ts";
import { cards, PayForm } from "./pages/pay-form.ts";

/**
 * README.md, "Your own page in five minutes": its commands are read from there and followed as they stand, at other
 * ports and in another folder.
 */
const root = new URL("../../", import.meta.url).pathname;
const readme = readFileSync(join(root, "README.md"), "utf8");
const [, section = ""] = /\n## Your own page in five minutes\n([\s\S]*?)\n## /.exec(readme) ?? [];
const commands = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);

const folder = mkdtempSync(join(tmpdir(), "own-page-"));
const stops: (() => void)[] = [];
test.afterAll(() => {
  for (const stop of stops) stop();
  rmSync(folder, { recursive: true });
});

/** With the workspace's own Node and programs, as `npx` finds them. */
const env = {
  ...process.env,
  CLARITY_DATA_DIR: dataDir,
  PATH: `${join(root, "node_modules/.bin")}:${dirname(process.execPath)}:${process.env.PATH}`,
};
const shell = (command: string) =>
  new Promise<{ code: number; text: string }>((resolve) => {
    execFile("sh", ["-c", command], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), text: `${stdout}${stderr}` }),
    );
  });

/** What a page's server says when it serves. */
async function serve(command: string): Promise<string> {
  const child = spawn("sh", ["-c", `exec ${command}`], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  stops.push(() => child.kill());
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error(`${command} said nothing`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the README's commands make a page of one's own that is paid in, to the receipt", async ({ page }) => {
  test.setTimeout(120_000);
  const pagePort = await freePort();
  const here = (command: string) =>
    command.replaceAll("8080", String(pagePort)).replaceAll(".data/my-page", join(folder, "my-page"));
  expect(commands.map((command) => command.split(" ").slice(0, 4).join(" "))).toEqual([
    "npx clarity tenant create",
    "npx clarity embed page",
    "node .data/my-page/server.mjs 8080",
    "npx clarity embed check",
  ]);
  const [create = "", write = "", start = "", check = ""] = commands.map(here);
  for (const command of [create, write]) expect(await shell(command)).toMatchObject({ code: 0 });
  const [, url = ""] = /(http:\S+)/.exec(await serve(start)) ?? [];
  expect(url).toBe(`http://localhost:${pagePort}/`);

  const checked = await shell(check);
  const [, promised = ""] = /```\n(ok [\s\S]*?)```/.exec(section) ?? [];
  expect(checked).toEqual({ code: 0, text: here(promised) });

  await page.goto(url);
  const form = new PayForm(page);
  await form.payWith(cards.visa, "480.50", /INV-2/);
  await expect(form.receipt).toBeVisible();
  expect(await accountCharges("Third Ltd (third)", "third")).toMatchObject([
    { status: "captured", amount: "48050", captured: "48050" },
  ]);
  await expect.poll(() => mails("Third Ltd", "480.50"), { timeout: 20_000 }).toHaveLength(1);
  const [receipt] = await mails("Third Ltd", "480.50");
  expect(receipt?.to).toEqual(["customer-1001@third.test"]);

  await test.step("a page that is read again is paid in again, and what was paid is not owed", async () => {
    await page.reload();
    await form.ready();
    await expect(form.root.getByRole("checkbox", { name: /INV-2/ })).toHaveCount(0);
  });

  await test.step("an origin that is taken away is told of, and the advice followed as it stands mends it", async () => {
    expect(await shell("clarity setting set third embed.origins '[]'")).toMatchObject({ code: 0 });
    const told = await shell(check);
    expect(told.code).toBe(1);
    const [, advice = ""] = /may not embed the form[\s\S]*?do: {2}(clarity [^\n]*)/.exec(told.text) ?? [];
    expect(advice).toContain(`http://localhost:${pagePort}`);
    expect(await shell(advice)).toMatchObject({ code: 0 });
    expect((await shell(check)).code).toBe(0);
    await expect
      .poll(
        async () => {
          await page.reload();
          return form.root.getByRole("checkbox").first().isVisible({ timeout: 3_000 });
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    await form.enterCard(cards.visa);
  });

  await test.step("a suspended tenant is told of, and comes back", async () => {
    expect(await shell("clarity tenant suspend third")).toMatchObject({ code: 0 });
    const told = await shell(check);
    expect(told).toMatchObject({
      code: 1,
      text: expect.stringContaining("do:  clarity tenant resume third"),
    });
    expect(await shell("clarity tenant resume third")).toMatchObject({ code: 0 });
    expect((await shell(check)).code).toBe(0);
  });
});
