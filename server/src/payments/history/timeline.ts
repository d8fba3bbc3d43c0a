import { plainLine, type TimelineStep } from "../../../contract/index.ts";
import type { PaymentTrace } from "../trace-payment.ts";

type Row = Record<string, unknown>;
type Tone = TimelineStep["tone"];
type Evidence = TimelineStep["evidence"];

const longestEvidence = 300;

/** What a piece of the audit log's detail is called; what is not here is not shown. */
const shownDetail: Readonly<Record<string, string>> = {
  providerRef: "provider",
  erpRef: "erp",
  cause: "cause",
  reason: "reason",
  receiptNumber: "receipt",
  outcome: "outcome",
  decision: "decision",
  messageId: "mail",
  kind: "kind",
  by: "by",
};

const tones: Readonly<Record<string, Tone>> = {
  "payment.captured": "good",
  "payment.posted": "good",
  "payment.declined": "bad",
  "payment.failed": "bad",
  "payment.conflicted": "bad",
  "outbox.dead": "bad",
  "payment.requires_action": "waiting",
};

/** Ids of the people who stand in a trace's audit rows. */
export const namesOf = ({ audit }: PaymentTrace): string[] => [
  ...new Set(audit.map(({ actor }) => personIn(String(actor))).filter((id): id is string => id !== null)),
];

/** `user:<id>`, as the audit log spells a person of the tenant's. */
const personIn = (actor: string): string | null =>
  /^user:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(actor)?.[1] ?? null;

/** Every step of a payment, the first first. @param people names by id */
export function timelineOf(trace: PaymentTrace, people: ReadonlyMap<string, string>): TimelineStep[] {
  const steps = [
    ...trace.audit.map((row) => auditStep(row, people)),
    ...trace.attempts.map(attemptStep),
    ...trace.outbox.map(deliveryStep),
  ];
  return steps.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function auditStep(row: Row, people: ReadonlyMap<string, string>): TimelineStep {
  const what = String(row.action);
  const detail = (row.detail ?? {}) as Row;
  const evidence = Object.entries(shownDetail).flatMap(([key, label]) => piece(label, detail[key]));
  return {
    at: instant(row.at),
    what,
    by: byWhom(String(row.actor), people),
    tone: tones[what] ?? "neutral",
    evidence,
  };
}

/** The tenant's people and the payer by name or id; the platform's own processes are nobody. */
function byWhom(actor: string, people: ReadonlyMap<string, string>): string | null {
  const person = personIn(actor);
  if (person !== null) return people.get(person) ?? person;
  return /^(?:customer|operator):/.test(actor) ? plainLine(actor.slice(actor.indexOf(":") + 1), 120) : null;
}

function attemptStep(row: Row): TimelineStep {
  const state = String(row.state);
  const tone: Tone =
    state === "captured" ? "good" : ["declined", "failed", "conflicted"].includes(state) ? "bad" : "waiting";
  return {
    at: instant(row.created_at),
    what: "attempt",
    by: null,
    tone,
    evidence: [
      ...piece("attempt", row.id),
      ...piece("provider", row.provider),
      ...piece("account", row.provider_account),
      ...piece("reference", row.provider_ref),
      ...piece("statement", row.statement),
      ...piece("cause", row.last_cause),
    ],
  };
}

function deliveryStep(row: Row): TimelineStep {
  const state = String(row.state);
  const result = (row.result ?? {}) as Row;
  return {
    at: instant(row.done_at ?? row.created_at),
    what: String(row.kind),
    by: null,
    tone: state === "done" ? "good" : state === "dead" ? "bad" : "waiting",
    evidence: [
      ...piece("erp", result.erpRef),
      ...piece("status", result.status),
      ...piece("mail", result.messageId),
      ...piece("tries", row.tries),
      ...piece("cause", state === "done" ? null : row.last_cause),
    ],
  };
}

const piece = (label: string, value: unknown): Evidence =>
  ["string", "number", "bigint"].includes(typeof value) && value !== ""
    ? [{ label, value: plainLine(String(value), longestEvidence) }]
    : [];

const instant = (value: unknown): string => (value instanceof Date ? value : new Date(0)).toISOString();
