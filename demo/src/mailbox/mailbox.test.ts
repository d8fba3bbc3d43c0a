import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mailboxApp } from "./app.ts";
import { type Smtp, startSmtp } from "./smtp.ts";
import { MailStore } from "./store.ts";

const links = Object.fromEntries(
  ["edge", "acme", "globex", "netsuite", "d365", "provider", "mailbox"].map((name) => [
    name,
    `http://${name}.localhost:4000`,
  ]),
) as never;
const mail = [
  "From: Acme Industrial <billing@acme.test>",
  "To: ap@customer.test",
  "Subject: Receipt 1001",
  "MIME-Version: 1.0",
  'Content-Type: multipart/alternative; boundary="b"',
  "",
  "--b",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Thank you: 12.50 USD",
  "--b",
  "Content-Type: text/html; charset=utf-8",
  "",
  "<p>Thank you</p><script>alert(1)</script>",
  "--b--",
].join("\r\n");

let dir = "";
let smtp: Smtp;
let app: ReturnType<typeof mailboxApp>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailbox-"));
  const store = await MailStore.open(dir);
  smtp = await startSmtp({ store, host: "127.0.0.1", port: 0 });
  app = mailboxApp({ store, smtp, links });
});
afterAll(async () => {
  await smtp.close();
  await rm(dir, { recursive: true });
});

/** Speaks SMTP line by line. @returns the last answer's code. */
function send(): Promise<string> {
  const lines = [
    "EHLO test",
    "MAIL FROM:<billing@acme.test>",
    "RCPT TO:<ap@customer.test>",
    "DATA",
    `${mail}\r\n.`,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(smtp.port, "127.0.0.1");
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      const last = chunk.toString().trim().split("\r\n").at(-1) ?? "";
      if (/^\d{3}-/.test(last)) return;
      const next = lines.shift();
      if (next !== undefined) return void socket.write(`${next}\r\n`);
      socket.end();
      resolve(last.slice(0, 3));
    });
  });
}

const messages = async () => (await (await app.request("/api/messages")).json()).messages;

test("a mail is taken, listed with its parts, and found again by a new process", async () => {
  expect(await send()).toBe("250");
  const [first] = await messages();
  expect(first).toMatchObject({
    subject: "Receipt 1001",
    from: "Acme Industrial <billing@acme.test>",
    to: ["ap@customer.test"],
    text: expect.stringContaining("12.50 USD"),
  });
  expect((await MailStore.open(dir)).list()).toEqual(await messages());
});

test("a mail's HTML is shown in a sandbox where no script runs, never in the page itself", async () => {
  const [{ id }] = await messages();
  const page = await (await app.request(`/mail/${id}`)).text();
  expect(page).not.toContain("alert(1)");
  expect(page).toContain(`<iframe sandbox src="/mail/${id}/body"`);
  const body = await app.request(`/mail/${id}/body`);
  expect(body.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
  expect(await body.text()).toContain("<p>Thank you</p>");
});

test("a refused mail gets 451 and is not stored; the next one is", async () => {
  const before = (await messages()).length;
  await app.request("/demo/faults", {
    method: "POST",
    body: JSON.stringify({ mode: "refuse", remaining: 1 }),
  });
  expect(await send()).toBe("451");
  expect(await messages()).toHaveLength(before);
  expect(await send()).toBe("250");
  expect(await messages()).toHaveLength(before + 1);
});

test("the start page names both tours and fetches nothing from outside", async () => {
  const answer = await app.request("/");
  const page = await answer.text();
  expect(page).toContain("http://netsuite.localhost:4000/app/center/card.nl?customer=1042");
  expect(page).toContain("http://d365.localhost:4000/main.aspx?");
  expect(page).not.toMatch(/<(?:img|link|script)[^>]+(?:src|href)="(?!data:)/);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
});
