/** The portal's half of the contract: what its pages send and see, its routes, and who may do what. */

export * from "./audit-shapes.ts";
export * from "./books.ts";
export * from "./embedding-shapes.ts";
export * from "./permissions.ts";
export * from "./routes.ts";
export * from "./settings-shapes.ts";
export * from "./shapes.ts";
