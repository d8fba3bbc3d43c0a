/**
 * What scripts of a page do to it before ours is there, each as its own file: taken from libraries that are still in
 * use, with the names of those. They are served one by one, for tests too.
 */
export const prologues: Record<string, string> = {
  /** Prototype.js 1.6 and 1.7: `toJSON` on prototypes, `reduce` of another meaning, methods that can be enumerated. */
  "prototype-like.js": `
Array.prototype.toJSON = function () { return "[" + this.map(function (each) { return Object.toJSON(each); }).join(", ") + "]"; };
String.prototype.toJSON = function () { return '"' + this + '"'; };
Object.toJSON = function (value) { return typeof value === "string" ? '"' + value + '"' : String(value); };
Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
Array.prototype.entries = Array.prototype.toArray = function () { return this.slice(); };
Array.prototype.each = function (run) { for (var i = 0; i < this.length; i++) run(this[i], i); return this; };
Array.prototype.clear = function () { this.length = 0; return this; };
Element.prototype.hide = function () { this.style.display = "none"; return this; };
Element.prototype.update = function (html) { this.textContent = html; return this; };
`,
  /** MooTools 1.4: natives with other meanings, globals with the names of the browser's. */
  "mootools-like.js": `
Array.from = function (item) { return item == null ? [] : Array.isArray(item) ? item : typeof item === "object" && "length" in item ? Array.prototype.slice.call(item) : [item]; };
window.Event = function Event(event) { this.event = event || window.event; };
window.Request = function Request(options) { this.options = options; };
Date.parse = function (text) { return new Date(text); };
["$family", "contains", "append", "include", "pick", "erase"].forEach(function (name) { Array.prototype[name] = String.prototype[name] = function () { return this; }; });
Function.prototype.extend = function (key, value) { this[key] = value; return this; };
Object.prototype.each = function (run) { for (var key in this) run(this[key], key); };
`,
  /** What a "portable" script of 2015 puts in the place of what browsers have. */
  "polyfills.js": `
JSON.stringify = (function (stringify) { return function (value) { return stringify({ d: value }); }; })(JSON.stringify);
window.queueMicrotask = function () {};
delete Promise.withResolvers; delete AbortSignal.any; delete AbortSignal.timeout; delete URL.parse; delete Map.groupBy;
delete Crypto.prototype.randomUUID; delete window.structuredClone;
`,
  /** Request tracing and protection against forged requests: a header more on every request. */
  "traced-fetch.js": `
window.fetch = (function (fetch) {
  return function (input, init) {
    var headers = new Headers(init && init.headers);
    headers.set("X-CSRF-Token", "8b1a9953c461");
    headers.set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    return fetch(input, Object.assign({}, init, { headers: headers }));
  };
})(window.fetch);
`,
  /** Clocks that a test or a demonstration has stopped. */
  "stopped-clock.js": `
(function (at) { var Real = Date; Date.now = function () { return at; }; })(Date.now());
`,
  /** Policies of the page's own frameworks; the names are the ones those take. */
  "policies.js": `
if (window.trustedTypes) ["lit-html", "angular", "website"].forEach(function (name) { trustedTypes.createPolicy(name, { createHTML: function (html) { return html; } }); });
`,
  /** Shortcuts, and what sites of 2003 did against Backspace, selection and the right mouse button. */
  "shortcuts.js": `
window.shortcuts = [];
function took(name) { return function (event) { shortcuts.push(name); if (event && event.preventDefault) event.preventDefault(); if (name === "search") document.querySelector("#search").focus(); }; }
function isField(target) { return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName); }
Mousetrap.bind("/", took("search")); Mousetrap.bind("2", took("tab 2"));
hotkeys("3,s", took("hotkeys"));
document.addEventListener("keydown", function (event) { if (!isField(event.target) && /^[0-9.,g ]$/.test(event.key)) took("by hand " + event.key)(event); }, true);
document.onkeydown = function (event) { if (event.key === "Backspace" && !isField(event.target)) return false; };
document.onkeypress = function (event) { if (event.key === "Enter") { shortcuts.push("enter"); return false; } };
document.onselectstart = document.oncontextmenu = document.onmousedown = function (event) { return isField(event.target) || event.target.closest("button, a, dialog") !== null; };
document.addEventListener("paste", function (event) { if (!isField(event.target)) took("paste")(event); });
document.addEventListener("input", function (event) { if (event.target.value.length > 200) alert("too long"); });
document.addEventListener("keydown", function (event) { if (event.key === "Escape") shortcuts.push("escape"); });
`,
};
