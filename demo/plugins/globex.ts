import { definePlugin } from "@clarity/server/plugin";

/** Globex's receipts say which journal the payment will be found in. */
export default definePlugin({
  name: "globex",
  hooks: {
    SendReceipt: {
      before: (_context, receipt) => ({
        ...receipt,
        extraLines: [...receipt.extraLines, { label: "Booked in", value: "Customer payment journal, USMF" }],
      }),
    },
  },
});
