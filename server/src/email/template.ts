import { parse } from "@handlebars/parser";
import { findTooDeep } from "./template-depth.ts";

/** A template that cannot be used, and where. For the person who writes it. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly code: "syntax" | "unsupported" | "too_deep" | "too_long" | "too_many_steps" | "too_much_output";
  readonly line: number | null;
  constructor(code: TemplateError["code"], message: string, line: number | null = null) {
    super(line === null ? message : `line ${line}: ${message}`);
    this.code = code;
    this.line = line;
  }
}

/** What a template may do; nothing else can be expressed. */
export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "value"; value: Expression }
  | { kind: "if"; condition: Expression; negate: boolean; body: TemplateNode[]; otherwise: TemplateNode[] }
  | { kind: "each"; list: Expression; params: number; body: TemplateNode[]; otherwise: TemplateNode[] };

export type Expression =
  | { kind: "literal"; value: string | number | boolean | null | undefined }
  /** From the context `depth` levels up. */
  | { kind: "path"; depth: number; parts: string[] }
  /** `@index` and the like, `depth` loops up; `@root`. */
  | { kind: "data"; depth: number; parts: string[] }
  /** A block parameter: of the loop `level` loops with parameters up, its first or second. */
  | { kind: "param"; level: number; index: number; parts: string[] }
  | { kind: "equal"; left: Expression; right: Expression };

/** Nested blocks and nested expressions. */
const deepest = 4;
/** `{{else if}}` of one block. */
const mostBranches = 100;
const longestSource = 100_000;

/** What of the parser's tree we read; its own types leave the kinds open. */
interface AstNode {
  type: string;
  loc?: { start: { line: number } };
  [member: string]: unknown;
}
interface Scope {
  depth: number;
  /** Block parameters, innermost loop first. */
  params: string[][];
}

/**
 * Reads a Handlebars template of a tenant: `{{path}}`, `{{#if}}`, `{{#unless}}`, `{{#each … as |x i|}}`,
 * `{{else}}`, `(eq a b)`, comments and `~`. The result is data, and rendering it walks that data: no
 * text is ever made into code. Raw output (`{{{`), partials and decorators are refused.
 * @throws TemplateError
 */
export function parseTemplate(source: string): TemplateNode[] {
  if (typeof source !== "string") throw new TemplateError("syntax", "a template is text");
  if (source.length > longestSource) {
    throw new TemplateError("too_long", `a template has at most ${longestSource} characters`);
  }
  const tooDeep = findTooDeep(source, { deepest, mostBranches });
  if (tooDeep) throw deeper(tooDeep.what, tooDeep.line);
  let tree: unknown;
  try {
    tree = parse(source);
  } catch (error) {
    throw new TemplateError("syntax", (error as Error).message);
  }
  return program(tree as AstNode, { depth: 0, params: [] });
}

function program(node: AstNode | null | undefined, scope: Scope): TemplateNode[] {
  return ((node?.body ?? []) as AstNode[]).flatMap((statement) => {
    switch (statement.type) {
      case "ContentStatement":
        return [{ kind: "text" as const, text: String(statement.value) }];
      case "CommentStatement":
        return [];
      case "MustacheStatement":
        return [mustache(statement, scope)];
      case "BlockStatement":
        return [block(statement, scope)];
      default:
        throw unsupported(statement, `${statement.type} is not available`);
    }
  });
}

function mustache(node: AstNode, scope: Scope): TemplateNode {
  if (!node.escaped) throw unsupported(node, "raw output ({{{ or {{&) is not available");
  const path = node.path as AstNode;
  if (path.type !== "PathExpression") throw unsupported(node, "only a path can be shown");
  const isHelper = helperName(path, scope) !== null;
  if (isHelper || argumentsOf(node).length > 0) return { kind: "value", value: call(node, scope, 0) };
  return { kind: "value", value: pathOf(path, scope) };
}

