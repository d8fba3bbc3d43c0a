import {
  ConflictDecision,
  DeliveryFinish,
  type Inbox,
  type InboxDone,
  plainLine,
  ReasonGiven,
  type Refused,
  refused,
} from "../../../contract/index.ts";
import { closeAttempt } from "../../payments/by-hand/close-attempt.ts";
import { decideConflict } from "../../payments/by-hand/decide-conflict.ts";
import { finishDelivery } from "../../payments/by-hand/finish-delivery.ts";
import { listInbox } from "../../payments/by-hand/list-inbox.ts";
import type { NotDone } from "../../payments/by-hand/not-done.ts";
import { replayDelivery } from "../../payments/by-hand/replay-delivery.ts";
import { resolvePayment } from "../../payments/by-hand/resolve-payment.ts";
import { answerJson, answerRefused, readBody } from "../answers.ts";
import type { Handlers } from "../mount-routes.ts";
import { idIn } from "./session-handlers.ts";

type Ids =
  | "listPortalInbox"
  | "askAboutPortalPayment"
  | "closePortalPayment"
  | "decidePortalPayment"
  | "replayPortalDelivery"
  | "finishPortalDelivery";

/** What waits for a person, and the verbs that end it: those of the operators' command line, in the person's name. */
export const inboxHandlers: Handlers<Ids> = {
  async listPortalInbox(_, { ctx }) {
    return answerJson({ items: await listInbox({ ctx }) } satisfies Inbox);
  },

  async askAboutPortalPayment(c, { ctx }) {
    const read = await readBody(c, ReasonGiven);
    if (read.kind === "refused") return answerRefused(c, read);
    const asked = await resolvePayment({ ctx, input: { paymentId: idIn(c) ?? "", ...read.body } });
    if (asked.kind === "not_done") return answerRefused(c, refusalOf(asked));
    return done({ done: "asked", state: asked.after, cause: asked.cause && plainLine(asked.cause, 300) });
  },

  async closePortalPayment(c, { ctx }) {
    const read = await readBody(c, ReasonGiven);
    if (read.kind === "refused") return answerRefused(c, read);
    const closed = await closeAttempt({ ctx, input: { paymentId: idIn(c) ?? "", ...read.body } });
    if (closed.kind === "not_done") return answerRefused(c, refusalOf(closed));
    return done({
      done: closed.kind,
      state: closed.kind === "closed" ? closed.after : "failed",
      cause: null,
    });
  },

  async decidePortalPayment(c, { ctx }) {
    const read = await readBody(c, ConflictDecision);
    if (read.kind === "refused") return answerRefused(c, read);
    const decided = await decideConflict({ ctx, input: { paymentId: idIn(c) ?? "", ...read.body } });
    if (decided.kind === "not_done") return answerRefused(c, refusalOf(decided));
    const state = decided.decision === "paid" ? "captured" : "failed";
    return done({ done: decided.kind, state, cause: null });
  },

  async replayPortalDelivery(c, { ctx }) {
    const read = await readBody(c, ReasonGiven);
    if (read.kind === "refused") return answerRefused(c, read);
    const replayed = await replayDelivery({ ctx, input: { id: idIn(c) ?? "", ...read.body } });
    if (replayed.kind === "not_done") return answerRefused(c, refusalOf(replayed));
    return done({ done: "replayed", state: null, cause: null });
  },

  async finishPortalDelivery(c, { ctx }) {
    const read = await readBody(c, DeliveryFinish);
    if (read.kind === "refused") return answerRefused(c, read);
    const finished = await finishDelivery({ ctx, input: { id: idIn(c) ?? "", ...read.body } });
    if (finished.kind === "not_done") return answerRefused(c, refusalOf(finished));
    return done({ done: finished.kind, state: null, cause: null });
  },
};

const done = (what: InboxDone): Response => answerJson(what);

/** Its words are for whoever used the verb: what they say of an account or an ERP is the tenant's own. */
function refusalOf({ because, words }: NotDone): Refused {
  const detail = plainLine(words, 500);
  switch (because) {
    case "not_found":
      return refused("not_found");
    case "reason_missing":
      return refused("validation_failed", { errors: [{ pointer: "/reason", message: words }] });
    case "reference_missing":
      return refused("validation_failed", { errors: [{ pointer: "/erpRef", message: words }] });
    case "busy":
      return refused("not_done", { detail, retryAfterS: 30 });
    case "does_not_apply":
    case "cannot_ask":
    case "not_covered":
      return refused("not_done", { detail });
  }
}
