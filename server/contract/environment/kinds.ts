import { readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isOpenToAll } from "./open-to-all.ts";
import type { Kind } from "./variable.ts";

const kind = <T>(words: string, schema: z.ZodType<T, string>): Kind<T> => ({ words, schema });

export const text = kind("text", z.string());

/** @param pattern of the whole text */
export const textLike = (words: string, pattern: RegExp): Kind<string> =>
  kind(words, z.string().regex(pattern));

export const choice = <const T extends string>(...options: readonly [T, ...T[]]): Kind<T> =>
  kind(`one of ${options.join(", ")}`, z.enum(options));

export const flag = kind(
  "1 or 0, true or false",
  z.enum(["1", "0", "true", "false"]).transform((written) => written === "1" || written === "true"),
);

const digits = z.string().regex(/^\d{1,15}$/);

const within = (words: string, least: number, most: number) =>
  kind(`${words}, ${least} to ${most}`, digits.transform(Number).pipe(z.number().min(least).max(most)));

/** @param unit such as `ms`, with which the variable's name ends */
export const wholeNumber = ({ least = 0, most, unit }: { least?: number; most: number; unit?: string }) =>
  within(`a whole number${unit ? ` of ${unit}` : ""}`, least, most);

export const portWithin = (least: number, most: number) => within("a port", least, most);

/** 0: any free one. */
export const port = portWithin(0, 65_535);

const decimal = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/);

export const positiveNumber = (unit: string) =>
  kind(`a number of ${unit} above 0`, decimal.transform(Number).pipe(z.number().positive()));

export const share = kind("a number from 0 to 1", decimal.transform(Number).pipe(z.number().max(1)));

export const host = kind("a host name or an address to listen on", z.string().regex(/^[\w.:-]+$/));

const urlOf =
  (...protocols: readonly string[]) =>
  (written: string) =>
    protocols.includes(URL.parse(written)?.protocol ?? "") && URL.parse(written)?.host !== "";

const httpText = z.string().refine(urlOf("http:", "https:"));

export const httpUrl = kind("a URL, http:// or https://", httpText);

export const httpUrlOr = (word: string) =>
  kind(
    `${word}, or a URL, http:// or https://`,
    z.string().refine((written) => written === word || urlOf("http:", "https:")(written)),
  );

/** Scheme, host and port, and nothing behind them. */
export const origin = kind(
  "an origin such as https://pay.example",
  httpText.refine((written) => URL.parse(written)?.origin === written),
);

export const postgresUrl = kind(
  "a URL, postgres://user:password@host:5432/database",
  z.string().refine(urlOf("postgres:", "postgresql:")),
);

export const redisUrl = kind("a URL, redis:// or rediss://", z.string().refine(urlOf("redis:", "rediss:")));

export const smtpUrl = kind(
  "a URL, smtp://user:password@host:587 or smtps://",
  z.string().refine(urlOf("smtp:", "smtps:")),
);

export const path = kind("a path", z.string());

/** undefined: there is none, or none that we can get at. */
function statOf(name: string): Stats | undefined {
  try {
    return statSync(name);
  } catch {
    return undefined;
  }
}

const isThere = (what: "isFile" | "isDirectory") => (name: string) => statOf(name)?.[what]() ?? false;

export const existingFile = kind("the path of a file that is there", z.string().refine(isThere("isFile")));

/** A key's. */
export const privatePath = kind(
  "the path of a file, or of a folder of files, that is there and that none but its owner and group may read",
  z.string().refine((name) => {
    const stat = statOf(name);
    if (!stat?.isDirectory()) return stat?.isFile() && !isOpenToAll(stat.mode);
    const keys = readdirSync(name).filter((file) => file.endsWith(".pem"));
    return keys.every((file) => !isOpenToAll(statOf(join(name, file))?.mode ?? 0));
  }),
);

export const existingFolder = kind(
  "the path of a folder that is there",
  z.string().refine(isThere("isDirectory")),
);

export const existingPath = kind(
  "the path of a file or a folder that is there",
  z.string().refine((name) => isThere("isFile")(name) || isThere("isDirectory")(name)),
);

/** @param words what the JSON says: `the public key as a JWK` */
export const json = <T>(words: string, schema: z.ZodType<T, unknown>): Kind<T> =>
  kind(
    `JSON, ${words}`,
    z
      .string()
      .transform((written, context) => {
        try {
          return JSON.parse(written) as unknown;
        } catch {
          context.addIssue({ code: "custom", message: "no JSON" });
          return z.NEVER;
        }
      })
      .pipe(schema),
  );

/** As pino names them. */
export const logLevel = choice("info", "fatal", "error", "warn", "debug", "trace", "silent");
