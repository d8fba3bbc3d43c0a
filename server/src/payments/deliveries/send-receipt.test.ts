import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { domainToASCII } from "node:url";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { runOutbox } from "../../outbox/run-outbox.ts";
import { createLogger, type Logger } from "../../telemetry/log.ts";
import { SettingMissing } from "../../tenant/errors.ts";
import type { PaymentRow } from "../statements/payment-row.ts";
import { start } from "../testing/start.ts";
import { createWorld, type TenantOptions } from "../testing/world.ts";
import { paymentDeliveries as deliveries } from "./deliveries.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const servers: SMTPServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A mail server that keeps what it is given. */
async function mailServer(options: SMTPServerOptions = {}) {
  const raw: string[] = [];
  const greetings: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      greetings.push(session.hostNameAppearsAs);
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        raw.push(Buffer.concat(chunks).toString());
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return { raw, greetings, port };
}

interface Set extends TenantOptions {
  port: number;
  email?: string | null;
  locale?: string;
  from?: string;
  sellerName?: string;
  customerName?: string;
}

/** A tenant whose customer has just paid, and the way to deliver the receipt. */
async function paid(set: Set) {
  const smtp = { host: "127.0.0.1", port: set.port, secure: false, user: null };
  const tenant = world.tenant({
    erp: false,
    ...(set.hooks && { hooks: set.hooks }),
    settings: {
      smtp: { ...smtp, from: set.from ?? "Acme Industrial <billing@acme.test>" },
      "seller.name": set.sellerName ?? "Acme Industrial",
      "seller.supportEmail": "help@acme.test",
      "surcharge.rules": [{ brand: "any", funding: "credit", basisPoints: 250 }],
      ...set.settings,
    },
  });
  const { customerName = "Northgate Millworks", email = "ap@northgate.test", locale = "en" } = set;
  await world.admin`
    insert into pay.customers values (${tenant.id}, ${tenant.customer}, ${customerName}, ${email}, now())`;
  const invoices = [await tenant.invoice(125_000_000n), await tenant.invoice(1_250n)] as const;
  const lines: [string, bigint][] = [
    [invoices[0], 125_000_000n],
    [invoices[1], 1_250n],
  ];
  const started = await start(tenant.ctx, { lines, surchargeMinor: 3_125_031n });
  if (started.kind !== "payment" || started.payment.state !== "captured") {
    throw new Error(`not captured: ${JSON.stringify(started)}`);
  }
  await world.admin`update pay.payments set locale = ${locale} where tenant_id = ${tenant.id}`;
  const [row] = await tenant.outbox();
  const [payment] = (await tenant.payments()) as unknown as PaymentRow[];
  const outboxId = row?.id as string;
  const deliver = async ({ log }: { log: Logger } = tenant.ctx) => {
    await world.admin`update pay.outbox set due_at = now(), leased_until = '-infinity' where tenant_id = ${tenant.id}`;
    return runOutbox({
      ctx: { ...tenant.ctx, log, actor: { kind: "worker" } },
      input: { id: outboxId, deliveries },
    });
  };
  return {
    tenant,
    deliver,
    outboxId,
    payment: payment as PaymentRow,
    row: async () => (await tenant.outbox())[0],
  };
}

const parse = (raw: string): Promise<Email> => PostalMime.parse(raw);

