import { hexPalette } from "@clarity/themes";
import type { Receipt, ReceiptTheme } from "./receipt.ts";
import { fill } from "./receipt-words.ts";
import { escapeHtml, renderTemplate } from "./render.ts";
import { parseTemplate } from "./template.ts";

/**
 * The part a tenant's own template may replace one day. Tables, because mail clients know no other
 * layout; colours both inline and by class, because some know only the one or the other.
 */
const body = parseTemplate(`
<tr><td class="bar" style="background:{{c.primary}};height:6px;line-height:6px;font-size:0">&nbsp;</td></tr>
<tr><td style="padding:28px 32px 0">
<p class="muted" style="margin:0 0 4px;color:{{c.muted}};font-size:14px">{{seller}}</p>
<h1 class="text" style="margin:0 0 12px;color:{{c.text}};font-size:24px;line-height:1.25">{{title}}</h1>
<p class="text" style="margin:0 0 20px;color:{{c.text}}">{{thanks}}</p>
</td></tr>
<tr><td style="padding:0 32px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
{{#each facts as |fact|}}
<tr><td class="muted" style="padding:3px 0;color:{{@root.c.muted}}">{{fact.label}}</td>
<td class="text" align="{{@root.end}}" style="padding:3px 0;color:{{@root.c.text}}"><bdi>{{fact.value}}</bdi></td></tr>
{{/each}}
</table>
</td></tr>
<tr><td style="padding:20px 32px 0">
<table width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><th class="muted line" align="{{start}}" style="padding:6px 0;color:{{c.muted}};border-bottom:1px solid {{c.border}};font-weight:600">{{invoiceHead}}</th>
<th class="muted line" align="{{end}}" style="padding:6px 0;color:{{c.muted}};border-bottom:1px solid {{c.border}};font-weight:600">{{amountHead}}</th></tr>
{{#each lines as |line|}}
<tr><td class="text line" style="padding:8px 0;color:{{@root.c.text}};border-bottom:1px solid {{@root.c.border}}"><bdi>{{line.invoiceNumber}}</bdi></td>
<td class="text line" align="{{@root.end}}" style="padding:8px 0;color:{{@root.c.text}};border-bottom:1px solid {{@root.c.border}}"><bdi>{{line.amount}}</bdi></td></tr>
{{/each}}
</table>
</td></tr>`);

/** Surcharge, total and legal lines: no template can remove them, they are not part of one. */
const locked = parseTemplate(`
<tr><td style="padding:8px 32px 0">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
{{#if surcharge}}
<tr><td class="text" style="padding:4px 0;color:{{c.text}}">{{subtotalLabel}}</td><td class="text" align="{{end}}" style="padding:4px 0;color:{{c.text}}"><bdi>{{subtotal}}</bdi></td></tr>
<tr><td class="text" style="padding:4px 0;color:{{c.text}}">{{surchargeLabel}}</td><td class="text" align="{{end}}" style="padding:4px 0;color:{{c.text}}"><bdi>{{surcharge}}</bdi></td></tr>
{{/if}}
<tr><td class="text" style="padding:8px 0;color:{{c.text}};font-size:18px;font-weight:700">{{totalLabel}}</td><td class="text" align="{{end}}" style="padding:8px 0;color:{{c.text}};font-size:18px;font-weight:700"><bdi>{{total}}</bdi></td></tr>
</table>
</td></tr>
<tr><td style="padding:12px 32px 28px">
{{#each legal}}
<p class="muted" style="margin:8px 0 0;color:{{@root.c.muted}};font-size:13px">{{this}}</p>
{{/each}}
{{#if questions}}
<p class="muted" style="margin:8px 0 0;color:{{c.muted}};font-size:13px">{{questions}}</p>
{{/if}}
</td></tr>`);

/** The whole HTML part, some 6 kB; for tens of invoices still far below the 102 kB Gmail shows. */
export function receiptHtml(receipt: Receipt, theme: ReceiptTheme): string {
  const colors = theme.email;
  const { words } = receipt;
  const view = {
    ...receipt,
    c: {
      text: colors.text,
      muted: colors["text-muted"],
      border: colors.border,
      primary: colors.primary,
    },
    start: receipt.direction === "rtl" ? "right" : "left",
    end: receipt.direction === "rtl" ? "left" : "right",
    title: words.title,
    invoiceHead: words.invoice,
    amountHead: words.amount,
    subtotalLabel: words.subtotal,
    surchargeLabel: words.surcharge,
    totalLabel: words.total,
    questions: receipt.supportEmail ? fill(words.questions, { email: receipt.supportEmail }) : null,
  };
  return frame({ receipt, theme, rows: renderTemplate(body, view) + renderTemplate(locked, view) });
}

function frame({ receipt, theme, rows }: { receipt: Receipt; theme: ReceiptTheme; rows: string }): string {
  const { email: light } = theme;
  const dark = hexPalette(theme.modes.dark.values);
  const font = escapeHtml(theme.light["--pay-font"]);
  return `<!doctype html>
<html lang="${receipt.locale}" dir="${receipt.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(receipt.subject)}</title>
<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:620px){.card{width:100%!important}}
@media (prefers-color-scheme:dark){
.page{background:${dark.sunken}!important}.card{background:${dark.bg}!important;border-color:${dark.border}!important}
.text{color:${dark.text}!important}.muted{color:${dark["text-muted"]}!important}
.line{border-color:${dark.border}!important}.bar{background:${dark.primary}!important}
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:${light.sunken}">
<div style="display:none;max-height:0;overflow:hidden;opacity:0">${escapeHtml(receipt.preheader)}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${light.sunken};font-family:${font};font-size:15px;line-height:1.5">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="600" cellpadding="0" cellspacing="0" border="0" style="width:600px;max-width:100%;background:${light.bg};border:1px solid ${light.border}">
${rows}
</table>
</td></tr>
</table>
</body>
</html>
`;
}
