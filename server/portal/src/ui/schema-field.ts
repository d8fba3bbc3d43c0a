import { html, nothing, type TemplateResult } from "lit";
import { en, type Key } from "../words/en.ts";
import { say } from "../words/words.ts";

/** As much of JSON Schema as settings are made of. */
export interface Schema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  format?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

export interface Field {
  /** Of its elements, unlike every other's on the page. */
  id: string;
  label: string;
  value: unknown;
  /** JSON pointer in the value. */
  pointer: string;
  /** What is wrong, by pointer. */
  wrong: ReadonlyMap<string, string>;
  /** May be left empty: then it is not there. */
  optional: boolean;
  set(value: unknown): void;
}

type Values = Record<string, unknown>;

/** A form made of a definition; what is typed goes to `set` as it is, also where it does not fit. */
export function schemaField(schema: Schema, field: Field): TemplateResult {
  const { inner, nullable } = withoutNull(schema);
  const choices = choicesOf(inner);
  if (choices) return select(choices, { ...field, nullable });
  const variants = inner.oneOf ?? inner.anyOf;
  if (variants) return oneOf(variants, { ...field, nullable });
  switch (typeOf(inner)) {
    case "object":
      return nullable ? optionalGroup(inner, field) : object(inner, field);
    case "array":
      return list(inner, field);
    case "boolean":
      return checkbox(field);
    default:
      return input(inner, { ...field, nullable });
  }
}

/** What a form begins with where there is nothing yet. */
export function blankOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  const { inner, nullable } = withoutNull(schema);
  if (nullable) return null;
  const [variant] = inner.oneOf ?? inner.anyOf ?? [];
  if (inner.const !== undefined) return inner.const;
  if (inner.enum) return inner.enum[0];
  if (variant) return blankOf(variant);
  switch (typeOf(inner)) {
    case "object":
      return Object.fromEntries(
        Object.entries(inner.properties ?? {})
          .filter(([name, one]) => inner.required?.includes(name) || one.default !== undefined)
          .map(([name, one]) => [name, blankOf(one)]),
      );
    case "array":
      return [];
    case "boolean":
      return false;
    default:
      return "";
  }
}

const typeOf = ({ type }: Schema): string | undefined => (typeof type === "string" ? type : type?.[0]);

function withoutNull(schema: Schema): { inner: Schema; nullable: boolean } {
  if (Array.isArray(schema.type)) {
    const type = schema.type.filter((one) => one !== "null");
    return { inner: { ...schema, type }, nullable: type.length < schema.type.length };
  }
  const others = schema.anyOf?.filter(({ type }) => type !== "null");
  if (!others || others.length === schema.anyOf?.length) return { inner: schema, nullable: false };
  const [only] = others;
  return { inner: only && others.length === 1 ? only : { anyOf: others }, nullable: true };
}

function choicesOf(schema: Schema): readonly unknown[] | null {
  if (schema.enum) return schema.enum;
  if (schema.const !== undefined) return [schema.const];
  const each = (schema.anyOf ?? schema.oneOf)?.map(choicesOf);
  return each?.every((one) => one !== null) ? each.flat() : null;
}

