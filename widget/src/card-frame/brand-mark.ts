import type { Brand } from "./brands.ts";
import { type Attributes, withAttributes } from "./field.ts";

type Shape = [tag: string, attributes: Attributes, text?: string];

const plate = (fill: string): Shape => ["rect", { width: 38, height: 24, fill }];
const word = (text: string, fill: string, ground: string): Shape[] => [
  plate(ground),
  ["text", { x: 19, y: 16, fill, "font-size": 11, "font-weight": 800, "text-anchor": "middle" }, text],
];
const marks: Record<Brand, Shape[]> = {
  visa: word("VISA", "#1a1f71", "#fff"),
  mastercard: [
    plate("#fff"),
    ["circle", { cx: 15, cy: 12, r: 7, fill: "#eb001b" }],
    ["circle", { cx: 23, cy: 12, r: 7, fill: "#f79e1bd9" }],
  ],
  amex: word("AMEX", "#fff", "#016fd0"),
  discover: word("DISC", "#c4500b", "#fff"),
  unknown: [["path", { d: "M6 5h26v15H6zM6 10h26", fill: "none", stroke: "currentColor", opacity: 0.5 }]],
};

/** Decoration: the brand's name stands in a live region beside it. */
export function brandMark(brand: Brand): SVGElement {
  const svg = make("svg", { viewBox: "0 0 38 24", "aria-hidden": "true" });
  svg.append(...marks[brand].map(([tag, attributes, text = ""]) => make(tag, attributes, text)));
  return svg;
}

function make(tag: string, attributes: Attributes, text = ""): SVGElement {
  const element = withAttributes(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes);
  element.append(text);
  return element;
}
