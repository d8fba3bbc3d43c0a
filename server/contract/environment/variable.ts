import type { z } from "zod";

/** How a variable is written, and what it becomes. */
export interface Kind<T> {
  /** Completes “must be”, and stands in the tables: `a port, 0 to 65535`. */
  readonly words: string;
  readonly schema: z.ZodType<T, string>;
}

/** One variable of a process's environment, as data: the schema, `--help` and the docs' table are made from it. */
export interface Variable {
  readonly kind: Kind<unknown>;
  readonly help: string;
  /** The process does not start without it. */
  readonly required?: boolean;
  /** As it would be written. */
  readonly default?: string;
  /** In words, what holds without it, where nothing could be written. Default `none`. */
  readonly otherwise?: string;
  /** Its value may hold a password or a token: never printed, and a Secret's in a deployment. */
  readonly secret?: boolean;
}

export type Variables = Readonly<Record<string, Variable>>;

/** What a process reads from its environment, as far as it is data. */
export interface DeclaredEnvironment<V extends Variables = Variables> {
  /** `server`, `edge` … */
  readonly program: string;
  /** One sentence, for `--help`. */
  readonly about: string;
  readonly variables: V;
  /** Of each of these lists one at least must be set. */
  readonly oneOf?: readonly (readonly (keyof V & string)[])[];
}

/** The same, with what cannot be said by data. */
export interface Environment<V extends Variables> extends DeclaredEnvironment<V> {
  /** What else must hold, in one line each, of the values that are right by themselves. */
  readonly rules?: (values: Partial<ValuesOf<V>>) => string[];
}

export type ValuesOf<V extends Variables> = {
  readonly [N in keyof V]: V[N]["kind"] extends Kind<infer T>
    ? V[N] extends { readonly required: true } | { readonly default: string }
      ? T
      : T | undefined
    : never;
};

/** Keeps each variable's own type, so that a required one is never `undefined`. */
export const defineVariables = <const V extends Variables>(variables: V): V => variables;

/** As `defineVariables`, of a whole process. */
export const defineEnvironment = <const V extends Variables>(environment: Environment<V>): Environment<V> =>
  environment;