/** `maximumMinor` as words, unless it has some of its own. */
function labelOf(name: string): string {
  const known = `field.${name}`;
  if (known in en) return say(known as Key);
  const words = name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const about = ({ id, pointer, wrong }: Field) =>
  html`<span id="${id}-wrong" class="text-sm text-danger empty:hidden">${wrong.get(pointer) ?? ""}</span>`;
const isWrong = ({ pointer, wrong }: Field) => (wrong.has(pointer) ? "true" : nothing);

function input(schema: Schema, field: Field & { nullable: boolean }): TemplateResult {
  const { id, label, value, set, nullable, optional } = field;
  const type = typeOf(schema);
  const number = type === "integer" || type === "number";
  const typed = (event: Event) => {
    const text = (event.target as HTMLInputElement).value;
    if (text === "" && (nullable || optional)) return set(nullable ? null : undefined);
    set(number && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
  };
  const { minimum = -1e9, maximum = 1e9 } = schema;
  const range =
    number && minimum > -1e9 && maximum < 1e9 ? say("settings.range", { minimum, maximum }) : nothing;
  return html`<div class="grid gap-1"><label class="font-medium" for=${id}>${label}</label>
    <input class="field" id=${id} dir="auto" autocomplete="off" spellcheck="false" inputmode=${number ? "numeric" : nothing}
      maxlength=${schema.maxLength ?? nothing} .value=${value === null || value === undefined ? "" : String(value)}
      aria-invalid=${isWrong(field)} aria-describedby="${id}-wrong" @input=${typed}>
    ${range === nothing ? nothing : html`<span class="text-sm text-muted">${range}</span>`}${about(field)}</div>`;
}

function checkbox(field: Field): TemplateResult {
  const { id, label, value, set } = field;
  return html`<div><label class="flex min-h-10 items-center gap-2">
    <input type="checkbox" id=${id} class="size-5" .checked=${value === true} @change=${(event: Event) => set((event.target as HTMLInputElement).checked)}>
    <span>${label}</span></label>${about(field)}</div>`;
}

function select(choices: readonly unknown[], field: Field & { nullable: boolean }): TemplateResult {
  const { id, label, value, set, nullable, optional } = field;
  const none = nullable || optional;
  const chosen = (event: Event) => {
    const at = (event.target as HTMLSelectElement).value;
    set(at === "" ? (nullable ? null : undefined) : choices[Number(at)]);
  };
  return html`<div class="grid gap-1"><label class="font-medium" for=${id}>${label}</label>
    <select class="field" id=${id} aria-invalid=${isWrong(field)} aria-describedby="${id}-wrong" @change=${chosen}>
      ${none ? html`<option value="" ?selected=${value === null || value === undefined}>–</option>` : nothing}
      ${choices.map((one, at) => html`<option value=${at} ?selected=${one === value}>${String(one)}</option>`)}
    </select>${about(field)}</div>`;
}

/** One of several shapes: told apart by the first thing that is fixed in each. */
function oneOf(variants: readonly Schema[], field: Field & { nullable: boolean }): TemplateResult {
  const { id, label, value, set, nullable } = field;
  const flat = variants.flatMap((one) => one.oneOf ?? one.anyOf ?? [one]);
  const nameOf = ({ properties = {} }: Schema) =>
    Object.entries(properties).find(([, one]) => one.const !== undefined) ?? null;
  const at = flat.findIndex((one) => {
    const name = nameOf(one);
    return name && (value as Values | null)?.[name[0]] === name[1].const;
  });
  const chosen = flat[at];
  const change = (event: Event) => {
    const next = flat[Number((event.target as HTMLSelectElement).value)];
    set((event.target as HTMLSelectElement).value === "" || !next ? null : blankOf(next));
  };
  return html`<div class="grid gap-4"><div class="grid gap-1"><label class="font-medium" for=${id}>${label}</label>
    <select class="field" id=${id} aria-invalid=${isWrong(field)} aria-describedby="${id}-wrong" @change=${change}>
      ${nullable || at < 0 ? html`<option value="" ?selected=${at < 0}>${say("settings.none")}</option>` : nothing}
      ${flat.map((one, index) => html`<option value=${index} ?selected=${index === at}>${String(nameOf(one)?.[1].const ?? index + 1)}</option>`)}
    </select>${about(field)}</div>
    ${chosen ? object(chosen, { ...field, id: `${id}-in` }) : nothing}</div>`;
}

function optionalGroup(schema: Schema, field: Field): TemplateResult {
  const { id, label, value, set } = field;
  const there = value !== null && value !== undefined;
  return html`<div class="grid gap-4"><label class="flex min-h-10 items-center gap-2">
      <input type="checkbox" class="size-5" id="${id}-there" .checked=${there} @change=${(event: Event) => set((event.target as HTMLInputElement).checked ? blankOf(schema) : null)}>
      <span>${say("settings.use", { label })}</span></label>
    ${there ? object(schema, field) : about(field)}</div>`;
}

function object(schema: Schema, field: Field): TemplateResult {
  const { id, label, pointer, set } = field;
  const values = (field.value ?? {}) as Values;
  const { properties, required = [] } = schema;
  if (!properties) return record(schema, field);
  const with_ = (name: string, value: unknown) => {
    const { [name]: _, ...others } = values;
    set(value === undefined ? others : { ...values, [name]: value });
  };
  return html`<fieldset class="grid gap-4 sm:grid-cols-2" aria-label=${label}>
    ${Object.entries(properties)
      .filter(([, one]) => one.const === undefined)
      .map(([name, one]) =>
        schemaField(one, {
          ...field,
          id: `${id}-${name}`,
          label: labelOf(name),
          value: values[name],
          pointer: `${pointer}/${name}`,
          optional: !required.includes(name),
          set: (value) => with_(name, value),
        }),
      )}
    <div class="sm:col-span-2">${about(field)}</div></fieldset>`;
}

const removeButton = (label: string, remove: () => void) =>
  html`<button class="button self-end" type="button" aria-label="${say("settings.remove")}, ${label}" @click=${remove}>${say("settings.remove")}</button>`;
const addButton = (add: () => void) =>
  html`<div><button class="button" type="button" @click=${add}>${say("settings.add")}</button></div>`;

function list(schema: Schema, field: Field): TemplateResult {
  const { id, label, pointer, set } = field;
  const values = Array.isArray(field.value) ? (field.value as unknown[]) : [];
  const items = schema.items ?? {};
  return html`<fieldset class="grid gap-3"><legend class="mb-1 font-medium">${label}</legend>
    ${values.map((value, at) => {
      const name = `${label} ${at + 1}`;
      return html`<div class="flex flex-wrap items-start gap-2 border-b border-line pb-3 last-of-type:border-0">
        <div class="min-w-0 grow">${schemaField(items, {
          ...field,
          id: `${id}-${at}`,
          label: name,
          value,
          pointer: `${pointer}/${at}`,
          optional: false,
          set: (one) => set(values.with(at, one)),
        })}</div>${removeButton(name, () => set(values.toSpliced(at, 1)))}</div>`;
    })}
    ${addButton(() => set([...values, blankOf(items)]))}${about(field)}</fieldset>`;
}

/** Names that are typed, such as currencies, each with a value. */
function record(schema: Schema, field: Field): TemplateResult {
  const { id, label, pointer, wrong, set } = field;
  const entries = Object.entries((field.value ?? {}) as Values);
  const of = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
  const with_ = (at: number, entry: [string, unknown]) => set(Object.fromEntries(entries.with(at, entry)));
  return html`<fieldset class="grid gap-3"><legend class="mb-1 font-medium">${label}</legend>
    ${entries.map(([name, value], at) => {
      const key = { ...field, id: `${id}-${at}-key`, label: say("settings.name"), value: name };
      const inside = { ...field, id: `${id}-${at}`, label: say("settings.value"), value, optional: false };
      const place = `${pointer}/${name}`;
      return html`<div class="grid grid-cols-[1fr_1fr_auto] gap-2">
        ${input({ type: "string" }, { ...key, wrong: new Map(), nullable: false, optional: false, set: (typed) => with_(at, [String(typed), value]) })}
        ${schemaField(of, { ...inside, pointer: place, wrong, set: (one) => with_(at, [name, one]) })}
        ${removeButton(name, () => set(Object.fromEntries(entries.toSpliced(at, 1))))}</div>`;
    })}
    ${addButton(() => set({ ...Object.fromEntries(entries), "": "" }))}${about(field)}</fieldset>`;
}
