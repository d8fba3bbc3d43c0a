/** The public edge, for programs that start it: the launcher, benches, tests. */
export { createEdge, type Edge, type EdgeOptions } from "./edge/create-edge.ts";
export { edgeEnvironment } from "./environment.ts";
export type { Limits } from "./limits/rate-limit.ts";
export type { InternalKey } from "./tokens/internal-token.ts";
export {
  type EdgeKeyFiles,
  type EdgeKeys,
  ensureEdgeKeys,
  openEdgeKeys,
  readEdgeKey,
} from "./tokens/keys.ts";
export type { Upstream } from "./upstream/forward.ts";
export { httpUpstream } from "./upstream/http-upstream.ts";
