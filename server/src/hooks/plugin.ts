import type { Hooks } from "./pipeline.ts";

/** A tenant's own code: default export of `<plugins dir>/<slug>.ts` or `.js`. */
export interface Plugin {
  name: string;
  hooks: Hooks;
}

export const definePlugin = (plugin: Plugin): Plugin => plugin;
export type { Hooks, PipelineContext, StepHooks, StepName, Steps } from "./pipeline.ts";
export { HookRefusal } from "./pipeline.ts";
