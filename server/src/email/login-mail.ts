import { type Locale, longest, plainLine } from "../../contract/index.ts";
import { loginWords } from "./login-words.ts";
import type { ReceiptTheme } from "./receipt.ts";
import { fill } from "./receipt-words.ts";
import { renderTemplate } from "./render.ts";
import { parseTemplate } from "./template.ts";

export interface LoginMailInput {
  purpose: "login" | "invitation" | "step_up";
  locale: Locale;
  seller: string;
  /** null: the code alone. */
  link: string | null;
  code: string;
  lifeS: number;
}

/** The part a tenant's own template may replace one day. */
const page = parseTemplate(`<!doctype html>
<html lang="{{locale}}" dir="{{direction}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{subject}}</title>
</head>
<body style="margin:0;padding:0;background:{{c.sunken}}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:{{c.sunken}};font-family:{{font}};font-size:16px;line-height:1.5">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="520" cellpadding="0" cellspacing="0" border="0" style="width:520px;max-width:100%;background:{{c.bg}};border:1px solid {{c.border}}">
<tr><td style="background:{{c.primary}};height:6px;line-height:6px;font-size:0">&nbsp;</td></tr>
<tr><td style="padding:28px 32px 0">
<p style="margin:0 0 4px;color:{{c.muted}};font-size:14px">{{seller}}</p>
<p style="margin:0 0 20px;color:{{c.text}}">{{lead}}</p>
</td></tr>
{{#if link}}
<tr><td style="padding:0 32px 20px">
<a href="{{link}}" style="display:inline-block;padding:12px 22px;background:{{c.primary}};color:{{c.onPrimary}};text-decoration:none;font-weight:600">{{button}}</a>
</td></tr>
{{/if}}
<tr><td style="padding:0 32px">
<p style="margin:0;color:{{c.muted}};font-size:14px">{{codeLabel}}</p>
<p style="margin:2px 0 16px;color:{{c.text}};font-size:30px;font-weight:700;letter-spacing:4px" dir="ltr">{{code}}</p>
</td></tr>
<tr><td style="padding:0 32px 28px">
<p style="margin:0 0 8px;color:{{c.muted}};font-size:14px">{{life}}</p>
<p style="margin:0;color:{{c.muted}};font-size:14px">{{notYou}}</p>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`);

const keys = { login: "login", invitation: "invitation", step_up: "stepUp" } as const;

/** Subject and both parts of the mail that lets somebody in; nothing in it names the platform. */
export function loginMail(
  input: LoginMailInput,
  theme: ReceiptTheme,
): { subject: string; html: string; text: string } {
  const words = loginWords[input.locale];
  const key = keys[input.purpose];
  const days = Math.round(input.lifeS / 86_400);
  const values = {
    seller: plainLine(input.seller, longest.name),
    code: input.code,
    minutes: String(Math.round(input.lifeS / 60)),
    days: String(days),
  };
  const subject = fill(words[`${key}Subject`], values);
  const lead = fill(words[`${key}Lead`], values);
  const life = fill(days >= 1 ? words.lifeDays : words.lifeMinutes, values);
  const colors = theme.email;
  const c = {
    text: colors.text,
    muted: colors["text-muted"],
    border: colors.border,
    primary: colors.primary,
    onPrimary: colors["on-primary"],
    bg: colors.bg,
    sunken: colors.sunken,
  };
  const { link, code, locale } = input;
  const html = renderTemplate(page, {
    ...{ c, font: theme.light["--pay-font"], locale, direction: locale === "ar" ? "rtl" : "ltr" },
    ...{ subject, seller: values.seller, lead, link, code, life, notYou: words.notYou },
    ...{ button: words.button, codeLabel: words.codeLabel },
  });
  const text = [
    values.seller,
    "",
    lead,
    ...(link === null ? [] : ["", link]),
    "",
    `${words.codeLabel}: ${code}`,
    "",
    life,
    words.notYou,
    "",
  ].join("\n");
  return { subject, html, text };
}
