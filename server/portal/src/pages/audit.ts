import type { AuditTopic, AuditVerdict, PortalAudit, PortalAuditEntry, Team } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { change, get } from "../api/client.ts";
import { Query } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { count, dateTime } from "../ui/format.ts";
import { wordsFor } from "../ui/notice.ts";
import { type Column, type Filter, TablePage } from "../ui/table-page.ts";
import { say, sayIfKnown } from "../words/words.ts";
import { settingsTabs } from "./settings-tabs.ts";

type Row = PortalAuditEntry;

const topics: readonly AuditTopic[] = ["setting", "flag", "embed_key", "team", "login", "payment", "outbox"];

const actionWords = ({ action }: Row): string =>
  sayIfKnown(`step.${action}`) ?? sayIfKnown(`audit.${action}`) ?? action;
const who = ({ by }: Row): string => by ?? say("audit.platform");
const detailOf = ({ detail }: Row): string => {
  const text = JSON.stringify(detail);
  return text === "{}" ? "" : text;
};

/** Everything that was done, the newest first; a row leads to all that was done to the same thing. */
class AuditTable extends TablePage<Row> {
  override readonly heading = say("audit.title");
  override readonly place = "settings/audit";
  override readonly endpoint = "/audit";
  override readonly searchLabel = say("audit.search");

  readonly #team = new Query<Team>(this, () => ({ key: ["team"], read: () => get<Team>("/team") }));

  override columns(): readonly Column<Row>[] {
    return [
      {
        head: say("payments.date"),
        cell: ({ at }) => html`<span class="whitespace-nowrap tabular-nums">${dateTime(at)}</span>`,
      },
      { head: say("audit.who"), cell: (row) => html`<bdi class="break-words">${who(row)}</bdi>` },
      {
        head: say("audit.action"),
        cell: (row) => html`<span class="break-words">${actionWords(row)}</span>`,
      },
      {
        head: say("audit.subject"),
        cell: ({ subject }) => html`<code class="text-sm break-all" dir="ltr">${subject}</code>`,
      },
      {
        head: say("audit.detail"),
        cell: (row) =>
          html`<code class="line-clamp-3 text-sm break-all text-muted" dir="ltr">${detailOf(row)}</code>`,
        from: "lg",
      },
    ];
  }

  override filters(): readonly Filter[] {
    const people = this.#team.result.data?.members ?? [];
    const any = (label: string) => ({ value: "", label: `${label}: ${say("common.any")}` });
    return [
      {
        name: "topic",
        label: say("audit.topic"),
        options: [
          any(say("audit.topic")),
          ...topics.map((value) => ({ value, label: say(`audit.topic.${value}`) })),
        ],
      },
      {
        name: "person",
        label: say("audit.who"),
        options: [
          any(say("audit.who")),
          ...people.map(({ id, name, email }) => ({ value: id, label: name || email })),
        ],
      },
    ];
  }

  override page(answer: unknown) {
    const { entries, next } = answer as PortalAudit;
    return { rows: entries, next };
  }

  override href = ({ subject }: Row): string => placeOf(this.place, { q: subject });

  override name = (row: Row): string =>
    [dateTime(row.at), who(row), actionWords(row), row.subject].join(", ");

  override nothing() {
    return { title: say("payments.noneTitle"), words: say("audit.none") };
  }

  override small(row: Row) {
    return html`<span class="flex flex-wrap items-baseline justify-between gap-x-4">
        <span class="font-medium break-words">${actionWords(row)}</span>
        <span class="text-sm text-muted tabular-nums">${dateTime(row.at)}</span></span>
      <span class="mt-1 flex flex-wrap items-baseline justify-between gap-x-4 text-sm text-muted">
        <bdi>${who(row)}</bdi><code class="break-all" dir="ltr">${row.subject}</code></span>`;
  }
}
customElements.define("audit-table", AuditTable);

/** The audit log, and whether it is whole. */
class AuditPage extends PortalElement {
  static override properties = {
    query: { attribute: false },
    verdict: { state: true },
    failure: { state: true },
    busy: { state: true },
  };
  declare query: URLSearchParams;
  declare protected verdict: AuditVerdict | null;
  declare protected failure: string;
  declare protected busy: boolean;

  constructor() {
    super();
    this.query = new URLSearchParams();
    this.verdict = null;
    this.failure = "";
    this.busy = false;
  }

  #verify = async () => {
    this.busy = true;
    this.failure = "";
    this.verdict = null;
    try {
      this.verdict = await change<AuditVerdict>("/audit/verify", "POST", {});
    } catch (error) {
      this.failure = wordsFor(error);
    } finally {
      this.busy = false;
    }
  };

  override render() {
    return html`${settingsTabs("audit")}
      <div class="card mb-5 flex flex-wrap items-center justify-between gap-3 px-4 py-3">
        <div class="min-w-0 grow basis-64"><p class="max-w-prose text-muted">${say("audit.lead")}</p>
          <div role="status">${this.verdict ? this.#told(this.verdict) : nothing}</div>
          ${this.failure ? html`<p class="text-danger" role="alert">${this.failure}</p>` : nothing}</div>
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.#verify}>${say(this.busy ? "audit.verifying" : "audit.verify")}</button>
      </div>
      <audit-table class="block" .query=${this.query}></audit-table>`;
  }

  #told({ entries, anchors, damage }: AuditVerdict) {
    if (!damage)
      return html`<p class="font-medium text-success">${say("audit.whole", { entries: count(entries), anchors: count(anchors) })}</p>`;
    return html`<p class="font-medium text-danger">${say("audit.damaged", { entry: damage.entry, kind: say(`audit.${damage.kind}`) })}</p>`;
  }
}
customElements.define("audit-page", AuditPage);
