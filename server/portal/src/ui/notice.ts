import { html, nothing, type TemplateResult } from "lit";
import { codeOf, Failure } from "../api/problem.ts";
import { say, sayIfKnown } from "../words/words.ts";

/** What went wrong, in words; whatever has none of its own is our fault. */
export const wordsFor = (error: unknown): string =>
  sayIfKnown(`error.${codeOf(error)}`) ?? say("error.internal");

/** In the place of what could not be had. */
export function failed(error: unknown, again: () => void): TemplateResult {
  const id = error instanceof Failure ? error.requestId : null;
  return html`<div class="card flex flex-col items-center gap-2 px-6 py-12 text-center" role="alert">
    <h2 class="text-lg font-semibold">${say("error.title")}</h2>
    <p class="max-w-prose text-muted">${wordsFor(error)}</p>
    ${id === null ? nothing : html`<p class="text-sm text-muted">${say("error.reference", { id })}</p>`}
    <button class="button mt-3" type="button" @click=${again}>${say("common.retry")}</button>
  </div>`;
}

export const empty = (title: string, words: string): TemplateResult =>
  html`<div class="card flex flex-col items-center gap-1 px-6 py-14 text-center">
    <h2 class="text-lg font-semibold">${title}</h2>
    <p class="max-w-prose text-muted">${words}</p>
  </div>`;
