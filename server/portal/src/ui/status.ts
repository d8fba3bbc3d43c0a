import type { PortalPaymentState } from "@clarity/server/contract";
import { html, type TemplateResult } from "lit";
import { say } from "../words/words.ts";

/** Never by colour alone: the words say it, the dot is for the eye. */
const dots: Readonly<Record<PortalPaymentState, string>> = {
  captured: "bg-success",
  declined: "bg-danger",
  failed: "bg-danger",
  conflicted: "bg-warning",
  pending: "bg-info",
  requires_action: "bg-info",
  authorized: "bg-info",
};

export const stateWords = (state: PortalPaymentState): string => say(`state.${state}`);

export const status = (state: PortalPaymentState): TemplateResult =>
  html`<span class="inline-flex items-center gap-2 whitespace-nowrap"><span class="size-2 rounded-full ${dots[state]}" aria-hidden="true"></span>${stateWords(state)}</span>`;
