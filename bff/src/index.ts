/** The public edge, for programs that start it: the launcher, benches, tests. */
export { createEdge, type Edge, type EdgeOptions } from "./edge.ts";
export { edgeEnvironment } from "./environment.ts";
export { type EdgeKeyFiles, ensureEdgeKeys, readEdgeKey } from "./keys.ts";
export type { Limits } from "./rate-limit.ts";
export type { InternalKey } from "./tokens/internal-token.ts";
export { httpUpstream, type Upstream } from "./upstream.ts";
