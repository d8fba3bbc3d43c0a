import { type Expression, TemplateError, type TemplateNode } from "./template.ts";

/** Every node counts as a step, every turn of a loop again. A long receipt takes about 2,000. */
const mostSteps = 50_000;
/** Characters. Gmail cuts a message off at 102 kB; legal lines stand outside the template. */
const mostOutput = 100_000;

interface Loop {
  index: unknown;
  key: unknown;
  first: boolean;
  last: boolean;
}
interface Frame {
  /** Contexts, innermost first. */
  contexts: unknown[];
  /** Loops, innermost first. */
  loops: Loop[];
  /** Values of block parameters, innermost loop first. */
  params: unknown[][];
}

/**
 * Fills a parsed template with data: plain values only, own properties only, everything escaped for
 * HTML. Differential tests hold it to what Handlebars 4.7 answers for the same template.
 * @throws TemplateError `too_many_steps`, `too_much_output`
 */
export function renderTemplate(template: TemplateNode[], data: unknown): string {
  const output: string[] = [];
  let [steps, length] = [0, 0];
  const write = (text: string) => {
    length += text.length;
    if (length > mostOutput)
      throw new TemplateError("too_much_output", `more than ${mostOutput} characters come out`);
    output.push(text);
  };
  const step = () => {
    steps += 1;
    if (steps > mostSteps) throw new TemplateError("too_many_steps", `takes more than ${mostSteps} steps`);
  };

  const run = (nodes: TemplateNode[], frame: Frame): void => {
    for (const node of nodes) {
      step();
      switch (node.kind) {
        case "text":
          write(node.text);
          break;
        case "value":
          write(escapeHtml(shown(evaluate(node.value, frame, data), mostOutput)));
          break;
        case "if":
          run(
            isTrue(evaluate(node.condition, frame, data)) !== node.negate ? node.body : node.otherwise,
            frame,
          );
          break;
        case "each":
          loop(node, frame);
          break;
      }
    }
  };

  const loop = (node: Extract<TemplateNode, { kind: "each" }>, frame: Frame): void => {
    const list = evaluate(node.list, frame, data);
    const keys = keysOf(list);
    if (keys.length === 0) run(node.otherwise, frame);
    for (const [turn, key] of keys.entries()) {
      step();
      const item = (list as Record<string | number, unknown>)[key];
      run(node.body, {
        contexts: within(item, frame.contexts),
        loops: [{ index: turn, key, first: turn === 0, last: turn === keys.length - 1 }, ...frame.loops],
        params: node.params > 0 ? [[item, key], ...frame.params] : frame.params,
      });
    }
  };

  run(template, { contexts: [data], loops: [], params: [] });
  return output.join("");
}

/** Handlebars counts a level only where the context changes, and compares as loosely as this. */
function within(item: unknown, contexts: unknown[]): unknown[] {
  // biome-ignore lint/suspicious/noDoubleEquals: its rule, kept so that `../` means the same here.
  return item == contexts[0] ? contexts : [item, ...contexts];
}

function evaluate(expression: Expression, frame: Frame, root: unknown): unknown {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "path":
      return lookUp(frame.contexts[expression.depth], expression.parts);
    case "param":
      return lookUp(frame.params[expression.level]?.[expression.index], expression.parts);
    case "data": {
      const [name, ...rest] = expression.parts;
      if (name === "root") return lookUp(root, rest);
      const loop = frame.loops[expression.depth];
      return lookUp(
        loop && name !== undefined && Object.hasOwn(loop, name) ? loop[name as keyof Loop] : undefined,
        rest,
      );
    }
    case "equal":
      return evaluate(expression.left, frame, root) === evaluate(expression.right, frame, root);
  }
}

/** Own properties only: no `constructor`, no `__proto__`, no methods. */
function lookUp(from: unknown, parts: string[]): unknown {
  let value = from;
  for (const part of parts) {
    if (value === null || value === undefined) return value;
    if (!Object.hasOwn(Object(value), part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return typeof value === "function" ? undefined : value;
}

function keysOf(list: unknown): (string | number)[] {
  if (Array.isArray(list)) return [...list.keys()].filter((index) => index in list);
  return typeof list === "object" && list !== null ? Object.keys(list) : [];
}

/** Empty arrays are false, as in Handlebars; empty objects are true. */
const isTrue = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/** What a value looks like as text. Never calls anything the data brings along. */
function shown(value: unknown, budget: number): string {
  if (value === null || value === undefined) return "";
  if (!Array.isArray(value)) return typeof value === "object" ? "[object Object]" : String(value);
  let text = "";
  for (const [index, item] of value.entries()) {
    text += (index > 0 ? "," : "") + shown(item, budget - text.length);
    if (text.length > budget) throw new TemplateError("too_much_output", "a list is too long to be shown");
  }
  return text;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
  "`": "&#x60;",
  "=": "&#x3D;",
};

/** Safe in element content and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"'`=]/g, (char) => entities[char] ?? char);
