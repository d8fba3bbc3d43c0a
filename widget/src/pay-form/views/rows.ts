import type { Invoice } from "@clarity/bff/contract";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { html, nothing } from "lit/html.js";
import { isPayable } from "../selection.ts";
import { amountProblem } from "./amount-problem.ts";
import { type Chunk, chunkRows, inChunks } from "./groups.ts";
import { row } from "./row.ts";
import type { View } from "./view.ts";

/** A list longer than this is shortened until asked for, and can be searched. */
export const longList = 10;

/** With its place in the list, from 0. */
type Placed = [at: number, invoice: Invoice];

/** Of those chosen further down, how many more are drawn in one turn. */
const tailRows = 8;

export interface List {
  /** Own in the form: the currency's, or the search's in it. */
  name: string;
  invoices: readonly Invoice[];
  chunks: readonly Chunk[];
  /** Those chosen are shown however far down they stand. */
  keepsChosen: boolean;
}

/**
 * The rows of a list: the first few, and those chosen; all of them once asked for. Long lists are drawn chunk by chunk,
 * each in a turn of its own, and a chunk in which nothing changed is left alone: a key that is pressed waits for no
 * more than one. What is out of sight has no layout (`content-visibility`) and is there for everybody all the same.
 */
export function rows(view: View, list: List) {
  const { state, words, ui } = view;
  const { name, invoices, chunks } = list;
  const of = invoices.length;
  const whole = ui.whole.get(name);
  const drawn = of > longList ? (whole ?? longList) : of;
  if (whole && drawn < of) drawMore(view, list, drawn);
  const stop = stopOf(view, list, drawn);
  const chunk = (placed: readonly Placed[], key: string) => {
    const same = [words, state.session?.flags, key, placed.length, of, stateOf(view, placed, stop)];
    const draw = () =>
      repeat(
        placed,
        ([, { id }]) => id,
        ([at, invoice]) => row(view, invoice, { at, of, isStop: invoice.id === stop, list: name }),
      );
    // A guessed height moves what is below it: only what is long and further down gets one.
    const isFar = (placed[0]?.[0] ?? 0) > 0 && placed.length === chunkRows;
    return html`<div class=${isFar ? "chunk far" : "chunk"} role="none">${guard(same, draw)}</div>`;
  };
  const first = chunks.slice(0, Math.ceil(drawn / chunkRows)).map(({ rows, key }, n) =>
    chunk(
      rows.slice(0, drawn - n * chunkRows).map((invoice, at) => [n * chunkRows + at, invoice]),
      key,
    ),
  );
  const beyond = chosenBeyond(view, list, drawn);
  const tail = inChunks(beyond.slice(0, tailOf(view, list, beyond.length)));
  const showAll = () => {
    ui.goTo = `row:${invoices[longList]?.id}`;
    ui.whole.set(name, 2 * longList);
    ui.update();
  };
  return html`<div class="rows" role="list" @keydown=${move}>
      ${first}${tail.map((placed) => chunk(placed, JSON.stringify(placed)))}
    </div>
    ${
      whole || drawn + beyond.length >= of
        ? nothing
        : html`<button type="button" class="text more" part="button" @click=${showAll}>
            ${words.text("list.showAll", { count: of })}
          </button>`
    }`;
}

/** Those chosen, now or before, that are not among the first. */
function chosenBeyond({ state, ui }: View, { invoices, keepsChosen }: List, drawn: number): Placed[] {
  for (const id of state.chosen.keys()) ui.kept.add(id);
  if (!keepsChosen || !ui.kept.size) return [];
  return invoices.flatMap((invoice, at): Placed[] =>
    at >= drawn && ui.kept.has(invoice.id) ? [[at, invoice]] : [],
  );
}

/** “Select all” makes a hundred rows at once: they too come in turns. */
function tailOf({ ui }: View, { name }: List, length: number): number {
  const drawn = Math.min(length, (ui.tails.get(name) ?? 0) + tailRows);
  ui.tails.set(name, drawn);
  if (drawn < length) setTimeout(ui.update);
  return drawn;
}

function drawMore({ ui }: View, { name }: List, drawn: number): void {
  setTimeout(() => {
    if (ui.whole.get(name) !== drawn) return;
    ui.whole.set(name, drawn + chunkRows);
    ui.update();
  });
}

/** All that a chunk's rows show beside their invoices. */
function stateOf(view: View, placed: readonly Placed[], stop: string | undefined): string {
  const { state, ui } = view;
  let text = "";
  for (const [at, invoice] of placed) {
    const { id } = invoice;
    if (id === stop) text += `>${at}`;
    const amount = state.chosen.get(id);
    if (amount !== undefined) text += `${at}:${amount} ${ui.draft === id} ${amountProblem(view, invoice)};`;
  }
  return text;
}

/** The row that Tab comes to: the last one that had the keyboard; when that is gone, the one in its place. */
function stopOf({ ui }: View, { name, invoices, keepsChosen }: List, drawn: number): string | undefined {
  const last = ui.stops.get(name);
  const fits = (each: Invoice | undefined, at: number) =>
    each && (at < drawn || (keepsChosen && ui.kept.has(each.id))) && isPayable(each);
  const lastAt = last?.at ?? 0;
  const stays = invoices[lastAt]?.id === last?.id ? lastAt : invoices.findIndex(({ id }) => id === last?.id);
  if (last && fits(invoices[stays], stays)) return last.id;
  const next = invoices.findIndex((each, at) => at >= lastAt && fits(each, at));
  return (invoices[next] ?? invoices.findLast(fits))?.id;
}

const pageRows = 10;

/** Up and down go from row to row, in the column of checkboxes or of amounts; the text of an amount keeps its own keys. */
function move(event: KeyboardEvent): void {
  const { key, target, currentTarget, altKey, ctrlKey, metaKey, shiftKey } = event;
  const from = target as HTMLInputElement;
  const column = from.dataset.focus?.replace(/:.*/s, "");
  if (from.localName !== "input" || altKey || ctrlKey || metaKey || shiftKey) return;
  const all = [
    ...(currentTarget as Element).querySelectorAll<HTMLInputElement>(`input[data-focus^="${column}:"]`),
  ];
  const at = all.indexOf(from);
  const last = all.length - 1;
  const arrows = { ArrowUp: at - 1, ArrowDown: at + 1 };
  const others = { Home: 0, End: last, PageUp: at - pageRows, PageDown: at + pageRows };
  const to = (column === "row" ? { ...arrows, ...others } : arrows)[key as "ArrowUp"];
  if (to === undefined) return;
  event.preventDefault();
  const wanted = Math.min(Math.max(to, 0), last);
  // Over those that cannot be chosen; at an end, back from it.
  const open = (step: number): HTMLInputElement | undefined => {
    let n = wanted;
    while (all[n]?.matches(":disabled")) n += step;
    return all[n];
  };
  const onward = wanted < at ? -1 : 1;
  const next = open(onward) ?? open(-onward);
  next?.focus();
  if (column === "amount") next?.select();
}
