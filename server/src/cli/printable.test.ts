import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { paymentRows } from "../operations/testing/lived-in-tenant.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { describeFailure, table } from "./output.ts";
import { oneLine, printable } from "./printable.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const dataDir = temporaryFolders()();
let platform: TestPlatform;
let acme: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  acme = await platform.createTenant("acme");
});
afterAll(() => platform.close());

/** Clears the screen, goes back, begins a line of its own, turns the order round, and ends in half a character. */
const hostile =
  "A\u001b[2J\u001b]0;x\u0007\u009b31m\r\b\u007f\u202eB\u2066\u2028\u200b\u{e0041}\ufeff\nok   forged\ud800";
/** Nothing but line feeds that we wrote, and what can be seen. */
const harmless = /^(?:\n|[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}])*$/u;

const clarity = (line: string) => runCommandLine({ args: line.split(" "), dataDir });

test.each([
  ["ESC", "\u001b"],
  ["BEL", "\u0007"],
  ["backspace", "\b"],
  ["carriage return", "\r"],
  ["DEL", "\u007f"],
  ["CSI in one byte", "\u009b"],
  ["next line", "\u0085"],
  ["right-to-left override", "\u202e"],
  ["isolate", "\u2067"],
  ["line separator", "\u2028"],
  ["zero-width space", "\u200b"],
  ["byte order mark", "\ufeff"],
  ["a tag", "\u{e0041}"],
  ["half a pair", "\udc00"],
])("%s is shown, not obeyed", (_, character) => {
  const shown = printable(`a${character}b`);
  expect(shown).toMatch(/^a(\\u[0-9a-f]{4})+b$/);
  // As JSON writes it, so JSON says the same.
  expect(JSON.parse(`"${shown}"`)).toBe(`a${character}b`);
});

test("what can be seen stays as it is, in every script", () => {
  const text = "Zürich Müller & Söhne\tقصر 会社 😀 – “ok”\n";
  expect(printable(text)).toBe(text);
  expect(oneLine("a\nb")).toBe("a\\nb");
});

test("a cell stays in its row, as wide as it is shown", () => {
  expect(
    table([
      ["a\nb", "c"],
      ["long cell", "d"],
    ]),
  ).toBe("a\\nb       c\nlong cell  d");
});

/** Where others' words are stored, and the verbs that show them. */
const places: Record<string, { put: () => Promise<unknown>; shownBy: string[] }> = {
  "a tenant's name, reasons and template": {
    put: async () => {
      const { sql } = platform.operator.registry;
      // PostgreSQL's text has no half characters.
      const text = hostile.slice(0, -1);
      await sql`
        update tenants set name = ${text}, template = ${text}, pinned_version = ${text}, pin_reason = ${text},
          pin_until = now() + interval '1 h', upstream = 'http://x.test', updated_at = clock_timestamp()`;
    },
    shownBy: ["tenant list", "tenant show acme", "doctor", "migrate status"],
  },
  "why it is parked": {
    put: async () => {
      const text = hostile.slice(0, -1);
      await platform.operator.registry.sql`
        update tenants set parked_at = now(), parked_reason = ${text}, updated_at = clock_timestamp()`;
    },
    shownBy: ["tenant show acme", "doctor", "migrate status"],
  },
  "a setting, a flag's reason, what a provider answered, an audit row": {
    put: async () => {
      const text = hostile.slice(0, -1);
      await platform.operator.registry.sql`
        update tenants set pinned_version = null, pin_reason = null, pin_until = null, upstream = null,
          parked_at = null, parked_reason = null, updated_at = clock_timestamp()`;
      const open = await platform.operator.tenants.open(acme.tenant.id);
      await open.settings.set("seller.name", text);
      await open.flags.set("partial-payments", false, { reason: text });
      await paymentRows(open);
      await open.db
        .query`update pay.attempts set last_cause = ${text}, provider_ref = ${text} returning tenant_id`;
      await open.db.query`
        update pay.payments set state = 'conflicted', reason = ${text} returning tenant_id`;
      await open.db.query`update pay.outbox set state = 'dead', last_cause = ${text} returning tenant_id`;
      await open.db.query`
        insert into pay.audit_log (tenant_id, actor, action, subject)
        values (${acme.tenant.id}, ${text}, ${text}, ${text}) returning tenant_id`;
    },
    shownBy: [
      "setting list acme",
      "setting get acme seller.name",
      "flag list acme",
      "payment list acme",
      "dead-letter list acme",
      "audit show acme",
      "doctor",
    ],
  },
};
test.each(Object.keys(places))("%s does nothing to the terminal that shows it", async (place) => {
  await places[place]?.put();
  let shown = "";
  for (const line of places[place]?.shownBy ?? []) {
    const plain = await clarity(line);
    const json = await clarity(`${line} --json`);
    for (const { stdout, stderr } of [plain, json]) {
      expect(stdout + stderr, line).toMatch(harmless);
      expect(stdout, line).not.toMatch(/^ok {3}forged/m);
    }
    expect(plain.stdout, line).not.toBe("none");
    shown += json.stdout;
    // The same words, for whoever reads them by program.
    expect(JSON.parse(json.stdout), line).toBeDefined();
  }
  expect(shown).toContain("\\u001b[2J");
  expect(shown).toContain("\\u202e");
});

test("nor does what a failure quotes, or what a person typed", async () => {
  expect(oneLine(describeFailure(new Error(hostile)))).toMatch(harmless);
  for (const args of [
    ["tenant", "show", hostile],
    ["setting", "get", "acme", hostile],
    ["flag", "set", "acme", "partial-payments", hostile],
    [hostile],
    ["tenant", `--${hostile}`],
  ]) {
    const { code, stdout, stderr } = await runCommandLine({ args, dataDir });
    expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" });
    expect(stderr).toMatch(harmless);
  }
});
