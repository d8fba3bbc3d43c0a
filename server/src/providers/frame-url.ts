import { z } from "zod";

/** A host as browsers write it; nothing that means more than itself in a header or a policy. */
export const hostname = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/;

/** Where a browser finds a vendor's card fields. Its origin goes into a policy as it is. */
export const FrameUrl = z.url({ protocol: /^https?$/, hostname });
