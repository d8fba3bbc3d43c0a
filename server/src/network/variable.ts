import { z } from "zod";
import { defineVariables } from "../../contract/environment/index.ts";
import { isAllowList } from "./allow-list.ts";

export const allowedNetworksVariable = defineVariables({
  CLARITY_ALLOWED_NETWORKS: {
    kind: {
      words: "names, addresses and networks, such as erp.internal:8443, 10.20.0.0/16",
      schema: z.string().refine(isAllowList),
    },
    help: "what tenants may name beside public addresses by https: on-premise ERPs, a mail relay; http too",
    default: "",
  },
});