test("the receipt arrives whole: sender, receiver, lines, surcharge, total, in HTML and in text", async () => {
  const server = await mailServer();
  const { deliver, row, payment, tenant, outboxId } = await paid({ port: server.port });
  expect(await deliver()).toEqual({ kind: "done" });

  expect(server.raw).toHaveLength(1);
  const mail = await parse(server.raw[0] ?? "");
  expect(mail.from).toMatchObject({ name: "Acme Industrial", address: "billing@acme.test" });
  expect(mail.to).toMatchObject([{ address: "ap@northgate.test" }]);
  expect(mail.subject).toBe(`Receipt ${payment.receipt_number} from Acme Industrial`);
  expect(mail.messageId).toBe(`<${outboxId}@acme.test>`);
  for (const part of [mail.html ?? "", mail.text ?? ""]) {
    const visible = part
      .replace(/<style>.*<\/style>/s, "")
      .replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " ");
    for (const words of [
      ...["Acme Industrial", "Northgate Millworks", payment.receipt_number ?? "", "Visa ending in 4242"],
      ...["$1,250,000.00", "$12.50", "$1,250,012.50", "$31,250.31", "$1,281,262.81"],
      ...["Card surcharge", "A surcharge applies", "not a tax invoice", "help@acme.test"],
      ...payment.lines.map((line) => line.invoiceNumber),
    ]) {
      expect(visible).toContain(words);
    }
  }
  expect(mail.html).toContain('<meta name="color-scheme" content="light dark">');
  expect(mail.html).toMatch(/prefers-color-scheme:\s*dark/);
  expect((mail.html ?? "").length).toBeLessThan(20_000);
  expect(await row()).toMatchObject({ state: "done", result: { status: "sent", messageId: mail.messageId } });
  expect(await tenant.audit()).toContain("receipt.sent");
});

