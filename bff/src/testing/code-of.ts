import { Problem } from "@clarity/bff/contract";
import { errorCodes } from "@clarity/server/contract";
import { expect } from "vitest";

/** The code of a problem document that keeps every promise a problem document makes. */
export async function codeOf(answer: Response): Promise<string> {
  const body = Problem.parse(await answer.json());
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.status).toBe(errorCodes[body.code]);
  expect(body).toMatchObject({ status: answer.status, type: `urn:problem:${body.code}` });
  expect(body.requestId).toBe(answer.headers.get("x-request-id"));
  return body.code;
}
