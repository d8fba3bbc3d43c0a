import type { Invoice } from "@clarity/bff/contract";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { html } from "lit/html.js";
import { isPayable } from "../selection.ts";
import { amountProblem } from "./amount-problem.ts";
import { type Chunk, chunkRows, inChunks } from "./groups.ts";
import { row } from "./row.ts";
import type { View } from "./view.ts";

/** A list longer than this is shortened until asked for, and can be searched. */
export const longList = 10;
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
  const drawn = of > longList ? (ui.whole.get(name) ?? longList) : of;
  if (ui.whole.has(name) && drawn < of) drawMore(view, list, drawn);
  const stop = stopOf(view, list, drawn);
  const place = (invoice: Invoice, at: number) =>
    row(view, invoice, { at, of, isStop: invoice.id === stop, list: name });
  const chunk = ({ rows, key }: Chunk, at: number) => {
    const first = at * chunkRows;
    const shown = rows.slice(0, drawn - first);
    const partial = state.session?.flags["partial-payments"];
    const same = [words, partial, key, shown.length, of, stateOf(view, shown, stop)];
    const draw = () =>
      repeat(
        shown,
        ({ id }) => id,
        (invoice, n) => place(invoice, first + n),
      );
    return html`<div class="chunk" role="none">${guard(same, draw)}</div>`;
  };
  const beyond = chosenBeyond(view, list, drawn);
  const tail = beyond.slice(0, tailOf(view, list, beyond.length));
  return html`<div class="rows" role="list" @keydown=${move}>
    ${chunks.slice(0, Math.ceil(drawn / chunkRows)).map(chunk)}
    ${inChunks(tail).map(
      (part) =>
        html`<div class="chunk" role="none">${repeat(
          part,
          ([, { id }]) => id,
          ([at, invoice]) => place(invoice, at),
        )}</div>`,
    )}
  </div>`;
}

/** Chosen ones that are not among the first: with their places. */
function chosenBeyond({ state }: View, { invoices, keepsChosen }: List, drawn: number): [number, Invoice][] {
  const found: [number, Invoice][] = [];
  if (!keepsChosen || !state.chosen.size) return found;
  for (let at = drawn; at < invoices.length; at++) {
    const invoice = invoices[at];
    if (invoice && state.chosen.has(invoice.id)) found.push([at, invoice]);
  }
  return found;
}

/** “Select all” makes a hundred rows at once: they too come in turns. */
function tailOf({ ui }: View, { name }: List, length: number): number {
  const drawn = Math.min(length, (ui.tails.get(name) ?? 0) + tailRows);
  ui.tails.set(name, drawn);
  if (drawn < length) setTimeout(ui.update);
  return drawn;
}

/** How many of a list are on the screen. */
export function shownOf({ state, ui }: View, { name, invoices, keepsChosen }: List): number {
  const drawn = ui.whole.has(name) ? invoices.length : longList;
  return invoices.filter(({ id }, at) => at < drawn || (keepsChosen && state.chosen.has(id))).length;
}

function drawMore({ ui }: View, { name }: List, drawn: number): void {
  setTimeout(() => {
    if (ui.whole.get(name) !== drawn) return;
    ui.whole.set(name, drawn + chunkRows);
    ui.update();
  });
}

/** All that a chunk's rows show beside their invoices. */
function stateOf(view: View, rows: readonly Invoice[], stop: string | undefined): string {
  const { state, ui } = view;
  let text = "";
  for (const [at, invoice] of rows.entries()) {
    const { id } = invoice;
    if (id === stop) text += `>${at}`;
    const amount = state.chosen.get(id);
    if (amount !== undefined) text += `${at}:${amount} ${ui.draft === id} ${amountProblem(view, invoice)};`;
  }
  return text;
}

/** The row that Tab comes to: the last one that had the keyboard; when that is gone, the one in its place. */
function stopOf(
  { state, ui }: View,
  { name, invoices, keepsChosen }: List,
  drawn: number,
): string | undefined {
  const last = ui.stops.get(name);
  const fits = (each: Invoice | undefined, at: number) =>
    each && (at < drawn || (keepsChosen && state.chosen.has(each.id))) && isPayable(each);
  const lastAt = last?.at ?? 0;
  const stays = invoices[lastAt]?.id === last?.id ? lastAt : invoices.findIndex(({ id }) => id === last?.id);
  if (last && fits(invoices[stays], stays)) return last.id;
  const next = invoices.findIndex((each, at) => at >= lastAt && fits(each, at));
  return (invoices[next] ?? invoices.findLast(fits))?.id;
}

const keys = "ArrowUp ArrowDown Home End PageUp PageDown".split(" ");
const pageRows = 10;

/** Up and down go from row to row, in the column of checkboxes or of amounts; the text of an amount keeps its own keys. */
function move(event: KeyboardEvent): void {
  const { key, target, currentTarget, altKey, ctrlKey, metaKey, shiftKey } = event;
  const from = target as HTMLInputElement;
  const [column = ""] = from.dataset.focus?.split(":") ?? [];
  const isText = column === "amount";
  if (altKey || ctrlKey || metaKey || shiftKey || !keys.includes(key) || from.localName !== "input") return;
  if (isText && !key.startsWith("Arrow")) return;
  event.preventDefault();
  const all = [
    ...(currentTarget as Element).querySelectorAll<HTMLInputElement>(`input[data-focus^="${column}:"]`),
  ];
  const last = all.length - 1;
  const at = all.indexOf(from);
  const to = {
    ArrowUp: at - 1,
    ArrowDown: at + 1,
    Home: 0,
    End: last,
    PageUp: at - pageRows,
    PageDown: at + pageRows,
  };
  const wanted = Math.min(Math.max(to[key as keyof typeof to], 0), last);
  // Over those that cannot be chosen; at an end, back from it.
  const onward = wanted < at ? -1 : 1;
  const open = (first: number, step: number): HTMLInputElement | undefined => {
    for (let n = first; n >= 0 && n <= last; n += step) if (!all[n]?.matches(":disabled")) return all[n];
    return undefined;
  };
  const next = open(wanted, onward) ?? open(wanted, -onward);
  next?.focus();
  if (isText) next?.select();
}