test("no trace of who sends it: headers, boundaries, greeting, body", async () => {
  const server = await mailServer();
  const { deliver } = await paid({ port: server.port });
  await deliver();
  const raw = server.raw[0] ?? "";
  expect(raw).not.toMatch(
    /nodemailer|x-mailer|user-agent|_NmP|clarity|localhost|127\.0\.0\.1|graphile|handlebars/i,
  );
  expect(raw).not.toMatch(/https?:\/\//);
  expect(server.greetings).toEqual(["acme.test"]);
  const names = (await parse(raw)).headers.map(({ key }) => key).sort();
  expect(names).toEqual(
    ["auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"].sort(),
  );
});

test.each([
  ["es", "Recibo", "Recargo por tarjeta", "ltr", /1\.281\.262,81/],
  ["fr", "Reçu", "Supplément carte", "ltr", /1\s281\s262,81/],
  ["de", "Beleg", "Kartenaufschlag", "ltr", /1\.281\.262,81/],
  ["ar", "إيصال", "رسم إضافي للبطاقة", "rtl", /1,281,262\.81/],
])("speaks %s", async (locale, subject, surcharge, direction, total) => {
  const server = await mailServer();
  const { deliver } = await paid({ port: server.port, locale });
  await deliver();
  const mail = await parse(server.raw[0] ?? "");
  expect(mail.subject).toContain(subject);
  expect(mail.html).toContain(`<html lang="${locale}" dir="${direction}">`);
  expect(mail.html).toContain(surcharge);
  expect(mail.text).toMatch(total);
});

test("hostile names stay text: no markup, no second header, no second receiver", async () => {
  const server = await mailServer();
  const { deliver } = await paid({
    port: server.port,
    customerName: "<img src=x onerror=alert(1)>{{#each this}}\r\nBcc: x@evil.test",
    sellerName: 'A" <x@evil.test>\r\nX-Evil: 1',
    from: 'A "quoted" name\r\nBcc: y@evil.test <billing@acme.test>',
  });
  expect(await deliver()).toEqual({ kind: "done" });
  const mail = await parse(server.raw[0] ?? "");
  expect(mail.headers.map(({ key }) => key)).not.toContain("x-evil");
  expect(mail.bcc ?? []).toEqual([]);
  expect(mail.from?.address).toBe("billing@acme.test");
  expect(mail.html).not.toContain("<img");
  expect(mail.html).toContain("&lt;img src&#x3D;x");
});

const receiversOf = async (raw: string | undefined) =>
  (await parse(raw ?? "")).to?.map(({ address }) => address);

test.each<[string, string[], object]>([
  ["ap@x.test; cfo@x.test", ["ap@x.test", "cfo@x.test"], { receivers: 2 }],
  ["a@b.test, c@d.test", ["a@b.test", "c@d.test"], { receivers: 2 }],
  ['"Smith, Anna" <ap@x.test>; mailto:CFO@X.TEST;', ["ap@x.test", "CFO@x.test"], { receivers: 2 }],
  ["ap@x.test; no address; AP@x.test", ["ap@x.test"], { receivers: 1, unusable: 1 }],
  ["ap@bücher.test", ["ap@xn--bcher-kva.test"], { receivers: 1 }],
])("of %j each good address gets the one mail, and the bad ones are counted", async (email, to, counted) => {
  const rcpt: string[] = [];
  const server = await mailServer({
    onRcptTo({ address }, _, done) {
      rcpt.push(address);
      done();
    },
  });
  const { deliver, row, tenant } = await paid({ port: server.port, email });
  const lines: string[] = [];
  const destination = new PassThrough().on("data", (line) => lines.push(String(line)));
  expect(await deliver({ log: createLogger({ name: "test", destination }) })).toEqual({ kind: "done" });
  expect(server.raw).toHaveLength(1);
  // The test's mail server decodes it.
  expect(rcpt.map((address) => address.replace(/[^@]+$/, domainToASCII))).toEqual(to);
  expect(await receiversOf(server.raw[0])).toEqual(to);
  expect((await row())?.result).toEqual({ status: "sent", messageId: expect.any(String), ...counted });
  expect(await tenant.audit()).toContain("receipt.sent");
  expect(lines.join("")).not.toMatch(/x\.test|no address/);
});

test("of two receivers the mail server takes one: that one has the mail, and the other is counted", async () => {
  const server = await mailServer({
    onRcptTo({ address }, _, done) {
      done(address === "gone@x.test" ? Object.assign(new Error("unknown"), { responseCode: 550 }) : null);
    },
  });
  const { deliver, row } = await paid({ port: server.port, email: "gone@x.test; ap@x.test" });
  expect(await deliver()).toEqual({ kind: "done" });
  expect(server.raw).toHaveLength(1);
  expect((await row())?.result).toMatchObject({ status: "sent", receivers: 1, rejected: 1 });
});

test("of a receiver in another script the mail server is told so, in its own envelope", async () => {
  const envelopes: [string, unknown][] = [];
  const server = await mailServer({
    onRcptTo({ address }, { envelope }, done) {
      envelopes.push([address, (envelope.mailFrom || null)?.args]);
      done();
    },
  });
  const { deliver } = await paid({ port: server.port, email: "rené@x.test" });
  expect(await deliver()).toEqual({ kind: "done" });
  expect(envelopes).toEqual([["rené@x.test", expect.objectContaining({ SMTPUTF8: true })]]);
});

test.each(["  ; , ", "n/a", "-"])("a field that only says there is none is none: %j", async (email) => {
  const { deliver, tenant } = await paid({ port: 1, email });
  expect(await deliver()).toEqual({ kind: "done" });
  expect(await tenant.audit()).toContain("receipt.no_address");
});

test.each(["a@b.test\r\nRCPT TO:<c@d.test>", "group: a@b.test;", "no address"])(
  "an address that is none is a dead letter: %s",
  async (email) => {
    const server = await mailServer();
    const { deliver, row } = await paid({ port: server.port, email });
    expect(await deliver()).toEqual({ kind: "dead" });
    expect(await row()).toMatchObject({ state: "dead", last_cause: "the customer's address is not valid" });
    expect(server.raw).toEqual([]);
  },
);

test("a theme that cannot be read and a name that was never set keep no receipt back", async () => {
  const server = await mailServer();
  const { deliver, tenant } = await paid({
    port: server.port,
    settings: { "seller.name": new SettingMissing("seller.name") },
  });
  await world.admin`
    insert into pay.themes (tenant_id, hash, spec, published_at)
    values (${tenant.id}, 'broken', '{"radius":"round"}', now())`;
  expect(await deliver()).toEqual({ kind: "done" });
  expect((await parse(server.raw[0] ?? "")).subject).toMatch(/^Receipt R-\d+ from Acme$/);
});

test("a customer without an address: done, and the audit says so", async () => {
  const server = await mailServer();
  const { deliver, row, tenant } = await paid({ port: server.port, email: null });
  expect(await deliver()).toEqual({ kind: "done" });
  expect(await row()).toMatchObject({ state: "done", result: { status: "no_address" } });
  expect(await tenant.audit()).toContain("receipt.no_address");
  expect(server.raw).toEqual([]);
});

test("a tenant without a mail server: done, and the audit says so", async () => {
  const { deliver, tenant } = await paid({ port: 1, settings: { smtp: null } });
  expect(await deliver()).toEqual({ kind: "done" });
  expect(await tenant.audit()).toContain("receipt.not_configured");
});

test("a mail server that is down or busy is tried again, with the same Message-ID; one that says never is not", async () => {
  let answers = [450, 0];
  const server = await mailServer({
    onRcptTo(_, __, done) {
      const responseCode = answers.shift();
      done(responseCode ? Object.assign(new Error("not now"), { responseCode }) : null);
    },
  });
  const busy = await paid({ port: server.port });
  expect(await busy.deliver()).toEqual({ kind: "retry" });
  expect(await busy.deliver()).toEqual({ kind: "done" });
  expect((await parse(server.raw[0] ?? "")).messageId).toBe(`<${busy.outboxId}@acme.test>`);

  answers = [550];
  const unknown = await paid({ port: server.port });
  expect(await unknown.deliver()).toEqual({ kind: "dead" });
  expect((await unknown.row())?.last_cause).toContain("not now");

  const down = await paid({ port: 1 });
  expect(await down.deliver()).toEqual({ kind: "retry" });
});

test("a mail server that names the payer in its refusal puts no name into the log", async () => {
  const server = await mailServer({
    onRcptTo(to, _, done) {
      const words = `5.1.1 <${to.address}>: user Anna Smith unknown`;
      done(Object.assign(new Error(words), { responseCode: 550 }));
    },
  });
  const { deliver, row, outboxId } = await paid({ port: server.port });
  const lines: string[] = [];
  const destination = new PassThrough().on("data", (line) => lines.push(String(line)));
  expect(await deliver({ log: createLogger({ name: "test", destination }) })).toEqual({ kind: "dead" });
  expect((await row())?.last_cause).toContain("Anna Smith");
  expect(lines.join("")).toContain(outboxId);
  expect(lines.join("")).not.toMatch(/Anna|northgate/);
});

test("a password is never sent over an open line", async () => {
  const seen: string[] = [];
  const server = await mailServer({
    onAuth(auth, _, done) {
      seen.push(auth.username ?? "");
      done(null, { user: "x" });
    },
  });
  const { deliver } = await paid({
    port: server.port,
    settings: {
      smtp: {
        host: "127.0.0.1",
        port: server.port,
        secure: false,
        user: "mailer",
        from: "Acme <billing@acme.test>",
      },
      "smtp.password": "canary",
    },
  });
  expect(await deliver()).toEqual({ kind: "retry" });
  expect(seen).toEqual([]);
});

test("SendReceipt hooks may reroute, reword and add lines; a broken one changes nothing", async () => {
  const server = await mailServer();
  const seen: string[] = [];
  const rerouted = await paid({
    port: server.port,
    hooks: {
      SendReceipt: {
        before: (_, input) => ({
          ...input,
          to: "other@northgate.test",
          subject: `PO 4711: ${input.subject}`,
          extraLines: [{ label: "Purchase order", value: "<4711>" }],
        }),
        after: (_, { messageId }) => {
          seen.push(messageId);
          return { messageId };
        },
      },
    },
  });
  await rerouted.deliver();
  const mail = await parse(server.raw[0] ?? "");
  expect(mail.to?.[0]?.address).toBe("other@northgate.test");
  expect(mail.subject).toMatch(/^PO 4711: Receipt/);
  expect(mail.html).toContain("&lt;4711&gt;");
  expect(mail.text).toContain("Purchase order: <4711>");
  expect(seen).toEqual([`<${rerouted.outboxId}@acme.test>`]);

  const broken = await paid({
    port: server.port,
    hooks: { SendReceipt: { before: () => Promise.reject(new Error("broken")) } },
  });
  expect(await broken.deliver()).toEqual({ kind: "done" });
  expect((await parse(server.raw[1] ?? "")).to?.[0]?.address).toBe("ap@northgate.test");
});
