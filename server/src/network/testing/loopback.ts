import { parseAllowList } from "../allow-list.ts";
import { createNetwork } from "../network.ts";

/** For tests whose other side is on this machine. */
export const loopbackNetwork = createNetwork({ allow: parseAllowList("127.0.0.0/8 ::1") });
