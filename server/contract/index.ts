/** What the edge sends to the server and sees of it. The one door through which `bff` knows this workspace. */
export * from "./errors.ts";
export * from "./internal.ts";
export * from "./log-error.ts";
export * from "./money.ts";
export * from "./payment.ts";
export * from "./portal/index.ts";
export * from "./refused.ts";
export * from "./route-table.ts";
export * from "./routes.ts";
export * from "./session.ts";
export * from "./text.ts";
