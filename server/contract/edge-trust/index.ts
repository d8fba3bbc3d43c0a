/** How a server knows its edge: keys that come and go while both serve, and what one token is for. */
export { keyId, readPems } from "./key-files.ts";
export { fixedRing, type KeyRing, openKeyRing } from "./key-ring.ts";
export { createRefresher, type Refresher } from "./refresher.ts";
export { type BoundRequest, requestDigest } from "./request-digest.ts";
