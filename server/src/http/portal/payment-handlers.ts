import { faultsOf, PaymentQuery, refused } from "../../../contract/index.ts";
import { listHistory } from "../../payments/history/list-history.ts";
import { overview } from "../../payments/history/overview.ts";
import { paymentStory } from "../../payments/history/payment-story.ts";
import { answerJson, answerRefused } from "../answers.ts";
import type { Handlers } from "../mount-routes.ts";
import { idIn } from "./session-handlers.ts";

/** What was paid, and what became of it. */
export const paymentHandlers: Handlers<"readPortalOverview" | "listPortalPayments" | "readPortalPayment"> = {
  async readPortalOverview(_, { ctx }) {
    return answerJson(await overview({ ctx }));
  },

  async listPortalPayments(c, { ctx }) {
    const query = PaymentQuery.safeParse(c.req.query());
    if (!query.success) {
      return answerRefused(c, refused("validation_failed", { errors: faultsOf(query.error) }));
    }
    const listed = await listHistory({ ctx, input: query.data });
    return listed.kind === "refused" ? answerRefused(c, listed) : answerJson(listed.page);
  },

  async readPortalPayment(c, { ctx }) {
    const id = idIn(c);
    const story = id === null ? null : await paymentStory({ ctx, input: { id } });
    return story ? answerJson(story) : answerRefused(c, refused("not_found"));
  },
};
