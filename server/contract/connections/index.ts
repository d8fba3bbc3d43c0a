/**
 * What strangers may hold of a process that listens, edge or server, and what their addresses are called. Apart from
 * the contract itself, which browsers know too.
 */
export { networkOf, readAddress, truncatedAddress } from "./address.ts";
export { type Answer, createGuardedServer } from "./guarded-server.ts";
export { type ConnectionLimits, connectionLimitsOf, connectionVariables, usualLimits } from "./limits.ts";
export type { Loss, Why } from "./losses.ts";
export { createPlaces, type Places } from "./places.ts";