function block(node: AstNode, scope: Scope): TemplateNode {
  if (scope.depth >= deepest) throw deeper("blocks", lineOf(node));
  const name = (node.path as AstNode).original;
  const [subject, ...more] = argumentsOf(node);
  if (!subject || more.length > 0) throw unsupported(node, `#${name} takes one argument`);
  const body = (node.program ?? null) as AstNode | null;
  const names = (body?.blockParams ?? []) as string[];
  const inner: Scope = { depth: scope.depth + 1, params: scope.params };
  const otherwise = (): TemplateNode[] => {
    const inverse = (node.inverse ?? null) as AstNode | null;
    // `else if` reads as one more branch, not as one more level.
    return program(inverse, inverse?.chained ? scope : inner);
  };
  switch (name) {
    case "if":
    case "unless":
      if (names.length > 0) throw unsupported(node, `#${name} has no block parameters`);
      return {
        kind: "if",
        negate: name === "unless",
        condition: expression(subject, scope, 0),
        body: program(body, inner),
        otherwise: otherwise(),
      };
    case "each": {
      const params = names.length > 0 ? [names, ...scope.params] : scope.params;
      return {
        kind: "each",
        list: expression(subject, scope, 0),
        params: names.length,
        body: program(body, { ...inner, params }),
        otherwise: otherwise(),
      };
    }
    default:
      throw unsupported(node, `there is no block #${name}`);
  }
}

function expression(node: AstNode, scope: Scope, depth: number): Expression {
  switch (node.type) {
    case "PathExpression":
      return pathOf(node, scope);
    case "StringLiteral":
    case "NumberLiteral":
    case "BooleanLiteral":
      return { kind: "literal", value: node.value as string | number | boolean };
    case "NullLiteral":
      return { kind: "literal", value: null };
    case "UndefinedLiteral":
      return { kind: "literal", value: undefined };
    case "SubExpression":
      return call(node, scope, depth + 1);
    default:
      throw unsupported(node, `${node.type} is not available`);
  }
}

function call(node: AstNode, scope: Scope, depth: number): Expression {
  if (depth > deepest) throw deeper("expressions", lineOf(node));
  const name = helperName(node.path as AstNode, scope);
  const [left, right, ...more] = argumentsOf(node);
  if (name !== "eq") throw unsupported(node, `there is no helper ${(node.path as AstNode).original}`);
  if (!left || !right || more.length > 0) throw unsupported(node, "eq takes two arguments");
  return { kind: "equal", left: expression(left, scope, depth), right: expression(right, scope, depth) };
}

const helpers = new Set(["eq", "if", "unless", "each"]);

function helperName(path: AstNode, scope: Scope): string | null {
  const name = String(path.original);
  const isParam = scope.params.some((names) => names.includes(name));
  return path.type === "PathExpression" && helpers.has(name) && !isParam ? name : null;
}

function pathOf(node: AstNode, scope: Scope): Expression {
  const parts = node.parts as unknown[];
  if (!parts.every((part): part is string => typeof part === "string")) {
    throw unsupported(node, "a path holds names only");
  }
  const depth = node.depth as number;
  if (node.data) return { kind: "data", depth, parts };
  const [head, ...rest] = parts;
  // `this.x`, `./x` and `../x` mean the context, whatever parameters are named.
  if (head !== undefined && depth === 0 && !/^\.|this\b/.test(String(node.original))) {
    for (const [level, names] of scope.params.entries()) {
      const index = names.indexOf(head);
      if (index >= 0) return { kind: "param", level, index, parts: rest };
    }
  }
  return { kind: "path", depth, parts };
}

function argumentsOf(node: AstNode): AstNode[] {
  const hash = node.hash as { pairs?: unknown[] } | undefined;
  if (hash?.pairs?.length) throw unsupported(node, "named arguments are not available");
  return node.params as AstNode[];
}

const deeper = (what: "blocks" | "expressions" | "branches", line: number | null) =>
  new TemplateError(
    "too_deep",
    what === "branches"
      ? `a block has at most ${mostBranches} branches`
      : `${what} nest at most ${deepest} deep`,
    line,
  );
const lineOf = (node: AstNode): number | null => node.loc?.start.line ?? null;
const unsupported = (node: AstNode, message: string) =>
  new TemplateError("unsupported", message, lineOf(node));
