import * as contract from "@clarity/bff/contract";
import { HostEntry, OpenedSession, OpenSession } from "@clarity/server/contract";
import { z } from "zod";

/** A JSON Schema, as far as the contract's shapes need one. */
export interface Shape {
  $ref?: string;
  $defs?: Record<string, Shape>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  format?: string;
  properties?: Record<string, Shape>;
  required?: string[];
  additionalProperties?: boolean | Shape;
  items?: Shape;
  anyOf?: Shape[];
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
}

export interface Shapes {
  requests: Record<string, Shape>;
  answers: Record<string, Shape>;
}

/** What a form sends and reads, and what an edge asks of a server, as JSON Schema. */
export function shapesOf(): Shapes {
  const { SessionRequest, PaymentRequest, Session, InvoiceList, Payment, Problem } = contract;
  const schemas = (shapes: Record<string, z.ZodType>, io: "input" | "output") =>
    Object.fromEntries(
      Object.entries(shapes).map(([name, schema]) => [name, z.toJSONSchema(schema, { io }) as Shape]),
    );
  return {
    requests: schemas({ SessionRequest, PaymentRequest, OpenSession }, "input"),
    answers: schemas({ Session, InvoiceList, Payment, Problem, OpenedSession, HostEntry }, "input"),
  };
}
