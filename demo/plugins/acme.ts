import { definePlugin } from "@clarity/server/plugin";

/** Acme's accountants look for web payments by the words in the memo. */
export default definePlugin({
  name: "acme",
  hooks: {
    SyncPayment: {
      before: (context, { payment }) => ({
        payment: { ...payment, memo: `Web payment by customer ${context.customerId}. ${payment.memo}` },
      }),
    },
  },
});
